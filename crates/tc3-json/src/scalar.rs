//! Lenient rules of scalars: strings, numbers and booleans, also converted from another kind of value.

use std::borrow::Cow;

use crate::number::Number;

/// A scalar type.
pub(crate) trait Scalar: Sized {
    const EXPECTED: &'static str;
    /// True if an empty string is read as `null`.
    const EMPTY_IS_NULL: bool = true;

    fn from_text(text: Cow<'_, str>) -> Option<Self>;
    fn from_number(number: Number<'_>) -> Option<Self>;
    fn from_bool(_: bool) -> Option<Self> {
        None
    }
}

/// Returns the number in a string.
fn number(text: &str) -> Number<'_> {
    Number { text: text.trim(), rounded: false }
}

impl Scalar for i64 {
    const EXPECTED: &'static str =
        "an integer between -2^63 and 2^63-1, or a string that contains one,";

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        number(&text).to_i64()
    }

    fn from_number(number: Number<'_>) -> Option<Self> {
        number.to_i64()
    }
}

impl Scalar for u64 {
    const EXPECTED: &'static str =
        "an integer between 0 and 2^64-1, or a string that contains one,";

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        number(&text).to_u64()
    }

    fn from_number(number: Number<'_>) -> Option<Self> {
        number.to_u64()
    }
}

impl Scalar for f64 {
    const EXPECTED: &'static str = "a number below 1.8e308 in size, or a string that contains one,";

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        number(&text).to_f64()
    }

    fn from_number(number: Number<'_>) -> Option<Self> {
        number.to_f64()
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true, false, 1 or 0, or a string that contains one of these,";

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        let text = text.trim();
        let names = [("true", true), ("1", true), ("false", false), ("0", false)];
        names.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    fn from_number(number: Number<'_>) -> Option<Self> {
        match number.text {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        }
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Scalar for String {
    const EXPECTED: &'static str = "a string, or a number or boolean in place of one,";
    const EMPTY_IS_NULL: bool = false;

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        Some(text.into_owned())
    }

    fn from_number(number: Number<'_>) -> Option<Self> {
        Some(number.text.to_owned())
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }
}
