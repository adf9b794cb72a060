//! Faults that change the JSON of a response, or the clock by which it is made.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::kind::FaultKind;

impl FaultKind {
    /// Returns the time by which the clock of the service is ahead.
    pub(crate) fn clock_offset(self) -> Duration {
        Duration::from_secs(if self == Self::ClockAhead { 3600 } else { 0 })
    }

    /// Returns the changed body; `None` if the fault does not change it, or if it is not JSON.
    pub(crate) fn rewrite_body(self, body: &Bytes) -> Option<Bytes> {
        let rewrite = match self {
            Self::NullElements => clear_elements,
            Self::NullLeaves => clear_leaves,
            _ => return None,
        };
        let mut response = serde_json::from_slice(body).ok()?;
        rewrite(&mut response);
        Some(response.to_string().into())
    }
}

fn clear_elements(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.fill(Value::Null),
        Value::Object(fields) => fields.values_mut().for_each(clear_elements),
        _ => {}
    }
}

fn clear_leaves(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(clear_leaves),
        Value::Object(fields) => fields.values_mut().for_each(clear_leaves),
        leaf => *leaf = Value::Null,
    }
}
