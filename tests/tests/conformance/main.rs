//! Code that is not ours as the client of the emulator and as a second opinion on signatures: the
//! official Python SDK, the official Node SDK's common client, and the official command line.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed assumption is a failed test"
)]

mod calls;
mod clients;
mod examples;
mod samples;
mod signatures;
