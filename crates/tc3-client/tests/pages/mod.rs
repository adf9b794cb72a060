//! Lists in pages: the engine against generated servers, and both clients.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod clients;
mod ends;
mod generated;
mod server;
