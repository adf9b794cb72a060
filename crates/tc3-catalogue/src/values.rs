//! Open value sets and error codes.

/// A value on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Literal {
    /// A text.
    Text(&'static str),
    /// A whole number.
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

/// An open set of values.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ValueSetMeta {
    /// The name of its Rust enum.
    pub name: &'static str,
    /// What it says, as Markdown.
    pub doc: &'static str,
    /// The values known. The service may know others.
    pub values: &'static [ValueMeta],
}

impl ValueSetMeta {
    #[doc(hidden)]
    pub const fn new(name: &'static str, doc: &'static str, values: &'static [ValueMeta]) -> Self {
        Self { name, doc, values }
    }
}

/// A value of an open set.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ValueMeta {
    /// On the wire.
    pub wire: Literal,
    /// The name of its Rust variant.
    pub rust: &'static str,
    /// What it says, as Markdown.
    pub doc: &'static str,
}

impl ValueMeta {
    #[doc(hidden)]
    pub const fn new(wire: Literal, rust: &'static str, doc: &'static str) -> Self {
        Self { wire, rust, doc }
    }
}

/// An error code.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CodeMeta {
    /// The code.
    pub code: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// What to do about it; empty where nothing is known.
    pub advice: &'static str,
}

impl CodeMeta {
    #[doc(hidden)]
    pub const fn new(code: &'static str, doc: &'static str, advice: &'static str) -> Self {
        Self { code, doc, advice }
    }
}
