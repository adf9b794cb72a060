use core::fmt;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

/// Kind of a failure below HTTP.
///
/// A client retries an action that is not idempotent only after a kind for which [`never_sent`](Self::never_sent) is
/// true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request is invalid: its URI is not absolute, or its scheme is neither `http` nor `https`. Not retried. Never
    /// sent.
    Request,
    /// The host is not on the public internet, and the request is [limited to it](crate::Request::public_only). Not
    /// retried. Never sent.
    NotPublic,
    /// The host name did not resolve. Retried. Never sent.
    Resolve,
    /// The connection failed: refused, unreachable, or timed out. Retried. Never sent.
    Connect,
    /// The TLS handshake failed, such as for an untrusted or expired certificate, or without a common version. Not
    /// retried. Never sent.
    Tls,
    /// The configured proxy is invalid, refused the request, or requires credentials. Not retried. Never sent.
    Proxy,
    /// A timeout expired after the request may have been sent. Retried if the action is idempotent.
    Timeout,
    /// The connection broke after the request may have been sent. Retried if the action is idempotent.
    Interrupted,
    /// The response body exceeds the caller's limit. Not retried. Sent.
    BodyTooLarge,
    /// The response is not valid HTTP. Retried if the action is idempotent.
    Malformed,
    /// Any other failure; the request may have been sent. Not retried.
    Other,
}

impl TransportErrorKind {
    /// Returns whether the request cannot have reached the server.
    pub fn never_sent(self) -> bool {
        matches!(
            self,
            Self::Request
                | Self::NotPublic
                | Self::Resolve
                | Self::Connect
                | Self::Tls
                | Self::Proxy
        )
    }

    /// Returns whether a retry of the same request may succeed.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Resolve | Self::Connect | Self::Timeout | Self::Interrupted | Self::Malformed
        )
    }

    /// Returns whether a timeout expired after the request may have been sent.
    pub fn is_timeout(self) -> bool {
        self == Self::Timeout
    }

    /// Returns whether no connection was made: host name, network, TLS or proxy.
    pub fn is_connect(self) -> bool {
        matches!(self, Self::Resolve | Self::Connect | Self::Tls | Self::Proxy)
    }

    /// Returns the kind of a failure to write the request or to read the response, for a transport of the caller. A failure
    /// to connect is [`Connect`](Self::Connect) for any cause: the request was never sent.
    ///
    /// ```
    /// use std::io;
    /// use tc3_transport::TransportErrorKind;
    ///
    /// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    /// let kind = TransportErrorKind::of_exchange(&reset);
    /// assert_eq!(kind, TransportErrorKind::Interrupted);
    /// assert!(kind.is_transient() && !kind.never_sent());
    /// ```
    pub fn of_exchange(error: &io::Error) -> Self {
        match error.kind() {
            // `WouldBlock` is the timeout of a socket on Unix.
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Timeout,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::Malformed,
            _ => Self::Interrupted,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Request => "invalid request",
            Self::NotPublic => "the host is not public",
            Self::Resolve => "the host name did not resolve",
            Self::Connect => "connection failed",
            Self::Tls => "TLS handshake failed",
            Self::Proxy => "proxy failed",
            Self::Timeout => "timed out waiting for the response",
            Self::Interrupted => "connection interrupted",
            Self::BodyTooLarge => "response body too large",
            Self::Malformed => "invalid HTTP response",
            Self::Other => "transport failed",
        }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Error of a failed exchange: its kind, and a detail without query, header values and body.
#[derive(Clone)]
pub struct TransportError {
    kind: TransportErrorKind,
    detail: Option<Box<str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// Returns an error without a detail.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, detail: None, source: None }
    }

    /// Adds a detail, such as `127.0.0.1:80: connection refused`.
    ///
    /// The detail is shown to users and written to logs. It must not contain the query of a URI or a header value.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into().into_boxed_str());
        self
    }

    /// Adds the underlying error, under the same rule as [`with_detail`](Self::with_detail).
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Returns the kind of the failure.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{}: {detail}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .finish_non_exhaustive()
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
