//! `tc3 codegen`: generates a models crate from a specification.

use std::path::PathBuf;

use tc3_cli::Dependencies;
use tc3_cli::codegen::Target;

use crate::failure::{Exit, Failure};
use crate::output;

const EXAMPLES: &str = "\
A new crate gets a manifest, whose features are generated, and src/lib.rs.
Both are yours: later runs change only the marked features and the folder src/generated.

Exit status: 0 the crate is up to date, 2 with --check, it is not, 1 nothing was written.

Examples:
  tc3 codegen --spec cvm-spec --out cvm-models
  tc3 codegen --spec cvm-spec --out cvm-models --check";

/// Generate a models crate from a specification and its overlay.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CodegenArgs {
    /// Folder with spec.json and overlay.json, from tc3 import.
    #[arg(long, value_name = "FOLDER")]
    spec: PathBuf,
    /// Folder of the crate; its last part is the name of a new crate.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Change nothing; print a diff if a file is stale.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &CodegenArgs) -> Result<Exit, Failure> {
    let files = Target::new(&args.spec, &args.out, Dependencies::Registry)?.files()?;
    if !args.check {
        for line in files.apply()? {
            output::line(line)?;
        }
        return Ok(Exit::Done);
    }
    let diff = files.diff()?;
    if diff.is_empty() {
        return Ok(Exit::Done);
    }
    output::line(diff.trim_end())?;
    output::note(format_args!(
        "{} is stale; regenerate it with: tc3 codegen --spec {} --out {}",
        args.out.display(),
        args.spec.display(),
        args.out.display()
    ));
    Ok(Exit::Negative)
}
