//! Request bodies that keep the digits and the field order of the input.

use essbasic::api::json::{check_duplicates, encode_by_serde};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::failure::Failure;
use crate::input;

/// A JSON object, each value as text.
pub(crate) struct Body(Vec<(String, Box<RawValue>)>);

impl Body {
    /// Reads the argument of `--body`: text, `@FILE` or `-`.
    pub(crate) fn read(argument: &str) -> Result<Self, Failure> {
        let bytes = input::body(argument)?;
        if input::is_utf16(&bytes) {
            return Err(Failure::new("invalid body: it is UTF-16 text; save it as UTF-8"));
        }
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        let refuse = |why: &dyn std::fmt::Display| {
            Failure::new(format!(
                "invalid body: {why}; give a JSON object with --body JSON, @FILE or -"
            ))
        };
        check_duplicates(bytes).map_err(|error| match error.path().is_empty() {
            true => refuse(&error),
            false => Failure::new(format!("invalid body: {error}; give each field once")),
        })?;
        serde_json::from_slice(bytes).map_err(|_| refuse(&"it is another JSON value"))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Appends a field.
    pub(crate) fn push(&mut self, name: &str, value: &Value) -> Result<(), Failure> {
        self.0.push((name.to_owned(), to_raw_value(value).map_err(unwritable)?));
        Ok(())
    }

    /// Returns the text that is sent.
    pub(crate) fn text(&self) -> Result<Vec<u8>, Failure> {
        encode_by_serde(self).map_err(unwritable)
    }

    /// Returns the value, whose numbers are rounded to 64 bits.
    pub(crate) fn value(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.text()?).map_err(unwritable)
    }
}

fn unwritable(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("invalid body: {error}"))
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> de::Visitor<'de> for Object {
            type Value = Body;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Body(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
