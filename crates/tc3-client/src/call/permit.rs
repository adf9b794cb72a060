//! The permit of the rate limit for an attempt.

use super::{Call, Step};
use crate::error::{Error, ErrorKind};
use crate::limiter::{LimiterError, PermitRequest, Reservation};
use crate::one_line::one_line;
use crate::time::Now;

impl<'a> Call<'a> {
    /// Starts an attempt as soon as the rate limit permits it.
    pub(super) fn attempt(&mut self, now: Now) -> Step<'a> {
        self.reserve(now, None)
    }

    /// Reserves a permit, or confirms the reserved one at the end of the wait for it.
    pub(super) fn reserve(&mut self, now: Now, reserved: Option<Reservation>) -> Step<'a> {
        let Some(rate) = self.engine.config.rate_limit.per_second(&self.outer_action) else {
            return self.send(now);
        };
        match self.time_left(now) {
            Ok(timeout) => {
                let (service, action) = (self.outer_action.service, self.outer_action.name);
                Step::Reserve(PermitRequest { service, action, rate, now, timeout }, reserved)
            }
            Err(error) => self.fail_unsent(error),
        }
    }

    pub(super) fn on_permit(
        &mut self,
        now: Now,
        permit: Result<Reservation, LimiterError>,
    ) -> Step<'a> {
        let mut permit = match permit {
            Ok(permit) => permit,
            Err(error) => return self.fail(Error::rate_limiter(error)),
        };
        let at = permit.at(now);
        // A timer that returns early is that of a simulation.
        let waited_until = self.waited_until.take().unwrap_or_default();
        if at <= now.monotonic.max(waited_until) {
            if std::mem::take(&mut self.may_renew)
                && self.credential.as_ref().is_some_and(|credential| credential.is_expired(now))
            {
                self.reserved = Some(permit);
                return Step::Credential(None);
            }
            let step = self.send(now);
            // Without a request the permit is released.
            if let Step::Send(_) = step {
                permit.take();
            }
            return step;
        }
        let wait = at.saturating_sub(now.monotonic);
        if !self.has_time_for(now, wait) {
            return self.fail_unsent(Self::limited(
                "the client's rate limit permits no request before the timeout of the call",
            ));
        }
        tracing::debug!(wait_ms = wait.as_millis() as u64, "waiting for the rate limit");
        self.waited_until = Some(at);
        self.reserved = Some(permit);
        Step::Sleep(wait)
    }

    /// Returns the error of a call without a permit at its deadline.
    pub(super) fn limited(message: &'static str) -> Error {
        Error::unsent(message).with_hint(
            "raise the timeout of the call, lower the number of concurrent calls, or share one rate limiter among the \
             clients of the account"
                .into(),
        )
    }
}

impl Error {
    /// Returns the error of a call whose limiter has failed.
    fn rate_limiter(error: LimiterError) -> Self {
        let message = format!("the rate limiter failed: {}", one_line(&error.to_string(), 200));
        Self::new(ErrorKind::RateLimiter, message).retryable(true).with_boxed_cause(error)
    }
}
