//! `cargo xtask diff`: shows the changes between two specs, and marks breaking changes.

use std::path::{Path, PathBuf};

use tc3_codegen::errors::PlatformErrors;
use tc3_codegen::spec::Spec;
use tc3_codegen::{Change, changelog, diff, diff_errors};

use crate::error::Error;
use crate::files::{read, shown};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Old spec: a `spec.json`, or its folder; or an `errors.json`.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// New spec: a `spec.json`, or its folder; or an `errors.json`.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Fail if there is a breaking change.
    #[arg(long)]
    deny_breaking: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let changes = changes(&arguments.old, &arguments.new)?;
    let breaking = changes.iter().filter(|change| change.breaks.is_some()).count();
    for change in &changes {
        println!("{change}");
    }
    println!("{} changes, {breaking} of them breaking", changes.len());
    if !changes.is_empty() {
        println!("\nFor the changelog:\n\n{}", changelog(&changes));
    }
    if arguments.deny_breaking && breaking > 0 {
        return Err(Error::new(format!("{breaking} breaking changes")));
    }
    Ok(())
}

/// Compares two specs, or two files of the platform's error codes.
fn changes(old: &Path, new: &Path) -> Result<Vec<Change>, Error> {
    let is_errors = |path: &Path| path.file_name().is_some_and(|name| name == "errors.json");
    if is_errors(old) && is_errors(new) {
        return Ok(diff_errors(&errors(old)?, &errors(new)?));
    }
    Ok(diff(&spec(old)?, &spec(new)?))
}

fn errors(path: &Path) -> Result<PlatformErrors, Error> {
    Ok(tc3_codegen::parse(&shown(path), &read(path)?)?)
}

fn spec(path: &Path) -> Result<Spec, Error> {
    let path = if path.is_dir() { path.join("spec.json") } else { path.to_owned() };
    Ok(tc3_codegen::parse(&shown(&path), &read(&path)?)?)
}
