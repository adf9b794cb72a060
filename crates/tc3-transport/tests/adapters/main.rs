//! The transports against scripted servers on real sockets. Every scenario runs with every transport.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

/// Declares a test for every scenario and transport.
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
