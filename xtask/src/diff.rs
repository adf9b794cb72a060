//! `cargo xtask diff`: shows the changes between two specs, and marks breaking changes.

use std::path::{Path, PathBuf};

use tc3_codegen::spec::Spec;
use tc3_codegen::{changelog, diff};

use crate::error::Error;
use crate::files::{read, shown};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Old spec: a `spec.json`, or its folder.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// New spec: a `spec.json`, or its folder.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Fail if there is a breaking change.
    #[arg(long)]
    deny_breaking: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let (old, new) = (spec(&arguments.old)?, spec(&arguments.new)?);
    let changes = diff(&old, &new);
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

fn spec(path: &Path) -> Result<Spec, Error> {
    let path = if path.is_dir() { path.join("spec.json") } else { path.to_owned() };
    Ok(tc3_codegen::parse(&shown(&path), &read(&path)?)?)
}
