//! Commands that explore the API: search, describe, skeleton, snippet, openapi.

pub(crate) mod describe;
pub(crate) mod openapi;
pub(crate) mod search;
pub(crate) mod skeleton;
pub(crate) mod snippet;

use essbasic::catalogue::ActionMeta;
use essbasic_explorer::data::{self, Unknown};

use crate::failure::Failure;

/// Returns the action of this name.
pub(crate) fn action(name: &str) -> Result<&'static ActionMeta, Failure> {
    data::action(name).map_err(|unknown| advice(&unknown))
}

/// Returns the error of an unknown name, with a similar name or a search as its fix.
fn advice(unknown: &Unknown) -> Failure {
    let fix = match (unknown.nearest, unknown.showable_name()) {
        (Some(_), _) => unknown.hint(),
        (None, Some(name)) => format!("look for it with: essbasic search {name}"),
        (None, None) => "look for it with: essbasic search WORD".to_owned(),
    };
    Failure::new(format!("{unknown}; {fix}"))
}
