//! A service as data: actions, objects, value sets and error codes.
//!
//! For callers that know an action only by its name: command lines, emulators, and validation of requests
//! before they are sent (feature `validate`: [`validation`], [`skeleton`]).
//!
//! Generated models have a [`Catalogue`] as a `static`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod object;
mod rule;
#[cfg(feature = "validate")]
pub mod skeleton;
#[cfg(feature = "validate")]
mod text;
#[cfg(feature = "validate")]
pub mod validation;
mod values;

pub use object::{JsonType, MemberMeta, ObjectMeta};
pub use rule::{Condition, Limits, Rule, RuleKind};
pub use values::{CodeMeta, Literal, ValueMeta, ValueSetMeta};

use tc3_api::ActionInfo;

/// One version of one service.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Catalogue {
    /// The actions, sorted by name, whatever features are on.
    pub actions: &'static [ActionMeta],
    /// The objects, requests and answers among them, sorted by name.
    pub objects: &'static [&'static ObjectMeta],
    /// The open value sets, sorted by name.
    pub values: &'static [&'static ValueSetMeta],
    /// The error codes known, sorted. The service may answer others.
    pub codes: &'static [CodeMeta],
}

impl Catalogue {
    #[doc(hidden)]
    pub const fn new(
        actions: &'static [ActionMeta],
        objects: &'static [&'static ObjectMeta],
        values: &'static [&'static ValueSetMeta],
        codes: &'static [CodeMeta],
    ) -> Self {
        Self { actions, objects, values, codes }
    }

    /// The action of that name.
    pub fn action(&self, name: &str) -> Option<&'static ActionMeta> {
        let index = self.actions.binary_search_by(|action| action.info.name.cmp(name)).ok()?;
        self.actions.get(index)
    }

    /// The object of that name.
    pub fn object(&self, name: &str) -> Option<&'static ObjectMeta> {
        let index = self.objects.binary_search_by(|object| object.name.cmp(name)).ok()?;
        self.objects.get(index).copied()
    }

    /// The value set of that name.
    pub fn value_set(&self, name: &str) -> Option<&'static ValueSetMeta> {
        let index = self.values.binary_search_by(|set| set.name.cmp(name)).ok()?;
        self.values.get(index).copied()
    }

    /// The error code.
    pub fn code(&self, code: &str) -> Option<&'static CodeMeta> {
        let index = self.codes.binary_search_by(|known| known.code.cmp(code)).ok()?;
        self.codes.get(index)
    }
}

/// An action.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ActionMeta {
    /// What a call needs besides the body.
    pub info: ActionInfo<'static>,
    /// The service's own title of the action, in Chinese.
    pub title: &'static str,
    /// What it does, as Markdown.
    pub doc: &'static str,
    /// The Cargo feature that holds the action's types; empty where no feature does.
    pub group: &'static str,
    /// The error codes known of the action, sorted. The service may answer others.
    pub errors: &'static [&'static str],
    /// The request's body.
    pub request: &'static ObjectMeta,
    /// The answer.
    pub response: &'static ObjectMeta,
}

impl ActionMeta {
    #[doc(hidden)]
    pub const fn new(
        info: ActionInfo<'static>,
        title: &'static str,
        doc: &'static str,
        group: &'static str,
        errors: &'static [&'static str],
        objects: (&'static ObjectMeta, &'static ObjectMeta),
    ) -> Self {
        Self { info, title, doc, group, errors, request: objects.0, response: objects.1 }
    }
}
