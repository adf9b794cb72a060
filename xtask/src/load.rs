//! `cargo xtask load`: load test of the async and blocking clients over 64 connections, with leak detection.

use std::process::Command;

use tc3_cli::Error;

use crate::root::root;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Minimum number of calls of each client.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    calls: u64,
    /// Minimum duration for each client, in seconds.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--release", "--package", "workspace-tests", "--test", "load"]);
    command.args(["--", "--nocapture"]).current_dir(root());
    command.env("LOAD_CALLS", arguments.calls.to_string());
    command.env("LOAD_SECONDS", arguments.seconds.to_string());
    let status = command.status().map_err(|error| Error::new(format!("cargo: {error}")))?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::new("load test failed; see its output above")),
    }
}
