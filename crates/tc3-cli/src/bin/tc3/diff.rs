//! `tc3 diff`: shows the changes between two specifications.

use std::path::PathBuf;

use crate::failure::{Exit, Failure, printable};
use crate::output;

const EXAMPLES: &str = "\
Exit status: 0 the changes are printed, 2 with --deny-breaking, one of them is breaking, 1 a file cannot be read.

Example:
  tc3 diff cvm-spec cvm-new --deny-breaking";

/// Show the changes between two specifications, and mark breaking changes.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DiffArgs {
    /// Old specification: a folder, or its spec.json.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// New specification.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Exit with 2 if there is a breaking change.
    #[arg(long)]
    deny_breaking: bool,
}

pub(crate) fn run(args: &DiffArgs) -> Result<Exit, Failure> {
    let found = tc3_cli::diff(&args.old, &args.new)?;
    output::line(printable(found.text.trim_end()))?;
    match args.deny_breaking && found.breaking > 0 {
        true => Ok(Exit::Negative),
        false => Ok(Exit::Done),
    }
}
