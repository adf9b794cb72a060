//! Renames for colliding names.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::Side;
use crate::lower::{RESERVED_TYPES, TimeMethods, setter_name, time_methods};
use crate::names::{ident, snake};
use crate::overlay::{Overlay, Rename};
use crate::spec::{FieldSpec, Spec};

/// Returns the renames that `overlay` lacks to make all Rust names of `spec` distinct.
///
/// An importer writes them into the overlay, so that a published name never changes with later
/// additions to the reference. The generator refuses colliding names.
#[must_use]
pub fn missing_renames(spec: &Spec, overlay: &Overlay) -> Vec<Rename> {
    let given: BTreeMap<(&str, Option<&str>), &str> = overlay
        .renames
        .iter()
        .map(|entry| ((entry.object.as_str(), entry.field.as_deref()), entry.to.as_str()))
        .collect();
    let times: BTreeSet<(&str, &str)> =
        overlay.times.iter().map(|time| (time.object.as_str(), time.field.as_str())).collect();
    let mut found = types(spec, overlay, &given);
    for (object, fields) in &spec.objects {
        // Explicit names take precedence, then default names, so that none of them depends on an automatic one.
        let mut taken = BTreeSet::new();
        let own = |field: &FieldSpec| {
            given.get(&(object.as_str(), Some(field.name.as_str()))).map(|name| (*name).to_owned())
        };
        for field in fields {
            let name = own(field).unwrap_or_else(|| snake(&field.name));
            if times.contains(&(object.as_str(), field.name.as_str())) {
                let TimeMethods { getter, setter } =
                    time_methods(&ident(&name).unwrap_or_default(), Side::Both);
                taken
                    .extend([Some(getter), setter].into_iter().flatten().map(|name| method(&name)));
            }
            if own(field).is_some() {
                taken.extend(both(&name));
            }
        }
        let mut colliding = Vec::new();
        for field in fields.iter().filter(|field| own(field).is_none()) {
            let rule = snake(&field.name);
            if fits(&rule, &taken) {
                taken.extend(both(&rule));
            } else {
                colliding.push((field, rule));
            }
        }
        for (field, rule) in colliding {
            let (stem, reason) = if ident(&rule).is_some() {
                (rule.as_str(), "The default name collides with another field of the object.")
            } else {
                ("field", "The default name is not a valid Rust name.")
            };
            let to = numbered(stem, "_", |name| fits(name, &taken));
            taken.extend(both(&to));
            found.push(Rename {
                object: object.clone(),
                field: Some(field.name.clone()),
                to,
                reason: reason.to_owned(),
            });
        }
    }
    found
}

/// Returns the names of field and setter, each with a prefix for its kind.
fn both(name: &str) -> [String; 2] {
    let field = ident(name).unwrap_or_default();
    [format!("field {field}"), method(&setter_name(&field))]
}

/// Returns the name of a method with the prefix for its kind.
fn method(name: &str) -> String {
    format!("setter {name}")
}

fn fits(name: &str, taken: &BTreeSet<String>) -> bool {
    ident(name).is_some() && both(name).iter().all(|mark| !taken.contains(mark))
}

fn numbered(stem: &str, joint: &str, free: impl Fn(&str) -> bool) -> String {
    let mut name = String::new();
    for number in 2_usize.. {
        name = format!("{stem}{joint}{number}");
        if free(&name) {
            break;
        }
    }
    name
}

fn types(
    spec: &Spec,
    overlay: &Overlay,
    given: &BTreeMap<(&str, Option<&str>), &str>,
) -> Vec<Rename> {
    let mut taken: BTreeSet<String> = overlay.values.keys().cloned().collect();
    taken.extend(RESERVED_TYPES.map(str::to_owned));
    taken.extend(spec.objects.keys().filter_map(|name| {
        let name = given.get(&(name.as_str(), None))?;
        ident(name)
    }));
    let mut colliding = Vec::new();
    for name in spec.objects.keys().filter(|name| !given.contains_key(&(name.as_str(), None))) {
        match ident(name) {
            Some(ident) if taken.insert(ident.clone()) => {}
            ident => colliding.push((name, ident.unwrap_or_else(|| "Object".to_owned()))),
        }
    }
    let rename = |(name, stem): (&String, String)| {
        let stem = stem.trim_start_matches("r#");
        let to = numbered(stem, "", |name| ident(name).is_some_and(|name| !taken.contains(&name)));
        taken.extend(ident(&to));
        let reason = "The default name collides or is not a valid Rust name.".to_owned();
        Rename { object: name.clone(), field: None, to, reason }
    };
    colliding.into_iter().map(rename).collect()
}
