//! `cargo xtask import`: imports the spec from the official reference. The prose of the reference goes to a
//! separate file for the user's own use, unless the overlay documents everything.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tc3_codegen::overlay::Overlay;
use tc3_codegen::reference::{ErrorCodes, Reference};
use tc3_codegen::spec::Spec;

use crate::error::Error;
use crate::files::{read, read_optional, root, sha256, shown, write};
use crate::tccli::Tccli;

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

/// Provenance of the spec: `SOURCE.json`.
#[derive(Serialize, Deserialize)]
struct Provenance {
    package: String,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wheel: Option<FileMark>,
    reference: FileMark,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_codes: Option<FileMark>,
    counts: Counts,
}

#[derive(Clone, Serialize, Deserialize)]
struct FileMark {
    file: String,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) actions: usize,
    pub(crate) objects: usize,
    fields: usize,
    codes: usize,
    common_codes: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut tccli = Tccli::open(&arguments.tccli)?;
    let service = &arguments.service;
    let versions = tccli.versions(service)?;
    let version = match &arguments.version {
        None => versions.last().cloned().unwrap_or_default(),
        Some(version) if versions.contains(version) => version.clone(),
        Some(version) => {
            let all = versions.join(", ");
            return Err(Error::new(format!(
                "unknown version {version} of `{service}`; expected one of {all}"
            )));
        }
    };
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| root().join("api-spec").join(service).join(&version));
    let imported =
        import(&mut tccli, service, &version, &folder, arguments.error_codes.as_deref())?;
    println!(
        "{service} {version} of tccli {}: {} actions, {} objects, {} error codes -> {}",
        imported.tccli,
        imported.counts.actions,
        imported.counts.objects,
        imported.counts.codes,
        shown(&folder)
    );
    for line in &imported.lines {
        println!("{line}");
    }
    report_stale(&folder)
}

/// Result of an import.
pub(crate) struct Imported {
    /// Version of the package.
    tccli: String,
    pub(crate) counts: Counts,
    /// Messages for the user.
    lines: Vec<String>,
}

/// Writes the files of one version of one service to `folder`.
pub(crate) fn import(
    tccli: &mut Tccli,
    service: &str,
    version: &str,
    folder: &Path,
    error_codes: Option<&Path>,
) -> Result<Imported, Error> {
    let [spec_path, overlay_path, source_path] =
        ["spec.json", "overlay.json", "SOURCE.json"].map(|name| folder.join(name));
    let api_path = format!("tccli/services/{service}/v{}/api.json", version.replace('-', ""));
    let api_text = tccli.read(&api_path)?;
    let reference: Reference = tc3_codegen::parse(&api_path, &api_text)?;

    let old: Option<Spec> = parse_optional(&spec_path)?;
    let old_source: Option<Provenance> = parse_optional(&source_path)?;
    let docs = reference.docs();
    let mut spec = reference.facts(&api_path, service, &schema("spec"))?;
    if spec.version != version {
        return Err(Error::new(format!("{api_path}: unexpected version {}", spec.version)));
    }
    let mut lines = Vec::new();
    let code_mark = match (error_codes, &old) {
        (Some(path), _) => {
            let text = read(path)?;
            let codes: ErrorCodes = tc3_codegen::parse(&path.display().to_string(), &text)?;
            lines.extend(codes.add_to(&mut spec));
            let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
            Some(FileMark { file: file.unwrap_or_default(), sha256: sha256(text.as_bytes()) })
        }
        (None, Some(old)) => {
            keep_codes(&mut spec, old);
            old_source.and_then(|source| source.error_codes)
        }
        (None, None) => None,
    };
    if let Some(old) = &old {
        lines.extend(tc3_codegen::diff(old, &spec).iter().map(ToString::to_string));
    }

    let spec_text = format(&spec)?;
    let mut overlay = match read_optional(&overlay_path)? {
        Some(text) => tc3_codegen::parse::<Overlay>(&shown(&overlay_path), &text)?,
        None => Overlay { schema: schema("overlay"), ..Overlay::default() },
    };
    let renames = tc3_codegen::missing_renames(&spec, &overlay);
    if !renames.is_empty() || !overlay_path.exists() {
        for rename in &renames {
            let field = rename.field.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
            lines.push(format!("overlay: renamed {}{field} to `{}`", rename.object, rename.to));
        }
        overlay.renames.extend(renames);
        write(&overlay_path, &format(&overlay)?)?;
    }
    let source = Provenance {
        package: "tccli".to_owned(),
        version: tccli.version()?,
        wheel: tccli.wheel().map(|(file, sha256)| FileMark { file, sha256 }),
        reference: FileMark { file: api_path, sha256: sha256(api_text.as_bytes()) },
        error_codes: code_mark,
        counts: Counts {
            actions: spec.actions.len(),
            objects: spec.objects.len(),
            fields: spec.objects.0.values().map(Vec::len).sum(),
            codes: spec.codes.len(),
            common_codes: spec.common_codes.len(),
        },
    };
    if !overlay.docs.complete {
        write(&folder.join("docs.json"), &format(&docs)?)?;
    }
    write(&spec_path, &spec_text)?;
    write(&source_path, &format(&source)?)?;

    Ok(Imported { tccli: source.version, counts: source.counts, lines })
}

/// Reports stale overlay entries. The spec is written in any case.
fn report_stale(folder: &Path) -> Result<(), Error> {
    crate::codegen::generate(folder).map(drop).map_err(|error| {
        let head = "the spec is written; fix these problems before `cargo xtask codegen`:";
        Error::new(format!("{head}\n{error}"))
    })
}

fn parse_optional<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let Some(text) = read_optional(path)? else { return Ok(None) };
    Ok(Some(tc3_codegen::parse(&shown(path), &text)?))
}

fn format(value: &impl Serialize) -> Result<String, Error> {
    crate::json::format(value).map_err(|error| Error::new(error.to_string()))
}

/// Returns the path of a schema, relative to `api-spec/<service>/<version>`.
fn schema(name: &str) -> String {
    format!("../../schema/{name}.schema.json")
}

fn keep_codes(spec: &mut Spec, old: &Spec) {
    for (name, action) in &mut spec.actions.0 {
        action.errors = old.actions.get(name).map(|old| old.errors.clone()).unwrap_or_default();
    }
    spec.codes = old.codes.clone();
    spec.common_codes = old.common_codes.clone();
}
