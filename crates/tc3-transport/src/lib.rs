//! HTTP for Tencent Cloud API 3.0 clients, behind one trait for async and one for blocking code.
//!
//! - `AsyncTransport` (feature `async`), with `ReqwestTransport` (feature `reqwest` or `reqwest-no-tls`) and
//!   `HyperTransport` (feature `hyper`).
//! - `BlockingTransport` (feature `blocking`), with `UreqTransport` (feature `ureq`).
//!
//! A closure from [`Request`] to [`Response`] is a transport too, for tests and for other HTTP clients, and so are an
//! `Arc` of a transport, and a `Box` or reference of a transport object. Every transport guarantees the following:
//!
//! - The request is sent once and unchanged: redirects are not followed, and nothing is retried.
//! - Every status is a [`Response`] with its body, including 4xx and 5xx.
//! - A request with [`public_only`](Request::public_only) connects only to the public internet. A closure must ensure
//!   this itself.
//! - [`Request::timeout`] limits the whole exchange, including reading the body, unless
//!   [`streamed_body`](Request::streamed_body) is set.
//! - A failure is a [`TransportError`], whose [kind](TransportErrorKind) states whether the request may have reached the
//!   server.
//!
//! # TLS
//! - `reqwest` enables the default TLS of reqwest, and no other feature of it. With `reqwest-no-tls` the program enables
//!   the TLS that it uses, and passes a client or a function that configures one.
//! - `ureq` and `hyper` use rustls, with the provider that the program has installed as the default of the process,
//!   otherwise with the one of the feature `aws-lc-rs` or `ring`. `ureq` enables `ring`, which is its own default;
//!   `hyper` enables none. Both accept a configuration of rustls instead.
//!
//! No transport installs a default of the process.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
mod address;
#[cfg(feature = "async")]
mod asynchronous;
#[cfg(feature = "blocking")]
mod blocking;
#[cfg(any(feature = "reqwest-no-tls", feature = "ureq"))]
mod clients;
#[cfg(any(feature = "async", feature = "blocking"))]
mod collect;
mod config;
mod error;
mod gate;
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls"))]
mod gzip;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls"))]
mod hyper_error;
mod message;
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
mod network;
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
mod no_proxy;
mod proxy;
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls"))]
mod request_body;
#[cfg(feature = "reqwest-no-tls")]
mod reqwest;
#[cfg(any(feature = "hyper", feature = "reqwest-no-tls", feature = "ureq"))]
mod route;
#[cfg(any(feature = "hyper", feature = "ureq"))]
mod tls;
#[cfg(any(feature = "hyper", feature = "reqwest", feature = "ureq"))]
mod tls_error;
#[cfg(feature = "ureq")]
mod ureq;

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTransport;
#[cfg(any(feature = "reqwest", feature = "reqwest-no-tls"))]
pub use self::reqwest::ReqwestTransport;
#[cfg(feature = "ureq")]
pub use self::ureq::UreqTransport;
#[cfg(feature = "async")]
pub use asynchronous::{AsyncBody, AsyncChunks, AsyncTransport};
#[cfg(feature = "blocking")]
pub use blocking::{BlockingBody, BlockingChunks, BlockingTransport};
pub use config::{Proxy, TransportConfig};
pub use error::{TransportError, TransportErrorKind};
pub use gate::SendGate;
pub use message::{Request, Response};
pub use proxy::ProxyUrl;

#[cfg(feature = "async")]
pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use http::uri::Authority;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
