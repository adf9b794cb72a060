//! HTTP: the server, its connections, requests and responses.

mod body;
pub(crate) mod connection;
mod connections;
mod handler;
mod listener;
pub(crate) mod range;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod server;
pub(crate) mod tls;
mod write_timeout;
