//! HTTP: the server, its connections, requests and responses.

mod body;
pub(crate) mod connection;
mod connections;
mod date;
mod guard;
pub(crate) mod handler;
mod listener;
pub(crate) mod range;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod server;
#[cfg(feature = "tls")]
pub(crate) mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
pub(crate) mod tls;
mod write_timeout;
