//! Runs benchmarks in processes of their own and reports their costs: `cargo xtask bench`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "commands write to standard output and error"
)]

mod runner;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match runner::run(&runner::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
