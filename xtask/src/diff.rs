//! `cargo xtask diff`: shows the changes between two specs, and marks breaking changes.

use std::path::PathBuf;

use tc3_cli::Error;

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
    let found = tc3_cli::diff(&arguments.old, &arguments.new)?;
    println!("{}", found.text);
    if arguments.deny_breaking && found.breaking > 0 {
        return Err(Error::new(format!("{} breaking changes", found.breaking)));
    }
    Ok(())
}
