//! The same call by other crates for the same API: processes for `cargo xtask bench`.
//!
//! The crate `tencentcloud` is not among them: it calls over TLS alone, at a host that is a constant.

mod tencent_sdk;
mod tencentcloud_sdk;

use std::process::ExitCode;

use workspace_benches::measure::{Counter, Load};

/// `NAME ENDPOINT CALLS CONCURRENCY`.
pub fn main(counter: Option<Counter>) -> ExitCode {
    // One of them has two providers of TLS in its tree and leaves the choice; no call here needs it.
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
