//! Hints in English and Chinese.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use essbasic::Language;
use essbasic::models::CATALOGUE;

use super::language::is_chinese;

/// Returns a hint in a language. One without a translation stays in English. Each part of a hint of several ones is
/// translated.
pub fn translated(hint: &str, language: Language) -> Cow<'_, str> {
    match is_chinese(language) {
        true => chinese(hint),
        false => Cow::Borrowed(hint),
    }
}

/// Returns the fix of an error code, as a sentence; empty if none is known. A code that is not in the catalogue may have
/// the fix of its family.
pub fn of_code(code: &str, language: Language) -> Cow<'static, str> {
    let known = CATALOGUE.code(code);
    if let Some(known) = known
        && !is_chinese(language)
    {
        return Cow::Borrowed(known.hint);
    }
    let table = CATALOGUE.actions.first().map(|action| action.info.errors);
    let Some(hint) = table.and_then(|table| table.hint(code)) else { return Cow::Borrowed("") };
    match (TABLE.get(hint), known) {
        (Some(translated), _) if is_chinese(language) => Cow::Owned(format!("{translated}。")),
        (_, Some(known)) => Cow::Borrowed(known.hint),
        (_, None) => Cow::Borrowed(hint),
    }
}

fn chinese(hint: &str) -> Cow<'_, str> {
    if let Some(translated) = whole(hint) {
        return translated;
    }
    let parts =
        [("; ", "；"), (", or ", "，或")].into_iter().find_map(|(separator, translated)| {
            hint.match_indices(separator).find_map(|(at, _)| {
                let (first, rest) = (hint.get(..at)?, hint.get(at + separator.len()..)?);
                Some((whole(first)?, translated, chinese(rest)))
            })
        });
    match parts {
        Some((first, separator, rest)) => Cow::Owned(format!("{first}{separator}{rest}")),
        None => Cow::Borrowed(hint),
    }
}

/// Returns the translation of a hint of one part. `{}` in the table is a value of any text.
fn whole(hint: &str) -> Option<Cow<'_, str>> {
    if let Some(translated) = TABLE.get(hint) {
        return Some(Cow::Borrowed(translated));
    }
    PATTERNS.iter().find_map(|(before, after, translated)| {
        let value = hint.strip_prefix(before)?.strip_suffix(after)?;
        let is_value = !value.is_empty() && !value.contains(' ');
        is_value.then(|| Cow::Owned(translated.replace(PLACEHOLDER, value)))
    })
}

/// A value in a hint.
const PLACEHOLDER: &str = "{}";

/// Texts before and after the value, and the translation.
static PATTERNS: LazyLock<Vec<(&str, &str, &str)>> = LazyLock::new(|| {
    let split = |(hint, translated): (&'static String, &'static String)| {
        let (before, after) = hint.split_once(PLACEHOLDER)?;
        Some((before, after, translated.as_str()))
    };
    TABLE.iter().filter_map(split).collect()
});

/// Chinese hints by the English ones.
static TABLE: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    // The tests parse it, so an error is impossible.
    serde_json::from_str(include_str!("hints/zh-CN.json")).unwrap_or_default()
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
        let missing: Vec<_> = hints.iter().filter(|hint| !TABLE.contains_key(**hint)).collect();
        assert!(missing.is_empty(), "add them to hints/zh-CN.json: {missing:#?}");
        for code in CATALOGUE.codes {
            let english = of_code(code.code, Language::English);
            let chinese = of_code(code.code, Language::Chinese);
            assert_eq!(english, code.hint);
            assert_eq!(english.is_empty(), chinese.is_empty(), "{}", code.code);
            assert!(chinese.is_empty() || chinese.ends_with('。'), "{chinese}");
        }
    }

    #[test]
    fn translations_have_the_names_of_the_hints_and_their_form() {
        for (english, chinese) in &*TABLE {
            assert_eq!(names(english), names(chinese), "{english}");
            let values = |text: &str| text.matches(PLACEHOLDER).count();
            assert!(values(english) <= 1 && values(english) == values(chinese), "{english}");
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
            ("rename it to AWS_REGION", "改名为 AWS_REGION"),
            ("rename it to A, or unset it", "改名为 A，或将其取消"),
            ("rename it to A B", "rename it to A B"),
            (
                "run tccli configure, or bind a role to this machine",
                "运行 tccli configure，或为本机绑定角色",
            ),
        ] {
            assert_eq!(translated(hint, Language::Chinese), expected);
            assert_eq!(translated(hint, Language::English), hint);
        }
    }

    #[test]
    fn a_code_of_a_known_family_has_the_hint_of_the_family() {
        assert_eq!(of_code("No.Such", Language::Chinese), "");
        let known = CATALOGUE.actions[0].info.errors.hint("AuthFailure.Unheard").unwrap();
        assert_eq!(of_code("AuthFailure.Unheard", Language::English), known);
    }
}
