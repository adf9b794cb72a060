//! Tests of the explorer over HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod callers;
mod emulator;
mod guard;
mod mount;
mod routes;
mod support;
