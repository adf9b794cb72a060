//! Types whose `Debug` does not show their values.

use core::fmt;
use core::ops::Deref;

use serde::Deserialize;
use serde_json::{Map, Value};
use tc3_api::json::{Decode, Error, Reader};

use crate::json_tree::Tree;

/// Maximum number of field names that `Debug` shows of an object.
const MAX_SHOWN_FIELDS: usize = 32;

/// Maximum number of characters that `Debug` shows of a field name.
const MAX_SHOWN_CHARS: usize = 64;

/// A string that may contain personal data, such as a name, a phone number or a message that a person wrote.
///
/// `Debug` prints `***`, and there is no `Display`. [`as_str`](Self::as_str) returns the content. `Serialize`, with
/// the feature `serde`, writes the content too.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Personal(String);

impl Personal {
    /// Returns the string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the string, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<String> for Personal {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The fields that a type does not declare, as received. `Debug` shows only their names.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[serde(transparent)]
pub struct OtherFields(Map<String, Value>);

impl OtherFields {
    pub(crate) fn insert(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Returns the fields, owned.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl Deref for OtherFields {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for OtherFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_names(&self.0, f)
    }
}

/// A JSON value, as received. `Debug` shows the field names of an object, and the kind of any other value.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[serde(transparent)]
pub struct Json(Value);

impl Json {
    /// Returns the value, owned.
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl Decode for Json {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Error> {
        Ok(Tree::optional(reader)?.map(|tree| Self(tree.into_value())))
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Deref for Json {
    type Target = Value;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Value::Object(fields) => return fmt_names(fields, f),
            Value::Null => "null",
            Value::Bool(_) => "<bool>",
            Value::Number(_) => "<number>",
            Value::String(_) => "<string>",
            Value::Array(_) => "<array>",
        })
    }
}

/// Writes the names of an object's fields, without their values.
fn fmt_names(fields: &Map<String, Value>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut set = f.debug_set();
    for name in fields.keys().take(MAX_SHOWN_FIELDS) {
        match name.char_indices().nth(MAX_SHOWN_CHARS).and_then(|(end, _)| name.get(..end)) {
            Some(start) => set.entry(&format_args!("{start:?}..")),
            None => set.entry(name),
        };
    }
    if fields.len() > MAX_SHOWN_FIELDS { set.finish_non_exhaustive() } else { set.finish() }
}
