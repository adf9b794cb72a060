//! Titles of actions.

use std::borrow::Cow;

use essbasic::Language;
use essbasic::catalogue::ActionMeta;
use essbasic::catalogue::search::first_sentence;

use super::language::is_chinese;

/// Maximum length of an English title, in characters.
const MAX_CHARS: usize = 90;

/// Returns the title of an action: that of the reference in Chinese, the beginning of the documentation in English.
pub fn title(action: &ActionMeta, language: Language) -> Cow<'static, str> {
    match is_chinese(language) {
        true => Cow::Borrowed(action.title),
        false => Cow::Owned(english(action.doc)),
    }
}

/// Returns the first sentence, without its full stop and the marks of Markdown. A long one is shortened: to a clause, if
/// it has several.
fn english(doc: &str) -> String {
    let sentence: String = first_sentence(doc).chars().filter(|c| *c != '`').collect();
    let sentence = sentence.strip_suffix('.').unwrap_or(&sentence);
    let end = sentence.char_indices().nth(MAX_CHARS).map(|(end, _)| end);
    let Some(short) = end.and_then(|end| sentence.get(..end)) else { return sentence.to_owned() };
    let clause = ["; ", ": ", " (", ", for instance", ", so that", ", or on ", ", and "]
        .into_iter()
        .filter_map(|mark| short.rfind(mark))
        .max()
        .filter(|end| *end > MAX_CHARS / 2);
    match clause {
        Some(end) => short.get(..end).unwrap_or(short).to_owned(),
        None => {
            let end = short.rfind(' ').unwrap_or(short.len());
            format!("{}…", short.get(..end).unwrap_or(short).trim_end_matches([',', ' ']))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use essbasic::models::CATALOGUE;

    use super::*;

    #[test]
    fn every_action_has_a_distinct_title_in_both_languages() {
        for language in [Language::Chinese, Language::English] {
            let titles = CATALOGUE.actions.iter().map(|action| title(action, language));
            let titles: BTreeSet<_> = titles.collect();
            assert_eq!(titles.len(), CATALOGUE.actions.len());
            for title in &titles {
                assert!(title.chars().count() <= MAX_CHARS + 1 && !title.ends_with('.'), "{title}");
                assert!(!title.contains('`') && !title.is_empty(), "{title}");
            }
        }
    }
}
