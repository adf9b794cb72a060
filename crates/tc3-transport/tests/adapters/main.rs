//! The adapters against scripted servers on real sockets: each scenario runs with each of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

/// Makes a test of each scenario for each adapter.
macro_rules! each {
    ($($scenario:ident)*) => {
        mod hyper {
            $(#[test] fn $scenario() { super::$scenario(crate::support::hyper) })*
        }
        mod reqwest {
            $(#[test] fn $scenario() { super::$scenario(crate::support::reqwest) })*
        }
        mod ureq {
            $(#[test] fn $scenario() { super::$scenario(crate::support::ureq) })*
        }
    };
}

mod bodies;
mod bounds;
mod cancelled;
mod encryption;
mod exchange;
mod extremes;
mod failures;
mod proxies;
mod public;
mod support;
