//! `cargo xtask server-trial`: builds `essbasic-server` and the package `server-trial`, and runs it.

use std::ffi::OsString;
use std::process::Command;

use tc3_cli::Error;

use crate::cargo;
use crate::root::root;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Arguments of the trial.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let Arguments { arguments } = arguments;
    // The programs that tests have built, in CI.
    let is_short = arguments.iter().any(|argument| argument == "--short");
    let packages = ["--package", "essbasic-server", "--package", "server-trial"];
    let folder = match is_short {
        true => cargo::build_for_tests(&packages).map(|()| "target/debug"),
        false => cargo::build(&packages).map(|()| "target/release"),
    }?;
    let program =
        |name: &str| root().join(folder).join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let mut command = Command::new(program("server-trial"));
    command.arg("--server").arg(program("essbasic-server")).args(arguments).current_dir(root());
    let status = command.status().map_err(|error| Error::new(format!("server-trial: {error}")))?;
    cargo::check_status("server-trial", status)
}
