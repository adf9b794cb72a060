//! Deserialization of the fields of typed data: lenient, with limits.

use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use tc3_api::lenient;

/// Maximum length of an identifier, in bytes. The platform's identifiers have 32 characters.
pub const MAX_ID_BYTES: usize = 256;

/// Maximum length of a name that `Debug` shows, in bytes.
const MAX_NAME_BYTES: usize = 1024;

/// Maximum number of parties, and of recipients of copies, of a typed contract.
const MAX_PARTIES: usize = 1_000;

/// Reads an identifier.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    bounded(deserializer, MAX_ID_BYTES)
}

/// Reads a name or another short string that `Debug` shows.
pub(crate) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    bounded(deserializer, MAX_NAME_BYTES)
}

/// Reads a value of an open enum of strings; an empty string is `None`.
pub(crate) fn open_enum<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let value = id(deserializer)?;
    Ok((!value.is_empty()).then(|| T::from(value)))
}

/// Reads a value of an open enum of integers.
pub(crate) fn open_enum_i64<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<i64>,
{
    Ok(lenient::optional::<_, i64>(deserializer)?.map(T::from))
}

/// Reads a string of any length and converts it; an empty string is `None`.
pub(crate) fn string<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let value: Option<String> = lenient::optional(deserializer)?;
    Ok(value.filter(|value| !value.is_empty()).map(T::from))
}

/// Reads an array of at most [`MAX_PARTIES`] elements; `null` is an empty array.
pub(crate) fn array<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(ArrayVisitor(PhantomData))
}

/// Returns whether a field has its default value, and is not serialized.
#[cfg(feature = "serde")]
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D, max: usize) -> Result<String, D::Error> {
    let value: String = lenient::scalar(deserializer)?;
    if value.len() > max { Err(D::Error::custom("string too long")) } else { Ok(value) }
}

struct ArrayVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ArrayVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of at most {MAX_PARTIES} elements")
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_none<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        array(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element()? {
            if array.len() == MAX_PARTIES {
                return Err(A::Error::invalid_length(MAX_PARTIES + 1, &self));
            }
            array.push(element);
        }
        Ok(array)
    }
}
