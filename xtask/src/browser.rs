//! `cargo xtask screenshots` and `cargo xtask explorer-bench`: modes of the test program `browser`, which drives Chromium.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use tc3_cli::Error;

use crate::cargo::check_status;
use crate::root::root;

#[derive(clap::Args)]
pub(crate) struct ScreenshotArguments {
    /// Folder of the screenshots.
    #[arg(long, value_name = "DIR", default_value = "target/screenshots")]
    out: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct BenchArguments;

pub(crate) fn screenshots(arguments: &ScreenshotArguments) -> Result<(), Error> {
    let folder = root().join(&arguments.out);
    run(&[], &[OsStr::new("screenshots"), folder.as_os_str()])
}

/// Measures an optimized build.
pub(crate) fn bench(_: &BenchArguments) -> Result<(), Error> {
    run(&["--release"], &[OsStr::new("measure")])
}

fn run(options: &[&str], arguments: &[&OsStr]) -> Result<(), Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["test", "--quiet", "--package", "essbasic-cli", "--test", "browser"])
        .args(options);
    command.arg("--").args(arguments).current_dir(root());
    let status = command.status().map_err(|error| Error::new(format!("cargo: {error}")))?;
    check_status("the test program `browser`", status)
}
