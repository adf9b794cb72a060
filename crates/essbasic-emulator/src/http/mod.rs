//! The HTTP server.

pub(crate) mod body;
pub(crate) mod range;
pub(crate) mod request;
pub(crate) mod server;
pub(crate) mod tls;
pub(crate) mod write_timeout;
