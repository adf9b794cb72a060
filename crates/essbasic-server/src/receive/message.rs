//! Messages of callbacks as the ledger stores them.

use std::sync::Arc;

use essbasic::FlowStatus;
use essbasic_callback as callback;
use essbasic_callback::MessageData;
use sha2::{Digest as _, Sha256};

use crate::bodies::{Bodies, BodyError};
use crate::config::Forward;
use crate::ledger::{Message, Report};

/// Converts messages, and selects their targets.
pub(crate) struct Converter {
    forwards: Vec<Forward>,
    bodies: Option<Arc<Bodies>>,
}

impl Converter {
    /// Returns a converter for these targets. The bodies are required if there are targets.
    pub(crate) fn new(forwards: Vec<Forward>, bodies: Option<Arc<Bodies>>) -> Self {
        Self { forwards, bodies }
    }

    /// Returns the message for the ledger. Without targets, its body is not stored.
    ///
    /// # Errors
    /// Returns an error if the body cannot be encrypted.
    pub(crate) fn convert(&self, message: &callback::Message) -> Result<Message, BodyError> {
        let id = hex(&Sha256::digest(message.msg_id.as_bytes()));
        let kind = message.msg_type.as_str();
        let data = match self.forwards.is_empty() {
            true => serde_json::Value::Null,
            false => data_of(message.json()),
        };
        let targets = self.forwards.iter().filter(|target| target.takes(kind, &data));
        let targets: Vec<String> = targets.map(|target| target.name.clone()).collect();
        let body = match (&self.bodies, targets.is_empty()) {
            (Some(bodies), false) => Some(bodies.seal(&id, message.json().as_bytes())?),
            _ => None,
        };
        Ok(Message {
            kind: kind.to_owned(),
            flow_id: message.flow_id().map(str::to_owned),
            report: report(message),
            targets: if body.is_some() { targets } else { Vec::new() },
            body,
            id,
        })
    }
}

/// Returns the status that a message reports.
fn report(message: &callback::Message) -> Option<Report> {
    let MessageData::FlowStatusChange(flow) = &message.data else { return None };
    let status = FlowStatus::from(flow.status_name().to_owned());
    let at = flow.occurred_at().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let at = at.and_then(|at| i64::try_from(at.as_millis()).ok()).unwrap_or_default();
    (!flow.status_name().is_empty()).then_some(Report { status, at })
}

/// Returns the field `MsgData`, for conditions.
fn data_of(json: &str) -> serde_json::Value {
    let envelope: Result<serde_json::Value, _> = serde_json::from_str(json);
    envelope
        .ok()
        .and_then(|mut all| all.get_mut("MsgData").map(serde_json::Value::take))
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
