//! Rate limit of calls.

use std::collections::BTreeMap;
use std::time::Instant;

use super::sliding_window::{Peak, SlidingWindow};
use crate::error::ApiError;

/// Sliding-window rate limiter for each action. It uses the real clock, as it protects a real machine.
#[derive(Default)]
pub(crate) struct RateLimiter {
    /// Maximum number of calls per second and action; `None` for no limit.
    limit: Option<usize>,
    windows: BTreeMap<&'static str, SlidingWindow>,
    peaks: BTreeMap<&'static str, Peak>,
}

impl RateLimiter {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Records the arrival of a call, whatever its result, and returns the largest number of calls of this action within
    /// any second.
    pub(crate) fn arrived(&mut self, action: &'static str) -> u64 {
        self.peaks.entry(action).or_default().record(Instant::now())
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
