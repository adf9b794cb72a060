//! Values that `Debug` does not show.

use core::fmt;
use core::ops::Deref;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::bounds::fmt_names;

/// A text that is, or may hold, personal data: a name, a phone number, what a person wrote. `Debug` does
/// not show it, and there is no `Display`; it is read as `&str`.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Personal(String);

impl Personal {
    /// The text, to be used on purpose.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<String> for Personal {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The members that a type does not name, as they came. `Debug` shows their names alone.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Members(Map<String, Value>);

impl Members {
    /// The members, owned.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl Deref for Members {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_names(&self.0, f)
    }
}

/// JSON as it came. `Debug` shows the names of an object's own members alone, of anything else its kind.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Json(Value);

impl Json {
    /// The value, owned.
    pub fn into_value(self) -> Value {
        self.0
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
            Value::Object(members) => return fmt_names(members, f),
            Value::Null => "null",
            Value::Bool(_) => "<bool>",
            Value::Number(_) => "<number>",
            Value::String(_) => "<string>",
            Value::Array(_) => "<array>",
        })
    }
}
