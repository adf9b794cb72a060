use core::fmt;
use std::error::Error as StdError;

use tc3_transport::{TransportError, TransportErrorKind};

use crate::one_line::one_line;

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is invalid, or does not allow this call.
    Config,
    /// The request could not be encoded or signed.
    Request,
    /// No usable credential was found.
    Credentials,
    /// The HTTP exchange failed.
    Transport(TransportErrorKind),
    /// The API returned an error code.
    Api,
    /// The HTTP status is not a success and the response is not from the API, but from a gateway or a proxy.
    Status,
    /// The response cannot be decoded: not JSON, no `Response` object, or an unexpected type.
    Decode,
    /// The timeout of the call expired before another attempt.
    Timeout,
}

/// The error of a call. [`Display`](fmt::Display) prints the failure and, if known, a fix, on one line.
///
/// # Troubleshooting
/// - [`is_auth`](Self::is_auth): key, token, clock or permissions; the hint names the cause.
/// - [`is_throttled`](Self::is_throttled): the account exceeds the rate limit even with retries. Share one
///   client, or lower [`RateLimit`](crate::RateLimit).
/// - [`is_retryable`](Self::is_retryable): the same call may succeed later.
/// - [`is_outcome_unknown`](Self::is_outcome_unknown): an action that is not idempotent may have been executed.
///   Query the service before you retry.
/// - [`was_sent`](Self::was_sent): the server may have executed the call.
/// - [`request_id`](Self::request_id): the ID for the support of the service.
///
/// Errors do not contain secrets, bodies or query strings of links.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    action: String,
    code: String,
    message: String,
    request_id: String,
    status: Option<u16>,
    attempts: u32,
    sent: bool,
    retryable: bool,
    outcome_unknown: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            action: String::new(),
            code: String::new(),
            message: message.into(),
            request_id: String::new(),
            status: None,
            attempts: 0,
            sent: false,
            retryable: false,
            outcome_unknown: false,
            source: None,
        }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub(crate) fn transport(source: TransportError) -> Self {
        let mut error = Self::new(ErrorKind::Transport(source.kind()), source.to_string());
        error.0.sent = !source.kind().never_sent();
        error.retryable(source.kind().is_transient()).with_source(source)
    }

    /// Returns the error of an API response with an `Error`.
    pub(crate) fn api(code: String, message: &str, request_id: String, status: u16) -> Self {
        let mut error = Self::new(ErrorKind::Api, one_line(message, MAX_MESSAGE_CHARS));
        error.0.retryable = matches!(
            family(&code),
            "RequestLimitExceeded" | "InternalError" | "ServiceUnavailable"
        );
        error.0.code = code;
        error.0.request_id = request_id;
        error.0.status = Some(status);
        error.0.sent = true;
        error
    }

    /// Returns the error of an unexpected response.
    pub(crate) fn response(
        kind: ErrorKind,
        message: String,
        request_id: String,
        status: u16,
    ) -> Self {
        let mut error = Self::new(kind, message);
        error.0.retryable = matches!(status, 200..=299 | 429 | 500 | 502..=504);
        error.0.request_id = request_id;
        error.0.status = Some(status);
        error.0.sent = true;
        error
    }

    pub(crate) fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Adds the facts of the call. `sent` is whether any attempt may have reached the server.
    pub(crate) fn of_call(mut self, action: &str, attempts: u32, sent: bool) -> Self {
        action.clone_into(&mut self.0.action);
        self.0.attempts = attempts;
        self.0.sent |= sent;
        self
    }

    /// Sets [`is_outcome_unknown`](Self::is_outcome_unknown) by the error of the last attempt of an action that
    /// is not idempotent. Earlier attempts were never sent, or rejected before they were executed.
    pub(crate) fn of_non_idempotent_call(mut self) -> Self {
        self.0.outcome_unknown = match self.0.kind {
            ErrorKind::Transport(kind) => !kind.never_sent(),
            ErrorKind::Api => {
                matches!(family(&self.0.code), "InternalError" | "ServiceUnavailable")
            }
            ErrorKind::Status => self.0.status.is_some_and(|status| status >= 500),
            ErrorKind::Decode => true,
            _ => false,
        };
        self
    }

    /// Returns the kind of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the name of the action; empty if no call was made.
    pub fn action(&self) -> &str {
        &self.0.action
    }

    /// Returns the error code of the API, such as `AuthFailure.SignatureFailure`; empty if the API returned no error.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Returns the failure without action, code and hint. It is the message of the service if there is one.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the request ID of the last attempt, if there was a response.
    pub fn request_id(&self) -> Option<&str> {
        Some(self.0.request_id.as_str()).filter(|id| !id.is_empty())
    }

    /// Returns the HTTP status of the last attempt, if there was a response.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the number of attempts.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns whether the same call may succeed later. It may also have been executed already: see
    /// [`was_sent`](Self::was_sent).
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns whether the service rejected the call because of its rate limit.
    pub fn is_throttled(&self) -> bool {
        family(&self.0.code) == "RequestLimitExceeded" || self.0.status == Some(429)
    }

    /// Returns whether key, token, clock or permissions are the cause.
    pub fn is_auth(&self) -> bool {
        matches!(family(&self.0.code), "AuthFailure" | "UnauthorizedOperation")
            || self.0.kind == ErrorKind::Credentials
    }

    /// Returns whether the server may have executed the call. If `false`, it has not.
    pub fn was_sent(&self) -> bool {
        self.0.sent
    }

    /// Returns whether an action that is not idempotent, such as one that creates something, may have been
    /// executed. Query the service before you retry.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// Returns a fix, if one is known.
    pub fn hint(&self) -> Option<&'static str> {
        hint(&self.0.code).or(match self.0.kind {
            ErrorKind::Transport(kind) => transport_hint(kind),
            ErrorKind::Status => {
                Some("the response is not from the API: check the endpoint and the proxy")
            }
            ErrorKind::Decode => Some("check that the endpoint is the API's own"),
            _ => None,
        })
    }
}

/// Returns the part of an error code before the first dot.
pub(crate) fn family(code: &str) -> &str {
    code.split('.').next().unwrap_or_default()
}

fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "AuthFailure.SecretIdNotFound" => {
            "the SecretId is unknown or disabled: check it in the CAM console"
        }
        "AuthFailure.InvalidSecretId" => "not a Cloud API key: create one in the CAM console",
        "AuthFailure.SignatureFailure" => {
            "the SecretKey does not belong to the SecretId, or a proxy changes the request"
        }
        "AuthFailure.SignatureExpire" => {
            "set the clock of this machine: it differs by more than 5 minutes"
        }
        "AuthFailure.TokenFailure" => "the temporary credential has expired: get a new one",
        "AuthFailure.UnauthorizedOperation" => "grant the action to this key's user in CAM",
        _ => match family(code) {
            "RequestLimitExceeded" => {
                "the account calls this action too often: lower the client's rate limit"
            }
            "IpNotInWhitelist" | "IpInBlacklist" => {
                "this machine's IP address is not allowed to use the key"
            }
            "InvalidAction" => "check the name and the version of the action",
            _ => return None,
        },
    })
}

fn transport_hint(kind: TransportErrorKind) -> Option<&'static str> {
    Some(match kind {
        TransportErrorKind::Resolve => {
            "check the host name of the endpoint, the proxy settings and the DNS"
        }
        TransportErrorKind::Connect => "check the endpoint and the proxy settings",
        _ => return None,
    })
}

/// Maximum length of a message of the service, in characters. Real ones have one or two lines.
const MAX_MESSAGE_CHARS: usize = 500;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if !inner.action.is_empty() {
            write!(f, "{}: ", inner.action)?;
        }
        if !inner.code.is_empty() {
            write!(f, "{}: ", inner.code)?;
        }
        f.write_str(&inner.message)?;
        if inner.attempts > 1 {
            write!(f, " (after {} attempts)", inner.attempts)?;
        }
        if let Some(id) = self.request_id() {
            write!(f, " [request id {id}]")?;
        }
        if inner.outcome_unknown {
            f.write_str("; the outcome is unknown: query the service before you retry")?;
        }
        if let Some(hint) = self.hint() {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("action", &inner.action)
            .field("code", &inner.code)
            .field("message", &inner.message)
            .field("request_id", &inner.request_id)
            .field("status", &inner.status)
            .field("attempts", &inner.attempts)
            .field("sent", &inner.sent)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
