//! A JSON text as a tree, which keeps all numbers and can be serialized in any format that describes itself.

#[cfg(feature = "serde")]
use serde::ser::{Serialize, Serializer};
use serde_json::Value;
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

/// A number of a JSON text.
enum Number {
    U64(u64),
    I64(i64),
    F64(f64),
    /// A number beyond the range of a float.
    OutOfRange,
}

impl Number {
    /// Returns an integer of 64 bits exactly, and any other number as the nearest float.
    fn parse(digits: &str) -> Self {
        // `-0` is a float, as in serde_json.
        if digits != "-0" {
            if let Ok(value) = digits.parse() {
                return Self::U64(value);
            }
            if let Ok(value) = digits.parse() {
                return Self::I64(value);
            }
        }
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => Self::F64(value),
            _ => Self::OutOfRange,
        }
    }
}

impl Tree {
    /// Converts to a value of serde_json; a number beyond the range of a float becomes a string with its digits.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => value.into(),
            Self::Number(digits) => match Number::parse(&digits) {
                Number::U64(value) => value.into(),
                Number::I64(value) => value.into(),
                Number::F64(value) => value.into(),
                Number::OutOfRange => digits.into(),
            },
            Self::String(value) => value.into(),
            Self::Array(elements) => elements.into_iter().map(Self::into_value).collect(),
            Self::Object(fields) => {
                fields.into_iter().map(|(name, value)| (name, value.into_value())).collect()
            }
        }
    }
}

impl IntoIterator for Fields {
    type Item = (String, Tree);
    type IntoIter = std::vec::IntoIter<(String, Tree)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

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

/// A number beyond the range of a float is serialized as a string with its digits.
#[cfg(feature = "serde")]
impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(digits) => match Number::parse(digits) {
                Number::U64(value) => serializer.serialize_u64(value),
                Number::I64(value) => serializer.serialize_i64(value),
                Number::F64(value) => serializer.serialize_f64(value),
                Number::OutOfRange => serializer.serialize_str(digits),
            },
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(Fields(fields)) => {
                serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}
