//! `deserialize_with` helpers: what real servers send where the reference promises something else.
//!
//! A promise broken in form only (`null` for an empty list, a number in a string) must not cost the
//! caller the whole answer; one broken in substance (an object for a number) still fails.

use core::fmt;
use core::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// `null` is the type's default: an empty list, an empty string, zero.
///
/// # Errors
/// What the type's own decoding fails with.
pub fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A number, also where it arrives inside a string; `null` is zero.
///
/// # Errors
/// Where the value is neither a number of the type nor a string that holds one.
pub fn number<'de, D: Deserializer<'de>, T: Number>(deserializer: D) -> Result<T, D::Error> {
    optional_number(deserializer).map(Option::unwrap_or_default)
}

/// As [`number`]; `null` and the empty string are `None`.
///
/// # Errors
/// Where the value is neither a number of the type nor a string that holds one.
pub fn optional_number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Number,
{
    deserializer.deserialize_any(NumberVisitor(PhantomData))
}

/// A number type of the API: `int64`, `uint64`, `float`.
pub trait Number: Copy + Default + core::str::FromStr + sealed::Sealed {
    #[doc(hidden)]
    fn from_i64(value: i64) -> Option<Self>;
    #[doc(hidden)]
    fn from_u64(value: u64) -> Option<Self>;
    #[doc(hidden)]
    fn from_f64(value: f64) -> Option<Self>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i64 {}
    impl Sealed for u64 {}
    impl Sealed for f64 {}
}

/// Exactly representable whole numbers end here: past it an `f64` no longer tells neighbours apart.
const WHOLE: f64 = 9_007_199_254_740_992.0;

impl Number for i64 {
    fn from_i64(value: i64) -> Option<Self> {
        Some(value)
    }
    fn from_u64(value: u64) -> Option<Self> {
        value.try_into().ok()
    }
    fn from_f64(value: f64) -> Option<Self> {
        (value.fract() == 0.0 && value.abs() <= WHOLE).then_some(value as i64)
    }
}

impl Number for u64 {
    fn from_i64(value: i64) -> Option<Self> {
        value.try_into().ok()
    }
    fn from_u64(value: u64) -> Option<Self> {
        Some(value)
    }
    fn from_f64(value: f64) -> Option<Self> {
        (value.fract() == 0.0 && (0.0..=WHOLE).contains(&value)).then_some(value as u64)
    }
}

impl Number for f64 {
    fn from_i64(value: i64) -> Option<Self> {
        Some(value as f64)
    }
    fn from_u64(value: u64) -> Option<Self> {
        Some(value as f64)
    }
    fn from_f64(value: f64) -> Option<Self> {
        Some(value)
    }
}

struct NumberVisitor<T>(PhantomData<T>);

impl<'de, T: Number> Visitor<'de> for NumberVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a string that holds one")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        T::from_i64(value).map(Some).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        T::from_u64(value).map(Some).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        T::from_f64(value).map(Some).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        // The text itself may be personal data: the error does not repeat it.
        match value.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| E::custom("a string that holds no number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn int(json: &str) -> Result<i64, serde_json::Error> {
        number(&mut serde_json::Deserializer::from_str(json))
    }

    #[test]
    fn forms_of_a_number() {
        for (json, value) in
            [("3", 3), ("\"3\"", 3), ("null", 0), ("\"\"", 0), ("3.0", 3), ("-1", -1)]
        {
            assert_eq!(int(json).unwrap(), value, "{json}");
        }
        for json in ["{}", "[]", "true", "3.5", "\"x\"", "18446744073709551615", "1e300"] {
            assert!(int(json).is_err(), "{json}");
        }
        let unsigned: Result<u64, _> = number(&mut serde_json::Deserializer::from_str("-1"));
        assert!(unsigned.is_err());
    }

    #[test]
    fn null_is_the_default() {
        let list: Vec<String> =
            null_default(&mut serde_json::Deserializer::from_str("null")).unwrap();
        assert!(list.is_empty());
    }

    proptest! {
        #[test]
        fn every_integer_survives_both_forms(value: i64) {
            prop_assert_eq!(int(&value.to_string()).unwrap(), value);
            prop_assert_eq!(int(&format!("\"{value}\"")).unwrap(), value);
        }
    }
}
