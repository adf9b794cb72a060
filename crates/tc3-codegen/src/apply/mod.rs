//! Application of the overlay to the spec. Stale entries, which match nothing or repeat the spec, are errors
//! and must be reviewed.

mod docs;
mod effects;
mod errors;
mod fields;
mod pagination;
mod shown;
mod streams;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use crate::errors::PlatformErrors;
use crate::names::{ident, is_device};
use crate::overlay::{Docs, Limit, Overlay, Rule, Unit, Wire};
use crate::pages::Pagination;
use crate::problem::{Problem, Problems};
use crate::spec::{Action, FieldSpec, Spec};

/// Properties of fields, by object and field.
type Paths<'a, T> = BTreeMap<(&'a str, &'a str), T>;

/// The spec with the additions of the overlay, indexed by name.
pub(crate) struct Model<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) overlay: &'a Overlay,
    /// Documentation of the reference, for items that the overlay does not document.
    reference: Option<&'a Docs>,
    platform: Option<&'a PlatformErrors>,
    /// Corrections of `required`, by object and field.
    required: Paths<'a, bool>,
    sensitive: BTreeSet<(&'a str, &'a str)>,
    type_names: BTreeMap<&'a str, &'a str>,
    field_names: Paths<'a, &'a str>,
    /// Value sets of fields.
    values: Paths<'a, &'a str>,
    limits: Paths<'a, &'a Limit>,
    rules: BTreeMap<&'a str, Vec<&'a Rule>>,
    times: Paths<'a, Unit>,
    base64: BTreeSet<(&'a str, &'a str)>,
    deprecated: Paths<'a, &'a str>,
    /// Pagination by action.
    pagination: BTreeMap<&'a str, Pagination>,
    /// Actions by request object.
    requests: BTreeMap<&'a str, (&'a str, &'a Action)>,
    /// Actions by response object.
    responses: BTreeMap<&'a str, &'a str>,
    /// Groups by action.
    groups: BTreeMap<&'a str, &'a str>,
}

impl<'a> Model<'a> {
    pub(crate) fn required(&self, object: &str, field: &FieldSpec) -> bool {
        self.required.get(&(object, field.name.as_str())).copied().unwrap_or(field.required)
    }

    pub(crate) fn sensitive(&self, object: &str, field: &str) -> bool {
        self.sensitive.contains(&(object, field))
    }

    pub(crate) fn type_name(&self, object: &'a str) -> &'a str {
        self.type_names.get(object).copied().unwrap_or(object)
    }

    pub(crate) fn field_name(&self, object: &str, field: &str) -> Option<&'a str> {
        self.field_names.get(&(object, field)).copied()
    }

    pub(crate) fn value_set(&self, object: &str, field: &str) -> Option<&'a str> {
        self.values.get(&(object, field)).copied()
    }

    pub(crate) fn limit(&self, object: &str, field: &str) -> Option<&'a Limit> {
        self.limits.get(&(object, field)).copied()
    }

    pub(crate) fn rules(&self, object: &str) -> &[&'a Rule] {
        self.rules.get(object).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn time(&self, object: &str, field: &str) -> Option<Unit> {
        self.times.get(&(object, field)).copied()
    }

    pub(crate) fn base64(&self, object: &str, field: &str) -> bool {
        self.base64.contains(&(object, field))
    }

    pub(crate) fn deprecated(&self, object: &str, field: &str) -> Option<&'a str> {
        self.deprecated.get(&(object, field)).copied()
    }

    pub(crate) fn pagination(&self, action: &str) -> Option<&Pagination> {
        self.pagination.get(action)
    }

    pub(crate) fn requested_by(&self, object: &str) -> Option<(&'a str, &'a Action)> {
        self.requests.get(object).copied()
    }

    pub(crate) fn responded_by(&self, object: &str) -> Option<&'a str> {
        self.responses.get(object).copied()
    }

    pub(crate) fn group(&self, action: &str) -> Option<&'a str> {
        self.groups.get(action).copied()
    }
}

/// The parsed input.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) overlay: &'a Overlay,
    /// Documentation of the reference.
    pub(crate) reference: Option<&'a Docs>,
    /// Error classes of the platform.
    pub(crate) platform: Option<&'a PlatformErrors>,
}

pub(crate) fn apply<'a>(file: &str, given: Given<'a>) -> Result<Model<'a>, Vec<Problem>> {
    let Given { spec, overlay, reference, platform } = given;
    let mut problems = Problems::of(file);
    let at = &mut problems;
    check_actions(at, spec, overlay);
    effects::check(at, spec, overlay);
    streams::check(at, spec, overlay);
    let model = Model {
        spec,
        overlay,
        reference,
        platform,
        required: required(at, spec, overlay),
        sensitive: shown::sensitive(at, spec, overlay),
        type_names: type_names(at, spec, overlay),
        field_names: field_names(at, spec, overlay),
        values: values(at, spec, overlay),
        limits: fields::limits(at, spec, overlay),
        rules: fields::rules(at, spec, overlay),
        times: fields::times(at, spec, overlay),
        base64: fields::base64(at, spec, overlay),
        deprecated: fields::deprecated(at, spec, overlay),
        pagination: pagination::pagination(at, &given),
        requests: by_object(spec, |name, action| (action.request.as_str(), (name, action))),
        responses: by_object(spec, |name, action| (action.response.as_str(), name)),
        groups: groups(at, spec, overlay),
    };
    docs::check(at, &model);
    errors::check(at, &model);
    tasks::check(at, &model);
    problems.into_result().map(|()| model)
}

/// Indexes actions by object; the first action takes precedence if several share an object.
fn by_object<'a, T>(
    spec: &'a Spec,
    entry: impl Fn(&'a str, &'a Action) -> (&'a str, T),
) -> BTreeMap<&'a str, T> {
    spec.actions.0.iter().rev().map(|(name, action)| entry(name, action)).collect()
}

fn field<'a>(
    spec: &'a Spec,
    object: &str,
    field: &str,
) -> Result<(&'a str, &'a FieldSpec), String> {
    let (name, fields) =
        spec.objects.get_key_value(object).ok_or_else(|| format!("stale: no object `{object}`"))?;
    let found = fields.iter().find(|candidate| candidate.name == field);
    found
        .map(|found| (name.as_str(), found))
        .ok_or_else(|| format!("stale: `{object}` has no field `{field}`"))
}

fn no_action(action: &str) -> String {
    format!("stale: no action `{action}`")
}

/// Checks the forms of requests. The client refuses the same paths, before a call is sent.
fn check_forms(at: &mut Problems<'_>, spec: &Spec, overlay: &Overlay) {
    let mut seen = BTreeSet::new();
    for (index, entry) in overlay.forms.iter().enumerate() {
        let index = index.to_string();
        if !spec.actions.contains_key(&entry.action) {
            at.add(&["forms", &index, "action"], no_action(&entry.action));
        }
        if entry.form.is_none() && entry.path.is_none() {
            at.add(&["forms", &index], "missing `form` or `path`");
        }
        let is_path_byte =
            |byte: u8| byte.is_ascii_alphanumeric() || b"/%-._~!$&'()*+,;=:@".contains(&byte);
        let is_dots = |segment: &str| matches!(segment, "." | "..");
        let is_path = |path: &str| {
            path.starts_with('/') && path.bytes().all(is_path_byte) && !path.split('/').any(is_dots)
        };
        if entry.path.as_deref().is_some_and(|path| !is_path(path)) {
            at.add(&["forms", &index, "path"], "not a percent-encoded path that begins with `/`");
        }
        if !seen.insert(&entry.action) {
            at.add(&["forms", &index], "duplicate entry");
        }
    }
}

fn check_actions(at: &mut Problems<'_>, spec: &Spec, overlay: &Overlay) {
    check_forms(at, spec, overlay);
    for (action, _) in &overlay.idempotent {
        if !spec.actions.contains_key(action) {
            at.add(&["idempotent", action], no_action(action));
        }
    }
    for (action, _) in overlay.rate_limit.iter().flat_map(|limit| &limit.actions) {
        if !spec.actions.contains_key(action) {
            at.add(&["rate_limit", "actions", action], no_action(action));
        }
    }
    let mut seen = BTreeSet::new();
    for (index, host) in overlay.hosts.iter().enumerate() {
        let index = index.to_string();
        if let Some(action) = &host.action
            && !spec.actions.contains_key(action)
        {
            at.add(&["hosts", &index, "action"], no_action(action));
        }
        if host.host.is_none() && host.test_host.is_none() {
            at.add(&["hosts", &index], "missing `host` or `test_host`");
        }
        if !seen.insert(&host.action) {
            at.add(&["hosts", &index], "duplicate entry");
        }
    }
}

fn required<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &Overlay,
) -> BTreeMap<(&'a str, &'a str), bool> {
    let mut found = BTreeMap::new();
    for (index, entry) in overlay.required.iter().enumerate() {
        let index = index.to_string();
        match field(spec, &entry.object, &entry.field) {
            Err(reason) => at.add(&["required", &index], reason),
            Ok((_, fact)) if fact.required == entry.required => {
                at.add(&["required", &index, "required"], "stale: equals the spec");
            }
            Ok((object, fact)) => {
                if found.insert((object, fact.name.as_str()), entry.required).is_some() {
                    at.add(&["required", &index], "duplicate entry");
                }
            }
        }
    }
    found
}

/// Names of features, modules and dependencies of every models crate.
const RESERVED_GROUPS: [&str; 15] = [
    "exports",
    "full",
    "generated",
    "serde",
    "server",
    "default",
    "shared",
    "values",
    "error_code",
    "catalogue",
    "codec",
    "core",
    "std",
    "tc3_api",
    "tc3_catalogue",
];

fn type_names<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> BTreeMap<&'a str, &'a str> {
    let mut found = BTreeMap::new();
    for (index, entry) in overlay.renames.iter().enumerate() {
        if entry.field.is_some() {
            continue;
        }
        let index = index.to_string();
        match spec.objects.get_key_value(&entry.object) {
            None => {
                at.add(&["renames", &index], format!("stale: no object `{}`", entry.object));
            }
            Some((object, _)) => {
                if found.insert(object.as_str(), entry.to.as_str()).is_some() {
                    at.add(&["renames", &index], "duplicate entry");
                }
            }
        }
    }
    found
}

fn field_names<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> BTreeMap<(&'a str, &'a str), &'a str> {
    let mut found = BTreeMap::new();
    for (index, entry) in overlay.renames.iter().enumerate() {
        let Some(name) = &entry.field else { continue };
        let index = index.to_string();
        match field(spec, &entry.object, name) {
            Err(reason) => at.add(&["renames", &index], reason),
            Ok((object, fact)) => {
                if found.insert((object, fact.name.as_str()), entry.to.as_str()).is_some() {
                    at.add(&["renames", &index], "duplicate entry");
                }
            }
        }
    }
    found
}

fn values<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> BTreeMap<(&'a str, &'a str), &'a str> {
    let mut found = BTreeMap::new();
    for (name, set) in &overlay.values {
        let text = set.values.iter().filter(|v| matches!(v.value, Wire::Text(_))).count();
        if text != 0 && text != set.values.len() {
            at.add(&["values", name, "values"], "mixed string and integer values");
        }
        if set.values.is_empty() {
            at.add(&["values", name, "values"], "empty value set");
        }
        let fits: &[&str] = if text == 0 { &["int64", "uint64"] } else { &["string"] };
        let mut seen = BTreeSet::new();
        for (index, value) in set.values.iter().enumerate() {
            if !seen.insert(&value.value) {
                at.add(&["values", name, "values", &index.to_string()], "duplicate value");
            }
        }
        for (index, path) in set.fields.iter().enumerate() {
            let path_in_file = ["values", name.as_str(), "fields", &index.to_string()];
            let Some((object, field_name)) = path.split_once('.') else {
                at.add(&path_in_file, "invalid path; expected `Object.Field`");
                continue;
            };
            match field(spec, object, field_name) {
                Err(reason) => at.add(&path_in_file, reason),
                Ok((object, fact)) => {
                    let element = if fact.kind == "list" { fact.of.as_deref() } else { None };
                    let kind = element.unwrap_or(&fact.kind);
                    if !fits.contains(&kind) {
                        at.add(&path_in_file, format!("values of the wrong type for `{kind}`"));
                    }
                    if found.insert((object, fact.name.as_str()), name.as_str()).is_some() {
                        at.add(&path_in_file, "duplicate value set of the field");
                    }
                }
            }
        }
        if set.fields.is_empty() {
            at.add(&["values", name, "fields"], "stale: no fields");
        }
    }
    found
}

fn groups<'a>(
    at: &mut Problems<'_>,
    spec: &'a Spec,
    overlay: &'a Overlay,
) -> BTreeMap<&'a str, &'a str> {
    let mut found = BTreeMap::new();
    for (group, entry) in &overlay.groups {
        // Upper case is refused too: some file systems do not distinguish `a.rs` and `A.rs`.
        let is_module = ident(group).as_ref() == Some(group)
            && !group.contains(|c: char| c.is_ascii_uppercase());
        if !is_module || RESERVED_GROUPS.contains(&group.as_str()) || is_device(group) {
            at.add(&["groups", group], "reserved or invalid module name");
        }
        for (index, action) in entry.actions.iter().enumerate() {
            let path = ["groups", group.as_str(), "actions", &index.to_string()];
            match spec.actions.get_key_value(action) {
                None => at.add(&path, no_action(action)),
                Some((action, _)) => {
                    if let Some(other) = found.insert(action.as_str(), group.as_str()) {
                        at.add(&path, format!("`{action}` is also in the group `{other}`"));
                    }
                }
            }
        }
    }
    if !overlay.groups.is_empty() {
        for (action, _) in &spec.actions {
            if !found.contains_key(action.as_str()) {
                at.add(&["groups"], format!("action `{action}` has no group"));
            }
        }
    }
    found
}
