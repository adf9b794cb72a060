//! What changed between two specs, and what of it breaks callers of the generated code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::ir::Side;
use crate::reach::closure;
use crate::spec::{Action, Member, Spec, Status};

/// One difference between two specs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of change.
    pub kind: ChangeKind,
    /// Of what: `action Do`, `member DoRequest.Name`, `error code A`.
    pub what: String,
    /// How it changed; empty of what was added or dropped as a whole.
    pub how: String,
    /// How it breaks a caller; `None` where it does not.
    pub breaks: Option<&'static str>,
}

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It was there, and is otherwise.
    Changed,
    /// It is to go, or no longer in service.
    Deprecated,
    /// It is gone.
    Removed,
}

impl ChangeKind {
    fn verb(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Deprecated => "deprecated",
            Self::Removed => "removed",
        }
    }

    /// The heading of a changelog.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Added => "Added",
            Self::Changed => "Changed",
            Self::Deprecated => "Deprecated",
            Self::Removed => "Removed",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.verb(), self.what)?;
        if !self.how.is_empty() {
            write!(f, ": {}", self.how)?;
        }
        self.breaks.map_or(Ok(()), |how| write!(f, " (breaking: {how})"))
    }
}

/// The differences, in a fixed order. Of a member named twice, which no valid spec has, the first counts.
pub fn diff(old: &Spec, new: &Spec) -> Vec<Change> {
    let mut found = Found(Vec::new());
    if old.title != new.title {
        found.changed("title of the service", &old.title, &new.title, None);
    }
    found.tables("action", &old.actions, &new.actions, "its request is gone", Found::action);
    let (old_sides, new_sides) = (sides(old), sides(new));
    found.tables("object", &old.objects, &new.objects, "its type is gone", |found, name, a, b| {
        let side = |sides: &BTreeMap<&str, Side>| sides.get(name).copied().unwrap_or(Side::Both);
        found.object(name, (a, side(&old_sides)), (b, side(&new_sides)));
    });
    let codes = "its variant is gone";
    found.tables("error code", &old.codes, &new.codes, codes, |found, name, old, new| {
        found.changed(&format!("meaning of {name}"), old, new, None);
    });
    let (old, new) = (&old.common_codes, &new.common_codes);
    found.tables("common error code", old, new, codes, |found, name, old, new| {
        found.changed(&format!("facts of {name}"), &old.judgement, &new.judgement, None);
        found.changed(&format!("meaning of {name}"), &old.description, &new.description, None);
    });
    found.0
}

/// An entry of a changelog in the form of Keep a Changelog, without its title; empty where nothing
/// changed.
pub fn changelog(changes: &[Change]) -> String {
    use ChangeKind::{Added, Changed, Deprecated, Removed};
    let mut text = String::new();
    for kind in [Added, Changed, Deprecated, Removed] {
        let of_kind: Vec<&Change> = changes.iter().filter(|change| change.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        text.push_str(&format!("### {}\n\n", kind.heading()));
        for change in of_kind {
            let how = if change.how.is_empty() { "" } else { ": " };
            let line = format!("{}{how}{}", change.what, change.how);
            match change.breaks {
                Some(breaks) => text.push_str(&format!("- **Breaking** ({breaks}): {line}\n")),
                None => text.push_str(&format!("- {line}\n")),
            }
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

/// The side of a call on which the type of each object stands.
fn sides(spec: &Spec) -> BTreeMap<&str, Side> {
    let reached = |of: fn(&Action) -> &String| -> BTreeSet<&str> {
        spec.actions.0.values().flat_map(|action| closure(spec, of(action))).collect()
    };
    let (requests, answers) = (reached(|a| &a.request), reached(|a| &a.response));
    let side = |name: &str| match (requests.contains(name), answers.contains(name)) {
        (true, false) => Side::Request,
        (false, true) => Side::Response,
        _ => Side::Both,
    };
    spec.objects.0.keys().map(|name| (name.as_str(), side(name))).collect()
}

struct Found(Vec<Change>);

impl Found {
    fn add(&mut self, kind: ChangeKind, what: String, how: String, breaks: Option<&'static str>) {
        self.0.push(Change { kind, what, how, breaks });
    }

    fn changed<T: PartialEq + fmt::Display>(
        &mut self,
        what: &str,
        old: &T,
        new: &T,
        breaks: Option<&'static str>,
    ) {
        if old != new {
            let how = format!("{old} -> {new}");
            self.add(ChangeKind::Changed, what.to_owned(), how, breaks);
        }
    }

    fn tables<T>(
        &mut self,
        what: &str,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
        gone: &'static str,
        both: impl Fn(&mut Self, &str, &T, &T),
    ) {
        for (name, entry) in new {
            match old.get(name) {
                None => {
                    self.add(ChangeKind::Added, format!("{what} {name}"), String::new(), None);
                }
                Some(before) => both(self, name, before, entry),
            }
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            let what = format!("{what} {name}");
            self.add(ChangeKind::Removed, what, String::new(), Some(gone));
        }
    }

    fn action(&mut self, name: &str, old: &Action, new: &Action) {
        let of = |what: &str| format!("{what} of action {name}");
        let type_ = Some("its type is another");
        self.changed(&of("title"), &old.title, &new.title, None);
        self.changed(&of("request"), &old.request, &new.request, type_);
        self.changed(&of("answer"), &old.response, &new.response, type_);
        let signed = |action: &Action| if action.skip_sign { "unsigned" } else { "signed" };
        self.changed(&of("signature"), &signed(old), &signed(new), None);
        let what = || format!("action {name}");
        match new.status {
            same if same == old.status => {}
            Status::Online => {
                let how = "back in service".to_owned();
                self.add(ChangeKind::Changed, what(), how, None);
            }
            Status::Deprecated => {
                let how = "to be taken away".to_owned();
                self.add(ChangeKind::Deprecated, what(), how, None);
            }
            Status::Offline => {
                let how = "out of service".to_owned();
                self.add(ChangeKind::Deprecated, what(), how, Some("the service refuses it"));
            }
        }
        for (from, to, kind) in [(new, old, ChangeKind::Added), (old, new, ChangeKind::Removed)] {
            for code in from.errors.iter().filter(|code| !to.errors.contains(code)) {
                self.add(kind, format!("error code {code} of action {name}"), String::new(), None);
            }
        }
    }

    fn object(
        &mut self,
        name: &str,
        (old, old_side): (&[Member], Side),
        (new, new_side): (&[Member], Side),
    ) {
        let broken = match (old_side, new_side) {
            (Side::Request, Side::Both) => None,
            _ => Some("its type stands on another side of a call"),
        };
        self.changed(&format!("use of object {name}"), &said(old_side), &said(new_side), broken);
        let find = |members: &[Member], name: &str| -> Option<Member> {
            members.iter().find(|member| member.name == name).cloned()
        };
        for member in new {
            match find(old, &member.name) {
                Some(before) => self.member(name, &before, member, new_side),
                None => {
                    let sent = new_side != Side::Response && member.required;
                    let breaks = sent.then_some("`new` asks for it");
                    let how = if sent { "required" } else { "" };
                    let what = format!("member {name}.{}", member.name);
                    self.add(ChangeKind::Added, what, how.to_owned(), breaks);
                }
            }
        }
        for member in old.iter().filter(|member| find(new, &member.name).is_none()) {
            let what = format!("member {name}.{}", member.name);
            self.add(ChangeKind::Removed, what, String::new(), Some("its field is gone"));
        }
    }

    fn member(&mut self, object: &str, old: &Member, new: &Member, side: Side) {
        let of = |what: &str| format!("{what} of member {object}.{}", new.name);
        let retyped = (rust_type(old) != rust_type(new)).then_some("its field has another type");
        self.changed(&of("type"), &kind(old), &kind(new), retyped);
        let sent = side != Side::Response;
        let required = match (sent, new.required) {
            (false, _) => None,
            (true, true) => Some("`new` asks for it, and the service refuses requests without"),
            (true, false) => Some("a setter instead of an argument of `new`"),
        };
        let word = |required: bool| if required { "required" } else { "optional" };
        self.changed(&of("need"), &word(old.required), &word(new.required), required);
        let promised = |member: &Member| match (member.output_required, member.nullable) {
            (true, false) => "always there",
            (true, true) => "there or null",
            (false, _) => "there or not",
        };
        // Lists are plain whatever is promised.
        let plain = |member: &Member| promised(member) == "always there" || member.kind == "list";
        let optional = (!sent && plain(old) != plain(new))
            .then_some("its field is an `Option` in one version and plain in the other");
        self.changed(&of("presence in answers"), &promised(old), &promised(new), optional);
        let internal = |member: &Member| if member.disabled { "internal" } else { "public" };
        self.changed(&of("use"), &internal(old), &internal(new), None);
    }
}

fn said(side: Side) -> &'static str {
    match side {
        Side::Request => "in requests",
        Side::Response => "in answers",
        Side::Both => "in both",
    }
}

fn kind(member: &Member) -> String {
    match &member.of {
        Some(of) => format!("{} of {of}", member.kind),
        None => member.kind.clone(),
    }
}

/// Types that are one in Rust have one name.
fn rust_type(member: &Member) -> (&str, Option<&str>) {
    fn scalar(kind: &str) -> &str {
        match kind {
            "date" | "datetime" | "datetime_iso" | "binary" => "string",
            other => other,
        }
    }
    (scalar(&member.kind), member.of.as_deref().map(scalar))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(objects: &str, actions: &str) -> Spec {
        let text = format!(
            r#"{{"$schema": "s", "service": "s", "version": "2020-01-01", "title": "t",
                "actions": {{{actions}}}, "objects": {{{objects}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    const ACTIONS: &str = r#"
        "Do": {"title": "t", "request": "In", "response": "Out", "status": "online", "errors": ["A"]},
        "Gone": {"title": "t", "request": "In", "response": "Out", "status": "online"}"#;

    fn told(old: &Spec, new: &Spec) -> Vec<String> {
        diff(old, new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nothing_changed_is_no_difference() {
        let one = spec(r#""In": [{"name": "A", "type": "string"}], "Out": []"#, ACTIONS);
        assert_eq!(told(&one, &one), [""; 0]);
        assert_eq!(changelog(&diff(&one, &one)), "");
    }

    #[test]
    fn each_change_says_whether_it_breaks() {
        let old = spec(
            r#""In": [{"name": "A", "type": "string"}, {"name": "B", "type": "int64", "required": true},
                    {"name": "C", "type": "date"}, {"name": "D", "type": "string"},
                    {"name": "E", "type": "string"}],
               "Out": [{"name": "A", "type": "string", "output_required": true},
                    {"name": "L", "type": "list", "of": "string", "output_required": true}],
               "Other": []"#,
            ACTIONS,
        );
        let new = spec(
            r#""In": [{"name": "A", "type": "string", "required": true}, {"name": "B", "type": "int64"},
                    {"name": "C", "type": "string"}, {"name": "D", "type": "int64"},
                    {"name": "F", "type": "string", "required": true}, {"name": "G", "type": "Both"}],
               "Out": [{"name": "A", "type": "string"}, {"name": "L", "type": "list", "of": "string"},
                    {"name": "N", "type": "string"}]"#,
            r#""Do": {"title": "t", "request": "In", "response": "Out", "status": "deprecated",
                    "errors": ["B"]},
               "New": {"title": "t", "request": "In", "response": "Out", "status": "online"}"#,
        );
        let found = diff(&old, &new);
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        let expected = [
            "deprecated: action Do: to be taken away",
            "added: error code B of action Do",
            "removed: error code A of action Do",
            "added: action New",
            "removed: action Gone (breaking: its request is gone)",
            "changed: need of member In.A: optional -> required (breaking: `new` asks for it, and the \
             service refuses requests without)",
            "changed: need of member In.B: required -> optional (breaking: a setter instead of an \
             argument of `new`)",
            "changed: type of member In.C: date -> string",
            "changed: type of member In.D: string -> int64 (breaking: its field has another type)",
            "added: member In.F: required (breaking: `new` asks for it)",
            "added: member In.G",
            "removed: member In.E (breaking: its field is gone)",
            "changed: presence in answers of member Out.A: always there -> there or not (breaking: its \
             field is an `Option` in one version and plain in the other)",
            "changed: presence in answers of member Out.L: always there -> there or not",
            "added: member Out.N",
            "removed: object Other (breaking: its type is gone)",
        ];
        assert_eq!(lines, expected);
        let entry = changelog(&found);
        assert!(entry.starts_with("### Added\n\n- error code B of action Do\n"), "{entry}");
        for line in [
            "\n\n### Deprecated\n\n- action Do: to be taken away\n\n### Removed\n\n",
            "- **Breaking** (`new` asks for it): member In.F: required\n",
        ] {
            assert!(entry.contains(line), "{line} in {entry}");
        }
    }

    #[test]
    fn the_side_that_reaches_an_object_is_part_of_its_type() {
        let objects =
            r#""In": [{"name": "P", "type": "object", "of": "Part"}], "Out": [], "Part": []"#;
        let both = objects
            .replace(r#""Out": []"#, r#""Out": [{"name": "P", "type": "object", "of": "Part"}]"#);
        let (one, both) = (spec(objects, ACTIONS), spec(&both, ACTIONS));
        assert_eq!(
            told(&one, &both),
            ["added: member Out.P", "changed: use of object Part: in requests -> in both"]
        );
        let back = told(&both, &one);
        assert!(
            back.iter().any(|line| line.contains("in both -> in requests (breaking")),
            "{back:?}"
        );
    }
}
