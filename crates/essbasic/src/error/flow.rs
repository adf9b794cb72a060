//! Failures of single contracts.

use core::fmt;

use tc3_client::api::json::{self, Decode, Encode, Reader, Writer};
use tc3_client::api::{__deserialize, __serialize};

use crate::download::truncate;

/// The failure of a contract that does not exist, or belongs to another agent, whatever the action is.
const NOT_FOUND: &str = "contract not found, or not accessible to this agent";

/// Error code of such a contract. Most actions have a message per contract instead.
const NOT_FOUND_CODE: &str = "ResourceNotFound.Flow";

/// Messages of such a contract, or their ends.
const NOT_FOUND_MESSAGES: [&str; 4] =
    ["查询流程不存在", "合同不存在", "合同没有权限", "合同信息不存在或非本企业发起的合同"];

/// Maximum length of the ID of a response, in bytes. Those of the service have 36.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// Class of a failure of one contract.
///
/// In journals, reports and with the feature `serde` it is the string [`as_str`](Self::as_str).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowErrorKind {
    /// The service rejected the contract, or the request for it alone with an error code.
    Refused,
    /// The contract does not exist, or is not accessible to this agent. Of a contract to create: an item that the request
    /// names, such as its template, does not exist.
    NotFound,
    /// The request that included this contract failed, including its retries: no connection, a fault of the server, or
    /// a rejection of several contracts together.
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
    /// The destination, an object store or a sink, did not accept the file, including retries.
    Destination,
    /// Not every party has signed the contract, so that its file would not be the final one.
    NotSigned,
    /// The job was stopped ([`Stop`](crate::Stop)) before the contract was complete.
    Stopped,
    /// A file or object with the same name exists, and was not replaced.
    Exists,
    /// A class unknown to this version, in a journal or report of a newer version. Its name is not kept.
    Unknown,
}

impl FlowErrorKind {
    const ALL: [Self; 13] = [
        Self::Refused,
        Self::NotFound,
        Self::Call,
        Self::Missing,
        Self::Link,
        Self::Untrusted,
        Self::Network,
        Self::Content,
        Self::OutcomeUnknown,
        Self::Destination,
        Self::NotSigned,
        Self::Stopped,
        Self::Exists,
    ];

    /// Returns whether another attempt may have another result, without an action of the parties or the caller.
    pub(crate) fn is_transient(self) -> bool {
        match self {
            Self::Call
            | Self::Missing
            | Self::Link
            | Self::Network
            | Self::Content
            | Self::Destination => true,
            Self::Refused
            | Self::NotFound
            | Self::Untrusted
            | Self::OutcomeUnknown
            | Self::NotSigned
            | Self::Stopped
            | Self::Exists
            | Self::Unknown => false,
        }
    }

    /// Returns the name in journals and reports, such as `not_signed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::Call => "call",
            Self::Missing => "missing",
            Self::Link => "link",
            Self::Untrusted => "untrusted",
            Self::Network => "network",
            Self::Content => "content",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Destination => "destination",
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
///
/// [`Display`](fmt::Display) prints the failure, [`hint`](Self::hint) returns the fix.
/// Two errors are equal if all their properties except the failed [`call`](Self::call) are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FlowError {
    /// Class of the failure.
    pub kind: FlowErrorKind,
    /// Cause of the failure; the service's message if there is one.
    pub message: String,
    details: Option<Box<Details>>,
}

/// Further facts about a failure.
#[derive(Debug, Clone, Default)]
struct Details {
    hint: String,
    code: String,
    request_id: String,
    /// The failed call. It is not serialized.
    call: Option<tc3_client::Error>,
    /// `true` if the job made all attempts that it may make. It is not serialized.
    is_exhausted: bool,
}

impl PartialEq for FlowError {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.message == other.message
            && self.hint() == other.hint()
            && self.code() == other.code()
            && self.request_id() == other.request_id()
    }
}

impl Eq for FlowError {}

impl FlowError {
    pub(crate) fn new(kind: FlowErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: None }
    }

    /// Returns the error of a contract whose call failed.
    pub(crate) fn of_call(kind: FlowErrorKind, error: tc3_client::Error) -> Self {
        let details = Details {
            hint: error.hint().unwrap_or_default().to_owned(),
            code: error.code().to_owned(),
            request_id: error.request_id().unwrap_or_default().to_owned(),
            call: Some(error.clone()),
            is_exhausted: false,
        };
        let message = match error.code() {
            NOT_FOUND_CODE if kind == FlowErrorKind::NotFound => NOT_FOUND.to_owned(),
            _ => error.to_string(),
        };
        Self { kind, message, details: Some(Box::new(details)) }
    }

    /// Returns this error with another message.
    pub(crate) fn with_message(&self, message: String) -> Self {
        Self { kind: self.kind, message, details: self.details.clone() }
    }

    /// Sets the fix.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.details.get_or_insert_default().hint = hint.into();
        self
    }

    /// Excludes the contract from the later rounds of its job.
    #[cfg(feature = "object-store")]
    pub(crate) fn exhausted(mut self) -> Self {
        self.details.get_or_insert_default().is_exhausted = true;
        self
    }

    /// Returns whether another attempt of the same job may have another result.
    pub(crate) fn is_transient(&self) -> bool {
        let is_exhausted = self.details.as_ref().is_some_and(|details| details.is_exhausted);
        self.kind.is_transient() && !is_exhausted
    }

    /// Sets the ID of the response that contains the failure, truncated to [`MAX_REQUEST_ID_BYTES`].
    pub(crate) fn with_request_id(mut self, request_id: &str) -> Self {
        if !request_id.is_empty() {
            let request_id = truncate(request_id, MAX_REQUEST_ID_BYTES);
            request_id.clone_into(&mut self.details.get_or_insert_default().request_id);
        }
        self
    }

    /// Returns the error of an item whose request was not sent, or was dropped because it changes nothing.
    pub(crate) fn stopped() -> Self {
        Self::new(FlowErrorKind::Stopped, "stopped by the caller; nothing was created or changed")
    }

    /// Returns the error of a contract that the service does not return to this agent.
    pub(crate) fn not_found() -> Self {
        Self::new(FlowErrorKind::NotFound, NOT_FOUND).with_hint("check the flow ID and the agent")
    }

    /// Returns the error of a contract that the service refused with this message, which has no error code.
    pub(crate) fn refused(message: String) -> Self {
        match NOT_FOUND_MESSAGES.iter().any(|end| message.ends_with(end)) {
            true => Self::not_found(),
            false => Self::new(FlowErrorKind::Refused, message),
        }
    }

    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&str> {
        self.detail(|details| &details.hint)
    }

    /// Returns the error code of the API, such as `ResourceNotFound.Flow`; empty if the API returned none.
    pub fn code(&self) -> &str {
        self.detail(|details| &details.code).unwrap_or_default()
    }

    /// Returns the ID of the response that contains the failure, for the support of the service.
    pub fn request_id(&self) -> Option<&str> {
        self.detail(|details| &details.request_id)
    }

    /// Returns the failed call, if that is the cause. An error that was read from a journal or from JSON has none.
    pub fn call(&self) -> Option<&tc3_client::Error> {
        self.details.as_ref()?.call.as_ref()
    }

    /// Returns whether the contract does not exist, or is not accessible to this agent.
    pub fn is_not_found(&self) -> bool {
        self.kind == FlowErrorKind::NotFound
    }

    /// Returns whether the service rejected the call because of its rate limit, including retries.
    pub fn is_throttled(&self) -> bool {
        self.call().is_some_and(tc3_client::Error::is_throttled)
    }

    /// Returns whether another attempt for this contract may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            FlowErrorKind::NotSigned | FlowErrorKind::Stopped => true,
            FlowErrorKind::Call => self.call().is_none_or(tc3_client::Error::is_retryable),
            kind => kind.is_transient(),
        }
    }

    fn detail(&self, of: impl FnOnce(&Details) -> &str) -> Option<&str> {
        self.details.as_deref().map(of).filter(|text| !text.is_empty())
    }
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FlowError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // Display includes the message of the call.
        self.call()?.source()
    }
}

/// The fields of a [`FlowError`] in a serialized form.
struct Fields {
    kind: FlowErrorKind,
    message: String,
    hint: String,
    code: String,
    request_id: String,
}

json::object! {
    decode Fields {
        "kind" => kind: required,
        "message" => message: required,
        "hint" => hint: default,
        "code" => code: default,
        "request_id" => request_id: default,
    }
}

impl From<Fields> for FlowError {
    fn from(fields: Fields) -> Self {
        let Fields { kind, message, hint, code, request_id } = fields;
        let is_empty = [&hint, &code, &request_id].into_iter().all(String::is_empty);
        let details = Details { hint, code, request_id, ..Details::default() };
        Self { kind, message, details: (!is_empty).then(|| Box::new(details)) }
    }
}

impl Encode for FlowError {
    fn encode(&self, writer: &mut Writer) {
        writer.open();
        writer.member("kind", &self.kind);
        writer.member("message", &self.message);
        writer.member("hint", &self.hint());
        writer.member("code", &self.detail(|details| &details.code));
        writer.member("request_id", &self.request_id());
        writer.close();
    }
}

impl Decode for FlowError {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        Ok(Fields::optional(reader)?.map(Self::from))
    }

    fn blank() -> Self {
        Fields::blank().into()
    }
}

__serialize!(FlowError);
__deserialize!(FlowError);
