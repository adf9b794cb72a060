//! Redaction of fields in `Debug`.

use std::collections::BTreeSet;

use super::Problems;
use crate::overlay::{MemberPattern, Overlay};
use crate::spec::{Member, Spec};

type Members<'a> = BTreeSet<(&'a str, &'a str)>;

/// Returns the redacted fields.
///
/// An overlay with `shown` must classify every string field: a new one is an error, and has no default.
pub(super) fn sensitive<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &Overlay,
) -> Members<'a> {
    let mut classified = Members::new();
    mark(at, "sensitive", spec, &overlay.sensitive, &mut classified);
    let sensitive = classified.clone();
    if overlay.shown.is_empty() {
        return sensitive;
    }
    mark(at, "shown", spec, &overlay.shown, &mut classified);
    for (object, member) in members(spec) {
        if is_text(member) && !classified.contains(&(object, member.name.as_str())) {
            let reason = "unclassified string field; add it to `sensitive` or `shown`";
            at.add(&["shown"], format!("`{object}.{}`: {reason}", member.name));
        }
    }
    sensitive
}

fn members(spec: &Spec) -> impl Iterator<Item = (&str, &Member)> {
    let objects = spec.objects.iter();
    objects
        .flat_map(|(object, members)| members.iter().map(move |member| (object.as_str(), member)))
}

fn mark<'a>(
    at: &mut Problems<'_>,
    section: &str,
    spec: &'a Spec,
    patterns: &[MemberPattern],
    classified: &mut Members<'a>,
) {
    for (index, pattern) in patterns.iter().enumerate() {
        let before = classified.len();
        let of = |object| pattern.object.as_ref().is_none_or(|only| only == object);
        let hit = members(spec).filter(|(object, member)| of(*object) && matches(pattern, member));
        classified.extend(hit.map(|(object, member)| (object, member.name.as_str())));
        if classified.len() == before {
            let reason = "stale: matches no further field";
            at.add(&[section, &index.to_string()], reason);
        }
    }
}

/// Returns whether the pattern matches. Wildcards match string fields only: `*Url` means links, not the
/// boolean `WithUrl`.
fn matches(pattern: &MemberPattern, member: &Member) -> bool {
    let (pattern, name) = (pattern.member.as_str(), member.name.as_str());
    if let Some(end) = pattern.strip_prefix('*') {
        is_text(member) && name.ends_with(end)
    } else if let Some(start) = pattern.strip_suffix('*') {
        is_text(member) && name.starts_with(start)
    } else {
        name == pattern
    }
}

fn is_text(member: &Member) -> bool {
    member.of.as_deref().unwrap_or(&member.kind) == "string"
}
