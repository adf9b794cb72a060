//! Renames for colliding names.

use std::collections::{BTreeMap, BTreeSet};

use crate::lower::{RESERVED_TYPES, setter_name};
use crate::names::{ident, snake};
use crate::overlay::{Overlay, Rename};
use crate::spec::Spec;

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
    let mut found = types(spec, overlay, &given);
    for (object, fields) in &spec.objects {
        // Explicit names take precedence.
        let mut taken = BTreeSet::new();
        for field in fields {
            if let Some(name) = given.get(&(object, Some(field.name.as_str()))) {
                taken.extend(both(name));
            }
        }
        for field in fields {
            if given.contains_key(&(object.as_str(), Some(field.name.as_str()))) {
                continue;
            }
            let rule = snake(&field.name);
            if fits(&rule, &taken) {
                taken.extend(both(&rule));
                continue;
            }
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
    [format!("field {field}"), format!("setter {}", setter_name(&field))]
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
    let mut found = Vec::new();
    for name in spec.objects.keys() {
        if given.contains_key(&(name.as_str(), None)) {
            continue;
        }
        if let Some(ident) = ident(name)
            && taken.insert(ident)
        {
            continue;
        }
        let stem = if ident(name).is_some() { name.as_str() } else { "Object" };
        let to = numbered(stem, "", |name| ident(name).is_some_and(|name| !taken.contains(&name)));
        taken.insert(to.clone());
        let reason = "The default name collides or is not a valid Rust name.".to_owned();
        found.push(Rename { object: name.clone(), field: None, to, reason });
    }
    found
}
