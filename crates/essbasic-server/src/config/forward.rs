//! Targets to which messages are forwarded.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use super::{duration, urls};

/// Target of forwarded messages.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forward {
    /// Unique name, under which the ledger, the metrics and the commands know it.
    pub(crate) name: String,
    /// URL that accepts POST requests. Its path and query may be a secret, so that only its host is shown.
    #[serde(serialize_with = "without_path")]
    pub(crate) url: String,
    /// Types of messages, such as `FlowStatusChange`. All types if it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) types: Vec<String>,
    /// Conditions on fields of `MsgData`, by dotted path. All must hold.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) when: BTreeMap<String, Condition>,
    /// File with the token that signs forwarded messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the key that encrypts forwarded messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_file: Option<PathBuf>,
    /// Period after which a message is given up.
    #[serde(default = "give_up_after", with = "duration")]
    pub(crate) give_up_after: Duration,
}

/// Accepted values of a field: one, or any of several.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Condition {
    One(Scalar),
    Any(Vec<Scalar>),
}

/// Value of a field. A string and a number of the same text are equal, because the messages have both.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Bool(bool),
    Int(i64),
    Text(String),
}

fn without_path<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&urls::shown(url))
}

fn give_up_after() -> Duration {
    Duration::from_secs(86_400)
}

impl Forward {
    /// Returns whether a message of this type with these data is forwarded.
    pub(crate) fn takes(&self, kind: &str, data: &serde_json::Value) -> bool {
        (self.types.is_empty() || self.types.iter().any(|known| known == kind))
            && self.when.iter().all(|(path, condition)| condition.accepts(field(data, path)))
    }
}

/// Returns the field of a dotted path.
fn field<'a>(data: &'a serde_json::Value, path: &str) -> Option<&'a serde_json::Value> {
    path.split('.').try_fold(data, |value, name| value.get(name))
}

impl Condition {
    fn accepts(&self, value: Option<&serde_json::Value>) -> bool {
        let Some(value) = value else { return false };
        match self {
            Self::One(scalar) => scalar.equals(value),
            Self::Any(scalars) => scalars.iter().any(|scalar| scalar.equals(value)),
        }
    }
}

impl Scalar {
    fn equals(&self, value: &serde_json::Value) -> bool {
        let own = match self {
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Text(value) => value.clone(),
        };
        match value {
            serde_json::Value::String(text) => *text == own,
            serde_json::Value::Number(number) => number.to_string() == own,
            serde_json::Value::Bool(value) => value.to_string() == own,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_select_messages() {
        let target: Forward = toml::from_str(
            "name = \"a\"\nurl = \"http://h/\"\ntypes = [\"T\"]\n\
             [when]\nStatus = [4, \"ALL\"]\n\"A.B\" = \"x\"\nFlag = true",
        )
        .unwrap();
        for (kind, data, expected) in [
            ("T", json!({"Status": 4, "A": {"B": "x"}, "Flag": true}), true),
            ("T", json!({"Status": "4", "A": {"B": "x"}, "Flag": "true"}), true),
            ("T", json!({"Status": "ALL", "A": {"B": "x"}, "Flag": true}), true),
            ("U", json!({"Status": 4, "A": {"B": "x"}, "Flag": true}), false),
            ("T", json!({"Status": 5, "A": {"B": "x"}, "Flag": true}), false),
            ("T", json!({"Status": 4, "A": {"B": "y"}, "Flag": true}), false),
            ("T", json!({"Status": 4, "A": {}, "Flag": true}), false),
            ("T", json!({"Status": 4, "A": "x", "Flag": true}), false),
            ("T", json!({"Status": [4], "A": {"B": "x"}, "Flag": true}), false),
            ("T", json!(null), false),
        ] {
            assert_eq!(target.takes(kind, &data), expected, "{kind} {data}");
        }
        let all: Forward = toml::from_str("name = \"a\"\nurl = \"http://h/\"").unwrap();
        assert!(all.takes("any", &json!(null)));
        assert_eq!(all.give_up_after, Duration::from_secs(86_400));
    }
}
