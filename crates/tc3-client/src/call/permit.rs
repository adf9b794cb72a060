//! The wait of a call for a permit of the rate limit.

use std::time::Duration;

use super::{Call, Step};
use crate::error::{Error, ErrorKind};
use crate::time::Now;

impl Call<'_> {
    /// Starts an attempt as soon as the rate limit permits it.
    pub(super) fn attempt(&mut self, now: Now) -> Step {
        let limit = self.engine.config.rate_limit;
        let at = self.engine.limiter.reserve(limit, &self.outer_action, now.monotonic);
        match at > now.monotonic {
            true => self.wait_for_permit(now, at),
            false => self.send(now),
        }
    }

    /// Starts an attempt at the end of the wait for its permit, or waits again if timers have returned late.
    pub(super) fn on_permit(&mut self, now: Now, reserved: Duration) -> Step {
        let limit = self.engine.config.rate_limit;
        let limiter = &self.engine.limiter;
        let at = limiter.renew(limit, &self.outer_action, reserved, now.monotonic);
        // A timer that returns early is that of a simulation.
        match at > now.monotonic.max(reserved) {
            true => self.wait_for_permit(now, at),
            false => self.send(now),
        }
    }

    fn wait_for_permit(&mut self, now: Now, at: Duration) -> Step {
        let wait = at.saturating_sub(now.monotonic);
        self.reserved = Some(at);
        if !self.has_time_for(now, wait) {
            return self.fail(Error::new(
                ErrorKind::Timeout,
                "the client's rate limit permits no request before the timeout of the call",
            ));
        }
        tracing::debug!(wait_ms = wait.as_millis() as u64, "waiting for the rate limit");
        Step::Sleep(wait)
    }
}

/// Releases the permit of a call that is cancelled while it waits for it.
impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(at) = self.reserved {
            self.engine.limiter.release(&self.outer_action, at);
        }
    }
}
