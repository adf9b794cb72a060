//! The action that a path names.

use essbasic::catalogue::ActionMeta;
use essbasic::models::CATALOGUE;

use crate::http::error::ApiError;

/// Returns the action of this name.
pub(super) fn find(name: &str) -> Result<&'static ActionMeta, ApiError> {
    CATALOGUE.action(name).ok_or_else(|| {
        let lower = name.to_ascii_lowercase();
        let likeness = |known: &str| strsim::jaro_winkler(&known.to_ascii_lowercase(), &lower);
        let names = CATALOGUE.actions.iter().map(|action| action.info.name);
        let nearest = names
            .map(|known| (likeness(known), known))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(likeness, _)| *likeness > 0.8);
        let error = ApiError::not_found("no action has this name");
        match nearest {
            Some((_, nearest)) => error.with_hint(format!("did you mean {nearest}?")),
            None => error.with_hint("search for it with /api/search?q=WORD"),
        }
    })
}
