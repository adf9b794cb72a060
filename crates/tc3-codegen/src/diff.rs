//! Differences between two specs, and the breaking changes among them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::ir::Side;
use crate::reach::closure;
use crate::spec::{Action, FieldSpec, Spec, Status};

/// One difference between two specs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Kind of the change.
    pub kind: ChangeKind,
    /// The changed item: `action Do`, `field DoRequest.Name`, `error code A`.
    pub what: String,
    /// Description of the change; empty if the item was added or removed as a whole.
    pub how: String,
    /// Reason why the change breaks callers; `None` if it is compatible.
    pub breaks: Option<&'static str>,
}

/// Kind of a [`Change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// The item is new.
    Added,
    /// The item exists in both specs and differs.
    Changed,
    /// The item is deprecated or offline.
    Deprecated,
    /// The item no longer exists.
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

    /// Returns the heading of this kind in a changelog.
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

/// Returns the differences of two specs in a stable order.
///
/// If a field name occurs twice, which is invalid, the first occurrence is compared.
pub fn diff(old: &Spec, new: &Spec) -> Vec<Change> {
    let mut found = Found(Vec::new());
    if old.title != new.title {
        found.changed("title of the service", &old.title, &new.title, None);
    }
    found.tables(
        "action",
        &old.actions,
        &new.actions,
        Some("its request type is removed"),
        Found::action,
    );
    let (old_sides, new_sides) = (sides(old), sides(new));
    found.tables(
        "object",
        &old.objects,
        &new.objects,
        Some("its type is removed"),
        |found, name, a, b| {
            let side =
                |sides: &BTreeMap<&str, Side>| sides.get(name).copied().unwrap_or(Side::Both);
            found.object(name, (a, side(&old_sides)), (b, side(&new_sides)));
        },
    );
    let codes = Some("its variant is removed");
    found.tables("error code", &old.codes, &new.codes, codes, |found, name, old, new| {
        found.changed(&format!("meaning of {name}"), old, new, None);
    });
    let (old, new) = (&old.common_codes, &new.common_codes);
    found.tables("common error code", old, new, codes, |found, name, old, new| {
        found.changed(&format!("meaning of {name}"), old, new, None);
    });
    found.0
}

/// Formats the changes as an entry of a changelog in the style of Keep a Changelog, without its title.
///
/// Returns an empty string if nothing changed.
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

/// Returns the direction in which each object is used.
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

/// Collector of changes.
#[derive(Default)]
pub(crate) struct Found(Vec<Change>);

impl Found {
    pub(crate) fn into_changes(self) -> Vec<Change> {
        self.0
    }

    fn add(&mut self, kind: ChangeKind, what: String, how: String, breaks: Option<&'static str>) {
        self.0.push(Change { kind, what, how, breaks });
    }

    pub(crate) fn changed<T: PartialEq + fmt::Display>(
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

    pub(crate) fn tables<T>(
        &mut self,
        what: &str,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
        gone: Option<&'static str>,
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
            self.add(ChangeKind::Removed, what, String::new(), gone);
        }
    }

    fn action(&mut self, name: &str, old: &Action, new: &Action) {
        let of = |what: &str| format!("{what} of action {name}");
        let type_ = Some("its type changes");
        self.changed(&of("title"), &old.title, &new.title, None);
        self.changed(&of("request"), &old.request, &new.request, type_);
        self.changed(&of("response"), &old.response, &new.response, type_);
        let signed = |action: &Action| if action.skip_sign { "unsigned" } else { "signed" };
        self.changed(&of("signature"), &signed(old), &signed(new), None);
        let streamed = |action: &Action| if action.streamed { "a stream" } else { "no stream" };
        let trait_ = old.streamed.then_some("`call_stream` does not accept it");
        self.changed(&of("stream"), &streamed(old), &streamed(new), trait_);
        let what = || format!("action {name}");
        match new.status {
            same if same == old.status => {}
            Status::Online => {
                let how = "online again".to_owned();
                self.add(ChangeKind::Changed, what(), how, None);
            }
            Status::Deprecated => {
                let how = "deprecated by the service".to_owned();
                self.add(ChangeKind::Deprecated, what(), how, None);
            }
            Status::Offline => {
                let how = "offline".to_owned();
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
        (old, old_side): (&[FieldSpec], Side),
        (new, new_side): (&[FieldSpec], Side),
    ) {
        let broken = match (old_side, new_side) {
            (Side::Request, Side::Both) => None,
            _ => Some("its type moves between requests and responses"),
        };
        self.changed(
            &format!("use of object {name}"),
            &direction(old_side),
            &direction(new_side),
            broken,
        );
        let find = |fields: &[FieldSpec], name: &str| -> Option<FieldSpec> {
            fields.iter().find(|field| field.name == name).cloned()
        };
        for field in new {
            match find(old, &field.name) {
                Some(before) => self.field(name, &before, field, new_side),
                None => {
                    let sent = new_side != Side::Response && field.required;
                    let breaks = sent.then_some("`new` requires it");
                    let how = if sent { "required" } else { "" };
                    let what = format!("field {name}.{}", field.name);
                    self.add(ChangeKind::Added, what, how.to_owned(), breaks);
                }
            }
        }
        for field in old.iter().filter(|field| find(new, &field.name).is_none()) {
            let what = format!("field {name}.{}", field.name);
            self.add(ChangeKind::Removed, what, String::new(), Some("its struct field is removed"));
        }
    }

    fn field(&mut self, object: &str, old: &FieldSpec, new: &FieldSpec, side: Side) {
        let of = |what: &str| format!("{what} of field {object}.{}", new.name);
        let retyped =
            (rust_type(old) != rust_type(new)).then_some("its struct field has another type");
        self.changed(&of("type"), &kind(old), &kind(new), retyped);
        let sent = side != Side::Response;
        let required = match (sent, new.required) {
            (false, _) => None,
            (true, true) => Some("`new` requires it, and the service refuses requests without it"),
            (true, false) => Some("a setter instead of an argument of `new`"),
        };
        let word = |required: bool| if required { "required" } else { "optional" };
        self.changed(&of("requirement"), &word(old.required), &word(new.required), required);
        let promised = |field: &FieldSpec| match (field.output_required, field.nullable) {
            (true, false) => "always present",
            (true, true) => "present or null",
            (false, _) => "optional",
        };
        // Arrays are never optional in responses.
        let plain = |field: &FieldSpec| promised(field) == "always present" || field.kind == "list";
        let optional = (!sent && plain(old) != plain(new))
            .then_some("its struct field is an `Option` in one version only");
        self.changed(&of("presence in responses"), &promised(old), &promised(new), optional);
        let internal = |field: &FieldSpec| if field.disabled { "internal" } else { "public" };
        self.changed(&of("use"), &internal(old), &internal(new), None);
    }
}

fn direction(side: Side) -> &'static str {
    match side {
        Side::Request => "in requests",
        Side::Response => "in responses",
        Side::Both => "in both",
    }
}

fn kind(field: &FieldSpec) -> String {
    match &field.of {
        Some(of) => format!("{} of {of}", field.kind),
        None => field.kind.clone(),
    }
}

/// Maps spec types with the same Rust type to one name.
fn rust_type(field: &FieldSpec) -> (&str, Option<&str>) {
    fn scalar(kind: &str) -> &str {
        match kind {
            "date" | "datetime" | "datetime_iso" | "binary" => "string",
            other => other,
        }
    }
    (scalar(&field.kind), field.of.as_deref().map(scalar))
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

    fn lines(old: &Spec, new: &Spec) -> Vec<String> {
        diff(old, new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_specs_have_no_differences() {
        let one = spec(r#""In": [{"name": "A", "type": "string"}], "Out": []"#, ACTIONS);
        assert_eq!(lines(&one, &one), [""; 0]);
        assert_eq!(changelog(&diff(&one, &one)), "");
    }

    #[test]
    fn breaking_changes_are_marked() {
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
            "deprecated: action Do: deprecated by the service",
            "added: error code B of action Do",
            "removed: error code A of action Do",
            "added: action New",
            "removed: action Gone (breaking: its request type is removed)",
            "changed: requirement of field In.A: optional -> required (breaking: `new` requires it, and \
             the service refuses requests without it)",
            "changed: requirement of field In.B: required -> optional (breaking: a setter instead of an \
             argument of `new`)",
            "changed: type of field In.C: date -> string",
            "changed: type of field In.D: string -> int64 (breaking: its struct field has another type)",
            "added: field In.F: required (breaking: `new` requires it)",
            "added: field In.G",
            "removed: field In.E (breaking: its struct field is removed)",
            "changed: presence in responses of field Out.A: always present -> optional (breaking: its \
             struct field is an `Option` in one version only)",
            "changed: presence in responses of field Out.L: always present -> optional",
            "added: field Out.N",
            "removed: object Other (breaking: its type is removed)",
        ];
        assert_eq!(lines, expected);
        let entry = changelog(&found);
        assert!(entry.starts_with("### Added\n\n- error code B of action Do\n"), "{entry}");
        for line in [
            "\n\n### Deprecated\n\n- action Do: deprecated by the service\n\n### Removed\n\n",
            "- **Breaking** (`new` requires it): field In.F: required\n",
        ] {
            assert!(entry.contains(line), "{line} in {entry}");
        }
    }

    #[test]
    fn a_change_of_direction_is_breaking() {
        let objects =
            r#""In": [{"name": "P", "type": "object", "of": "Part"}], "Out": [], "Part": []"#;
        let both = objects
            .replace(r#""Out": []"#, r#""Out": [{"name": "P", "type": "object", "of": "Part"}]"#);
        let (one, both) = (spec(objects, ACTIONS), spec(&both, ACTIONS));
        assert_eq!(
            lines(&one, &both),
            ["added: field Out.P", "changed: use of object Part: in requests -> in both"]
        );
        let back = lines(&both, &one);
        assert!(
            back.iter().any(|line| line.contains("in both -> in requests (breaking")),
            "{back:?}"
        );
    }
}
