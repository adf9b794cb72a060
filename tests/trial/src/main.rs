//! Trial of `essbasic-server`: replicas that are killed or stopped, a database that restarts and faults of every kind, while
//! contracts are signed. Afterwards, every contract, message, forward and request is checked.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is printed")]

mod archive;
mod balancer;
mod database;
mod disturbance;
mod error;
mod expected;
mod options;
mod replica;
mod report;
mod run;
mod settings;
mod target;
mod verify;
mod work;

use std::process::ExitCode;

use clap::Parser as _;

use crate::options::Options;

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run::run(&options)) {
        Ok(report) => {
            report.print();
            if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
