//! The platform's error codes: the source of their table, and the differences of two versions.

use crate::diff::Found;
use crate::emit::errors;
use crate::errors::{Facts, PlatformError, PlatformErrors, check_hint, family};
use crate::parse::parse;
use crate::{Change, MARK, Problem, Source, formatted, names};

/// Generates the source of the platform's table of `tc3-api`.
///
/// # Errors
/// Returns the [`Problem`]s of the file if it is malformed, or has an entry without effect.
pub fn generate_errors(source: Source<'_>, provenance: &str) -> Result<String, Vec<Problem>> {
    let PlatformErrors { errors: entries, .. } =
        parse(source.name, source.text).map_err(|problem| vec![problem])?;
    let mut at = crate::problem::Problems::of(source.name);
    for (key, entry) in &entries {
        let code = key.strip_suffix('.').unwrap_or(key);
        let is_family = key.ends_with('.');
        if names::ident(&names::camel(code)).is_none() || is_family && family(key) != *key {
            at.add(&["errors", key], "invalid error code");
        }
        if let Some(hint) = &entry.hint {
            check_hint(&mut at, &["errors", key, "hint"], hint);
        }
        let of_family = entries.get(&family(key)).filter(|_| !is_family);
        if of_family.is_some_and(|family| {
            Facts::from(family) == Facts::from(entry) && family.hint == entry.hint
        }) {
            at.add(&["errors", key], "stale: equals the entry of its family");
        }
    }
    at.into_result()?;
    let head = format!(
        "{MARK}\n// {}\n//! Error codes that any service may return.\n",
        crate::one_line(provenance)
    );
    formatted(source.name, &head, &errors::platform(&entries))
}

/// Returns the differences of two platform files in a stable order. None is breaking: they change when the client
/// retries, and its hints.
pub fn diff_errors(old: &PlatformErrors, new: &PlatformErrors) -> Vec<Change> {
    let mut found = Found::default();
    found.tables("error code", &old.errors, &new.errors, None, |found, code, old, new| {
        let (old_facts, new_facts) = (Facts::from(old), Facts::from(new));
        found.changed(&format!("class of {code}"), &old_facts, &new_facts, None);
        let hint = |entry: &PlatformError| entry.hint.clone().unwrap_or_default();
        found.changed(&format!("hint of {code}"), &hint(old), &hint(new), None);
    });
    found.into_changes()
}
