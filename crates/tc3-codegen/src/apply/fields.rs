//! Overlay entries for single fields: limits, rules, timestamps, base64, deprecation.

use std::collections::{BTreeMap, BTreeSet};

use super::{Paths, field};
use crate::overlay::{Limit, Overlay, Rule, Unit, Wire};
use crate::problem::Problems;
use crate::spec::{FieldSpec, Spec};

pub(super) fn limits<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> Paths<'a, &'a Limit> {
    let mut found = Paths::new();
    for (index, limit) in overlay.limits.iter().enumerate() {
        let path = ["limits", &index.to_string()];
        match field(spec, &limit.object, &limit.field) {
            Err(reason) => at.add(&path, reason),
            Ok((object, fact)) => {
                if let Some(reason) = misfit(limit, fact) {
                    at.add(&path, reason);
                }
                if found.insert((object, fact.name.as_str()), limit).is_some() {
                    at.add(&path, "duplicate entry");
                }
            }
        }
    }
    found
}

/// Returns the reason why the limit does not apply to the field.
fn misfit(limit: &Limit, fact: &FieldSpec) -> Option<String> {
    let items = limit.min_items.is_some() || limit.max_items.is_some();
    let chars = limit.min_chars.is_some() || limit.max_chars.is_some();
    let number = limit.min.is_some() || limit.max.is_some();
    let bytes = limit.max_bytes.is_some();
    let element = fact.of.as_deref().unwrap_or(&fact.kind);
    let fits = match fact.kind.as_str() {
        "list" => !number && !bytes && (!chars || element == "string"),
        "int64" | "uint64" | "float" => !items && !chars && !bytes,
        "object" | "bool" => false,
        _ => !items && !number,
    };
    let crossed = limit.min_items.zip(limit.max_items).is_some_and(|(min, max)| min > max)
        || limit.min_chars.zip(limit.max_chars).is_some_and(|(min, max)| min > max)
        || limit.min.zip(limit.max).is_some_and(|(min, max)| min > max);
    if !(items || chars || number || bytes) {
        Some("empty limit".to_owned())
    } else if !fits {
        Some(format!("limit does not apply to type `{}`", fact.kind))
    } else if crossed {
        Some("minimum exceeds maximum".to_owned())
    } else {
        None
    }
}

pub(super) fn rules<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> BTreeMap<&'a str, Vec<&'a Rule>> {
    let mut found: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for (index, rule) in overlay.rules.iter().enumerate() {
        let path = ["rules", &index.to_string()];
        let Some((object, _)) = spec.objects.get_key_value(&rule.object) else {
            at.add(&path, format!("stale: no object `{}`", rule.object));
            continue;
        };
        let kinds = [&rule.needs, &rule.any_of, &rule.one_of, &rule.not_both];
        if kinds.iter().filter(|paths| !paths.is_empty()).count() != 1 {
            at.add(&path, "exactly one of `needs`, `any_of`, `one_of`, `not_both` is required");
        }
        if rule.needs.is_empty() && kinds.iter().any(|paths| paths.len() == 1) {
            at.add(&path, "at least two paths are required");
        }
        if rule.when.is_some() && rule.needs.is_empty()
            || rule.when.is_none() && !rule.is.is_empty()
        {
            at.add(&path, "`if` requires `needs`, and `is` requires `if`");
        }
        for name in kinds.into_iter().flatten().chain(&rule.when) {
            if let Err(reason) = walk(spec, object, name) {
                at.add(&path, reason);
            }
        }
        if let Some(Ok(fact)) = rule.when.as_ref().map(|when| walk(spec, object, when)) {
            let text = !matches!(fact.kind.as_str(), "int64" | "uint64");
            if rule.is.iter().any(|value| matches!(value, Wire::Text(_)) != text) {
                at.add(&path, format!("value of the wrong type for `{}`", fact.kind));
            }
        }
        let of_object = found.entry(object).or_default();
        if of_object.contains(&rule) {
            at.add(&path, "duplicate entry");
        }
        of_object.push(rule);
    }
    found
}

/// Returns the field at the end of a path.
fn walk<'a>(spec: &'a Spec, object: &str, path: &str) -> Result<&'a FieldSpec, String> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let (_, fact) = field(spec, object, name)?;
    match (rest, fact.of.as_deref()) {
        (None, _) => Ok(fact),
        (Some(rest), Some(of)) => walk(spec, of, rest),
        (Some(_), None) => Err(format!("stale: `{object}.{name}` has no fields")),
    }
}

pub(super) fn times<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> Paths<'a, Unit> {
    let mut found = Paths::new();
    for (index, time) in overlay.times.iter().enumerate() {
        let path = ["times", &index.to_string()];
        match field(spec, &time.object, &time.field) {
            Err(reason) => at.add(&path, reason),
            Ok((object, fact)) => {
                if !matches!(fact.kind.as_str(), "int64" | "uint64") {
                    at.add(
                        &path,
                        format!("timestamp of type `{}`; expected an integer", fact.kind),
                    );
                }
                if found.insert((object, fact.name.as_str()), time.unit).is_some() {
                    at.add(&path, "duplicate entry");
                }
            }
        }
    }
    found
}

pub(super) fn base64<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> BTreeSet<(&'a str, &'a str)> {
    let mut found = BTreeSet::new();
    for (index, path) in overlay.base64.iter().enumerate() {
        let path_in_file = ["base64", &index.to_string()];
        let Some((object, name)) = path.split_once('.') else {
            at.add(&path_in_file, "invalid path; expected `Object.Field`");
            continue;
        };
        match field(spec, object, name) {
            Err(reason) => at.add(&path_in_file, reason),
            Ok((object, fact)) => {
                if fact.of.as_deref().unwrap_or(&fact.kind) != "string" {
                    at.add(
                        &path_in_file,
                        format!("base64 of type `{}`; expected a string", fact.kind),
                    );
                }
                if !found.insert((object, fact.name.as_str())) {
                    at.add(&path_in_file, "duplicate entry");
                }
            }
        }
    }
    found
}

pub(super) fn deprecated<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> Paths<'a, &'a str> {
    let mut found = Paths::new();
    for (index, entry) in overlay.deprecated.iter().enumerate() {
        let before = found.len();
        for (object, fields) in &spec.objects {
            if entry.object.as_ref().is_none_or(|only| only == object) {
                for fact in fields.iter().filter(|fact| fact.name == entry.field) {
                    found
                        .entry((object.as_str(), fact.name.as_str()))
                        .or_insert(entry.instead.as_str());
                }
            }
        }
        if found.len() == before {
            let reason = "stale: matches no further field";
            at.add(&["deprecated", &index.to_string()], reason);
        }
    }
    found
}
