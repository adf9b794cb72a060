//! Builds of programs.

use std::process::{Command, ExitStatus};

use tc3_cli::Error;

use crate::root::root;

/// Runs `cargo build --release` with these arguments.
pub(crate) fn build(arguments: &[&str]) -> Result<(), Error> {
    run(&["build", "--release"], arguments)
}

/// Runs `cargo build` with these arguments and the profile of the tests.
pub(crate) fn build_for_tests(arguments: &[&str]) -> Result<(), Error> {
    run(&["build"], arguments)
}

fn run(subcommand: &[&str], arguments: &[&str]) -> Result<(), Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(subcommand).args(arguments).current_dir(root());
    let status = command.status().map_err(|error| Error::new(format!("cargo: {error}")))?;
    check_status("cargo build", status)
}

/// Returns an error if the exit status is not success.
pub(crate) fn check_status(program: &str, status: ExitStatus) -> Result<(), Error> {
    match status.success() {
        true => Ok(()),
        false => Err(Error::new(format!("{program} failed with {status}"))),
    }
}
