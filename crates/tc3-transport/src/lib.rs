//! HTTP for Tencent Cloud API 3.0 clients, behind one trait for async and one for blocking code.
//!
//! - `AsyncTransport` (feature `async`), with `ReqwestTransport` (feature `reqwest`) and `HyperTransport`
//!   (feature `hyper`).
//! - `BlockingTransport` (feature `blocking`), with `UreqTransport` (feature `ureq`).
//!
//! A closure from [`Request`] to [`Response`] is a transport too, for tests and for whoever brings
//! an HTTP client of their own. What every transport promises:
//!
//! - It sends the request once, as it stands: no redirect is followed, nothing is repeated.
//! - Every status is a [`Response`], also 4xx and 5xx, with its body.
//! - A request that is [for the public internet alone](Request::public_only) goes nowhere else. A
//!   closure connects by itself, so this is for it to keep.
//! - [`Request::timeout`] bounds the whole exchange, the reading of the body included.
//! - A failure is a [`TransportError`] whose [kind](TransportErrorKind) tells whether the request can
//!   have reached the server.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
mod address;
#[cfg(feature = "async")]
mod asynchronous;
#[cfg(feature = "blocking")]
mod blocking;
#[cfg(any(feature = "async", feature = "blocking"))]
mod collect;
mod config;
mod error;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod fault;
#[cfg(feature = "hyper")]
mod hyper;
mod message;
mod proxy;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
mod route;
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
mod tls;
#[cfg(feature = "ureq")]
mod ureq;

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
#[cfg(feature = "ureq")]
pub use self::ureq::UreqTransport;
#[cfg(feature = "async")]
pub use asynchronous::{AsyncBody, AsyncChunks, AsyncTransport};
#[cfg(feature = "blocking")]
pub use blocking::{BlockingBody, BlockingChunks, BlockingTransport};
pub use config::{Proxy, TransportConfig};
pub use error::{TransportError, TransportErrorKind};
pub use message::{Request, Response};
pub use proxy::ProxyUrl;

pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
