//! Hints in the language of `--language`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use essbasic::Language;

static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// Sets the language of hints; English without it.
pub(crate) fn set_language(language: Language) {
    // It is set once, before the first hint.
    let _ = LANGUAGE.set(language);
}

/// Returns the hint in the language of the command. One without a translation stays in English.
pub(crate) fn translated(hint: &str) -> Cow<'_, str> {
    match LANGUAGE.get() {
        Some(Language::Chinese) => chinese(hint),
        _ => Cow::Borrowed(hint),
    }
}

/// Returns a hint in Chinese. Each part of a hint of several ones is translated.
fn chinese(hint: &str) -> Cow<'_, str> {
    let table = table();
    if let Some(translated) = table.get(hint) {
        return Cow::Borrowed(translated);
    }
    let parts = hint.match_indices("; ").find_map(|(at, separator)| {
        let (first, rest) = (hint.get(..at)?, hint.get(at + separator.len()..)?);
        Some((table.get(first)?, chinese(rest)))
    });
    match parts {
        Some((first, rest)) => Cow::Owned(format!("{first}；{rest}")),
        None => Cow::Borrowed(hint),
    }
}

/// Returns the Chinese hints by the English ones.
fn table() -> &'static HashMap<Cow<'static, str>, Cow<'static, str>> {
    static TABLE: OnceLock<HashMap<Cow<'static, str>, Cow<'static, str>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        // The tests parse it, so an error is impossible.
        serde_json::from_str(include_str!("hints/zh-CN.json")).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use essbasic::models::CATALOGUE;

    use super::*;

    /// Returns the names in backquotes, which no translation changes.
    fn names(text: &str) -> BTreeSet<&str> {
        text.split('`').skip(1).step_by(2).collect()
    }

    #[test]
    fn every_hint_of_an_error_code_has_a_translation_with_the_same_names() {
        let errors = CATALOGUE.actions[0].info.errors;
        let hints: BTreeSet<&str> =
            CATALOGUE.codes.iter().filter_map(|code| errors.hint(code.code)).collect();
        assert!(hints.len() > 150, "{}", hints.len());
        let missing: Vec<_> = hints.iter().filter(|hint| !table().contains_key(**hint)).collect();
        assert!(missing.is_empty(), "add them to hints/zh-CN.json: {missing:#?}");
    }

    #[test]
    fn translations_have_the_names_of_the_hints_and_their_form() {
        for (english, chinese) in table() {
            assert_eq!(names(english), names(chinese), "{english}");
            assert!(!chinese.ends_with(['。', '.']) && chinese.trim() == chinese, "{chinese}");
            assert!(chinese.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{english}");
        }
    }

    #[test]
    fn hints_of_several_parts_are_translated_by_part() {
        for (hint, expected) in [
            ("check the flow ID and the agent", "检查合同 ID 和 agent"),
            (
                "query the service before you retry; check the endpoint and the proxy settings",
                "重试前先向服务查询；检查接入地址和代理设置",
            ),
            ("query the service before you retry; other", "重试前先向服务查询；other"),
            ("an unknown hint; with a part", "an unknown hint; with a part"),
        ] {
            assert_eq!(chinese(hint), expected);
        }
    }
}
