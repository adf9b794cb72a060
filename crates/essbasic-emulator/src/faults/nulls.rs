//! Answers in which null stands where it need not.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tc3_catalogue::ActionMeta;

use super::FaultKind;

/// An answer with each of an action's members, and null for all of them.
pub(super) fn members(action: Option<&'static ActionMeta>) -> Value {
    let names = action.map_or(&[][..], |action| action.response.members);
    let mut members: Map<_, _> =
        names.iter().map(|member| (member.name.to_owned(), Value::Null)).collect();
    members.insert("RequestId".into(), Value::Null);
    json!({ "Response": members })
}

impl FaultKind {
    /// What a body becomes that is JSON.
    pub(crate) fn nulled(self, body: &Bytes) -> Option<Bytes> {
        let change = match self {
            Self::NullElements => elements,
            Self::NullLeaves => leaves,
            _ => return None,
        };
        let mut answer = serde_json::from_slice(body).ok()?;
        change(&mut answer);
        Some(answer.to_string().into())
    }
}

fn elements(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.fill(Value::Null),
        Value::Object(members) => members.values_mut().for_each(self::elements),
        _ => {}
    }
}

fn leaves(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(leaves),
        Value::Object(members) => members.values_mut().for_each(leaves),
        leaf => *leaf = Value::Null,
    }
}
