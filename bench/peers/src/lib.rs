//! The call of the benchmarks by other crates for the same API: processes for `cargo xtask bench`.
//!
//! The crate `tencentcloud` is excluded: it supports only TLS and a constant host.

mod tencent_sdk;
mod tencentcloud_sdk;

use std::process::ExitCode;

use bench::measure::{Counter, Load};

/// Runs `NAME ENDPOINT CALLS CONCURRENCY`.
pub fn main(counter: Option<Counter>) -> ExitCode {
    // One crate depends on two TLS providers and requires a choice; the calls use no TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    match (name.as_str(), Load::parse(arguments, counter)) {
        ("tencentcloud-sdk", Some(load)) => tencentcloud_sdk::run(&load),
        ("tencent-sdk-async", Some(load)) => tencent_sdk::asynchronous(&load),
        ("tencent-sdk-blocking", Some(load)) => tencent_sdk::blocking(&load),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}
