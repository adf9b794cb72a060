//! Parameters of a URL.

use essbasic::Language;

use crate::data;

/// Returns the value of a parameter, decoded.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Returns the language of texts, the parameter `lang`: English by default.
pub(super) fn language(query: Option<&str>) -> Language {
    data::language(&parameter(query, "lang").unwrap_or_default())
}
