//! The action that a path names.

use essbasic::catalogue::ActionMeta;

use crate::data::{self, Unknown};
use crate::http::error::ApiError;

/// Returns the action of this name.
pub(super) fn find(name: &str) -> Result<&'static ActionMeta, ApiError> {
    Ok(data::action(name)?)
}

impl From<Unknown> for ApiError {
    fn from(unknown: Unknown) -> Self {
        Self::not_found(unknown.to_string()).with_hint(unknown.hint())
    }
}
