//! Comparison of two specifications.

use std::path::Path;

use tc3_codegen::errors::PlatformErrors;
use tc3_codegen::spec::Spec;
use tc3_codegen::{Change, changelog, diff as compare, diff_errors};

use crate::error::Error;
use crate::files::{read, shown};

/// The changes between two specifications.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comparison {
    /// A line for each change and the total, then the text for a changelog.
    pub text: String,
    /// Number of changes that break callers.
    pub breaking: usize,
}

/// Compares two specifications, each a `spec.json` or its folder, or two files of error classes, `errors.json`.
///
/// # Errors
/// Returns an [`Error`] if a file cannot be read or is malformed.
pub fn diff(old: &Path, new: &Path) -> Result<Comparison, Error> {
    let changes = changes(old, new)?;
    let breaking = changes.iter().filter(|change| change.breaks.is_some()).count();
    let mut lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    lines.push(format!("{} changes, {breaking} of them breaking", changes.len()));
    if !changes.is_empty() {
        lines.push(format!("\nFor the changelog:\n\n{}", changelog(&changes)));
    }
    Ok(Comparison { text: lines.join("\n"), breaking })
}

fn changes(old: &Path, new: &Path) -> Result<Vec<Change>, Error> {
    let is_errors = |path: &Path| path.file_name().is_some_and(|name| name == "errors.json");
    if is_errors(old) && is_errors(new) {
        return Ok(diff_errors(&errors(old)?, &errors(new)?));
    }
    Ok(compare(&spec(old)?, &spec(new)?))
}

fn errors(path: &Path) -> Result<PlatformErrors, Error> {
    Ok(tc3_codegen::parse(&shown(path), &read(path)?)?)
}

fn spec(path: &Path) -> Result<Spec, Error> {
    let path = if path.is_dir() { path.join("spec.json") } else { path.to_owned() };
    Ok(tc3_codegen::parse(&shown(&path), &read(&path)?)?)
}
