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

/// As [`each`], also for transports with TLS settings of the caller.
macro_rules! each_tls {
    ($($scenario:ident)*) => {
        each! { $($scenario)* }
        mod hyper_with_rustls_config {
            $(#[test] fn $scenario() { super::$scenario(crate::support::hyper_with_rustls_config) })*
        }
        mod reqwest_from_builder {
            $(#[test] fn $scenario() { super::$scenario(crate::support::reqwest_from_builder) })*
        }
        mod ureq_with_rustls_config {
            $(#[test] fn $scenario() { super::$scenario(crate::support::ureq_with_rustls_config) })*
        }
    };
}

mod addresses;
mod bodies;
mod bounds;
mod cancelled;
mod client;
mod encryption;
mod exchange;
mod extremes;
mod failures;
mod gate;
mod proxies;
mod public;
mod streams;
mod support;
mod uploads;
