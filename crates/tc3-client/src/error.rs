use core::fmt;
use std::error::Error as StdError;

use tc3_transport::{TransportError, TransportErrorKind};

use crate::credentials::CredentialError;

/// What kind of thing went wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client was set up wrongly, or the call cannot be made with this set-up.
    Config,
    /// The request could not be encoded or signed.
    Request,
    /// No usable credential was found.
    Credentials,
    /// The exchange failed below HTTP.
    Transport(TransportErrorKind),
    /// The API answered with an error code.
    Api,
    /// An HTTP status other than success, without an API answer: a gateway or a proxy spoke.
    Status,
    /// The answer is none that the API gives: no JSON, no `Response`, or not the expected type.
    Decode,
    /// The time allowed for the whole call was up before another attempt could be made.
    TimeLimit,
}

/// A failed call. One line of [`Display`](fmt::Display) tells what happened and, where it is known,
/// what to do.
///
/// # Troubleshooting
/// - [`is_auth`](Self::is_auth): keys, token, clock or permissions. The hint in the text says which.
/// - [`is_throttled`](Self::is_throttled): the account calls too often, also after the retries: share
///   one client, or lower `RateLimit`.
/// - [`is_retryable`](Self::is_retryable): the same call may succeed later.
/// - [`is_outcome_unknown`](Self::is_outcome_unknown): an action that creates something may have done so:
///   ask the service before you repeat it.
/// - [`was_sent`](Self::was_sent): whether the server may have executed the call.
/// - Quote [`request_id`](Self::request_id) to the service's support.
///
/// It never holds a secret, a body or the query of a link.
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

    pub(crate) fn transport(error: TransportError) -> Self {
        let mut made = Self::new(ErrorKind::Transport(error.kind()), error.to_string());
        made.0.sent = !error.kind().never_sent();
        made.0.retryable = error.kind().is_transient();
        made.0.source = Some(Box::new(error));
        made
    }

    pub(crate) fn credentials(error: CredentialError) -> Self {
        let mut made = Self::new(ErrorKind::Credentials, error.to_string());
        made.0.retryable = error.is_transient();
        made.0.source = Some(Box::new(error));
        made
    }

    /// The API's own error.
    pub(crate) fn api(code: String, message: &str, request_id: String, status: u16) -> Self {
        let mut made = Self::new(ErrorKind::Api, one_line(message, MESSAGE_CHARS));
        made.0.retryable = matches!(
            code.split('.').next(),
            Some("RequestLimitExceeded" | "InternalError" | "ServiceUnavailable")
        );
        made.0.code = code;
        made.0.request_id = request_id;
        made.0.status = Some(status);
        made.0.sent = true;
        made
    }

    /// An HTTP answer that is none of the API's.
    pub(crate) fn answer(
        kind: ErrorKind,
        message: String,
        request_id: String,
        status: u16,
    ) -> Self {
        let mut made = Self::new(kind, message);
        made.0.retryable = matches!(status, 200..=299 | 429 | 500 | 502..=504);
        made.0.request_id = request_id;
        made.0.status = Some(status);
        made.0.sent = true;
        made
    }

    /// For a failure that the same call would meet again.
    pub(crate) fn permanent(mut self) -> Self {
        self.0.retryable = false;
        self
    }

    pub(crate) fn of_call(mut self, action: &str, attempts: u32, sent: bool) -> Self {
        action.clone_into(&mut self.0.action);
        self.0.attempts = attempts;
        // Once an earlier attempt may have arrived, a later one that did not changes nothing.
        self.0.sent |= sent;
        self
    }

    /// Of the last attempt at an action that must not be repeated blindly. Its earlier attempts, if there
    /// were any, were refused before anything was done.
    pub(crate) fn of_unsafe_call(mut self) -> Self {
        self.0.outcome_unknown = match self.0.kind {
            ErrorKind::Transport(kind) => !kind.never_sent(),
            ErrorKind::Api => matches!(
                self.0.code.split('.').next(),
                Some("InternalError" | "ServiceUnavailable")
            ),
            ErrorKind::Status => self.0.status.is_some_and(|status| status >= 500),
            ErrorKind::Decode => true,
            _ => false,
        };
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The action called; empty where no call was made.
    pub fn action(&self) -> &str {
        &self.0.action
    }

    /// The API's error code, such as `AuthFailure.SignatureFailure`; empty where the API named none.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// What happened, without action, code and hint: the service's text where it gave one.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The service's id of the last attempt, where an answer came.
    pub fn request_id(&self) -> Option<&str> {
        Some(self.0.request_id.as_str()).filter(|id| !id.is_empty())
    }

    /// The HTTP status of the last attempt, where an answer came.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How many times the request was sent or tried to be.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same call may succeed later, as far as the failure tells. Whether repeating it is
    /// safe is another question: see [`was_sent`](Self::was_sent).
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the service refused for calling too often.
    pub fn is_throttled(&self) -> bool {
        self.0.code.split('.').next() == Some("RequestLimitExceeded") || self.0.status == Some(429)
    }

    /// Whether keys, token, clock or permissions are the reason.
    pub fn is_auth(&self) -> bool {
        matches!(self.0.code.split('.').next(), Some("AuthFailure" | "UnauthorizedOperation"))
            || self.0.kind == ErrorKind::Credentials
    }

    /// Whether the server may have executed the call. `false` is certain.
    pub fn was_sent(&self) -> bool {
        self.0.sent
    }

    /// Whether an action that must not be repeated blindly, such as one that creates something, may have
    /// been carried out: ask the service before you call it again.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        hint(&self.0.code).or(match self.0.kind {
            ErrorKind::Transport(kind) => transport_hint(kind),
            ErrorKind::Status => {
                Some("something other than the API answers there: check the endpoint and the proxy")
            }
            ErrorKind::Decode => Some("check that the endpoint is the API's own"),
            _ => None,
        })
    }
}

fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "AuthFailure.SecretIdNotFound" => {
            "the SecretId is unknown or disabled: check it in the CAM console"
        }
        "AuthFailure.InvalidSecretId" => "this is no Cloud API key: make one in the CAM console",
        "AuthFailure.SignatureFailure" => {
            "the SecretKey does not belong to the SecretId, or a proxy changes the request"
        }
        "AuthFailure.SignatureExpire" => "set this machine's clock: it is more than 5 minutes off",
        "AuthFailure.TokenFailure" => "the temporary credential has expired: get a new one",
        "AuthFailure.UnauthorizedOperation" => "grant the action to this key's user in CAM",
        _ => match code.split('.').next()? {
            "RequestLimitExceeded" => {
                "the account calls this action too often: lower the client's rate limit"
            }
            "IpNotInWhitelist" | "IpInBlacklist" => {
                "this machine's IP address is not allowed to use the key"
            }
            "InvalidAction" => "check the action's spelling and the version",
            _ => return None,
        },
    })
}

fn transport_hint(kind: TransportErrorKind) -> Option<&'static str> {
    Some(match kind {
        TransportErrorKind::Resolve => {
            "check the endpoint's host name, the proxy settings and the DNS"
        }
        TransportErrorKind::Connect => "check the endpoint and the proxy settings",
        _ => return None,
    })
}

/// The service's texts are a line or two; what is longer is no message.
const MESSAGE_CHARS: usize = 500;

/// Text from outside on one line: control characters, which could forge log lines or drive a
/// terminal, become spaces.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let text = text.trim();
    // Each answer's id passes here. No text from outside decides what is allocated.
    let mut line = String::with_capacity(text.len().min(limit));
    for (index, c) in text.chars().enumerate() {
        if index == limit {
            line.push('…');
            break;
        }
        line.push(if c.is_control() || is_bidi(c) { ' ' } else { c });
    }
    line
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

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
            f.write_str("; whether it was carried out is not known: look before you repeat it")?;
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
