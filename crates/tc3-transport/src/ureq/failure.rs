//! Failures of this transport as errors of ureq.

use core::fmt;

use ureq::Error;

use crate::TransportErrorKind as Kind;

/// A failure with its kind, passed through ureq as `Error::Other`.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) hop: Hop,
}

/// The part of a route that has failed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hop {
    /// The connection to the server, or through the tunnel to it.
    Endpoint,
    /// The connection to the proxy.
    Proxy,
    /// The proxy has refused the tunnel, with this status.
    Tunnel(Option<u16>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

pub(super) fn failure(kind: Kind, text: impl fmt::Display) -> Error {
    failure_at(Hop::Endpoint, kind, text)
}

pub(super) fn failure_at(hop: Hop, kind: Kind, text: impl fmt::Display) -> Error {
    Error::Other(Box::new(Failure { kind, text: text.to_string(), hop }))
}
