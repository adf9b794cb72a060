//! Classes of error codes.

use super::Model;
use crate::errors::{Facts, family, find};
use crate::problem::Problems;

pub(super) fn check(at: &mut Problems<'_>, model: &Model<'_>) {
    let (spec, entries) = (model.spec, &model.overlay.errors);
    let codes = || spec.codes.keys().chain(spec.common_codes.keys());
    for (key, entry) in entries {
        if !codes().any(|code| code == key || family(code) == *key) {
            at.add(&["errors", key], format!("stale: no error code `{key}`"));
        }
        if without(model, key) == Some(Facts::from(entry)) {
            at.add(&["errors", key], "stale: equals the entry that applies without it");
        }
    }
    let Some(platform) = model.platform.filter(|_| model.overlay.docs.complete) else { return };
    for code in codes() {
        if find(entries, code).is_none() && find(&platform.errors, code).is_none() {
            at.add(&["errors"], format!("no class for error code `{code}`"));
        }
    }
}

/// Returns the facts that apply to a code or a family without its own entry, in the precedence of `tc3_api::ErrorTable`.
fn without(model: &Model<'_>, key: &str) -> Option<Facts> {
    let platform = |key: &str| model.platform?.errors.get(key).map(Facts::from);
    let family = family(key);
    let own_family = || model.overlay.errors.get(&family).filter(|_| family != key);
    platform(key).or_else(|| own_family().map(Facts::from)).or_else(|| platform(&family))
}
