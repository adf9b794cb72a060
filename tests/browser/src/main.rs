//! The pages of `essbasic explore` and `essbasic-server` in Chromium: `cargo xtask browser [NAME]` runs the cases whose names contain NAME. `screenshots FOLDER` and `measure` are commands of `cargo xtask`.
//!
//! It is not a program of libtest, because all cases share one browser, which takes longer to start than most of them run.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a panic fails the test, and the program prints its results"
)]

#[cfg(unix)]
mod admin_pages;
#[cfg(unix)]
mod axe;
#[cfg(unix)]
mod cases;
#[cfg(unix)]
mod context;
#[cfg(unix)]
mod measure;
#[cfg(unix)]
mod page;
#[cfg(unix)]
mod pages;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod screenshots;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod site;
#[path = "../../../crates/essbasic-cli/tests/support/mod.rs"]
mod support;
#[cfg(unix)]
mod tools;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run::run(&arguments)
}

/// Process groups and signals are those of Unix.
#[cfg(not(unix))]
fn main() -> ExitCode {
    println!("SKIPPED: the tests in a browser need Unix");
    ExitCode::SUCCESS
}
