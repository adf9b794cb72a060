//! Failures of single contracts.

use core::fmt;

use tc3_client::api::json::{self, Decode, Encode, Reader, Writer};
use tc3_client::api::{__deserialize, __serialize};

/// Class of a failure of one contract.
///
/// In journals, reports and with the feature `serde` it is the string [`as_str`](Self::as_str).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowErrorKind {
    /// The service rejected the contract: it does not exist, or it belongs to another agent.
    Refused,
    /// The request that included this contract failed, including its retries.
    Call,
    /// The response does not contain this contract.
    Missing,
    /// The response to a download link is not the file, for example an error status.
    Link,
    /// The link was not followed: its host is not on the allowlist
    /// ([`DownloadOptions::link_hosts`](crate::DownloadOptions::link_hosts)), it is plain http, or it leads into a
    /// private network.
    Untrusted,
    /// The connection failed while the file was being read, including retries.
    Network,
    /// The received content is not the file: it is too short, or not a PDF.
    Content,
    /// No response was received to a request that is not idempotent. It may have been executed.
    OutcomeUnknown,
    /// The object store did not accept the file, including retries.
    Store,
    /// Not every party has signed the contract, so that its file would not be the final one.
    NotSigned,
    /// The job was stopped ([`Stop`](crate::Stop)) before the contract was complete.
    Stopped,
    /// A file or object with the same name exists, and was not replaced.
    Exists,
    /// A class that this version does not know, in a journal or report of a newer version. Its name is not kept.
    Unknown,
}

impl FlowErrorKind {
    const ALL: [Self; 12] = [
        Self::Refused,
        Self::Call,
        Self::Missing,
        Self::Link,
        Self::Untrusted,
        Self::Network,
        Self::Content,
        Self::OutcomeUnknown,
        Self::Store,
        Self::NotSigned,
        Self::Stopped,
        Self::Exists,
    ];

    /// Returns the name in journals and reports, such as `not_signed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Call => "call",
            Self::Missing => "missing",
            Self::Link => "link",
            Self::Untrusted => "untrusted",
            Self::Network => "network",
            Self::Content => "content",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Store => "store",
            Self::NotSigned => "not_signed",
            Self::Stopped => "stopped",
            Self::Exists => "exists",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for FlowErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Encode for FlowErrorKind {
    fn encode(&self, writer: &mut Writer) {
        writer.text(self.as_str());
    }
}

impl Decode for FlowErrorKind {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        let Some(name) = String::optional(reader)? else { return Ok(None) };
        Ok(Some(Self::ALL.into_iter().find(|kind| kind.as_str() == name).unwrap_or(Self::Unknown)))
    }

    fn blank() -> Self {
        Self::Missing
    }
}

__serialize!(FlowErrorKind);
__deserialize!(FlowErrorKind);

/// Failure of one contract. It contains no link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowError {
    /// Class of the failure.
    pub kind: FlowErrorKind,
    /// Cause of the failure; the service's message if there is one.
    pub message: String,
}

json::object! {
    FlowError { "kind" => kind: required, "message" => message: required }
}

impl FlowError {
    pub(crate) fn new(kind: FlowErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Returns the error of an item whose request was not sent, or was dropped because it changes nothing.
    pub(crate) fn stopped() -> Self {
        Self::new(FlowErrorKind::Stopped, "stopped by the caller; nothing was created or changed")
    }

    /// Returns the error of a contract that the service does not return to this agent.
    pub(crate) fn not_found() -> Self {
        Self::new(
            FlowErrorKind::Refused,
            "contract not found, or not accessible to this agent; check the flow ID and the agent",
        )
    }
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FlowError {}
