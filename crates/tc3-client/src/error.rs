//! The error of a call.

use core::fmt;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

use tc3_api::{ActionInfo, ApiError, ErrorClass, ErrorRule, RetryRule};
use tc3_transport::{TransportError, TransportErrorKind};

use crate::one_line::one_line;

mod facts;

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
    /// The rate limiter of the caller failed, so that nothing was sent.
    RateLimiter,
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
    /// An [`Interceptor`](crate::Interceptor) returned an error, which is the [`cause`](Error::cause).
    Interceptor,
    /// A list has more pages than an iteration reads, or its pages contradict each other.
    Pages,
}

/// The error of a call. [`Display`](fmt::Display) prints the failure on one line, [`hint`](Self::hint) returns the
/// fix.
///
/// # Troubleshooting
/// - [`is_authentication`](Self::is_authentication), [`is_permission`](Self::is_permission): key, token, clock or
///   permissions; the hint names the cause.
/// - [`is_throttled`](Self::is_throttled): the account exceeds the rate limit even with retries. Share one
///   client, or lower [`RateLimit`](crate::RateLimit).
/// - [`is_retryable`](Self::is_retryable): the same call may succeed later.
/// - [`is_outcome_unknown`](Self::is_outcome_unknown): an action that is not idempotent may have been executed.
///   Query the service before you retry.
/// - [`was_sent`](Self::was_sent): the server may have executed the call.
/// - [`request_id`](Self::request_id): the ID for the support of the service.
///
/// Errors do not contain secrets, bodies or query strings of links. A clone shares the content.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
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
    /// The facts about the error code.
    rule: ErrorRule,
    hint: Option<Cow<'static, str>>,
    /// Why a failed attempt was not retried, if its rule allows a retry.
    end_of_retries: Option<Cow<'static, str>>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
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
            rule: ErrorRule::new(ErrorClass::Unknown, RetryRule::Never),
            hint: None,
            end_of_retries: None,
            cause: None,
        }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Returns the error of a call that reached its deadline before a request was sent. The same call may succeed later.
    pub(crate) fn unsent(message: &'static str) -> Self {
        Self::new(ErrorKind::Timeout, message).retryable(true)
    }

    pub(crate) fn transport(source: TransportError) -> Self {
        Self::new(ErrorKind::Transport(source.kind()), source.to_string())
            .with(|inner| inner.sent = !source.kind().never_sent())
            .retryable(source.kind().is_transient())
            .with_cause(source)
    }

    /// Returns the error of a call that an interceptor fails.
    pub(crate) fn interceptor(cause: Box<dyn StdError + Send + Sync>) -> Self {
        let text = one_line(&cause.to_string(), MAX_MESSAGE_CHARS);
        Self::new(ErrorKind::Interceptor, format!("an interceptor failed the call: {text}"))
            .with(|inner| inner.cause = Some(cause.into()))
    }

    /// Adds the facts of a response.
    pub(crate) fn of_response(self, request_id: String, status: u16) -> Self {
        self.with(|inner| {
            inner.request_id = request_id;
            inner.status = Some(status);
            inner.sent = true;
        })
    }

    /// Returns the error of an API response with an `Error`.
    pub(crate) fn api(
        info: &ActionInfo<'_>,
        error: &ApiError,
        request_id: String,
        status: u16,
    ) -> Self {
        let rule = info.errors.rule(&error.code);
        let message = match one_line(&error.message, MAX_MESSAGE_CHARS) {
            message if message.is_empty() => "the service gave no message".to_owned(),
            message => message,
        };
        let api = Self::new(ErrorKind::Api, message);
        api.of_response(request_id, status).with(|inner| {
            inner.retryable = matches!(rule.retry, RetryRule::Always | RetryRule::IfIdempotent);
            inner.hint = info.errors.hint(&error.code).map(Cow::Borrowed);
            inner.rule = rule;
            inner.code = match error.code.as_str() {
                // An error without a code is still an error.
                "" => "Unknown".to_owned(),
                code => one_line(code, 128),
            };
        })
    }

    /// Returns the error of an unexpected response.
    pub(crate) fn response(
        kind: ErrorKind,
        message: String,
        request_id: String,
        status: u16,
    ) -> Self {
        Self::new(kind, message)
            .of_response(request_id, status)
            .retryable(matches!(status, 200..=299 | 429 | 500 | 502..=504))
    }

    pub(crate) fn retryable(self, retryable: bool) -> Self {
        self.with(|inner| inner.retryable = retryable)
    }

    pub(crate) fn with_hint(self, hint: Cow<'static, str>) -> Self {
        self.with(|inner| inner.hint = Some(hint))
    }

    /// Sets the cause, whose message must be part of this error's.
    pub(crate) fn with_cause(self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.cause = Some(Arc::new(cause)))
    }

    /// Sets the cause, as [`with_cause`](Self::with_cause).
    pub(crate) fn with_boxed_cause(self, cause: Box<dyn StdError + Send + Sync>) -> Self {
        self.with(|inner| inner.cause = Some(Arc::from(cause)))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Adds the facts of the call. `sent` is whether any attempt may have reached the server.
    pub(crate) fn of_call(self, action: &str, attempts: u32, sent: bool) -> Self {
        self.with(|inner| {
            action.clone_into(&mut inner.action);
            inner.attempts = attempts;
            inner.sent |= sent;
        })
    }

    /// Sets why an attempt with this error was not retried.
    pub(crate) fn with_end_of_retries(self, end: Cow<'static, str>) -> Self {
        self.with(|inner| inner.end_of_retries = Some(end))
    }

    /// Returns whether an attempt with this error may have been executed: it was sent, and not refused before.
    pub(crate) fn may_be_executed(&self) -> bool {
        let inner = &*self.0;
        match inner.kind {
            ErrorKind::Transport(kind) => !kind.never_sent(),
            ErrorKind::Api => inner.rule.retry == RetryRule::IfIdempotent,
            ErrorKind::Status => inner.status.is_some_and(|status| status >= 500),
            ErrorKind::Decode => true,
            // With a status, the interceptor failed a response.
            ErrorKind::Interceptor => inner.status.is_some(),
            _ => false,
        }
    }

    /// Sets [`is_outcome_unknown`](Self::is_outcome_unknown), and the hint for it.
    pub(crate) fn with_unknown_outcome(self) -> Self {
        self.with(|inner| {
            let query = "query the service before you retry: it may have been executed";
            inner.outcome_unknown = true;
            inner.hint = Some(match facts::of_kind(inner.kind) {
                Some(hint) => Cow::Owned(format!("{query}; {hint}")),
                None => Cow::Borrowed(query),
            });
        })
    }
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
        if let Some(end) = &inner.end_of_retries {
            write!(f, "; not retried: {end}")?;
        }
        if inner.outcome_unknown {
            f.write_str("; the outcome is unknown")?;
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
        self.cause().and_then(StdError::source)
    }
}
