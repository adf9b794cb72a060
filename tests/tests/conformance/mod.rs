//! The official Python SDK, the common client of the official Node SDK, and the official command line, as clients of the
//! emulator and for comparison of signatures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a panic fails the test"
)]

mod calls;
pub(crate) mod clients;
mod examples;
mod pages;
mod samples;
mod signatures;
mod streams;
