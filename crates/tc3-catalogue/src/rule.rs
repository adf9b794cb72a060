//! What members may hold, and what they must be to each other.

use crate::values::Literal;

/// Beyond what the service refuses a value. Both ends are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Elements of a list.
    pub items: (Option<u64>, Option<u64>),
    /// Characters of a text; of a list, those of each.
    pub chars: (Option<u64>, Option<u64>),
    /// Bytes of a text, those of the file where it is base64.
    pub bytes: Option<u64>,
    /// Size of a number.
    pub number: (Option<i64>, Option<i64>),
}

impl Limits {
    /// No limits.
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

/// What members of an object must be to each other.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Rule {
    /// The rule.
    pub kind: RuleKind,
    /// The rule in words, as Markdown.
    pub doc: &'static str,
}

impl Rule {
    #[doc(hidden)]
    pub const fn new(kind: RuleKind, doc: &'static str) -> Self {
        Self { kind, doc }
    }
}

/// What a rule asks for. Paths are relative to the object: `Agent.AppId`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum RuleKind {
    /// All of the paths must be given, always or under a condition.
    Needs {
        /// The condition; `None` for always.
        when: Option<Condition>,
        /// The paths.
        paths: &'static [&'static str],
    },
    /// One at least must be given.
    AnyOf(&'static [&'static str]),
    /// Exactly one must be given.
    OneOf(&'static [&'static str]),
    /// One at most may be given.
    NotBoth(&'static [&'static str]),
}

/// When a rule holds.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Condition {
    /// This path must be given.
    pub path: &'static str,
    /// And have one of these values; empty for any.
    pub is: &'static [Literal],
}

impl Condition {
    #[doc(hidden)]
    pub const fn new(path: &'static str, is: &'static [Literal]) -> Self {
        Self { path, is }
    }
}
