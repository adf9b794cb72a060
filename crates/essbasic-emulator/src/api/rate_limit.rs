//! Rate limit of calls.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::error::ApiError;

/// Period of the rate limit, by the real clock.
const PERIOD: Duration = Duration::from_secs(1);

/// Sliding-window rate limiter for each action. It uses the real clock, as it protects a real machine.
#[derive(Default)]
pub(crate) struct RateLimiter {
    /// Maximum number of calls per second and action; `None` for no limit.
    limit: Option<usize>,
    /// Times of the calls of each action within the last period.
    recent: BTreeMap<&'static str, VecDeque<Instant>>,
}

impl RateLimiter {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self { limit, recent: BTreeMap::new() }
    }

    /// Records a call.
    ///
    /// # Errors
    /// Returns `RequestLimitExceeded` if the limit is exceeded. The call does not count then.
    pub(crate) fn acquire(&mut self, action: &'static str) -> Result<(), ApiError> {
        let Some(limit) = self.limit else { return Ok(()) };
        let now = Instant::now();
        let recent = self.recent.entry(action).or_default();
        while recent.front().is_some_and(|at| now.duration_since(*at) >= PERIOD) {
            recent.pop_front();
        }
        if recent.len() >= limit {
            return Err(ApiError::new(
                "RequestLimitExceeded",
                format!("{action} exceeds the limit of {limit} calls per second."),
            ));
        }
        recent.push_back(now);
        Ok(())
    }
}
