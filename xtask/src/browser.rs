//! `cargo xtask browser`, `screenshots` and `explorer-bench`: modes of the program in tests/browser, which drives Chromium.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use tc3_cli::Error;

use crate::cargo::check_status;
use crate::root::root;

#[derive(clap::Args)]
pub(crate) struct TestArguments {
    /// Run only the cases whose names contain this text.
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct ScreenshotArguments {
    /// Folder of the screenshots.
    #[arg(long, value_name = "DIR", default_value = "target/screenshots")]
    out: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct BenchArguments;

pub(crate) fn test(arguments: &TestArguments) -> Result<(), Error> {
    let name: Vec<&OsStr> = arguments.name.iter().map(OsStr::new).collect();
    run(&[], &name)
}

pub(crate) fn screenshots(arguments: &ScreenshotArguments) -> Result<(), Error> {
    let folder = root().join(&arguments.out);
    run(&[], &[OsStr::new("screenshots"), folder.as_os_str()])
}

/// Measures an optimized build.
pub(crate) fn bench(_: &BenchArguments) -> Result<(), Error> {
    run(&["--release"], &[OsStr::new("measure")])
}

/// Builds the commands, then the test program, and runs it.
fn run(options: &[&str], arguments: &[&OsStr]) -> Result<(), Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = root().join("target");
    let mut build = Command::new(&cargo);
    build.args(["build", "--quiet", "--package", "essbasic-cli", "--package", "essbasic-server"]);
    build.args(options);
    build.current_dir(root());
    let status = build.status().map_err(|error| Error::new(format!("cargo: {error}")))?;
    check_status("the build of `essbasic` and `essbasic-server`", status)?;
    let profile = if options.is_empty() { "debug" } else { "release" };
    let mut command = Command::new(cargo);
    command
        .args(["run", "--quiet", "--locked", "--manifest-path", "tests/browser/Cargo.toml", "--"])
        .args(arguments)
        .env("CARGO_TARGET_DIR", target.join("browser"))
        .env("ESSBASIC", target.join(profile).join("essbasic"))
        .env("ESSBASIC_SERVER", target.join(profile).join("essbasic-server"))
        .current_dir(root());
    let status = command.status().map_err(|error| Error::new(format!("cargo: {error}")))?;
    check_status("the test program of the browser", status)
}
