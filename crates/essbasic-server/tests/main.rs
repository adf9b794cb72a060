//! Tests of the service.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a panic fails the test; a skipped test prints a line"
)]

mod arguments;
mod concurrency;
mod contracts;
mod database;
mod forwards;
mod model;
mod sqlite;
mod support;
