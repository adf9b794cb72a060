//! Generation of a models crate from the files of a specification.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use similar::TextDiff;
use tc3_codegen::{Input, Output, Source};

use crate::error::Error;
use crate::files::{entries, read, read_optional, sha256, shown, write};
use crate::manifest::{self, Dependencies};
use crate::schema;

/// Error classes of the platform.
const ERRORS: Source<'_> =
    Source { name: "errors.json", text: include_str!("../common/errors.json") };

/// A specification, and the crate that is generated from it.
#[derive(Debug, Clone)]
pub struct Target {
    spec: PathBuf,
    out: PathBuf,
    dependencies: Dependencies,
}

impl Target {
    /// Creates a target of the folders of the specification and of the crate.
    ///
    /// # Errors
    /// Returns an [`Error`] if there is no current folder.
    pub fn new(spec: &Path, out: &Path, dependencies: Dependencies) -> Result<Self, Error> {
        Ok(Self { spec: absolute(spec)?, out: absolute(out)?, dependencies })
    }

    /// Generates the files of the crate in memory.
    ///
    /// # Errors
    /// Returns an [`Error`] if the specification or the overlay is invalid, if the crate cannot have the name of its
    /// folder, or if its manifest lacks the marks of the features.
    pub fn files(&self) -> Result<Files, Error> {
        let manifest_path = self.out.join("Cargo.toml");
        let manifest = match read_optional(&manifest_path)? {
            Some(manifest) => manifest,
            None => manifest::new(&self.out, &self.dependencies)?,
        };
        let output = generate(&self.spec)?;
        let folder = self.out.join("src/generated");
        let manifest = manifest::with_features(&manifest_path, &manifest, &output.features)?;
        let mut wanted = vec![(manifest_path, manifest)];
        let library = self.out.join("src/lib.rs");
        if read_optional(&library)?.is_none() {
            wanted.push((library, manifest::LIBRARY.to_owned()));
        }
        wanted.extend(output.files.into_iter().map(|(path, text)| (folder.join(path), text)));
        let kept: BTreeSet<&Path> = wanted.iter().map(|(path, _)| path.as_path()).collect();
        let mut stray = all_files_in(&folder)?;
        stray.retain(|path| !kept.contains(path.as_path()));
        Ok(Files { wanted, stray })
    }
}

/// Generated files, and files that are generated no longer.
#[derive(Debug, Clone)]
pub struct Files {
    wanted: Vec<(PathBuf, String)>,
    stray: Vec<PathBuf>,
}

impl Files {
    /// Creates a single generated file.
    #[must_use]
    pub fn one(path: PathBuf, text: String) -> Self {
        Self { wanted: vec![(path, text)], stray: Vec::new() }
    }

    /// Writes the files and removes stray ones. Returns a line for each change.
    ///
    /// # Errors
    /// Returns an [`Error`] if a file cannot be written or removed.
    pub fn apply(&self) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        for (path, text) in &self.wanted {
            if write(path, text)? {
                lines.push(format!("wrote {}", shown(path)));
            }
        }
        for path in &self.stray {
            std::fs::remove_file(path).map_err(|error| Error::io(path, &error))?;
            lines.push(format!("removed {}", shown(path)));
        }
        Ok(lines)
    }

    /// Returns the changes that [`apply`](Self::apply) would make, as a diff; empty if there are none.
    ///
    /// # Errors
    /// Returns an [`Error`] if a file cannot be read.
    pub fn diff(&self) -> Result<String, Error> {
        let mut diff = String::new();
        for (path, text) in &self.wanted {
            add_diff(&mut diff, path, &read_optional(path)?.unwrap_or_default(), text);
        }
        for path in &self.stray {
            add_diff(&mut diff, path, &read(path)?, "");
        }
        Ok(diff)
    }
}

/// Checks the specification and the overlay of a folder.
///
/// # Errors
/// Returns an [`Error`] with every problem, stale entries of the overlay included.
pub fn check(folder: &Path) -> Result<(), Error> {
    generate(folder).map(drop)
}

/// Generates the source from the files of a folder, and checks these against their schemas.
fn generate(folder: &Path) -> Result<Output, Error> {
    let [spec_path, overlay_path, docs_path] =
        ["spec.json", "overlay.json", "docs.json"].map(|name| folder.join(name));
    let (spec, overlay) = (read(&spec_path)?, read(&overlay_path)?);
    let docs = read_optional(&docs_path)?;
    let [spec_name, overlay_name, docs_name] =
        [&spec_path, &overlay_path, &docs_path].map(|path| shown(path));
    // Without the path, so that the generated files are the same on every machine.
    let provenance = format!("spec.json, sha256 {}", sha256(spec.as_bytes()));
    let output = tc3_codegen::generate(Input {
        spec: Source { name: &spec_name, text: &spec },
        overlay: Source { name: &overlay_name, text: &overlay },
        docs: docs.as_ref().map(|text| Source { name: &docs_name, text }),
        errors: Some(ERRORS),
        provenance: &provenance,
    })?;
    schema::check(&spec_path, "spec", &spec)?;
    schema::check(&overlay_path, "overlay", &overlay)?;
    Ok(output)
}

/// Returns the absolute path without `..`, so that its last part is the name of the folder.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(path).map_err(|error| Error::io(path, &error))?;
    Ok(absolute.components().fold(PathBuf::new(), |mut done, part| {
        match part {
            Component::ParentDir => drop(done.pop()),
            part => done.push(part),
        }
        done
    }))
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

/// Returns the files of a folder and of the folders below it.
fn all_files_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            found.extend(all_files_in(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
