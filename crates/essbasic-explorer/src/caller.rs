//! How calls leave the explorer.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use essbasic::CallError;
use essbasic::api::ActionInfo;
use essbasic::credentials::Credential;
use essbasic::transport::{HeaderMap, Request};
use serde_json::value::RawValue;

/// Makes the calls of an [`Explorer`](crate::Explorer).
#[async_trait]
pub trait Caller: Send + Sync {
    /// Returns the signed request of a call without sending it.
    ///
    /// # Errors
    /// Returns an error if there is no credential, or if the body cannot be encoded.
    async fn preview(
        &self,
        info: ActionInfo<'static>,
        body: Box<RawValue>,
    ) -> Result<Request, CallError>;

    /// Makes a call.
    async fn call(&self, info: ActionInfo<'static>, body: Box<RawValue>) -> CallRecord;

    /// Returns the file behind a download link, of at most `max_bytes` bytes.
    ///
    /// # Errors
    /// Returns an error if the host of the link is not on the allowlist, or if the download failed.
    async fn file(&self, link: &str, max_bytes: usize) -> Result<Bytes, FileError>;

    /// Returns the current credential, if there is one. It verifies signatures, and is never sent to the page.
    async fn credential(&self) -> Option<Credential>;
}

/// The record of one call.
pub struct CallRecord {
    /// Content of the response, or the failure.
    pub result: Result<Box<RawValue>, CallError>,
    /// Number of attempts; zero if no request was sent.
    pub attempts: u32,
    /// Time from the start of the call, including delays.
    pub elapsed: Duration,
    /// HTTP status of the last attempt, if there was a response.
    pub status: Option<u16>,
    /// Request ID of the last attempt, if there was one.
    pub request_id: Option<String>,
    /// Headers of the last response.
    pub headers: HeaderMap,
    /// Body of the last response.
    pub body: Option<Bytes>,
}

impl fmt::Debug for CallRecord {
    /// Omits the bodies and the headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRecord")
            .field("attempts", &self.attempts)
            .field("elapsed", &self.elapsed)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The failure of a download. Its text has no key of the link.
#[derive(Debug, Clone)]
pub enum FileError {
    /// The link is not followed.
    Refused {
        /// The reason.
        message: String,
        /// The fix.
        hint: Option<String>,
    },
    /// The file was not received.
    Failed(String),
}
