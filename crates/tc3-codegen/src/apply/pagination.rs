//! Overlay entries for actions that return pages.

use std::collections::BTreeMap;

use super::{Given, no_action};
use crate::overlay::PaginationEntry;
use crate::pages::{Detection, Pagination, detect, resolve};
use crate::problem::Problems;

/// Returns the pagination of each action that returns pages.
pub(super) fn pagination<'a>(
    at: &mut Problems<'_>,
    given: &Given<'a>,
) -> BTreeMap<&'a str, Pagination> {
    let Given { spec, overlay, reference, .. } = *given;
    for (action, _) in &overlay.pagination {
        if !spec.actions.contains_key(action) {
            at.add(&["pagination", action], no_action(action));
        }
    }
    let mut found = BTreeMap::new();
    for (name, action) in &spec.actions {
        let detected = detect(spec, reference, action);
        let resolved = match overlay.pagination.get(name) {
            None => Ok(pages(detected)),
            Some(entry) => {
                let resolve = || resolve(spec, reference, action, entry);
                corrected(entry, pages(detected), resolve)
            }
        };
        match resolved {
            Ok(pages) => found.extend(pages.map(|pages| (name.as_str(), pages))),
            Err(reason) => at.add(&["pagination", name], reason),
        }
    }
    found
}

fn pages(detected: Detection) -> Option<Pagination> {
    match detected {
        Detection::Pages(pages) => Some(pages),
        Detection::No | Detection::Almost(_) => None,
    }
}

/// Returns the pagination according to an entry.
fn corrected(
    entry: &PaginationEntry,
    detected: Option<Pagination>,
    resolve: impl Fn() -> Result<Option<Pagination>, String>,
) -> Result<Option<Pagination>, String> {
    if entry.disabled {
        let alone =
            PaginationEntry { disabled: true, reason: entry.reason.clone(), ..Default::default() };
        return match detected {
            _ if *entry != alone => Err("`disabled` excludes the other fields".to_owned()),
            None => Err("stale: the rules find no pages".to_owned()),
            Some(_) => Ok(None),
        };
    }
    match resolve()? {
        None => Err("the request has no position; state `offset`, `page` or `token`".to_owned()),
        pages if pages == detected => Err("stale: the rules find the same".to_owned()),
        pages => Ok(pages),
    }
}
