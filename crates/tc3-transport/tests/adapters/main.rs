//! Both adapters against scripted servers on real sockets: each scenario runs async and blocking.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

/// Makes a test of each scenario for each adapter.
macro_rules! both {
    ($($scenario:ident)*) => {
        mod asynchronous {
            $(#[test] fn $scenario() { super::$scenario(crate::support::asynchronous) })*
        }
        mod blocking {
            $(#[test] fn $scenario() { super::$scenario(crate::support::blocking) })*
        }
    };
}

mod bodies;
mod bounds;
mod encryption;
mod exchange;
mod failures;
mod proxies;
mod public;
mod support;
