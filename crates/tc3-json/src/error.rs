//! The error of reading and writing.

use core::fmt;

/// Error of reading or writing JSON: the expected token or type, the byte offset and the field's path.
///
/// Contains no part of the JSON except names of fields, because values may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

/// Boxed, so that a result without a value is one word.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    reason: Reason,
    offset: Option<usize>,
    /// Names and indices, innermost first.
    path: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// The text is not JSON: the expected token.
    Syntax(&'static str),
    /// The value is not of the type: the expected type.
    Type(&'static str),
    Missing,
    Duplicate,
    NotFinite,
    #[cfg(feature = "serde")]
    NoForm,
}

impl Error {
    fn new(reason: Reason, offset: Option<usize>) -> Self {
        Self(Box::new(Inner { reason, offset, path: Vec::new() }))
    }

    pub(crate) fn syntax(expected: &'static str, offset: usize) -> Self {
        Self::new(Reason::Syntax(expected), Some(offset))
    }

    /// Returns the error of a value at `offset` that is not of the expected type.
    pub fn expected(what: &'static str, offset: usize) -> Self {
        Self::new(Reason::Type(what), Some(offset))
    }

    /// Returns the error of an object at `offset` that lacks a field.
    pub(crate) fn missing(name: &str, offset: usize) -> Self {
        Self::new(Reason::Missing, Some(offset)).within(name)
    }

    pub(crate) fn duplicate(name: &str, offset: usize) -> Self {
        Self::new(Reason::Duplicate, Some(offset)).within(name)
    }

    pub(crate) fn not_finite() -> Self {
        Self::new(Reason::NotFinite, None)
    }

    #[cfg(feature = "serde")]
    pub(crate) fn no_form() -> Self {
        Self::new(Reason::NoForm, None)
    }

    /// Prepends a field's name to the path. An error of syntax has no path, as it may be in an unknown field.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        if !matches!(self.0.reason, Reason::Syntax(_)) {
            self.0.path.push(printable(name));
        }
        self
    }

    pub(crate) fn at_index(self, index: usize) -> Self {
        self.within(&index.to_string())
    }

    /// Returns the byte offset in the text that was read; `None` if the error is of writing.
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// Returns the path of the field, such as `Approvers.0.Name`; empty if it is the whole value or the text is
    /// not JSON.
    pub fn path(&self) -> String {
        let mut names: Vec<&str> = self.0.path.iter().map(String::as_str).collect();
        names.reverse();
        names.join(".")
    }
}

/// Maximum length of a name in a path, in characters. A request's names are the caller's.
const MAX_NAME: usize = 64;

fn printable(name: &str) -> String {
    name.chars().take(MAX_NAME).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        match self.0.reason {
            Reason::Syntax(expected) => write!(f, "invalid JSON: expected {expected}")?,
            Reason::Missing => write!(f, "missing field `{path}`")?,
            Reason::Duplicate => write!(f, "duplicate field `{path}`")?,
            reason => {
                if !path.is_empty() {
                    write!(f, "field `{path}`: ")?;
                }
                f.write_str("expected ")?;
                f.write_str(match reason {
                    Reason::Type(expected) => expected,
                    Reason::NotFinite => "a finite number, as JSON has no NaN or infinity",
                    _ => "a value that JSON can represent",
                })?;
            }
        }
        match self.0.offset {
            Some(offset) => write!(f, " at byte {offset}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Error {}

/// Errors of foreign `Serialize` implementations. Their messages may contain values, so they are dropped.
#[cfg(feature = "serde")]
impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::no_form()
    }
}
