//! A service as data: actions, objects, value sets and error codes.
//!
//! For programs that select an action by its name: command lines, emulators, and validation of requests before they
//! are sent (feature `validate`: [`validation`], [`skeleton`]). The feature `search` has an index for a search as a person
//! types: [`search`].
//!
//! Generated models have a [`Catalogue`] as a `static`.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "validate")]
mod json_value;
mod object;
mod rule;
#[cfg(feature = "search")]
pub mod search;
#[cfg(feature = "validate")]
pub mod skeleton;
#[cfg(feature = "validate")]
pub mod validation;
mod values;

pub use object::{FieldMeta, JsonType, ObjectMeta};
pub use rule::{Condition, Limits, Rule, RuleKind};
pub use values::{CodeMeta, Literal, ValueMeta, ValueSetMeta};

use tc3_api::ActionInfo;

/// One version of one service.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Catalogue {
    /// All actions, sorted by name, independent of the enabled features.
    pub actions: &'static [ActionMeta],
    /// All objects, including requests and responses, sorted by name.
    pub objects: &'static [&'static ObjectMeta],
    /// All open value sets, sorted by name.
    pub values: &'static [&'static ValueSetMeta],
    /// Known error codes, sorted. The service may return others.
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

    /// Returns the action of this name.
    pub fn action(&self, name: &str) -> Option<&'static ActionMeta> {
        let index = self.actions.binary_search_by(|action| action.info.name.cmp(name)).ok()?;
        self.actions.get(index)
    }

    /// Returns the object of this name.
    pub fn object(&self, name: &str) -> Option<&'static ObjectMeta> {
        let index = self.objects.binary_search_by(|object| object.name.cmp(name)).ok()?;
        self.objects.get(index).copied()
    }

    /// Returns the value set of this name.
    pub fn value_set(&self, name: &str) -> Option<&'static ValueSetMeta> {
        let index = self.values.binary_search_by(|set| set.name.cmp(name)).ok()?;
        self.values.get(index).copied()
    }

    /// Returns the metadata of an error code.
    pub fn code(&self, code: &str) -> Option<&'static CodeMeta> {
        let index = self.codes.binary_search_by(|known| known.code.cmp(code)).ok()?;
        self.codes.get(index)
    }
}

/// Effect of an action on the data of its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The action only reads.
    Read,
    /// The action may change data, or send something to a person.
    Write,
}

impl Effect {
    /// Returns `read` or `write`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Metadata of an action.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ActionMeta {
    /// Metadata of a call.
    pub info: ActionInfo<'static>,
    /// Title of the action in the vendor's reference, in Chinese.
    pub title: &'static str,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// Cargo feature that enables the types of the action; empty if none does.
    pub group: &'static str,
    /// Effect on the data of the service.
    pub effect: Effect,
    /// Known error codes of the action, sorted. The service may return others.
    pub errors: &'static [&'static str],
    /// Object of the request body.
    pub request: &'static ObjectMeta,
    /// Object of the response.
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
        let (request, response) = objects;
        Self { info, title, doc, group, effect: Effect::Write, errors, request, response }
    }

    #[doc(hidden)]
    pub const fn reads(mut self) -> Self {
        self.effect = Effect::Read;
        self
    }
}
