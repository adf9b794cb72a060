//! Import of a specification from the official reference. The prose of the reference goes to a separate file for the
//! user's own use, unless the overlay documents everything.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tc3_codegen::overlay::Overlay;
use tc3_codegen::reference::{ErrorCodes, Reference};
use tc3_codegen::spec::Spec;

use crate::error::Error;
use crate::files::{read, read_optional, sha256, shown, write};
use crate::tccli::Tccli;
use crate::{json, schema};

/// Service to import, and its destination.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// Short name of the service.
    pub service: &'a str,
    /// Version of the API, `YYYY-MM-DD`.
    pub version: &'a str,
    /// Folder of the specification.
    pub folder: &'a Path,
    /// File with the error codes by action, which the reference does not contain; `None` keeps the existing codes.
    pub error_codes: Option<&'a Path>,
    /// Location of the JSON Schemas.
    pub schemas: Schemas,
}

/// Location of the JSON Schemas of a specification, for editors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schemas {
    /// The folder `../../schema`, which exists.
    Shared,
    /// The folder `schema` of the specification, which is written.
    Written,
}

impl Schemas {
    /// Returns the path of a schema, relative to the specification.
    fn path(self, name: &str) -> String {
        let folder = match self {
            Self::Shared => "../../schema",
            Self::Written => "schema",
        };
        format!("{folder}/{name}.schema.json")
    }
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
struct Counts {
    actions: usize,
    objects: usize,
    fields: usize,
    codes: usize,
    common_codes: usize,
}

/// Returns this version of the service, or the latest.
///
/// # Errors
/// Returns an [`Error`] if the package has no such service or version.
pub fn latest_or(tccli: &Tccli, service: &str, version: Option<&str>) -> Result<String, Error> {
    let versions = tccli.versions(service)?;
    match version {
        None => Ok(versions.last().cloned().unwrap_or_default()),
        Some(version) if versions.iter().any(|known| known == version) => Ok(version.to_owned()),
        Some(version) => {
            let all = versions.join(", ");
            Err(Error::new(format!(
                "unknown version {version} of `{service}`; expected one of {all}"
            )))
        }
    }
}

/// Result of an import.
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// Number of actions.
    pub actions: usize,
    /// Number of objects, including requests and responses.
    pub objects: usize,
    /// Messages for the user: the summary, then changes, renames and contradictions.
    pub lines: Vec<String>,
}

/// Writes the files of one version of one service. The overlay must then be checked:
/// [`codegen::check`](crate::codegen::check).
///
/// # Errors
/// Returns an [`Error`], and has written nothing, if the reference is malformed, or if the folder has the specification of
/// another service. Returns an [`Error`] if a file cannot be written.
pub fn import(tccli: &mut Tccli, import: &Import<'_>) -> Result<Imported, Error> {
    let Import { service, version, folder, error_codes, schemas } = *import;
    let [spec_path, overlay_path, source_path] =
        ["spec.json", "overlay.json", "SOURCE.json"].map(|name| folder.join(name));
    let api_path = format!("tccli/services/{service}/v{}/api.json", version.replace('-', ""));
    let api_text = tccli.read(&api_path)?;
    let package_version = tccli.version()?;
    let reference: Reference = tc3_codegen::parse(&api_path, &api_text)?;

    let old: Option<Spec> = parse_optional(&spec_path)?;
    if let Some(old) = old.as_ref().filter(|old| old.service != service) {
        return Err(Error::new(format!(
            "{}: the specification of `{}`, not of `{service}`; use another folder",
            shown(&spec_path),
            old.service
        )));
    }
    let old_source: Option<Provenance> = parse_optional(&source_path)?;
    let docs = reference.docs();
    let mut spec = reference.facts(&api_path, service, &schemas.path("spec"))?;
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
    schema::check(&spec_path, "spec", &spec_text)?;
    let mut overlay = match read_optional(&overlay_path)? {
        Some(text) => tc3_codegen::parse::<Overlay>(&shown(&overlay_path), &text)?,
        None => Overlay { schema: schemas.path("overlay"), ..Overlay::default() },
    };
    let mut files = Vec::new();
    let renames = tc3_codegen::missing_renames(&spec, &overlay);
    if !renames.is_empty() || !overlay_path.exists() {
        for rename in &renames {
            let field = rename.field.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
            lines.push(format!("overlay: renamed {}{field} to `{}`", rename.object, rename.to));
        }
        overlay.renames.extend(renames);
        files.push((overlay_path, format(&overlay)?));
    }
    let source = Provenance {
        package: tccli.package(),
        version: package_version,
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
        files.push((folder.join("docs.json"), format(&docs)?));
    }
    files.push((spec_path, spec_text));
    files.push((source_path, format(&source)?));
    for (path, text) in files {
        write(&path, &text)?;
    }
    if schemas == Schemas::Written {
        schema::write_all(&folder.join("schema"))?;
    }

    let Provenance { package, version: of_package, counts, .. } = source;
    let summary = format!(
        "{service} {version} of {package} {of_package}: {} actions, {} objects, {} error codes -> {}",
        counts.actions,
        counts.objects,
        counts.codes,
        shown(folder)
    );
    lines.insert(0, summary);
    Ok(Imported { actions: counts.actions, objects: counts.objects, lines })
}

fn parse_optional<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let Some(text) = read_optional(path)? else { return Ok(None) };
    Ok(Some(tc3_codegen::parse(&shown(path), &text)?))
}

fn format(value: &impl Serialize) -> Result<String, Error> {
    json::format(value).map_err(|error| Error::new(error.to_string()))
}

fn keep_codes(spec: &mut Spec, old: &Spec) {
    for (name, action) in &mut spec.actions.0 {
        action.errors = old.actions.get(name).map(|old| old.errors.clone()).unwrap_or_default();
    }
    spec.codes = old.codes.clone();
    spec.common_codes = old.common_codes.clone();
}
