//! Limits of fields, and rules between fields.

use crate::values::Literal;

/// Limits of a value, as inclusive minimum and maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Number of elements of an array.
    pub items: (Option<u64>, Option<u64>),
    /// Number of characters of a string, or of each string of an array.
    pub chars: (Option<u64>, Option<u64>),
    /// Maximum number of bytes of a string; of the decoded file if the string is Base64.
    pub bytes: Option<u64>,
    /// Value of a number.
    pub number: (Option<i64>, Option<i64>),
}

impl Limits {
    /// Limits that accept every value.
    pub const NONE: Self =
        Self { items: (None, None), chars: (None, None), bytes: None, number: (None, None) };

    #[doc(hidden)]
    pub const fn new(
        items: (Option<u64>, Option<u64>),
        chars: (Option<u64>, Option<u64>),
        bytes: Option<u64>,
        number: (Option<i64>, Option<i64>),
    ) -> Self {
        Self { items, chars, bytes, number }
    }
}

/// A rule between fields of an object.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Rule {
    /// Kind of the rule.
    pub kind: RuleKind,
    /// Description of the rule, as Markdown.
    pub doc: &'static str,
}

impl Rule {
    #[doc(hidden)]
    pub const fn new(kind: RuleKind, doc: &'static str) -> Self {
        Self { kind, doc }
    }
}

/// Kind of a rule. Paths are relative to the object, such as `Agent.AppId`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum RuleKind {
    /// All of the paths must be present, always or under a condition.
    Needs {
        /// Condition; `None` for always.
        when: Option<Condition>,
        /// Required paths.
        paths: &'static [&'static str],
    },
    /// At least one must be present.
    AnyOf(&'static [&'static str]),
    /// Exactly one must be present.
    OneOf(&'static [&'static str]),
    /// At most one may be present.
    NotBoth(&'static [&'static str]),
}

/// Condition of a rule.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Condition {
    /// Path that must be present.
    pub path: &'static str,
    /// Accepted values of the path; empty for any value.
    pub is: &'static [Literal],
}

impl Condition {
    #[doc(hidden)]
    pub const fn new(path: &'static str, is: &'static [Literal]) -> Self {
        Self { path, is }
    }
}
