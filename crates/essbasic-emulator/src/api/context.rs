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
        self.error_of([code, code], message)
    }

    /// Returns an error with the first of two codes that is documented for the action, or with the first part of the
    /// first one.
    pub(super) fn error_of(
        &self,
        codes: [&'static str; 2],
        message: impl Into<String>,
    ) -> ApiError {
        let [code, _] = codes;
        let general = code.split_once('.').map_or(code, |(general, _)| general);
        let documented = codes.into_iter().find(|code| self.meta.errors.contains(code));
        ApiError::new(documented.unwrap_or(general), message)
    }

    /// Returns a link to a file that is valid for five minutes.
    pub(super) fn file_link(&self, target: Target<'_>, number: usize) -> String {
        let link = self.links.create(target, number, FILE_LINK_LIFETIME, self.now);
        format!("{}{link}", self.endpoint)
    }
}
