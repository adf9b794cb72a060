//! `tc3 import`: writes the specification of a service from the official reference.

use std::path::PathBuf;

use tc3_cli::{Import, Schemas, Tccli, import, latest_or};

use crate::failure::{Exit, Failure, printable};
use crate::output;

const EXAMPLES: &str = "\
The folder then contains spec.json, docs.json (the documentation of the reference), SOURCE.json (provenance),
overlay.json for your corrections, and the JSON Schemas of both for editors. A later import updates all but the overlay,
and prints the changes.

Exit status: 0 it is done, 2 the specification is written but entries of the overlay no longer apply, 1 nothing was
written.

Examples:
  pip download --no-deps tccli
  tc3 import --tccli tccli-*.whl --service cvm --out cvm-spec
  tc3 import --tccli tccli-*.whl --service cvm --version 2017-03-12 --out cvm-spec";

/// Import the specification of a service from the official reference.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportArgs {
    /// Read this wheel of the PyPI package tccli or tccli-intl-en, or the folder with its content.
    #[arg(long, value_name = "WHEEL|FOLDER")]
    tccli: PathBuf,
    /// Short name of the service, such as cvm.
    #[arg(long, value_name = "NAME")]
    service: String,
    /// Version of the API, YYYY-MM-DD [default: the latest]
    #[arg(long, value_name = "DATE")]
    version: Option<String>,
    /// Write the specification to this folder.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(crate) fn run(args: &ImportArgs) -> Result<Exit, Failure> {
    let mut tccli = Tccli::open(&args.tccli)?;
    let version = latest_or(&tccli, &args.service, args.version.as_deref())?;
    let what = Import {
        service: &args.service,
        version: &version,
        folder: &args.out,
        error_codes: None,
        schemas: Schemas::Written,
    };
    for line in import(&mut tccli, &what)?.lines {
        output::line(printable(&line))?;
    }
    match tc3_cli::codegen::check(&args.out) {
        Ok(()) => Ok(Exit::Done),
        Err(error) => {
            output::note(printable(&format!(
                "the specification is written; fix these problems before `tc3 codegen`:\n{error}"
            )));
            Ok(Exit::Negative)
        }
    }
}
