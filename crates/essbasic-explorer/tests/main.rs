//! Tests of the explorer over HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod emulator;
mod guard;
mod routes;
mod support;
