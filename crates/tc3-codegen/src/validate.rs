//! Semantic checks of a spec: unique names, known types, valid references.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::{Problem, Problems};
use crate::spec::{FieldSpec, SCALARS, Spec};

/// Checks a spec without its overlay.
pub(crate) fn check(file: &str, spec: &Spec) -> Result<(), Vec<Problem>> {
    let mut problems = Problems::of(file);
    for (name, action) in &spec.actions {
        for (role, object) in [("request", &action.request), ("response", &action.response)] {
            if !spec.objects.contains_key(object) {
                problems.add(
                    &["actions", name, role],
                    format!("unknown object `{object}`: the {role} of `{name}` is missing"),
                );
            }
        }
        let mut seen = BTreeSet::new();
        for (index, code) in action.errors.iter().enumerate() {
            let path = ["actions", name.as_str(), "errors", &index.to_string()];
            if !seen.insert(code) {
                problems.add(&path, format!("duplicate name `{code}`"));
            }
            if spec.meaning(code).is_none() {
                problems.add(
                    &path,
                    format!("unknown error code `{code}`; add it to `codes` or `common_codes`"),
                );
            }
        }
    }
    for (name, fields) in &spec.objects {
        if SCALARS.contains(&name.as_str()) || name == "object" || name == "list" {
            problems.add(&["objects", name], "an object must not have the name of a type");
        }
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, field) in fields.iter().enumerate() {
            let index_text = index.to_string();
            if let Some(first) = seen.insert(&field.name, index) {
                problems.add(
                    &["objects", name, &index_text, "name"],
                    format!("duplicate name `{}`: also the name of field {first}", field.name),
                );
            }
            check_type(&mut problems, spec, name, &index_text, field);
        }
    }
    problems.into_result()
}

fn check_type(
    problems: &mut Problems<'_>,
    spec: &Spec,
    object: &str,
    index: &str,
    field: &FieldSpec,
) {
    let at_type = ["objects", object, index, "type"];
    let at_of = ["objects", object, index, "of"];
    match (field.kind.as_str(), field.of.as_deref()) {
        ("object", Some(of)) if spec.objects.contains_key(of) => {}
        ("object", Some(of)) => problems.add(&at_of, format!("unknown object `{of}`")),
        ("list", Some(of)) if SCALARS.contains(&of) || spec.objects.contains_key(of) => {}
        ("list", Some(of)) => problems.add(&at_of, format!("unknown type or object `{of}`")),
        ("object" | "list", None) => {
            problems.add(&at_type, format!("missing `of` of a `{}`", field.kind));
        }
        (kind, of) if SCALARS.contains(&kind) => {
            if of.is_some() {
                problems.add(&at_of, format!("unexpected `of` of a `{kind}`"));
            }
        }
        (kind, _) => problems.add(&at_type, format!("unknown type `{kind}`")),
    }
}
