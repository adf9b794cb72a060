//! The reader: typed values from the scanner's tokens.

use core::fmt;
use std::borrow::Cow;

use crate::error::Error;
use crate::number::Number;
use crate::scalar::Scalar;
use crate::scanner::{Scanner, Token};

/// A reader of typed values at a position in a JSON text.
#[derive(Clone)]
pub struct Reader<'a> {
    scanner: Scanner<'a>,
    /// True if floats may have been rounded by the parser of another format.
    rounded: bool,
}

/// A type that is read from JSON.
pub trait Decode: Sized {
    /// True if `null` is read as the empty value if there must be a value.
    const NULL_IS_BLANK: bool;

    /// Reads a value; `None` is `null`, or a value that is read as `null`.
    ///
    /// # Errors
    /// Returns an error if the next value is not of the type.
    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error>;

    /// Returns the empty value, which a field has before it is read.
    fn blank() -> Self;
}

/// An object whose fields are read one by one. If a name occurs twice, the last value is used.
pub trait Members {
    /// Reads the next value as the field of this name; [`Reader::skip`] is for unknown names.
    ///
    /// # Errors
    /// Returns an error if the value is not of the field's type.
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error>;
}

/// Kind of a JSON value, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl fmt::Debug for Reader<'_> {
    /// Shows the offset, not the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("at", &self.offset()).finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// Returns a reader at the beginning of the text.
    ///
    /// # Errors
    /// Returns an error if the text is not UTF-8.
    #[inline]
    pub fn new(json: &'a [u8]) -> Result<Self, Error> {
        Scanner::new(json).map(|scanner| Self { scanner, rounded: false })
    }

    /// Returns a reader of text that was converted from another format, whose floats may be rounded.
    #[cfg(feature = "serde")]
    pub(crate) fn of_rounded(json: &'a [u8]) -> Result<Self, Error> {
        Scanner::new(json).map(|scanner| Self { scanner, rounded: true })
    }

    /// Accepts the end of the text, after white space.
    ///
    /// # Errors
    /// Returns an error if anything else follows.
    #[inline]
    pub fn end(&mut self) -> Result<(), Error> {
        self.scanner.end()
    }

    /// Returns the byte offset of the position.
    #[inline]
    pub fn offset(&self) -> usize {
        self.scanner.offset()
    }

    /// Returns the error that the next value is not `what`.
    pub fn expected(&self, what: &'static str) -> Error {
        Error::expected(what, self.offset())
    }

    /// Returns the kind of the next value; `None` if no value begins here.
    pub fn kind(&mut self) -> Option<Kind> {
        Some(match self.scanner.peek()? {
            b'n' => Kind::Null,
            b't' | b'f' => Kind::Bool,
            b'-' | b'0'..=b'9' => Kind::Number,
            b'"' => Kind::String,
            b'[' => Kind::Array,
            b'{' => Kind::Object,
            _ => return None,
        })
    }

    /// Reads an optional field; `null` is `None`.
    ///
    /// # Errors
    /// Returns an error if the next value is not of the type.
    pub fn optional<T: Decode>(&mut self, field: &mut Option<T>) -> Result<(), Error> {
        *field = T::optional(self)?;
        Ok(())
    }

    /// Reads a field that has a default value; `null` keeps it.
    ///
    /// # Errors
    /// Returns an error if the next value is not of the type.
    pub fn keep<T: Decode>(&mut self, field: &mut T) -> Result<(), Error> {
        if let Some(value) = T::optional(self)? {
            *field = value;
        }
        Ok(())
    }

    /// Reads a required field.
    ///
    /// # Errors
    /// Returns an error if the next value is not of the type.
    pub fn must<T: Decode>(&mut self, field: &mut T) -> Result<(), Error> {
        *field = self.value()?;
        Ok(())
    }

    /// Reads a value; `null` is the empty value of a scalar or `Vec`.
    ///
    /// # Errors
    /// Returns an error if the next value is not of the type.
    pub fn value<T: Decode>(&mut self) -> Result<T, Error> {
        let before = self.offset();
        match T::optional(self)? {
            Some(value) => Ok(value),
            None if T::NULL_IS_BLANK => Ok(T::blank()),
            None => Err(Error::expected("an object, not null,", before)),
        }
    }

    /// Reads an object into `blank`; `null` is `None`.
    ///
    /// # Errors
    /// Returns an error if the next value is not an object, if a field is not of its type, or if one of the
    /// `required` fields is missing.
    pub fn object<T: Members>(
        &mut self,
        mut blank: T,
        required: &'static [&'static str],
    ) -> Result<Option<T>, Error> {
        if self.null()? {
            return Ok(None);
        }
        self.shared_members(&mut blank, required)?;
        Ok(Some(blank))
    }

    /// [`members`](Self::members), compiled once for all types.
    #[inline(never)]
    fn shared_members(
        &mut self,
        into: &mut dyn Members,
        required: &'static [&'static str],
    ) -> Result<(), Error> {
        self.members(into, required)
    }

    /// Reads an object, field by field, into `into`.
    ///
    /// # Errors
    /// As [`object`](Self::object).
    #[inline]
    pub fn members(
        &mut self,
        into: &mut dyn Members,
        required: &'static [&'static str],
    ) -> Result<(), Error> {
        let before = self.offset();
        let mut missing = required.to_vec();
        let mut another = self.scanner.open_object()?;
        while another {
            let name = self.scanner.name()?;
            if !missing.is_empty() {
                missing.retain(|required| *required != name);
            }
            if let Err(error) = into.member(&name, self) {
                return Err(error.within(&name));
            }
            another = self.scanner.member()?;
        }
        match missing.first() {
            None => Ok(()),
            Some(name) => Err(Error::missing(name, before)),
        }
    }

    /// Skips the next value.
    ///
    /// # Errors
    /// Returns an error if it is not JSON, or nested too deep.
    #[inline]
    pub fn skip(&mut self) -> Result<(), Error> {
        self.scanner.skip()
    }

    /// Returns whether the next value is `null`, and reads it if so.
    ///
    /// # Errors
    /// Returns an error if the value begins as `null` and is something else.
    #[inline]
    pub fn null(&mut self) -> Result<bool, Error> {
        self.scanner.null()
    }

    /// Reads a string, without lenient rules.
    ///
    /// # Errors
    /// Returns an error if the next value is not a string.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        const STRING: &str = "a string";
        let before = self.offset();
        match self.scanner.token(STRING)? {
            Token::String(text) => Ok(text),
            _ => Err(Error::expected(STRING, before)),
        }
    }

    /// Reads a string without escapes, if the next value is one.
    #[inline]
    pub(crate) fn plain_string(&mut self) -> Option<&'a str> {
        self.scanner.plain_string()
    }

    #[inline]
    pub(crate) fn open_array(&mut self) -> Result<(), Error> {
        self.scanner.open_array()
    }

    #[inline]
    pub(crate) fn element(&mut self, first: &mut bool) -> Result<bool, Error> {
        self.scanner.element(first)
    }

    /// Reads a scalar by its lenient rules. `None` is `null`, or an empty string if the type is not a string.
    #[inline]
    pub(crate) fn scalar<T: Scalar>(&mut self) -> Result<Option<T>, Error> {
        self.scanner.peek();
        let before = self.offset();
        let value = match self.scanner.token(T::EXPECTED)? {
            Token::Null => return Ok(None),
            Token::String(text) if T::EMPTY_IS_NULL && text.trim().is_empty() => return Ok(None),
            Token::String(text) => T::from_text(text),
            Token::Number(text) => T::from_number(Number { text, rounded: self.rounded }),
            Token::Bool(value) => T::from_bool(value),
        };
        value.map(Some).ok_or_else(|| Error::expected(T::EXPECTED, before))
    }
}
