//! Streams of actions.

use super::{field, no_action};
use crate::overlay::{Overlay, StreamError};
use crate::problem::Problems;
use crate::spec::Spec;

pub(super) fn check(at: &mut Problems<'_>, spec: &Spec, overlay: &Overlay) {
    for (name, entry) in &overlay.streams {
        let Some(action) = spec.actions.get(name) else {
            at.add(&["streams", name], no_action(name));
            continue;
        };
        if action.streamed && entry.error.is_none() && !entry.end_marker {
            at.add(&["streams", name], "stale: equals the spec");
        }
        if let Some(error) = &entry.error
            && let Err(reason) = check_fields(spec, &action.response, error)
        {
            at.add(&["streams", name, "error"], reason);
        }
    }
}

fn check_fields(spec: &Spec, response: &str, error: &StreamError) -> Result<(), String> {
    let object = match &error.object {
        None => response,
        Some(name) => {
            let (_, found) = field(spec, response, name)?;
            match (found.kind.as_str(), &found.of) {
                ("object", Some(of)) => of,
                _ => return Err(format!("stale: `{response}.{name}` is not an object")),
            }
        }
    };
    field(spec, object, &error.code)?;
    field(spec, object, &error.message)?;
    Ok(())
}
