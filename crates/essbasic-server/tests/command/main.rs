//! The command `essbasic-server`, as people and programs run it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a panic fails the test"
)]

mod bucket;
mod callbacks;
mod configuration;
mod deploy;
mod emulated;
mod support;
