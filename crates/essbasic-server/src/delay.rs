//! Delays of the ledger, and the backoff between attempts.

use std::time::Duration;

/// Returns the number of milliseconds, for the ledger.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the delay after an attempt: `first` after attempt 1, doubled by each further one up to `max`.
pub(crate) fn backoff(attempt: i64, first: Duration, max: Duration) -> Duration {
    // More doublings exceed every maximum.
    let doublings = u32::try_from(attempt.clamp(1, 31) - 1).unwrap_or_default();
    first.saturating_mul(1 << doublings).min(max)
}
