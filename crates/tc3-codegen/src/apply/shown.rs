//! Which members `Debug` shows.

use std::collections::BTreeSet;

use super::Problems;
use crate::overlay::{MemberPattern, Overlay};
use crate::spec::{Member, Spec};

type Members<'a> = BTreeSet<(&'a str, &'a str)>;

/// The members that are not shown. An overlay that lists what is shown must have judged every text: one
/// that is new in the spec is neither hidden nor shown by default, but asked about.
pub(super) fn sensitive<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &Overlay,
) -> Members<'a> {
    let mut judged = Members::new();
    mark(at, "sensitive", spec, &overlay.sensitive, &mut judged);
    let sensitive = judged.clone();
    if overlay.shown.is_empty() {
        return sensitive;
    }
    mark(at, "shown", spec, &overlay.shown, &mut judged);
    for (object, member) in members(spec) {
        if is_text(member) && !judged.contains(&(object, member.name.as_str())) {
            let reason = "a text that is neither in `sensitive` nor in `shown`";
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
    judged: &mut Members<'a>,
) {
    for (index, pattern) in patterns.iter().enumerate() {
        let before = judged.len();
        let of = |object| pattern.object.as_ref().is_none_or(|only| only == object);
        let hit = members(spec).filter(|(object, member)| of(*object) && matches(pattern, member));
        judged.extend(hit.map(|(object, member)| (object, member.name.as_str())));
        if judged.len() == before {
            let reason = "stale: no member that an earlier entry does not mark already";
            at.add(&[section, &index.to_string()], reason);
        }
    }
}

/// A pattern is about texts: `*Url` means links, not the switch `WithUrl`.
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
