//! Parameters of a URL.

use essbasic::Language;
use essbasic_page::parameter;

use crate::data;

/// Returns the language of texts, the parameter `lang`: English by default.
pub(super) fn language(query: Option<&str>) -> Language {
    data::language(&parameter(query, "lang").unwrap_or_default())
}
