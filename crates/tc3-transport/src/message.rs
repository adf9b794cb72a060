use core::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};

/// A request, complete: a transport adds what the transfer itself needs (`Host` and `Content-Length`
/// where they are absent, `Accept`, `Accept-Encoding`) and nothing else, also no `User-Agent`.
#[derive(Clone)]
pub struct Request {
    /// `POST` for calls, `GET` for downloads.
    pub method: Method,
    /// Absolute, `http` or `https`.
    pub uri: Uri,
    /// As they are sent.
    pub headers: HeaderMap,
    /// Empty for none.
    pub body: Bytes,
    /// How long the whole exchange may take, the reading of the body included; `None` leaves it to
    /// the transport's own limits.
    pub timeout: Option<Duration>,
    /// Whether the request may go to the public internet alone: for a URL that somebody else chose. The
    /// host is then refused, as [`NotPublic`](crate::TransportErrorKind::NotPublic), where it is, or
    /// resolves to, an address of this machine, of a private network, of a cloud's metadata or of none.
    ///
    /// What is checked is the address that is connected to: a name cannot resolve to another one in between.
    /// Through a proxy, the proxy resolves, and only hosts that are written as addresses, and names that are
    /// known to be private, are refused here; the rest is for the proxy to refuse.
    pub public_only: bool,
    /// Whether the request never goes through a proxy, whatever the configuration: for a metadata service
    /// that hands out the keys of this machine. A closure connects by itself, so it has to check this.
    pub bypass_proxy: bool,
}

impl Request {
    /// A `GET` without further headers.
    pub fn get(uri: Uri) -> Self {
        Self {
            method: Method::GET,
            uri,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: None,
            public_only: false,
            bypass_proxy: false,
        }
    }
}

#[cfg(any(feature = "hyper", feature = "reqwest"))]
impl Request {
    /// Names the length of an empty body where there may be one: hyper leaves it out, and servers refuse a POST
    /// without.
    pub(crate) fn say_empty_length(&mut self) {
        if self.body.is_empty() && takes_body(&self.method) {
            let length = http::header::CONTENT_LENGTH;
            self.headers.entry(length).or_insert(http::HeaderValue::from_static("0"));
        }
    }
}

impl fmt::Debug for Request {
    /// Shows neither path, query, header values nor body: they hold names and keys of files, signatures and
    /// contracts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.uri.host().unwrap_or_default())
            .field(
                "headers",
                &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(),
            )
            .field("body_bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .field("public_only", &self.public_only)
            .field("bypass_proxy", &self.bypass_proxy)
            .finish()
    }
}

/// Whether a request of this method has a length even when its body is empty.
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
pub(crate) fn takes_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

/// An answer; `B` is the body, read or still on the wire.
#[derive(Clone)]
pub struct Response<B> {
    /// Any status: also 4xx and 5xx are answers.
    pub status: StatusCode,
    /// As received.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: B,
}

impl<B> Response<B> {
    /// The same answer with another body.
    pub fn map<C>(self, body: impl FnOnce(B) -> C) -> Response<C> {
        Response { status: self.status, headers: self.headers, body: body(self.body) }
    }
}

impl<B> fmt::Debug for Response<B> {
    /// Shows no header values and no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field(
                "headers",
                &self.headers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}
