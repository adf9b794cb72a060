//! Documentation of items: from the overlay, or else from the reference.

use super::{Model, field, no_action};
use crate::errors::{check_hint, find};
use crate::markdown::escape;
use crate::overlay::Docs;
use crate::problem::Problems;

impl<'a> Model<'a> {
    fn docs(&self) -> impl Iterator<Item = &'a Docs> {
        [Some(&self.overlay.docs), self.reference].into_iter().flatten()
    }

    pub(crate) fn action_doc(&self, action: &str) -> Option<&'a str> {
        self.docs().find_map(|docs| docs.actions.get(action)).map(String::as_str)
    }

    pub(crate) fn example(&self, action: &str) -> Option<&'a str> {
        self.docs().find_map(|docs| docs.examples.get(action)).map(String::as_str)
    }

    pub(crate) fn object_doc(&self, object: &str) -> Option<&'a str> {
        self.docs().find_map(|docs| docs.objects.get(object)?.doc.as_deref())
    }

    pub(crate) fn field_doc(&self, object: &str, field: &str) -> Option<&'a str> {
        let own = |docs: &'a Docs| docs.objects.get(object)?.fields.get(field);
        let common = |docs: &'a Docs| docs.fields.get(field);
        self.docs().find_map(|docs| own(docs).or_else(|| common(docs))).map(String::as_str)
    }

    /// Returns the meaning of an error code as Markdown. That of the spec is plain text.
    pub(crate) fn meaning_doc(&self, code: &str) -> Option<String> {
        let own = self.overlay.docs.meanings.get(code).cloned();
        own.or_else(|| self.spec.meaning(code).map(|meaning| escape(meaning)))
    }

    /// Returns the meaning of an error code.
    pub(crate) fn meaning(&self, code: &str) -> Option<&'a str> {
        let spec = self.spec;
        let own = self.overlay.docs.meanings.get(code);
        own.or_else(|| spec.meaning(code)).map(String::as_str)
    }

    /// Returns the fix of an error that the documentation of the service states.
    pub(crate) fn own_hint(&self, code: &str) -> Option<&'a str> {
        self.docs().find_map(|docs| docs.codes.get(code)).map(String::as_str)
    }

    /// Returns the fix of an error: the service's, or else the platform's.
    pub(crate) fn hint(&self, code: &str) -> Option<&'a str> {
        let platform = || find(&self.platform?.errors, code)?.hint.as_deref();
        self.own_hint(code).or_else(platform)
    }
}

pub(super) fn check(at: &mut Problems<'_>, model: &Model<'_>) {
    stale(at, model);
    for (code, hint) in &model.overlay.docs.codes {
        check_hint(at, &["docs", "codes", code], hint);
    }
    if model.overlay.docs.complete {
        undocumented(at, model);
    }
}

fn stale(at: &mut Problems<'_>, model: &Model<'_>) {
    let (spec, docs) = (model.spec, &model.overlay.docs);
    for (table, entries) in [("actions", &docs.actions), ("examples", &docs.examples)] {
        for action in entries.keys().filter(|action| !spec.actions.contains_key(*action)) {
            at.add(&["docs", table, action], no_action(action));
        }
    }
    for name in docs.fields.keys() {
        if !spec.objects.0.values().flatten().any(|field| field.name == *name) {
            at.add(&["docs", "fields", name], format!("stale: no field `{name}`"));
        }
    }
    for (table, entries) in [("codes", &docs.codes), ("meanings", &docs.meanings)] {
        for code in entries.keys() {
            if spec.meaning(code).is_none() {
                at.add(&["docs", table, code], format!("stale: no error code `{code}`"));
            }
        }
    }
    for (code, meaning) in &docs.meanings {
        if spec.meaning(code) == Some(meaning) {
            at.add(&["docs", "meanings", code], "stale: equals the spec");
        }
    }
    for (object, doc) in &docs.objects {
        if !spec.objects.contains_key(object) {
            at.add(&["docs", "objects", object], format!("stale: no object `{object}`"));
            continue;
        }
        for (name, _) in &doc.fields {
            if let Err(reason) = field(spec, object, name) {
                at.add(&["docs", "objects", object, "fields", name], reason);
            }
        }
    }
}

/// Reports undocumented items. Requests and responses are documented by their actions.
fn undocumented(at: &mut Problems<'_>, model: &Model<'_>) {
    let spec = model.spec;
    let mut of_actions = std::collections::BTreeSet::new();
    for (action, facts) in &spec.actions {
        of_actions.extend([&facts.request, &facts.response]);
        if model.action_doc(action).is_none() {
            at.add(&["docs", "actions"], format!("undocumented action `{action}`"));
        }
    }
    for (object, fields) in &spec.objects {
        if !of_actions.contains(object) && model.object_doc(object).is_none() {
            at.add(&["docs", "objects"], format!("undocumented object `{object}`"));
        }
        for field in fields.iter().filter(|field| field.name != "RequestId") {
            if model.field_doc(object, &field.name).is_none() {
                let reason = format!("undocumented field `{object}.{}`", field.name);
                at.add(&["docs", "objects"], reason);
            }
        }
    }
    for code in spec.codes.keys().chain(spec.common_codes.keys()) {
        if model.hint(code).is_none() {
            at.add(&["docs", "codes"], format!("no hint for error code `{code}`"));
        }
    }
}
