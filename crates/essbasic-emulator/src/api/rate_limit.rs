//! Rate limit of calls.

use std::collections::BTreeMap;
use std::time::Instant;

use super::sliding_window::SlidingWindow;
use crate::error::ApiError;

/// Sliding-window rate limiter for each action. It uses the real clock, as it protects a real machine.
#[derive(Default)]
pub(crate) struct RateLimiter {
    /// Maximum number of calls per second and action; `None` for no limit.
    limit: Option<usize>,
    windows: BTreeMap<&'static str, SlidingWindow>,
}

impl RateLimiter {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self { limit, windows: BTreeMap::new() }
    }

    /// Records a call.
    ///
    /// # Errors
    /// Returns `RequestLimitExceeded` if the limit is exceeded. The call does not count then.
    pub(crate) fn acquire(&mut self, action: &'static str) -> Result<(), ApiError> {
        let Some(limit) = self.limit else { return Ok(()) };
        let window = self.windows.entry(action).or_default();
        if !window.admit(limit, Instant::now()) {
            return Err(ApiError::new(
                "RequestLimitExceeded",
                format!("{action} exceeds the limit of {limit} calls per second."),
            ));
        }
        Ok(())
    }
}
