//! The action that a path names.

use essbasic::catalogue::ActionMeta;
use essbasic_page::ApiError;

use crate::data::{self, Unknown};

/// Returns the action of this name.
pub(super) fn find(name: &str) -> Result<&'static ActionMeta, ApiError> {
    Ok(data::action(name)?)
}

impl From<Unknown> for ApiError {
    fn from(unknown: Unknown) -> Self {
        Self::not_found(unknown.to_string()).with_hint(unknown.hint())
    }
}
