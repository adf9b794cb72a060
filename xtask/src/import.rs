//! `cargo xtask import`: imports the spec from the official reference.

use std::path::PathBuf;

use tc3_cli::{Error, Import, Schemas, Tccli, import, latest_or};

use crate::root::root;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Wheel of the PyPI package `tccli`, or the folder with its content.
    #[arg(long, value_name = "WHEEL|FOLDER")]
    tccli: PathBuf,
    /// Short name of the service.
    #[arg(long, default_value = "essbasic")]
    service: String,
    /// API version, `YYYY-MM-DD`; by default the latest.
    #[arg(long)]
    version: Option<String>,
    /// Output folder; by default `api-spec/<service>/<version>`.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// File with the error codes by action, which the reference does not contain; by default the existing
    /// codes are kept.
    #[arg(long, value_name = "FILE")]
    error_codes: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut tccli = Tccli::open(&arguments.tccli)?;
    let service = &arguments.service;
    let version = latest_or(&tccli, service, arguments.version.as_deref())?;
    let (folder, schemas) = match &arguments.out {
        Some(out) => (out.clone(), Schemas::Written),
        None => (root().join("api-spec").join(service).join(&version), Schemas::Shared),
    };
    let what = Import {
        service,
        version: &version,
        folder: &folder,
        error_codes: arguments.error_codes.as_deref(),
        schemas,
    };
    for line in import(&mut tccli, &what)?.lines {
        println!("{line}");
    }
    tc3_cli::codegen::check(&folder).map_err(|error| {
        let head = "the spec is written; fix these problems before `cargo xtask codegen`:";
        Error::new(format!("{head}\n{error}"))
    })
}
