//! Received requests.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

use crate::error::ApiError;

/// Request with its complete body.
pub(crate) struct WireRequest {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl WireRequest {
    /// Returns the first value of a header, if it is a string.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the value of a required header.
    ///
    /// # Errors
    /// Returns `MissingParameter` with the name of the parameter if the header is missing or empty.
    pub(crate) fn required_header(
        &self,
        name: &'static str,
        parameter: &str,
    ) -> Result<&str, ApiError> {
        self.header(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| ApiError::missing(parameter))
    }
}
