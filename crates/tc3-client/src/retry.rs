//! Retry rules: which failures are retried, and the backoff.

use std::time::Duration;

use tc3_api::{ActionInfo, RetryRule};
use tc3_transport::TransportErrorKind;

/// Number of attempts and backoff.
///
/// The retry rules themselves are data of the platform and the service (`ErrorTable` in [`api`](crate::api)). Throttled
/// attempts are retried for every action. Faults of the server and of the transport are retried only if the action is
/// idempotent or the request was never sent.
///
/// Throttling (`RequestLimitExceeded`, HTTP status 429) is retried until the timeout of the call, each time after
/// at least one second. The delays below and `max_attempts`, if above one, do not limit it. Without a timeout it
/// is retried for five minutes from the first throttled attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Maximum number of attempts, including the first and excluding throttled ones; default 4. One disables all
    /// retries.
    pub max_attempts: u32,
    /// Upper bound of the first delay; default 200 ms. It doubles with each attempt.
    pub base_delay: Duration,
    /// Upper bound of each delay; default 5 s, at most one hour.
    pub max_delay: Duration,
}

/// Minimum delay after a throttled attempt. The rate limits of the service count per second.
const MIN_THROTTLE_DELAY: Duration = Duration::from_secs(1);

/// Upper bound of [`RetryPolicy::max_delay`].
const MAX_DELAY: Duration = Duration::from_secs(3_600);

/// Longest delay after a throttled attempt, without jitter: after a `Retry-After` that cannot be read.
pub(crate) const MAX_THROTTLE_DELAY: Duration = Duration::from_secs(6);

/// Maximum jitter added to the delay after a throttled attempt.
const MAX_THROTTLE_JITTER: Duration = Duration::from_secs(5);

/// Time from the first throttled attempt for which a call without a timeout retries throttling.
pub(crate) const MAX_THROTTLED_TIME: Duration = Duration::from_secs(300);

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(5),
        }
    }
}

impl RetryPolicy {
    /// Returns a policy of one attempt, without retries.
    pub fn none() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// Sets [`max_attempts`](Self::max_attempts).
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets [`base_delay`](Self::base_delay).
    #[must_use]
    pub fn with_base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Sets [`max_delay`](Self::max_delay).
    #[must_use]
    pub fn with_max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Returns the upper bound of all delays.
    pub(crate) fn longest_delay(&self) -> Duration {
        self.max_delay.min(MAX_DELAY)
    }

    /// Returns the delay after the given number of throttled attempts, without and with jitter. It is at least
    /// one second, and at least `retry_after`. Jitter spreads the clients that were throttled at the same time.
    pub(crate) fn throttle_delay(
        &self,
        throttled: u32,
        retry_after: Option<Duration>,
        rng: &mut fastrand::Rng,
    ) -> (Duration, Duration) {
        let min = retry_after.unwrap_or_default().max(MIN_THROTTLE_DELAY);
        let doubled = 1_u32.checked_shl(throttled.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = MIN_THROTTLE_DELAY.saturating_mul(doubled).min(MAX_THROTTLE_JITTER);
        (min, min.saturating_add(bound.mul_f64(rng.f64())))
    }

    /// Returns the delay after the given number of failed attempts: uniformly distributed between zero and the
    /// upper bound ("full jitter"), plus `retry_after`.
    pub(crate) fn delay(
        &self,
        failed: u32,
        retry_after: Option<Duration>,
        rng: &mut fastrand::Rng,
    ) -> Duration {
        let doubled = 1_u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = self.base_delay.saturating_mul(doubled).min(self.longest_delay());
        let jitter = bound.mul_f64(rng.f64());
        retry_after.unwrap_or_default().saturating_add(jitter)
    }
}

/// The reaction to a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Return the error.
    GiveUp,
    /// Retry after a delay.
    Retry,
    /// Retry after at least one second, until the timeout of the call.
    Throttled,
    /// Correct the clock skew with the `Date` of the response and retry, once.
    CorrectClock,
    /// Refresh the credential and retry, once.
    RefreshCredential,
}

/// Returns the reaction to an error code of the API.
pub(crate) fn on_code(info: &ActionInfo<'_>, code: &str) -> Verdict {
    match info.errors.rule(code).retry {
        RetryRule::Always => Verdict::Throttled,
        RetryRule::AfterClockCorrection => Verdict::CorrectClock,
        RetryRule::AfterCredentialRefresh => Verdict::RefreshCredential,
        RetryRule::IfIdempotent if info.idempotent => Verdict::Retry,
        _ => Verdict::GiveUp,
    }
}

/// Returns the reaction to a response without an error code: a page of a gateway, or an undecodable response.
pub(crate) fn on_status(info: &ActionInfo<'_>, status: u16) -> Verdict {
    match status {
        429 => Verdict::Throttled,
        // A success that cannot be decoded was truncated or corrupted.
        200..=299 | 500 | 502..=504 if info.idempotent => Verdict::Retry,
        _ => Verdict::GiveUp,
    }
}

/// Returns the reaction to a failed exchange.
pub(crate) fn on_transport(info: &ActionInfo<'_>, kind: TransportErrorKind) -> Verdict {
    if kind.is_transient() && (info.idempotent || kind.never_sent()) {
        Verdict::Retry
    } else {
        Verdict::GiveUp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_bounded_and_at_least_retry_after() {
        let policy = RetryPolicy::default();
        let mut rng = fastrand::Rng::with_seed(7);
        for (failed, bound) in
            [(1, 200), (2, 400), (3, 800), (6, 5_000), (40, 5_000), (u32::MAX, 5_000)]
        {
            for _ in 0..50 {
                let retry_after = Duration::from_secs(2);
                assert!(policy.delay(failed, None, &mut rng) <= Duration::from_millis(bound));
                assert!(policy.delay(failed, Some(retry_after), &mut rng) >= retry_after);
            }
        }
    }

    #[test]
    fn throttle_delays_are_at_least_one_second_and_jittered() {
        let mut rng = fastrand::Rng::with_seed(7);
        let policies = [Duration::ZERO, Duration::MAX]
            .map(|delay| RetryPolicy::default().with_base_delay(delay).with_max_delay(delay));
        for policy in policies {
            for throttled in [0, 1, 2, 3, 40, u32::MAX] {
                let mut jitters = Vec::new();
                for after in [None, Some(0), Some(1), Some(30), Some(u64::MAX)] {
                    let after = after.map(Duration::from_secs);
                    let (min, delay) = policy.throttle_delay(throttled, after, &mut rng);
                    let retry_after = after.unwrap_or_default();
                    assert_eq!(min, retry_after.max(Duration::from_secs(1)));
                    assert!(delay >= min && delay - min <= MAX_THROTTLE_JITTER);
                    jitters.push(delay - min);
                }
                jitters.dedup();
                assert!(jitters.len() > 3, "{jitters:?}");
            }
        }
    }

    #[test]
    fn retries_creates_only_if_they_were_not_executed() {
        let create = ActionInfo::new("s", "v", "Create");
        let read = create.idempotent();
        let cases = [
            ("RequestLimitExceeded", Verdict::Throttled, Verdict::Throttled),
            ("RequestLimitExceeded.UinLimitExceeded", Verdict::Throttled, Verdict::Throttled),
            ("InternalError", Verdict::GiveUp, Verdict::Retry),
            ("InternalError.Db", Verdict::GiveUp, Verdict::Retry),
            ("ServiceUnavailable", Verdict::GiveUp, Verdict::Retry),
            ("LimitExceeded", Verdict::GiveUp, Verdict::GiveUp),
            ("InternalErrors", Verdict::GiveUp, Verdict::GiveUp),
            ("", Verdict::GiveUp, Verdict::GiveUp),
        ];
        for (code, for_create, for_read) in cases {
            assert_eq!(on_code(&create, code), for_create, "{code}");
            assert_eq!(on_code(&read, code), for_read, "{code}");
        }
        for (status, for_create, for_read) in [
            (429, Verdict::Throttled, Verdict::Throttled),
            (503, Verdict::GiveUp, Verdict::Retry),
            (200, Verdict::GiveUp, Verdict::Retry),
            (403, Verdict::GiveUp, Verdict::GiveUp),
        ] {
            assert_eq!(on_status(&create, status), for_create, "{status}");
            assert_eq!(on_status(&read, status), for_read, "{status}");
        }
        for (kind, for_create, for_read) in [
            (TransportErrorKind::Connect, Verdict::Retry, Verdict::Retry),
            (TransportErrorKind::Timeout, Verdict::GiveUp, Verdict::Retry),
            (TransportErrorKind::Interrupted, Verdict::GiveUp, Verdict::Retry),
            (TransportErrorKind::Tls, Verdict::GiveUp, Verdict::GiveUp),
        ] {
            assert_eq!(on_transport(&create, kind), for_create, "{kind}");
            assert_eq!(on_transport(&read, kind), for_read, "{kind}");
        }
    }
}
