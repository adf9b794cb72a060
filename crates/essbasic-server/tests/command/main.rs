//! The command `essbasic-server`, as people and programs run it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a panic fails the test; a skipped test prints a line"
)]

mod admin;
mod bucket;
mod callbacks;
mod configuration;
mod deploy;
mod emulated;
mod failures;
mod hostile;
#[allow(dead_code, reason = "the tests of the ledger use all of it")]
#[path = "../support/postgres.rs"]
mod postgres;
mod probe;
mod refusals;
#[cfg(unix)]
mod startup;
mod stores;
mod subcommands;
mod support;
#[cfg(unix)]
mod systemd;
