//! Languages of titles and hints.

use essbasic::Language;

/// Returns the language of a tag such as `zh`, `zh-CN` or `en`. It is English for other tags.
pub fn language(tag: &str) -> Language {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    match primary.eq_ignore_ascii_case("zh") {
        true => Language::Chinese,
        false => Language::English,
    }
}

/// Returns whether texts are in Chinese.
pub(super) fn is_chinese(language: Language) -> bool {
    language == Language::Chinese
}
