//! The sliding window of a rate limit.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Period of the rate limit.
const PERIOD: Duration = Duration::from_secs(1);

/// Times of the calls within the last period. The time is an argument.
#[derive(Default)]
pub(crate) struct SlidingWindow {
    recent: VecDeque<Instant>,
}

impl SlidingWindow {
    /// Records a call, or returns false if `limit` calls are in the period. The call does not count then.
    pub(crate) fn admit(&mut self, limit: usize, now: Instant) -> bool {
        while self.recent.front().is_some_and(|at| now.duration_since(*at) >= PERIOD) {
            self.recent.pop_front();
        }
        let is_admitted = self.recent.len() < limit;
        if is_admitted {
            self.recent.push_back(now);
        }
        is_admitted
    }
}
