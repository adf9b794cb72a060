//! Decoding of the fields of typed data: lenient, with limits.

use tc3_api::json::{Decode, Error, Reader};

use crate::json_tree::Tree;
use crate::redacted::OtherFields;

/// Maximum length of an identifier, in bytes. The platform's identifiers have 32 characters.
pub const MAX_ID_BYTES: usize = 256;

/// Maximum length of a name that `Debug` shows, in bytes.
const MAX_NAME_BYTES: usize = 1024;

/// Maximum number of parties, and of recipients of copies, of a typed contract.
const MAX_PARTIES: usize = 1_000;

/// Implements [`Decode`] and `Deserialize` of the data of a message. Each field is listed with its name in JSON and the
/// function of this module that reads it. The field `other` keeps all other fields.
macro_rules! data {
    ($type:ident { $($name:literal => $field:ident: $read:ident),+ $(,)? }) => {
        impl tc3_api::json::Members for $type {
            fn member(
                &mut self,
                name: &str,
                reader: &mut tc3_api::json::Reader<'_>,
            ) -> Result<(), tc3_api::json::Error> {
                match name {
                    $($name => $crate::field::$read(reader, &mut self.$field),)+
                    _ => $crate::field::other(reader, name, &mut self.other),
                }
            }
        }

        impl tc3_api::json::Decode for $type {
            const NULL_IS_BLANK: bool = false;

            fn optional(
                reader: &mut tc3_api::json::Reader<'_>,
            ) -> Result<Option<Self>, tc3_api::json::Error> {
                reader.object(Self::default(), &[])
            }

            fn blank() -> Self {
                Self::default()
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                tc3_api::json::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use data;

/// Reads an identifier.
pub(crate) fn id(reader: &mut Reader<'_>, field: &mut String) -> Result<(), Error> {
    *field = bounded(reader, MAX_ID_BYTES, "at most 256 bytes")?;
    Ok(())
}

/// Reads a name or another short string that `Debug` shows.
pub(crate) fn name(reader: &mut Reader<'_>, field: &mut String) -> Result<(), Error> {
    *field = bounded(reader, MAX_NAME_BYTES, "at most 1024 bytes")?;
    Ok(())
}

/// Reads a value of an open enum of strings; an empty string is `None`.
pub(crate) fn value<T: From<String>>(
    reader: &mut Reader<'_>,
    field: &mut Option<T>,
) -> Result<(), Error> {
    let value = bounded(reader, MAX_ID_BYTES, "at most 256 bytes")?;
    *field = (!value.is_empty()).then(|| T::from(value));
    Ok(())
}

/// Reads a value of an open enum of integers.
pub(crate) fn value_i64<T: From<i64>>(
    reader: &mut Reader<'_>,
    field: &mut Option<T>,
) -> Result<(), Error> {
    *field = i64::optional(reader)?.map(T::from);
    Ok(())
}

/// Reads a string of any length and converts it; an empty string is `None`.
pub(crate) fn string<T: From<String>>(
    reader: &mut Reader<'_>,
    field: &mut Option<T>,
) -> Result<(), Error> {
    let value = String::optional(reader)?;
    *field = value.filter(|value| !value.is_empty()).map(T::from);
    Ok(())
}

/// Reads a number; `null` is zero.
pub(crate) fn number(reader: &mut Reader<'_>, field: &mut i64) -> Result<(), Error> {
    reader.must(field)
}

/// Reads a boolean.
pub(crate) fn boolean(reader: &mut Reader<'_>, field: &mut Option<bool>) -> Result<(), Error> {
    reader.optional(field)
}

/// Reads an array of at most [`MAX_PARTIES`] elements; `null` is an empty array.
pub(crate) fn array<T: Decode>(reader: &mut Reader<'_>, field: &mut Vec<T>) -> Result<(), Error> {
    reader.must(field)?;
    match field.len() <= MAX_PARTIES {
        true => Ok(()),
        false => Err(reader.expected("an array of at most 1000 elements")),
    }
}

/// Keeps a field that a type does not declare.
pub(crate) fn other(
    reader: &mut Reader<'_>,
    name: &str,
    fields: &mut OtherFields,
) -> Result<(), Error> {
    fields.insert(name, reader.value::<Tree>()?.into_value());
    Ok(())
}

/// Returns whether a field has its default value, and is not serialized.
#[cfg(feature = "serde")]
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn bounded(reader: &mut Reader<'_>, max: usize, expected: &'static str) -> Result<String, Error> {
    let value: String = reader.value()?;
    if value.len() > max { Err(reader.expected(expected)) } else { Ok(value) }
}
