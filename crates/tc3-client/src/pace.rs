//! The interval between polls.

use std::time::Duration;

/// Minimum interval between two polls.
const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// Upper limit of the interval between two polls, for any options.
const MAX_INTERVAL: Duration = Duration::from_secs(3600);

/// The interval between polls, which grows by half after each one without a change.
#[derive(Debug, Clone)]
pub struct Pace {
    first: Duration,
    max: Duration,
    current: Duration,
}

impl Pace {
    /// Creates a pace with a first and a maximum interval.
    pub fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, current: first }
    }

    /// Returns the interval after a poll that begins now; `changed` is whether something has changed since the previous one.
    pub fn next(&mut self, changed: bool) -> Duration {
        let longer = || self.current.saturating_add(self.current / 2).min(self.max);
        self.current = if changed { self.first } else { longer() };
        self.current = self.current.min(MAX_INTERVAL);
        self.current.max(MIN_INTERVAL)
    }
}
