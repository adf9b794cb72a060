//! Texts, numbers and truth values, also where they arrive as another of these that says the same.

use std::borrow::Cow;

use super::WHOLE;
use crate::Base64;

/// A type of members that holds no others.
pub(super) trait Scalar: Sized {
    const EXPECTED: &'static str;
    /// Whether an empty text says nothing.
    const EMPTY_IS_NONE: bool = true;

    fn from_text(text: Cow<'_, str>) -> Option<Self>;
    /// Of a number as it is written in JSON.
    fn from_number(number: &str) -> Option<Self>;
    fn from_bool(_: bool) -> Option<Self> {
        None
    }
}

const A_NUMBER: &str = "a number, or a text that holds one, in its range";

/// A whole number that is written with a fraction or an exponent.
fn whole(number: &str) -> Option<f64> {
    number.parse().ok().filter(|value: &f64| value.fract() == 0.0 && value.abs() <= WHOLE)
}

impl Scalar for i64 {
    const EXPECTED: &'static str = A_NUMBER;

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        text.trim().parse().ok()
    }

    fn from_number(number: &str) -> Option<Self> {
        number.parse().ok().or_else(|| whole(number).map(|value| value as Self))
    }
}

impl Scalar for u64 {
    const EXPECTED: &'static str = A_NUMBER;

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        text.trim().parse().ok()
    }

    fn from_number(number: &str) -> Option<Self> {
        let whole = || whole(number).filter(|value| *value >= 0.0).map(|value| value as Self);
        number.parse().ok().or_else(whole)
    }
}

impl Scalar for f64 {
    const EXPECTED: &'static str = A_NUMBER;

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        Self::from_number(text.trim())
    }

    fn from_number(number: &str) -> Option<Self> {
        // JSON has no form for what is not finite.
        number.parse().ok().filter(|value: &Self| value.is_finite())
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false, also in a text, or 1 or 0";

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        let text = text.trim();
        let truth = [("true", true), ("1", true), ("false", false), ("0", false)];
        truth.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    fn from_number(number: &str) -> Option<Self> {
        match number {
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
    const EXPECTED: &'static str = "a text, or a number or truth value in place of one";
    const EMPTY_IS_NONE: bool = false;

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        Some(text.into_owned())
    }

    fn from_number(number: &str) -> Option<Self> {
        Some(number.to_owned())
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }
}

impl Scalar for Base64 {
    const EXPECTED: &'static str = "a text";
    const EMPTY_IS_NONE: bool = false;

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        Some(Self::from_encoded(text))
    }

    fn from_number(_: &str) -> Option<Self> {
        None
    }
}
