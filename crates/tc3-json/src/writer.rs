//! The writer: JSON without white space, into memory.

use core::fmt;
use std::io::Write as _;

use crate::error::Error;
use crate::{number, string};

/// A type that is written as JSON.
pub trait Encode {
    /// Writes the value. A value that JSON cannot represent makes the writer fail.
    fn encode(&self, writer: &mut Writer);

    /// Returns whether a field of this value is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A writer of JSON into memory.
///
/// The first value that JSON cannot represent makes the writer fail; nothing is written after it.
pub struct Writer {
    json: Vec<u8>,
    error: Option<Error>,
}

impl Default for Writer {
    /// Returns an empty writer with room for a small request.
    fn default() -> Self {
        Self { json: Vec::with_capacity(512), error: None }
    }
}

impl fmt::Debug for Writer {
    /// Shows the length, not the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("length", &self.json.len()).finish_non_exhaustive()
    }
}

impl Writer {
    /// Returns the text.
    ///
    /// # Errors
    /// Returns an error with the field's path if a float was NaN or infinite.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        match self.error {
            None => Ok(self.json),
            Some(error) => Err(error),
        }
    }

    /// Writes the beginning of an object; its fields and [`close`](Self::close) follow.
    pub fn open(&mut self) {
        self.word("{");
    }

    /// Writes the end of an object.
    pub fn close(&mut self) {
        self.word("}");
    }

    /// Writes a field, unless its value is absent.
    pub fn member(&mut self, name: &str, value: &dyn Encode) {
        if value.is_absent() || self.error.is_some() {
            return;
        }
        self.separate();
        self.text(name);
        self.json.push(b':');
        value.encode(self);
        if self.error.is_some() {
            self.error = self.error.take().map(|error| error.within(name));
        }
    }

    /// Writes an element; false if it failed, after which no other may be written.
    #[inline]
    pub(crate) fn element(&mut self, index: usize, value: &dyn Encode) -> bool {
        self.separate();
        value.encode(self);
        if self.error.is_none() {
            return true;
        }
        self.error = self.error.take().map(|error| error.at_index(index));
        false
    }

    /// Writes a comma, unless a bracket has just been opened.
    #[inline]
    pub(crate) fn separate(&mut self) {
        if !matches!(self.json.last(), None | Some(b'{' | b'[')) {
            self.json.push(b',');
        }
    }

    /// Writes text that is already JSON.
    #[inline]
    pub(crate) fn word(&mut self, word: &str) {
        self.json.extend_from_slice(word.as_bytes());
    }

    /// Writes an integer.
    pub(crate) fn number(&mut self, number: impl fmt::Display) {
        // Writing to a vector cannot fail.
        let _ = write!(self.json, "{number}");
    }

    pub(crate) fn float(&mut self, value: f64) {
        match value.is_finite() {
            true => number::write_f64(&mut self.json, value),
            false => self.error = Some(Error::not_finite()),
        }
    }

    /// Writes a string.
    pub fn text(&mut self, text: &str) {
        self.string(text);
    }

    /// As [`text`](Self::text), inlined into the code of this crate.
    #[inline]
    pub(crate) fn string(&mut self, text: &str) {
        string::write(&mut self.json, text);
    }
}
