//! `cargo xtask codegen`: generates the models from the spec, or checks that they are up to date.

use std::path::PathBuf;

use tc3_cli::codegen::{Files, Target};
use tc3_cli::{Dependencies, Error, entries, read, schema, sha256};
use tc3_codegen::Source;

use crate::root::root;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail with a diff if a file is stale.
    #[arg(long)]
    check: bool,
    /// Folder with spec.json and overlay.json; by default all specs of this repository.
    #[arg(long, value_name = "FOLDER", requires = "out")]
    spec: Option<PathBuf>,
    /// Folder of the models crate.
    #[arg(long, value_name = "CRATE", requires = "spec")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut diff = String::new();
    for files in files(arguments)? {
        if arguments.check {
            diff.push_str(&files.diff()?);
        } else {
            for line in files.apply()? {
                println!("{line}");
            }
        }
    }
    if diff.is_empty() {
        return Ok(());
    }
    let command = match (&arguments.spec, &arguments.out) {
        (Some(spec), Some(out)) => {
            format!("cargo xtask codegen --spec {} --out {}", spec.display(), out.display())
        }
        _ => "cargo xtask codegen".to_owned(),
    };
    Err(Error::new(format!("{diff}\ngenerated files are stale; regenerate them with: {command}")))
}

/// Generates everything before anything is written.
fn files(arguments: &Arguments) -> Result<Vec<Files>, Error> {
    if let (Some(spec), Some(out)) = (&arguments.spec, &arguments.out) {
        return Ok(vec![target(spec.clone(), out.clone())?.files()?]);
    }
    let mut files = vec![platform_table()?];
    for target in own_targets()? {
        files.push(target.files()?);
    }
    Ok(files)
}

/// Returns the e-sign models, and the test crates of the generator.
fn own_targets() -> Result<Vec<Target>, Error> {
    let mut targets = vec![target(
        root().join("api-spec/essbasic/2021-05-26"),
        root().join("crates/essbasic-models"),
    )?];
    for folder in entries(&root().join("crates/tc3-codegen/golden"))? {
        targets.push(target(folder.clone(), folder)?);
    }
    Ok(targets)
}

/// Returns the target of a member of this workspace, or of a crate that uses its crates.
pub(crate) fn target(spec: PathBuf, out: PathBuf) -> Result<Target, Error> {
    let crates = root().join("crates");
    let dependencies = match out.starts_with(&crates) {
        true => Dependencies::Workspace,
        false => Dependencies::Folder(crates),
    };
    Target::new(&spec, &out, dependencies)
}

/// Returns the table of the platform's error codes.
fn platform_table() -> Result<Files, Error> {
    let name = "api-spec/common/errors.json";
    let path = root().join(name);
    let text = read(&path)?;
    let provenance = format!("{name}, sha256 {}", sha256(text.as_bytes()));
    let source = tc3_codegen::generate_errors(Source { name, text: &text }, &provenance)?;
    schema::check(&path, "errors", &text)?;
    Ok(Files::one(root().join("crates/tc3-api/src/platform_errors.rs"), source))
}
