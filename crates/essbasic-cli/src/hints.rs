//! Hints in the language of `--language`.

use std::borrow::Cow;
use std::sync::OnceLock;

use essbasic::Language;
use essbasic_explorer::data::hints;

static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// Sets the language of hints; English without it.
pub(crate) fn set_language(language: Language) {
    // It is set once, before the first hint.
    let _ = LANGUAGE.set(language);
}

/// Returns the language of hints.
pub(crate) fn language() -> Language {
    LANGUAGE.get().copied().unwrap_or(Language::English)
}

/// Returns the hint in the language of the command. One without a translation stays in English.
pub(crate) fn translated(hint: &str) -> Cow<'_, str> {
    hints::translated(hint, language())
}
