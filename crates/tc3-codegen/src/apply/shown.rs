//! Redaction of fields in `Debug`.

use std::collections::BTreeSet;

use super::Problems;
use crate::overlay::{FieldPattern, Overlay};
use crate::spec::{FieldSpec, Spec};

type Fields<'a> = BTreeSet<(&'a str, &'a str)>;

/// Returns the redacted fields.
///
/// An overlay with `shown` must classify every string field: a new one is an error, and has no default.
pub(super) fn sensitive<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &Overlay,
) -> Fields<'a> {
    let mut classified = Fields::new();
    mark(at, "sensitive", spec, &overlay.sensitive, &mut classified);
    let sensitive = classified.clone();
    if overlay.shown.is_empty() {
        return sensitive;
    }
    mark(at, "shown", spec, &overlay.shown, &mut classified);
    for (object, field) in fields(spec) {
        if is_text(field) && !classified.contains(&(object, field.name.as_str())) {
            let reason = "unclassified string field; add it to `sensitive` or `shown`";
            at.add(&["shown"], format!("`{object}.{}`: {reason}", field.name));
        }
    }
    sensitive
}

fn fields(spec: &Spec) -> impl Iterator<Item = (&str, &FieldSpec)> {
    let objects = spec.objects.iter();
    objects.flat_map(|(object, fields)| fields.iter().map(move |field| (object.as_str(), field)))
}

fn mark<'a>(
    at: &mut Problems<'_>,
    section: &str,
    spec: &'a Spec,
    patterns: &[FieldPattern],
    classified: &mut Fields<'a>,
) {
    for (index, pattern) in patterns.iter().enumerate() {
        let before = classified.len();
        let of = |object| pattern.object.as_ref().is_none_or(|only| only == object);
        let hit = fields(spec).filter(|(object, field)| of(*object) && matches(pattern, field));
        classified.extend(hit.map(|(object, field)| (object, field.name.as_str())));
        if classified.len() == before {
            let reason = "stale: matches no further field";
            at.add(&[section, &index.to_string()], reason);
        }
    }
}

/// Returns whether the pattern matches. Wildcards match string fields only: `*Url` means links, not the
/// boolean `WithUrl`.
fn matches(pattern: &FieldPattern, field: &FieldSpec) -> bool {
    let (pattern, name) = (pattern.field.as_str(), field.name.as_str());
    if let Some(end) = pattern.strip_prefix('*') {
        is_text(field) && name.ends_with(end)
    } else if let Some(start) = pattern.strip_suffix('*') {
        is_text(field) && name.starts_with(start)
    } else {
        name == pattern
    }
}

fn is_text(field: &FieldSpec) -> bool {
    field.of.as_deref().unwrap_or(&field.kind) == "string"
}
