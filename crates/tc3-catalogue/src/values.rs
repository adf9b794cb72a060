//! Open value sets and error codes.

/// A value of a set, as sent on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Literal {
    /// A string.
    Text(&'static str),
    /// An integer.
    Int(i64),
}

impl core::fmt::Display for Literal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            Self::Int(number) => core::fmt::Display::fmt(number, f),
        }
    }
}

/// Metadata of an open set of values.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ValueSetMeta {
    /// Name of the Rust enum.
    pub name: &'static str,
    /// Documentation, as Markdown.
    pub doc: &'static str,
    /// Known values. The service may use others.
    pub values: &'static [ValueMeta],
}

impl ValueSetMeta {
    #[doc(hidden)]
    pub const fn new(name: &'static str, doc: &'static str, values: &'static [ValueMeta]) -> Self {
        Self { name, doc, values }
    }
}

/// Metadata of a value of an open set.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ValueMeta {
    /// Value on the wire.
    pub wire: Literal,
    /// Name of the Rust variant.
    pub rust: &'static str,
    /// Documentation, as Markdown.
    pub doc: &'static str,
}

impl ValueMeta {
    #[doc(hidden)]
    pub const fn new(wire: Literal, rust: &'static str, doc: &'static str) -> Self {
        Self { wire, rust, doc }
    }
}

/// Metadata of an error code.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CodeMeta {
    /// Error code.
    pub code: &'static str,
    /// Meaning of the code.
    pub doc: &'static str,
    /// Fix of the error as a sentence; empty if unknown.
    pub hint: &'static str,
}

impl CodeMeta {
    #[doc(hidden)]
    pub const fn new(code: &'static str, doc: &'static str, hint: &'static str) -> Self {
        Self { code, doc, hint }
    }
}
