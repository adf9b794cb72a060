//! Responses, before they are serialized.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// Name of the header of responses from actions that the emulator does not model.
pub(crate) const NOT_MODELED: &str = "x-emulator-not-modeled";

/// Name of the header of responses from deprecated actions.
pub(crate) const DEPRECATED: &str = "x-emulator-deprecated";

/// Response to a request.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    /// Names of headers that are sent with the value `true`. The real service does not send them.
    pub(crate) notes: Vec<&'static str>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn new(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self { status, content_type, notes: Vec::new(), headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn json(value: &Value) -> Self {
        // Serialization of a value does not fail. `to_string` takes longer, by way of `Display`.
        Self::new(StatusCode::OK, "application/json", serde_json::to_vec(value).unwrap_or_default())
    }

    pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }
}
