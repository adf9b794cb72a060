//! `cargo xtask bench`: runs the package `bench`, which no other task compiles.

use std::ffi::OsString;
use std::process::Command;

use tc3_cli::Error;

use crate::root::root;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Arguments of the benchmarks.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--release", "--package", "bench", "--bin", "bench", "--"]);
    command.args(&arguments.arguments).current_dir(root());
    let status = command.status().map_err(|error| Error::new(format!("cargo: {error}")))?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::new("benchmarks failed; see the output above")),
    }
}
