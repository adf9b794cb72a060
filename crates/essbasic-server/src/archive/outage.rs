//! Outages of the destination: a short one is waited for, a longer one pauses the loop.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Outages up to this duration do not pause the loop.
pub(super) const GRACE: Duration = Duration::from_secs(30);

/// Period without failures after which an outage has ended, if nothing was stored meanwhile.
const FORGET: Duration = Duration::from_secs(90);

/// Failures of the destination since the last stored file.
#[derive(Default)]
pub(super) struct Outage(Mutex<Option<Seen>>);

#[derive(Clone, Copy)]
struct Seen {
    first: Instant,
    last: Instant,
}

impl Outage {
    /// Records a failed check that began at a time. Returns whether the outage is longer than the grace.
    pub(super) fn failed(&self, checked: Instant, now: Instant, grace: Duration) -> bool {
        let mut seen = self.lock();
        let first = match *seen {
            Some(seen) if checked.saturating_duration_since(seen.last) < FORGET => seen.first,
            _ => checked,
        };
        *seen = Some(Seen { first, last: now });
        now.saturating_duration_since(first) >= grace
    }

    /// Records that a file was stored.
    pub(super) fn ended(&self) {
        *self.lock() = None;
    }

    /// Returns whether the destination may still fail, so that it is checked before work begins.
    pub(super) fn is_possible(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_in_a_row_are_a_long_outage() {
        let outage = Outage::default();
        let start = Instant::now();
        let failed = |second: u64| {
            let at = start + Duration::from_secs(second);
            outage.failed(at, at, GRACE)
        };
        assert!(!outage.is_possible());
        assert!(!failed(0) && !failed(10) && !failed(29) && failed(30));
        assert!(outage.is_possible());
        outage.ended();
        assert!(!outage.is_possible());
        assert!(!failed(40) && !failed(69) && failed(70));
        // Nothing was due meanwhile.
        assert!(!failed(500));
        // A check that took long counts from its start.
        outage.ended();
        assert!(outage.failed(start, start + GRACE, GRACE));
    }
}
