//! Release builds of programs.

use std::process::{Command, ExitStatus};

use super::error::Error;
use super::files::root;

/// Runs `cargo build --release` with these arguments.
pub(super) fn build(arguments: &[&str]) -> Result<(), Error> {
    let mut command = command();
    command.args(["build", "--release"]).args(arguments).current_dir(root());
    let status = command.status().map_err(|error| Error::new(format!("cargo: {error}")))?;
    check_status("cargo build", status)
}

/// Returns the cargo that runs this program, or the one in `PATH`.
pub(super) fn command() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Returns an error if the exit status is not success.
pub(super) fn check_status(program: &str, status: ExitStatus) -> Result<(), Error> {
    match status.success() {
        true => Ok(()),
        false => Err(Error::new(format!("{program} failed with {status}"))),
    }
}
