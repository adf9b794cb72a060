//! Classes of error codes.

use super::Model;
use crate::errors::{Facts, find};
use crate::problem::Problems;

pub(super) fn check(at: &mut Problems<'_>, model: &Model<'_>) {
    let (spec, entries) = (model.spec, &model.overlay.errors);
    let codes = || spec.codes.keys().chain(spec.common_codes.keys());
    for (key, entry) in entries {
        let exists = match key.strip_suffix('.') {
            Some(family) => codes().any(|code| code == family || code.starts_with(key)),
            None => codes().any(|code| code == key),
        };
        if !exists {
            at.add(&["errors", key], format!("stale: no error code `{key}`"));
        }
        let platform = model.platform.and_then(|platform| find(&platform.errors, key));
        if platform.is_some_and(|platform| Facts::from(platform) == Facts::from(entry)) {
            at.add(&["errors", key], "stale: equals the entry of the platform");
        }
    }
    let Some(platform) = model.platform.filter(|_| model.overlay.docs.complete) else { return };
    for code in codes() {
        if find(entries, code).is_none() && find(&platform.errors, code).is_none() {
            at.add(&["errors"], format!("no class for error code `{code}`"));
        }
    }
}
