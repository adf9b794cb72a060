//! `deserialize_with` helpers: what real servers send where the reference promises something else.
//!
//! A promise broken in form only (`null` for an empty list, a number in a string or for one) must not
//! cost the caller the whole answer; one broken in substance (an object for a number) still fails.

use core::fmt;
use core::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// `null` is the type's default: an empty list, an object without members.
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

/// A text, a number or a truth value, also where it arrives as another of these that says the same;
/// `null` is the type's default.
///
/// # Errors
/// Where the value says nothing of the type.
pub fn scalar<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Scalar,
{
    optional(deserializer).map(Option::unwrap_or_default)
}

/// As [`scalar`]; `null` is `None`, and so is an empty text where no text is expected.
///
/// # Errors
/// Where the value says nothing of the type.
pub fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Scalar,
{
    deserializer.deserialize_any(ScalarVisitor(PhantomData))
}

/// A list of what [`scalar`] takes; `null` is the empty one.
///
/// # Errors
/// Where the value is no list, or an element says nothing of the type.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Scalar,
{
    optional_list(deserializer).map(Option::unwrap_or_default)
}

/// As [`list`]; `null` is `None`.
///
/// # Errors
/// Where the value is no list, or an element says nothing of the type.
pub fn optional_list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Scalar,
{
    let elements = Option::<Vec<Element<T>>>::deserialize(deserializer)?;
    Ok(elements.map(|elements| elements.into_iter().map(|Element(value)| value).collect()))
}

struct Element<T>(T);

impl<'de, T: Scalar> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar(deserializer).map(Self)
    }
}

/// A type of members that holds no others: `string`, `int64`, `uint64`, `float`, `bool`.
pub trait Scalar: Default + sealed::Sealed {
    #[doc(hidden)]
    const EXPECTED: &'static str;
    #[doc(hidden)]
    fn from_bool(_: bool) -> Option<Self> {
        None
    }
    #[doc(hidden)]
    fn from_i64(value: i64) -> Option<Self>;
    #[doc(hidden)]
    fn from_u64(value: u64) -> Option<Self>;
    #[doc(hidden)]
    fn from_f64(value: f64) -> Option<Self>;
    #[doc(hidden)]
    fn from_text(text: &str) -> Option<Self>;
    #[doc(hidden)]
    fn from_string(text: String) -> Option<Self> {
        Self::from_text(&text)
    }
    /// What an empty text is, where it is none of the type's own.
    #[doc(hidden)]
    const EMPTY_IS_NONE: bool = true;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i64 {}
    impl Sealed for u64 {}
    impl Sealed for f64 {}
    impl Sealed for bool {}
    impl Sealed for String {}
}

/// Exactly representable whole numbers end here: past it an `f64` no longer tells neighbours apart.
const WHOLE: f64 = 9_007_199_254_740_992.0;

const A_NUMBER: &str = "a number, or a string that holds one";

impl Scalar for i64 {
    const EXPECTED: &'static str = A_NUMBER;
    fn from_i64(value: i64) -> Option<Self> {
        Some(value)
    }
    fn from_u64(value: u64) -> Option<Self> {
        value.try_into().ok()
    }
    fn from_f64(value: f64) -> Option<Self> {
        (value.fract() == 0.0 && value.abs() <= WHOLE).then_some(value as i64)
    }
    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl Scalar for u64 {
    const EXPECTED: &'static str = A_NUMBER;
    fn from_i64(value: i64) -> Option<Self> {
        value.try_into().ok()
    }
    fn from_u64(value: u64) -> Option<Self> {
        Some(value)
    }
    fn from_f64(value: f64) -> Option<Self> {
        (value.fract() == 0.0 && (0.0..=WHOLE).contains(&value)).then_some(value as u64)
    }
    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl Scalar for f64 {
    const EXPECTED: &'static str = A_NUMBER;
    fn from_i64(value: i64) -> Option<Self> {
        Some(value as f64)
    }
    fn from_u64(value: u64) -> Option<Self> {
        Some(value as f64)
    }
    fn from_f64(value: f64) -> Option<Self> {
        Some(value)
    }
    fn from_text(text: &str) -> Option<Self> {
        // JSON has no form for what is not finite.
        text.trim().parse().ok().filter(|value: &f64| value.is_finite())
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false, also in a string, or 1 or 0";
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
    fn from_i64(value: i64) -> Option<Self> {
        value.try_into().ok().and_then(Self::from_u64)
    }
    fn from_u64(value: u64) -> Option<Self> {
        (value <= 1).then_some(value == 1)
    }
    fn from_f64(_: f64) -> Option<Self> {
        None
    }
    fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let truth = [("true", true), ("1", true), ("false", false), ("0", false)];
        truth.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

impl Scalar for String {
    const EXPECTED: &'static str = "a string, or a number or truth value in place of one";
    const EMPTY_IS_NONE: bool = false;
    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(value.to_string())
    }
    fn from_u64(value: u64) -> Option<Self> {
        Some(value.to_string())
    }
    fn from_f64(value: f64) -> Option<Self> {
        Some(value.to_string())
    }
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn from_string(text: String) -> Option<Self> {
        Some(text)
    }
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T: Scalar> ScalarVisitor<T> {
    /// The value itself may be personal data: the error does not repeat it.
    fn found<E: Error>(value: Option<T>) -> Result<Option<T>, E> {
        match value {
            Some(value) => Ok(Some(value)),
            None => Err(E::custom(format_args!("not {}, or out of its range", T::EXPECTED))),
        }
    }
}

impl<'de, T: Scalar> Visitor<'de> for ScalarVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Self::found(T::from_bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Self::found(T::from_i64(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Self::found(T::from_u64(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Self::found(T::from_f64(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if T::EMPTY_IS_NONE && value.trim().is_empty() {
            return Ok(None);
        }
        Self::found(T::from_text(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Self::Value, E> {
        if T::EMPTY_IS_NONE {
            return self.visit_str(&value);
        }
        Self::found(T::from_string(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read<T: Scalar>(json: &str) -> Option<Option<T>> {
        optional(&mut serde_json::Deserializer::from_str(json)).ok()
    }

    #[test]
    fn forms_of_a_number() {
        for (json, value) in [("3", 3), ("\"3\"", 3), ("\" 3\"", 3), ("3.0", 3), ("-1", -1)] {
            assert_eq!(read::<i64>(json), Some(Some(value)), "{json}");
        }
        for json in ["null", "\"\"", "\" \""] {
            assert_eq!(read::<i64>(json), Some(None), "{json}");
        }
        for json in ["{}", "[]", "true", "3.5", "\"x\"", "18446744073709551615", "1e300"] {
            assert_eq!(read::<i64>(json), None, "{json}");
        }
        assert_eq!(read::<u64>("-1"), None);
        assert_eq!(read::<f64>("\"0.5\""), Some(Some(0.5)));
        for json in ["\"NaN\"", "\"inf\"", "\"-Infinity\"", "\"1e400\"", "1e400"] {
            assert_eq!(read::<f64>(json), None, "{json}");
        }
    }

    #[test]
    fn forms_of_a_truth_value_and_of_a_text() {
        for json in ["true", "\"true\"", "\"True\"", "1", "\"1\""] {
            assert_eq!(read::<bool>(json), Some(Some(true)), "{json}");
        }
        for json in ["false", "\"FALSE\"", "0"] {
            assert_eq!(read::<bool>(json), Some(Some(false)), "{json}");
        }
        for json in ["2", "-1", "1.0", "\"yes\"", "[]"] {
            assert_eq!(read::<bool>(json), None, "{json}");
        }
        for (json, text) in [
            ("\"a\\n\"", "a\n"),
            ("\"\"", ""),
            ("13412341234", "13412341234"),
            ("-1", "-1"),
            ("1.5", "1.5"),
            ("true", "true"),
        ] {
            assert_eq!(read::<String>(json), Some(Some(text.to_owned())), "{json}");
        }
        assert_eq!(read::<String>("null"), Some(None));
        assert_eq!((read::<String>("{}"), read::<String>("[]")), (None, None));
    }

    #[test]
    fn lists_are_as_lenient_as_what_they_hold() {
        let read = |json| optional_list::<_, i64>(&mut serde_json::Deserializer::from_str(json));
        assert_eq!(read("[1, \"2\", null, 3.0]").unwrap(), Some(vec![1, 2, 0, 3]));
        assert_eq!(read("null").unwrap(), None);
        assert!(read("[[]]").is_err() && read("1").is_err() && read("{}").is_err());
        let texts: Vec<String> = list(&mut serde_json::Deserializer::from_str("null")).unwrap();
        assert!(texts.is_empty());
    }

    #[test]
    fn errors_do_not_repeat_the_value() {
        let secret = "\"13888888888x\"";
        let error = scalar::<_, i64>(&mut serde_json::Deserializer::from_str(secret)).unwrap_err();
        assert!(!error.to_string().contains("138"), "{error}");
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
            prop_assert_eq!(read::<i64>(&value.to_string()), Some(Some(value)));
            prop_assert_eq!(read::<i64>(&format!("\"{value}\"")), Some(Some(value)));
            prop_assert_eq!(read::<String>(&value.to_string()), Some(Some(value.to_string())));
        }
    }
}
