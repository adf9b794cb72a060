//! `cargo xtask codegen`: generates the models from the spec, or checks that they are up to date.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use similar::TextDiff;
use tc3_codegen::{Input, Output, Source};

use crate::error::Error;
use crate::files::{read, read_optional, root, sha256, shown, write};
use crate::{manifest, scaffold, schema};

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

/// A spec folder and the folder of the crate generated from it.
struct Target {
    spec: PathBuf,
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let targets = match (&arguments.spec, &arguments.out) {
        // Shown and written paths are relative to the repository, however the folders were given.
        (Some(spec), Some(out)) => vec![Target { spec: absolute(spec)?, out: absolute(out)? }],
        _ => own_targets()?,
    };
    let mut diff = String::new();
    let platform = arguments.spec.is_none().then(platform_table);
    for files in platform.into_iter().chain(targets.iter().map(wanted)) {
        let (wanted, stray) = files?;
        if arguments.check {
            diff.push_str(&stale(&wanted, &stray)?);
        } else {
            for line in apply(&wanted, &stray)? {
                println!("{line}");
            }
        }
    }
    if diff.is_empty() {
        return Ok(());
    }
    let command = match (&arguments.spec, targets.as_slice()) {
        (Some(_), [Target { spec, out }]) => {
            format!("cargo xtask codegen --spec {} --out {}", shown(spec), shown(out))
        }
        _ => "cargo xtask codegen".to_owned(),
    };
    Err(Error::new(format!("{diff}\ngenerated files are stale; regenerate them with: {command}")))
}

/// Returns the e-sign models, and the test crates of the generator.
fn own_targets() -> Result<Vec<Target>, Error> {
    let essbasic = Target {
        spec: root().join("api-spec/essbasic/2021-05-26"),
        out: root().join("crates/essbasic-models"),
    };
    let golden = files_in(&root().join("crates/tc3-codegen/golden"))?;
    let golden = golden.into_iter().map(|folder| Target { spec: folder.clone(), out: folder });
    Ok([essbasic].into_iter().chain(golden).collect())
}

/// Expected files with their text, and stray files.
type Wanted = (Vec<(PathBuf, String)>, Vec<PathBuf>);

fn wanted(target: &Target) -> Result<Wanted, Error> {
    let output = generate(&target.spec)?;
    let folder = target.out.join("src/generated");
    let manifest_path = target.out.join("Cargo.toml");
    let manifest = match read_optional(&manifest_path)? {
        Some(manifest) => manifest,
        None => scaffold::manifest(&target.out),
    };
    let manifest = manifest::with_features(&manifest_path, &manifest, &output.features)?;
    let mut wanted = vec![(manifest_path, manifest)];
    let library = target.out.join("src/lib.rs");
    if read_optional(&library)?.is_none() {
        wanted.push((library, scaffold::LIBRARY.to_owned()));
    }
    wanted.extend(output.files.into_iter().map(|(path, text)| (folder.join(path), text)));
    let kept: BTreeSet<&Path> = wanted.iter().map(|(path, _)| path.as_path()).collect();
    let stray: Vec<PathBuf> =
        all_files_in(&folder)?.into_iter().filter(|path| !kept.contains(path.as_path())).collect();
    Ok((wanted, stray))
}

/// Returns the table of the platform's error codes.
fn platform_table() -> Result<Wanted, Error> {
    let path = errors_path();
    let (text, name) = (read(&path)?, shown(&path));
    let provenance = format!("{name}, sha256 {}", sha256(text.as_bytes()));
    let source = tc3_codegen::generate_errors(Source { name: &name, text: &text }, &provenance)?;
    schema::check(&path, "errors", &text)?;
    Ok((vec![(root().join("crates/tc3-api/src/platform_errors.rs"), source)], Vec::new()))
}

/// Returns the path of the platform's error codes.
fn errors_path() -> PathBuf {
    root().join("api-spec/common/errors.json")
}

/// Generates the source from the files of a spec folder, and checks these against their schemas.
pub(crate) fn generate(folder: &Path) -> Result<Output, Error> {
    let [spec_path, overlay_path, docs_path] =
        ["spec.json", "overlay.json", "docs.json"].map(|name| folder.join(name));
    let (spec, overlay) = (read(&spec_path)?, read(&overlay_path)?);
    let docs = read_optional(&docs_path)?;
    let errors_path = errors_path();
    let (errors, errors_name) = (read(&errors_path)?, shown(&errors_path));
    let [spec_name, overlay_name, docs_name] =
        [&spec_path, &overlay_path, &docs_path].map(|path| shown(path));
    let provenance = format!("{spec_name}, sha256 {}", sha256(spec.as_bytes()));
    let output = tc3_codegen::generate(Input {
        spec: Source { name: &spec_name, text: &spec },
        overlay: Source { name: &overlay_name, text: &overlay },
        docs: docs.as_ref().map(|text| Source { name: &docs_name, text }),
        errors: Some(Source { name: &errors_name, text: &errors }),
        provenance: &provenance,
    })?;
    schema::check(&spec_path, "spec", &spec)?;
    schema::check(&overlay_path, "overlay", &overlay)?;
    Ok(output)
}

/// Returns the absolute path without `..`, so that prefixes can be compared.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(path).map_err(|error| Error::io(path, &error))?;
    Ok(absolute.components().fold(PathBuf::new(), |mut done, part| {
        match part {
            std::path::Component::ParentDir => drop(done.pop()),
            part => done.push(part),
        }
        done
    }))
}

/// Writes the crate, and returns a line for each changed file.
pub(crate) fn write_crate(spec: &Path, out: &Path) -> Result<Vec<String>, Error> {
    let target = Target { spec: absolute(spec)?, out: absolute(out)? };
    let (wanted, stray) = wanted(&target)?;
    apply(&wanted, &stray)
}

fn apply(wanted: &[(PathBuf, String)], stray: &[PathBuf]) -> Result<Vec<String>, Error> {
    let mut lines = Vec::new();
    for (path, text) in wanted {
        if write(path, text)? {
            lines.push(format!("wrote {}", shown(path)));
        }
    }
    for path in stray {
        std::fs::remove_file(path).map_err(|error| Error::io(path, &error))?;
        lines.push(format!("removed {}", shown(path)));
    }
    Ok(lines)
}

fn stale(wanted: &[(PathBuf, String)], stray: &[PathBuf]) -> Result<String, Error> {
    let mut diff = String::new();
    for (path, text) in wanted {
        add_diff(&mut diff, path, &read_optional(path)?.unwrap_or_default(), text);
    }
    for path in stray {
        add_diff(&mut diff, path, &read(path)?, "");
    }
    Ok(diff)
}

fn add_diff(diff: &mut String, path: &Path, old: &str, new: &str) {
    if old == new {
        return;
    }
    let name = shown(path);
    let text = TextDiff::from_lines(old, new);
    let unified =
        text.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string();
    diff.push_str(&unified);
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(folder, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.map_err(|error| Error::io(folder, &error))?.path());
    }
    found.sort();
    Ok(found)
}

/// Returns the files of a folder and of the folders below it.
fn all_files_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for path in files_in(folder)? {
        if path.is_dir() {
            found.extend(all_files_in(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
