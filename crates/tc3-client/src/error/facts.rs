//! Properties of an error: class, retries, cause and fix.

use std::error::Error as StdError;

use tc3_api::ErrorClass;
use tc3_transport::TransportErrorKind;

use super::{Error, ErrorKind};

impl Error {
    /// Returns the kind of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the class of the error code; `None` if the API returned no error.
    pub fn class(&self) -> Option<ErrorClass> {
        (self.0.kind == ErrorKind::Api).then_some(self.0.rule.class)
    }

    /// Returns the name of the action; empty if no call was made.
    pub fn action(&self) -> &str {
        &self.0.action
    }

    /// Returns the error code of the API, such as `AuthFailure.SignatureFailure`; empty if the API returned no error.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Returns the failure as a label of a metric: the [`code`](Self::code), or the [name](ErrorKind::name) of the kind.
    ///
    /// It is the attribute `error.type` of OpenTelemetry.
    pub fn error_type(&self) -> &str {
        match self.code() {
            "" => self.0.kind.name(),
            code => code,
        }
    }

    /// Returns the failure without action and code. It is the message of the service if there is one.
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

    /// Returns the cause: a [`TransportError`](crate::transport::TransportError), a
    /// [`CredentialError`](crate::credentials::CredentialError), or the error of a rate limiter or an
    /// [`Interceptor`](crate::Interceptor). `Display` includes its message, so
    /// [`source`](StdError::source) continues with the cause's own source.
    pub fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }

    /// Returns whether the same call may succeed later. It may also have been executed already: see
    /// [`was_sent`](Self::was_sent).
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns whether the service rejected the call because of its rate limit.
    pub fn is_throttled(&self) -> bool {
        self.class() == Some(ErrorClass::Throttled) || self.0.status == Some(429)
    }

    /// Returns whether key, token, signature or clock are the cause, or no credential was found.
    pub fn is_authentication(&self) -> bool {
        matches!(self.class(), Some(ErrorClass::Authentication | ErrorClass::ClockSkew))
            || self.0.kind == ErrorKind::Credentials
    }

    /// Returns whether the account or the operator is not allowed to make this call.
    pub fn is_permission(&self) -> bool {
        self.class() == Some(ErrorClass::Permission)
    }

    /// Returns whether an item that the request names does not exist.
    pub fn is_not_found(&self) -> bool {
        self.class() == Some(ErrorClass::NotFound)
    }

    /// Returns whether the service rejected a parameter.
    pub fn is_invalid_parameter(&self) -> bool {
        self.class() == Some(ErrorClass::InvalidParameter)
    }

    /// Returns whether a quota, a limit of size or a package is exhausted. It is not the rate limit.
    pub fn is_limit_exceeded(&self) -> bool {
        matches!(self.class(), Some(ErrorClass::LimitExceeded | ErrorClass::Billing))
    }

    /// Returns whether a timeout expired: that of the call, or that of its last attempt.
    pub fn is_timeout(&self) -> bool {
        match self.0.kind {
            ErrorKind::Timeout => true,
            ErrorKind::Transport(kind) => kind.is_timeout(),
            _ => false,
        }
    }

    /// Returns whether no connection was made: host name, network, TLS or proxy. The request was not sent.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Transport(kind) if kind.is_connect())
    }

    /// Returns whether every request of the same action and caller fails for the same reason, such as invalid keys, a
    /// missing permission, or a server that cannot be reached.
    pub fn affects_every_request(&self) -> bool {
        match self.0.kind {
            ErrorKind::Config
            | ErrorKind::Request
            | ErrorKind::Credentials
            | ErrorKind::RateLimiter => true,
            ErrorKind::Transport(kind) => kind.never_sent(),
            ErrorKind::Api => self.0.rule.affects_all,
            _ => false,
        }
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

    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref().or_else(|| of_kind(self.0.kind))
    }
}

impl ErrorKind {
    /// Returns the name of the kind, such as `timeout`. For a failed HTTP exchange it is that of its cause, such as `connect`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Request => "request",
            Self::Credentials => "credentials",
            Self::Transport(kind) => match kind {
                TransportErrorKind::Resolve => "resolve",
                TransportErrorKind::Connect => "connect",
                TransportErrorKind::Tls => "tls",
                TransportErrorKind::Proxy => "proxy",
                TransportErrorKind::Timeout => "timeout",
                TransportErrorKind::Interrupted => "interrupted",
                TransportErrorKind::BodyTooLarge => "body_too_large",
                TransportErrorKind::Malformed => "malformed",
                _ => "transport",
            },
            Self::Api => "api",
            Self::Status => "status",
            Self::Decode => "decode",
            Self::Timeout => "timeout",
            Self::Interceptor => "interceptor",
            Self::RateLimiter => "rate_limiter",
            Self::Pages => "pages",
        }
    }
}

/// Returns the fix of an error without a code.
pub(super) fn of_kind(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Transport(TransportErrorKind::Resolve) => {
            "check the host name of the endpoint, the proxy settings and the DNS"
        }
        ErrorKind::Transport(TransportErrorKind::Connect) => {
            "check the endpoint and the proxy settings"
        }
        ErrorKind::Status => "check the endpoint and the proxy: the response is not from the API",
        ErrorKind::Decode => "check that the endpoint is the API's own",
        _ => return None,
    })
}
