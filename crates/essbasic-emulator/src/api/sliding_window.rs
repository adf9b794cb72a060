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

/// Largest number of calls within any period.
#[derive(Default)]
pub(crate) struct Peak {
    recent: VecDeque<Instant>,
    most: u64,
}

impl Peak {
    /// Records a call, and returns the largest number of calls of a period.
    pub(crate) fn record(&mut self, now: Instant) -> u64 {
        while self.recent.front().is_some_and(|at| now.duration_since(*at) >= PERIOD) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        self.most = self.most.max(self.recent.len() as u64);
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_of_any_period() {
        let start = Instant::now();
        let mut peak = Peak::default();
        // Two calls at 0.9 s and two at 1.1 s: four within 0.2 s, which two seconds of the clock divide.
        let peaks = [0, 900, 901, 1_100, 1_101, 1_899, 1_901, 5_000]
            .map(|ms| peak.record(start + Duration::from_millis(ms)));
        assert_eq!(peaks, [1, 2, 3, 3, 4, 5, 5, 5]);
    }
}
