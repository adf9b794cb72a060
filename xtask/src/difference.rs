//! What new facts add to, drop from or contradict in the old ones.

use std::collections::BTreeMap;
use std::fmt::Debug;

use tc3_codegen::spec::{Member, Spec};

/// One line a difference, in a fixed order.
pub(crate) fn difference(old: &Spec, new: &Spec) -> Vec<String> {
    let mut lines = Vec::new();
    if old.title != new.title {
        lines.push(format!("changed: title {:?} -> {:?}", old.title, new.title));
    }
    tables(&mut lines, "action", &old.actions, &new.actions, |lines, name, old, new| {
        field(lines, name, "title", &old.title, &new.title);
        field(lines, name, "request", &old.request, &new.request);
        field(lines, name, "response", &old.response, &new.response);
        field(lines, name, "status", &old.status, &new.status);
        field(lines, name, "skip_sign", &old.skip_sign, &new.skip_sign);
        for code in new.errors.iter().filter(|code| !old.errors.contains(code)) {
            lines.push(format!("added: {name} error code {code}"));
        }
        for code in old.errors.iter().filter(|code| !new.errors.contains(code)) {
            lines.push(format!("dropped: {name} error code {code}"));
        }
    });
    tables(&mut lines, "object", &old.objects, &new.objects, |lines, name, old, new| {
        let (old, new) = (by_name(old), by_name(new));
        tables(lines, &format!("object {name}, member"), &old, &new, |lines, member, old, new| {
            let path = format!("{name}.{member}");
            let kind = |member: &Member| (member.kind.clone(), member.of.clone());
            field(lines, &path, "type", &kind(old), &kind(new));
            field(lines, &path, "required", &old.required, &new.required);
            field(lines, &path, "disabled", &old.disabled, &new.disabled);
            field(lines, &path, "output_required", &old.output_required, &new.output_required);
            field(lines, &path, "nullable", &old.nullable, &new.nullable);
        });
    });
    tables(&mut lines, "error code", &old.codes, &new.codes, |lines, name, old, new| {
        field(lines, name, "meaning", old, new);
    });
    tables(
        &mut lines,
        "common code",
        &old.common_codes,
        &new.common_codes,
        |lines, name, old, new| {
            field(lines, name, "facts", old, new);
        },
    );
    lines
}

fn by_name(members: &[Member]) -> BTreeMap<String, Member> {
    members.iter().map(|member| (member.name.clone(), member.clone())).collect()
}

fn tables<T>(
    lines: &mut Vec<String>,
    what: &str,
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
    both: impl Fn(&mut Vec<String>, &str, &T, &T),
) {
    for (name, entry) in new {
        match old.get(name) {
            None => lines.push(format!("added: {what} {name}")),
            Some(before) => both(lines, name, before, entry),
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        lines.push(format!("dropped: {what} {name}"));
    }
}

fn field<T: PartialEq + Debug>(lines: &mut Vec<String>, path: &str, name: &str, old: &T, new: &T) {
    if old != new {
        lines.push(format!("contradiction: {path} {name} was {old:?}, is {new:?}"));
    }
}
