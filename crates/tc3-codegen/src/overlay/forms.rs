//! Forms of requests.

use serde::{Deserialize, Serialize};

/// The form of the requests of one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Name of the action.
    pub action: String,
    /// The form; absent for a JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<FieldForm>,
    /// The path, which begins with `/` and is percent-encoded; absent for `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Source of the information.
    pub reason: String,
}

/// Form in which the fields of a request are sent, if that is not a JSON body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldForm {
    /// `GET` with the fields as query.
    Query,
    /// `POST` of raw octets, with the fields as headers.
    OctetStream,
}
