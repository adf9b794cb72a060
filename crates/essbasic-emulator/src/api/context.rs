//! Context of an executed action.

use std::time::Duration;

use tc3_catalogue::ActionMeta;

use crate::error::ApiError;
use crate::state::State;
use crate::state::links::{FILE_LINK_LIFETIME, Links, Target};

/// State and settings that an action uses.
pub(super) struct Context<'a> {
    pub(super) meta: &'static ActionMeta,
    pub(super) state: &'a mut State,
    pub(super) links: &'a Links,
    pub(super) endpoint: &'a str,
    pub(super) now: Duration,
}

impl Context<'_> {
    /// Returns an error with this code, or with its first part if the code is not documented for the action.
    pub(super) fn error(&self, code: &'static str, message: impl Into<String>) -> ApiError {
        let general = code.split_once('.').map_or(code, |(general, _)| general);
        let code = if self.meta.errors.contains(&code) { code } else { general };
        ApiError::new(code, message)
    }

    /// Returns a link to a file that is valid for five minutes.
    pub(super) fn file_link(&self, target: Target<'_>, number: usize) -> String {
        let link = self.links.create(target, number, FILE_LINK_LIFETIME, self.now);
        format!("{}{link}", self.endpoint)
    }
}
