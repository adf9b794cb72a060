//! Encoding of types of the standard library.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::writer::{Encode, Writer};

/// Returns a value as JSON.
///
/// # Errors
/// Returns an error with the field's path if a float is NaN or infinite.
pub fn encode<T: Encode + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::default();
    value.encode(&mut writer);
    writer.finish()
}

impl Encode for str {
    fn encode(&self, writer: &mut Writer) {
        writer.string(self);
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, writer: &mut Writer) {
        (**self).encode(writer);
    }

    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

/// An array of two elements.
impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, writer: &mut Writer) {
        writer.word("[");
        let _ = writer.element(0, &self.0) && writer.element(1, &self.1);
        writer.word("]");
    }
}

impl Encode for String {
    fn encode(&self, writer: &mut Writer) {
        writer.string(self);
    }
}

/// Characters that are not UTF-8 are replaced.
impl Encode for PathBuf {
    fn encode(&self, writer: &mut Writer) {
        writer.text(&self.to_string_lossy());
    }
}

/// A number of seconds, with a fraction.
impl Encode for Duration {
    fn encode(&self, writer: &mut Writer) {
        writer.float(self.as_secs_f64());
    }
}

impl Encode for i64 {
    fn encode(&self, writer: &mut Writer) {
        writer.number(*self);
    }
}

impl Encode for u64 {
    fn encode(&self, writer: &mut Writer) {
        writer.number(*self);
    }
}

impl Encode for f64 {
    fn encode(&self, writer: &mut Writer) {
        writer.float(*self);
    }
}

impl Encode for bool {
    fn encode(&self, writer: &mut Writer) {
        writer.word(if *self { "true" } else { "false" });
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, writer: &mut Writer) {
        writer.word("[");
        for (index, element) in self.iter().enumerate() {
            if !writer.element(index, element) {
                return;
            }
        }
        writer.word("]");
    }
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, writer: &mut Writer) {
        (**self).encode(writer);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, writer: &mut Writer) {
        match self {
            Some(value) => value.encode(writer),
            None => writer.word("null"),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}
