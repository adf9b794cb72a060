//! Error codes.

use std::borrow::Cow;

use essbasic::Language;
use essbasic::catalogue::CodeMeta;
use essbasic::models::CATALOGUE;
use serde::Serialize;

use crate::data::hints;

/// An error code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ErrorCode {
    /// The code.
    pub code: &'static str,
    /// Meaning of the code; empty if unknown.
    pub doc: &'static str,
    /// Fix of the error as a sentence; empty if unknown.
    pub hint: Cow<'static, str>,
}

impl ErrorCode {
    pub(super) fn new(code: &'static str, language: Language) -> Self {
        let doc = CATALOGUE.code(code).map_or("", |code| code.doc);
        Self { code, doc, hint: hints::of_code(code, language) }
    }
}

/// Description of an error code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CodeItem {
    /// The code.
    pub name: &'static str,
    /// Meaning of the code.
    pub doc: &'static str,
    /// Fix of the error as a sentence; empty if unknown.
    pub hint: Cow<'static, str>,
    /// Actions that list the code; empty if any action may return it.
    pub returned_by: Vec<&'static str>,
}

impl CodeItem {
    pub(super) fn new(code: &CodeMeta, language: Language) -> Self {
        let actions = CATALOGUE.actions.iter().filter(|action| action.errors.contains(&code.code));
        Self {
            name: code.code,
            doc: code.doc,
            hint: hints::of_code(code.code, language),
            returned_by: actions.map(|action| action.info.name).collect(),
        }
    }
}
