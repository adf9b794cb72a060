//! Calls that a client is told to make, and what its user sees of them.

use essbasic_emulator::{Emulator, SECRET_ID, SECRET_KEY};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clients::Client;

/// A call to make.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Order {
    pub(crate) name: String,
    pub(crate) action: String,
    pub(crate) body: Value,
    pub(crate) version: &'static str,
    /// True if the client knows the action, and so makes the call by its own description of it.
    pub(crate) described: bool,
    pub(crate) method: &'static str,
    pub(crate) unsigned: bool,
    pub(crate) secret_id: &'static str,
    pub(crate) secret_key: &'static str,
}

impl Order {
    /// A call of an action that there is, as it should be.
    pub(crate) fn new(name: impl Into<String>, action: &str, body: Value) -> Self {
        Self {
            name: name.into(),
            action: action.to_owned(),
            body,
            version: "2021-05-26",
            described: true,
            method: "POST",
            unsigned: false,
            secret_id: SECRET_ID,
            secret_key: SECRET_KEY,
        }
    }

    pub(crate) fn by(self, method: &'static str) -> Self {
        Self { method, ..self }
    }
}

/// What the client's user gets: an answer, or an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) answer: Value,
    code: Option<String>,
    request_id: Option<String>,
    /// What the client has against the request or the answer.
    #[serde(default)]
    warnings: Vec<String>,
}

impl Seen {
    /// The code of the error, or that there was none.
    pub(crate) fn ending(&self) -> &str {
        self.code.as_deref().unwrap_or("answered")
    }
}

/// Has the client make all of the calls; at this Unix time, where one is given.
pub(crate) fn make(
    client: Client,
    emulator: &Emulator,
    now: Option<u64>,
    orders: &[Order],
) -> Option<Vec<Seen>> {
    #[derive(Serialize)]
    struct Orders<'a> {
        host: &'a str,
        now: Option<u64>,
        calls: &'a [Order],
    }
    let endpoint = emulator.endpoint();
    let host = endpoint.trim_start_matches("http://");
    let seen: Vec<Seen> = client.run("calls", &Orders { host, now, calls: orders })?;
    assert_eq!(seen.len(), orders.len(), "{client:?} made other calls");
    for (seen, order) in seen.iter().zip(orders) {
        assert_eq!(seen.name, order.name);
        assert_eq!(seen.warnings, [""; 0], "{client:?}, {}", order.name);
        let answer_id = seen.answer["RequestId"].as_str();
        let id = if seen.code.is_some() { seen.request_id.as_deref() } else { answer_id };
        assert_eq!(id.map(str::len), Some(36), "{client:?}: {seen:?}");
        assert!(seen.code.is_none() || seen.answer.is_null(), "{client:?}: {seen:?}");
    }
    Some(seen)
}
