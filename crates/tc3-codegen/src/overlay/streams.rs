//! Streamed responses.

use serde::{Deserialize, Serialize};

/// The streams of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamEntry {
    /// Fields of an event that report an error, in addition to `Error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StreamError>,
    /// `true` if the last event is always `[DONE]`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub end_marker: bool,
    /// Source of the information.
    pub reason: String,
}

/// Fields that report an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamError {
    /// Field of the response with the object of the fields; absent if they are fields of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Field of the error code.
    pub code: String,
    /// Field of the message.
    pub message: String,
}
