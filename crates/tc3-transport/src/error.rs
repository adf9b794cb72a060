use core::fmt;
use std::error::Error as StdError;
use std::sync::Arc;

/// Why an exchange failed below HTTP.
///
/// A client repeats a call that is not idempotent only after a kind that
/// [was certainly not sent](Self::never_sent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request itself is unusable: no absolute URI, a scheme that is not `http` or `https`.
    /// Repeating it is pointless. Never sent.
    Request,
    /// The host is none of the public internet's, and the request
    /// [may go nowhere else](crate::Request::public_only). Pointless to repeat. Never sent.
    NotPublic,
    /// The host's name did not resolve. Repeated. Never sent.
    Resolve,
    /// No connection: refused, unreachable, timed out while connecting. Repeated. Never sent.
    Connect,
    /// The TLS handshake failed: an untrusted or expired certificate, no common version. Pointless to
    /// repeat. Never sent.
    Tls,
    /// The configured proxy is unusable, or it refused or asked for credentials. Not retried. Never sent.
    Proxy,
    /// The time was up after the request may have left. Repeated where the action is idempotent.
    Timeout,
    /// The connection broke after the request may have left. Repeated where the action is
    /// idempotent.
    Interrupted,
    /// The body was longer than the caller takes. Pointless to repeat. Sent.
    BodyTooLarge,
    /// What came back is no HTTP. Repeated where the action is idempotent.
    Malformed,
    /// Something else; whether it was sent is unknown. Not repeated.
    Other,
}

impl TransportErrorKind {
    /// Whether the request certainly did not reach the server.
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

    /// Whether the same request might succeed if it were sent again, all else equal.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Resolve | Self::Connect | Self::Timeout | Self::Interrupted | Self::Malformed
        )
    }

    fn text(self) -> &'static str {
        match self {
            Self::Request => "the request is unusable",
            Self::NotPublic => "the host is not public",
            Self::Resolve => "the host name did not resolve",
            Self::Connect => "no connection",
            Self::Tls => "the TLS handshake failed",
            Self::Proxy => "the proxy cannot be used",
            Self::Timeout => "timed out waiting for the answer",
            Self::Interrupted => "the connection broke",
            Self::BodyTooLarge => "the body is longer than allowed",
            Self::Malformed => "what came back is no HTTP",
            Self::Other => "the transport failed",
        }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A failed exchange: its kind, and a detail that holds neither query, header values nor body.
#[derive(Clone)]
pub struct TransportError {
    kind: TransportErrorKind,
    detail: Option<Box<str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error without a detail.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, detail: None, source: None }
    }

    /// Adds a detail in words, such as `127.0.0.1:80: connection refused`.
    ///
    /// It is shown to people and written to logs: it must hold no query of a URI and no header value.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into().into_boxed_str());
        self
    }

    /// Adds the error underneath, under the same rule as [`with_detail`](Self::with_detail).
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What kind of failure it was.
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
