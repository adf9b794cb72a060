use core::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::SendGate;

/// A complete request. A transport adds only the headers that the transfer needs: `Host` and `Content-Length` if they
/// are absent, `Accept` and `Accept-Encoding`. It adds no `User-Agent`.
#[derive(Clone)]
pub struct Request {
    /// Method: `POST` for calls, `GET` for downloads.
    pub method: Method,
    /// Absolute URI with the scheme `http` or `https`.
    pub uri: Uri,
    /// Headers, sent unchanged.
    pub headers: HeaderMap,
    /// Body; empty for none.
    pub body: Bytes,
    /// Timeout of the whole exchange, including reading the body; `None` for only the timeouts of the transport.
    pub timeout: Option<Duration>,
    /// True if the body of the response is a stream of unknown duration: [`timeout`](Self::timeout) then ends with the
    /// headers, and only the timeouts of the transport limit reading the body. A closure must ensure this itself.
    pub streamed_body: bool,
    /// True if the request may connect only to the public internet, for URLs from an untrusted source. A host that is, or
    /// resolves to, a loopback, private or reserved address or a metadata service is refused with
    /// [`NotPublic`](crate::TransportErrorKind::NotPublic).
    ///
    /// The check applies to the address of the connection, so a name cannot resolve to another address in between. A
    /// proxy resolves names itself: then only addresses and known private names are refused here, and the proxy must
    /// refuse the rest.
    pub public_only: bool,
    /// True if the request must not use the configured proxy, for a metadata service that issues credentials of this
    /// instance. A closure must check this itself.
    pub bypass_proxy: bool,
    /// True if the request must not be sent over an idle connection of the pool, because such a connection may have broken
    /// the previous attempt. A transport without a pool ignores it.
    pub new_connection: bool,
    /// Gate that the body passes once the connection is established; `None` if the request is not withdrawn.
    pub gate: Option<SendGate>,
    /// Address to connect to instead of host and port of the URI, such as that of a gateway; without a port, that of the URI.
    ///
    /// `Host` and the name that TLS verifies remain those of the URI. A proxy opens a tunnel to the address.
    /// reqwest cannot: its transport returns an error for an address behind a proxy, and for an `https` URL whose host is an IP
    /// address. A closure must apply it itself.
    pub connect_to: Option<Authority>,
}

impl Request {
    /// Returns a `GET` request without headers.
    pub fn get(uri: Uri) -> Self {
        Self {
            method: Method::GET,
            uri,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: None,
            streamed_body: false,
            public_only: false,
            bypass_proxy: false,
            new_connection: false,
            gate: None,
            connect_to: None,
        }
    }
}

#[cfg(any(feature = "hyper", feature = "ureq"))]
impl Request {
    /// Announces that the transport asks the gate before it sends the body.
    pub(crate) fn watch_gate(&self) {
        if let Some(gate) = self.gate.as_ref().filter(|_| !self.body.is_empty()) {
            gate.watch();
        }
    }
}

#[cfg(any(feature = "reqwest-no-tls", feature = "ureq"))]
impl Request {
    /// Returns the timeout of the whole exchange, and that until the headers, of which at most one is set.
    pub(crate) fn timeouts(&self) -> (Option<Duration>, Option<Duration>) {
        let timeout = self.timeout.map(crate::config::bounded);
        if self.streamed_body { (None, timeout) } else { (timeout, None) }
    }
}

#[cfg(any(feature = "hyper", feature = "reqwest-no-tls"))]
impl Request {
    /// Sets the `Content-Length` of an empty body if the method has one. hyper omits it, and servers reject a `POST`
    /// without it.
    pub(crate) fn set_empty_length(&mut self) {
        if self.body.is_empty() && takes_body(&self.method) {
            let length = http::header::CONTENT_LENGTH;
            self.headers.entry(length).or_insert(http::HeaderValue::from_static("0"));
        }
    }
}

impl fmt::Debug for Request {
    /// Hides path, query, header values and body, which contain names and keys of files, signatures and contracts.
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
            .field("streamed_body", &self.streamed_body)
            .field("public_only", &self.public_only)
            .field("bypass_proxy", &self.bypass_proxy)
            .field("connect_to", &self.connect_to)
            .finish()
    }
}

/// Returns whether a request of this method has a `Content-Length` even if its body is empty.
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
pub(crate) fn takes_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

/// A response; `B` is the type of the body, complete or streamed.
#[derive(Clone)]
pub struct Response<B> {
    /// Status, including 4xx and 5xx.
    pub status: StatusCode,
    /// Headers as received.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: B,
}

impl<B> Response<B> {
    /// Converts the body.
    pub fn map<C>(self, convert: impl FnOnce(B) -> C) -> Response<C> {
        Response { status: self.status, headers: self.headers, body: convert(self.body) }
    }
}

impl<B> fmt::Debug for Response<B> {
    /// Hides header values and body.
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
