//! Calls of an official client, and their results as seen by its user.

use essbasic_emulator::{Emulator, SECRET_ID, SECRET_KEY};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clients::Client;

/// A call to make.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) action: String,
    pub(crate) body: Value,
    pub(crate) version: &'static str,
    /// True if the client has its own description of the action.
    pub(crate) described: bool,
    pub(crate) method: &'static str,
    pub(crate) unsigned: bool,
    pub(crate) secret_id: &'static str,
    pub(crate) secret_key: &'static str,
}

impl Call {
    /// Returns a valid call.
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

/// Result of a call: a response, or an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallResult {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) response: Value,
    code: Option<String>,
    request_id: Option<String>,
    /// Warnings of the client about the request or response.
    #[serde(default)]
    warnings: Vec<String>,
}

impl CallResult {
    /// Returns the code of the error, or `success`.
    pub(crate) fn outcome(&self) -> &str {
        self.code.as_deref().unwrap_or("success")
    }
}

/// Makes all calls with the client, at the Unix time `now` if there is one.
pub(crate) fn make(
    client: Client,
    emulator: &Emulator,
    now: Option<u64>,
    calls: &[Call],
) -> Option<Vec<CallResult>> {
    #[derive(Serialize)]
    struct Calls<'a> {
        host: &'a str,
        now: Option<u64>,
        calls: &'a [Call],
    }
    let endpoint = emulator.endpoint();
    let host = endpoint.trim_start_matches("http://");
    let results: Vec<CallResult> = client.run("calls", &Calls { host, now, calls })?;
    assert_eq!(results.len(), calls.len(), "{client:?} made a different number of calls");
    for (result, call) in results.iter().zip(calls) {
        assert_eq!(result.name, call.name);
        assert_eq!(result.warnings, [""; 0], "{client:?}, {}", call.name);
        let response_id = result.response["RequestId"].as_str();
        let id = if result.code.is_some() { result.request_id.as_deref() } else { response_id };
        assert_eq!(id.map(str::len), Some(36), "{client:?}: {result:?}");
        assert!(result.code.is_none() || result.response.is_null(), "{client:?}: {result:?}");
    }
    Some(results)
}
