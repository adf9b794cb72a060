//! Helpers for `#[serde(deserialize_with = ...)]`, by which types with serde's derives follow the lenient rules
//! of this crate.

use serde::Deserialize;
use serde::de::Deserializer;

use crate::bridge::deserialize_with;
use crate::reader::Decode;

/// Reads `null` as the type's default, such as an empty array or an object without fields.
///
/// # Errors
/// Returns the error of the type's own deserialization.
pub fn null_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a string, number or boolean by the lenient rules; `null` is the type's default.
///
/// # Errors
/// Returns an error if the value is not of the type.
pub fn scalar<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Decode,
{
    optional(deserializer).map(|value| value.unwrap_or_else(T::blank))
}

/// As [`scalar`], with `None` for `null`, and for an empty string if the type is not a string.
///
/// # Errors
/// Returns an error if the value is not of the type.
pub fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Decode,
{
    deserialize_with(deserializer, T::optional)
}
