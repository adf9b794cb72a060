//! A JSON text as a tree, which can be serialized in any format that describes itself.

use serde::ser::{Error as _, Serialize, Serializer};
use tc3_api::json::{Decode, Error, Kind, Members, Reader};

/// A JSON value. It keeps the order of fields and the digits of numbers.
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Tree>),
    Object(Fields),
}

/// The fields of an object, in order.
#[derive(Default)]
pub(crate) struct Fields(Vec<(String, Tree)>);

impl Decode for Tree {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        Ok(Some(match reader.kind() {
            Some(Kind::Null) => return reader.null().map(|_| None),
            Some(Kind::Bool) => Self::Bool(reader.value()?),
            Some(Kind::Number) => Self::Number(reader.value()?),
            Some(Kind::String) => Self::String(reader.value()?),
            Some(Kind::Array) => Self::Array(reader.value()?),
            Some(Kind::Object) => {
                let mut fields = Fields::default();
                reader.members(&mut fields, &[])?;
                Self::Object(fields)
            }
            None => return Err(reader.expected("a value")),
        }))
    }

    fn blank() -> Self {
        Self::Null
    }
}

impl Members for Fields {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), Error> {
        let value = reader.value()?;
        self.0.push((name.to_owned(), value));
        Ok(())
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(digits) => serialize_number(digits, serializer),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(Fields(fields)) => {
                serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

/// Serializes an integer of 64 bits exactly, and any other number as the nearest float.
fn serialize_number<S: Serializer>(digits: &str, serializer: S) -> Result<S::Ok, S::Error> {
    // `-0` is a float, as in serde_json.
    if digits != "-0" {
        if let Ok(value) = digits.parse() {
            return serializer.serialize_u64(value);
        }
        if let Ok(value) = digits.parse() {
            return serializer.serialize_i64(value);
        }
    }
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() => serializer.serialize_f64(value),
        _ => Err(S::Error::custom("number out of range")),
    }
}
