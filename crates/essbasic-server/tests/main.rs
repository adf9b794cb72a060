//! Tests of the service.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod concurrency;
mod contracts;
mod model;
mod sqlite;
mod support;
