use std::time::Duration;

use super::source::FetchStep;
use crate::time::Now;

/// Retries of a request to the metadata service.
#[derive(Default)]
pub(super) struct Attempts(u32);

impl Attempts {
    /// Returns the delay before a retry, or `None` after 3 attempts.
    pub(super) fn retry(&mut self) -> Option<FetchStep> {
        self.0 += 1;
        (self.0 < 3).then(|| FetchStep::Sleep(Duration::from_millis(100) * self.0))
    }

    /// Returns the delay before a retry of a throttled request, at least one second, or `None` after 10 attempts.
    pub(super) fn retry_throttled(&mut self, now: Now) -> Option<FetchStep> {
        self.0 += 1;
        // The sub-second part of the time differs between machines, which is sufficient as jitter.
        let jitter = Duration::from_nanos(now.unix.subsec_nanos().into());
        (self.0 < 10).then(|| FetchStep::Sleep(Duration::from_secs(1) + jitter))
    }
}
