//! `cargo xtask import`: facts from the official reference. Its prose comes along, apart from them and
//! for the user's own use, where the overlay does not document everything itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tc3_codegen::overlay::Overlay;
use tc3_codegen::spec::{Action, CommonCode, Member, Spec, Status};
use tc3_codegen::{Problem, Table};

use crate::error::Error;
use crate::files::{read, read_optional, root, sha256, shown, write};
use crate::tccli::{Api, ApiMember, Tccli};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The wheel of the PyPI package `tccli`, or the folder into which it was unpacked.
    #[arg(long, value_name = "WHEEL|FOLDER")]
    tccli: PathBuf,
    /// The service's short name.
    #[arg(long, default_value = "essbasic")]
    service: String,
    /// The API version, `YYYY-MM-DD`; by default the service's latest.
    #[arg(long)]
    version: Option<String>,
    /// The folder to write to; by default `api-spec/<service>/<version>`.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Error codes by action, which the reference lacks. Without it the codes already there stay.
    #[arg(long, value_name = "FILE")]
    error_codes: Option<PathBuf>,
}

/// The file of `--error-codes`.
#[derive(Deserialize)]
struct ErrorCodes {
    /// The codes of each action.
    actions: Table<Vec<String>>,
    /// What each code means.
    codes: Table<String>,
    /// The codes of every service.
    #[serde(default)]
    common: Table<CommonCode>,
}

/// Where the facts came from: `SOURCE.json`.
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
    members: usize,
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
            return Err(Error::new(format!("`{service}` has no version {version}, only {all}")));
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

/// What an import did.
pub(crate) struct Imported {
    /// The version of the package.
    tccli: String,
    pub(crate) counts: Counts,
    /// What a user should look at.
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
    let api: Api = tc3_codegen::parse(&api_path, &api_text)?;

    let old: Option<Spec> = parse_optional(&spec_path)?;
    let old_source: Option<Provenance> = parse_optional(&source_path)?;
    let docs = crate::prose::docs(&api);
    let mut spec = facts(&api_path, service, &schema("spec"), api)?;
    if spec.version != version {
        return Err(Error::new(format!("{api_path}: says it is version {}", spec.version)));
    }
    let mut lines = Vec::new();
    let code_mark = match (error_codes, &old) {
        (Some(path), _) => {
            let text = read(path)?;
            let codes = tc3_codegen::parse(&path.display().to_string(), &text)?;
            add_codes(&mut spec, codes, &mut lines);
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
            let member = rename.member.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
            lines.push(format!("overlay: named {}{member} `{}`", rename.object, rename.to));
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
            members: spec.objects.0.values().map(Vec::len).sum(),
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

/// The facts are written whatever the overlay says; what no longer fits it is told.
fn report_stale(folder: &Path) -> Result<(), Error> {
    crate::codegen::generate(folder).map(drop).map_err(|error| {
        let head = "the facts are written; these must be mended before `cargo xtask codegen`:";
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

/// The schema's place as seen from `api-spec/<service>/<version>`.
fn schema(name: &str) -> String {
    format!("../../schema/{name}.schema.json")
}

fn facts(file: &str, service: &str, schema: &str, api: Api) -> Result<Spec, Error> {
    let mut problems = Vec::new();
    let mut actions = Table::default();
    for (name, action) in api.actions.0 {
        let status = match action.status.as_deref() {
            None | Some("online") => Status::Online,
            Some("deprecated") => Status::Deprecated,
            Some("offline") => Status::Offline,
            Some(other) => {
                let pointer = format!("/actions/{name}/status");
                let reason = format!("unknown status `{other}`");
                problems.push(Problem { file: file.to_owned(), pointer, reason });
                Status::Online
            }
        };
        let facts = Action {
            title: action.name,
            request: action.input,
            response: action.output,
            status,
            skip_sign: action.skip_sign,
            errors: Vec::new(),
        };
        actions.insert(name, facts);
    }
    let mut objects = Table::default();
    for (name, object) in api.objects.0 {
        let mut members = Vec::new();
        for (index, member) in object.members.into_iter().enumerate() {
            match member_facts(member) {
                Ok(member) => members.push(member),
                Err(reason) => {
                    let pointer = format!("/objects/{name}/members/{index}/type");
                    problems.push(Problem { file: file.to_owned(), pointer, reason });
                }
            }
        }
        objects.insert(name, members);
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    Ok(Spec {
        schema: schema.to_owned(),
        service: service.to_owned(),
        version: api.metadata.api_version,
        title: api.metadata.service_name,
        actions,
        objects,
        codes: Table::default(),
        common_codes: Table::default(),
    })
}

fn member_facts(member: ApiMember) -> Result<Member, String> {
    let (kind, of) = match (member.kind.as_str(), member.member.as_str()) {
        ("object" | "list", _) => (member.kind, Some(member.member)),
        ("string", "string" | "date" | "datetime" | "datetime_iso")
        | ("int", "int64" | "uint64")
        | ("float", "float")
        | ("bool", "bool")
        | ("binary", "binary") => (member.member, None),
        (kind, element) => return Err(format!("unknown type `{kind}` of `{element}`")),
    };
    Ok(Member {
        name: member.name,
        kind,
        of,
        required: member.required,
        disabled: member.disabled,
        output_required: member.output_required,
        nullable: member.value_allowed_null,
    })
}

fn add_codes(spec: &mut Spec, codes: ErrorCodes, lines: &mut Vec<String>) {
    for (name, action) in &mut spec.actions.0 {
        match codes.actions.get(name) {
            Some(list) => {
                action.errors = list.clone();
                action.errors.sort();
            }
            None => lines.push(format!("contradiction: no error codes given for action {name}")),
        }
    }
    for (name, _) in &codes.actions {
        if !spec.actions.contains_key(name) {
            let reason = "which the reference does not have: dropped";
            lines.push(format!("contradiction: error codes for action {name}, {reason}"));
        }
    }
    spec.codes = codes.codes;
    spec.common_codes = codes.common;
}

fn keep_codes(spec: &mut Spec, old: &Spec) {
    for (name, action) in &mut spec.actions.0 {
        action.errors = old.actions.get(name).map(|old| old.errors.clone()).unwrap_or_default();
    }
    spec.codes = old.codes.clone();
    spec.common_codes = old.common_codes.clone();
}
