//! What can be written.

use super::{WHOLE, Writer};
use crate::Base64;

/// A type that is written as JSON.
pub trait Encode {
    /// Writes the value.
    fn encode(&self, writer: &mut Writer);

    /// Whether a member of this value is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

impl Encode for str {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self);
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

/// A list of two.
impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, writer: &mut Writer) {
        writer.word("[");
        writer.element(&self.0);
        writer.element(&self.1);
        writer.word("]");
    }
}

impl Encode for String {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self);
    }
}

impl Encode for Base64 {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self.as_str());
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
    /// A whole one without a fraction: `124`, not `124.0`. The services take both; written so, a value
    /// read from JSON comes back as it was.
    fn encode(&self, writer: &mut Writer) {
        let negative_zero = *self == 0.0 && self.is_sign_negative();
        if !self.is_finite() {
            writer.word("null");
        } else if self.fract() == 0.0 && self.abs() <= WHOLE && !negative_zero {
            writer.number(*self as i64);
        } else {
            // With an exponent where it would be long.
            writer.number(format_args!("{self:?}"));
        }
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
        for element in self {
            writer.element(element);
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
