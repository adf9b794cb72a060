//! `deserialize_with` helpers for types of serde's that are written by hand: what they read is as lenient as
//! what [`json`] reads.

use serde::Deserialize;
use serde::de::Deserializer;

use crate::json::{self, Decode};

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
    T: Decode,
{
    optional(deserializer).map(|value| value.unwrap_or_else(T::blank))
}

/// As [`scalar`]; `null` is `None`, and so is an empty text where no text is expected.
///
/// # Errors
/// Where the value says nothing of the type.
pub fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Decode,
{
    json::deserialize_with(deserializer, T::optional)
}
