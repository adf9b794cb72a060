//! Which failures are worth another attempt, and how long to wait before it.

use std::time::Duration;

use tc3_api::ActionInfo;
use tc3_transport::TransportErrorKind;

/// How often a call is attempted, and the waits between.
///
/// Which failures are retried is not a setting: throttling for any action, faults of the server and of the
/// transport only if the action is idempotent or the request was never sent.
///
/// Throttling (`RequestLimitExceeded`, HTTP status 429) is retried until the call's time limit, after at
/// least one second each time, whatever `max_attempts` above one and the delays are. Without a time limit,
/// it is retried for five minutes from the first throttled attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Maximum number of attempts, the first included and throttled ones excluded; 4. One switches all
    /// retries off.
    pub max_attempts: u32,
    /// The upper bound of the first wait; 200 ms. It doubles with each attempt.
    pub base_delay: Duration,
    /// The upper bound of any wait; 5 s. More than an hour counts as an hour.
    pub max_delay: Duration,
}

/// The rates of the service count per second: what comes back sooner is refused again.
const THROTTLE_DELAY: Duration = Duration::from_secs(1);

/// A longer wait between attempts would be a hang.
const LONGEST_DELAY: Duration = Duration::from_secs(3_600);

/// Maximum of what is added to the wait after a throttled attempt.
const MAX_THROTTLE_JITTER: Duration = Duration::from_secs(5);

/// How long throttling is retried in a call without a time limit, from the first throttled attempt.
pub(crate) const THROTTLE_PATIENCE: Duration = Duration::from_secs(300);

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
    /// One attempt, no retries.
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

    /// The wait after the given number of throttled attempts: at least a second, or what the server asks
    /// for, and jitter on top, so that clients throttled together do not return together. The first value is
    /// without the jitter.
    pub(crate) fn throttle_delay(
        &self,
        throttled: u32,
        retry_after: Option<Duration>,
        rng: &mut fastrand::Rng,
    ) -> (Duration, Duration) {
        let least = retry_after.unwrap_or_default().max(THROTTLE_DELAY);
        let doubled = 1_u32.checked_shl(throttled.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = THROTTLE_DELAY.saturating_mul(doubled).min(MAX_THROTTLE_JITTER);
        (least, least.saturating_add(bound.mul_f64(rng.f64())))
    }

    /// The wait after the given number of failed attempts: anything between nothing and the bound
    /// ("full jitter"), so that clients that failed together do not come back together. A server's
    /// `Retry-After` is the least.
    pub(crate) fn delay(
        &self,
        failed: u32,
        retry_after: Option<Duration>,
        rng: &mut fastrand::Rng,
    ) -> Duration {
        let doubled = 1_u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = self.base_delay.saturating_mul(doubled).min(self.max_delay).min(LONGEST_DELAY);
        let jitter = bound.mul_f64(rng.f64());
        retry_after.unwrap_or_default().saturating_add(jitter)
    }
}

/// What to do about a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Report it.
    GiveUp,
    /// Wait and try again.
    Retry,
    /// Wait at least a second and try again, until the time limit.
    Throttled,
    /// Correct the clock by the answer's `Date` and try again, once.
    CorrectClock,
    /// Get a new credential and try again, once.
    RefreshCredential,
}

/// The verdict on an error that the API named.
pub(crate) fn on_code(info: &ActionInfo<'_>, code: &str) -> Verdict {
    let family = code.split('.').next().unwrap_or(code);
    match (family, code) {
        // Refused before it was executed: safe for every action.
        ("RequestLimitExceeded", _) => Verdict::Throttled,
        (_, "AuthFailure.SignatureExpire") => Verdict::CorrectClock,
        (_, "AuthFailure.TokenFailure" | "AuthFailure.SecretIdNotFound") => {
            Verdict::RefreshCredential
        }
        ("InternalError" | "ServiceUnavailable", _) if info.idempotent => Verdict::Retry,
        _ => Verdict::GiveUp,
    }
}

/// The verdict on an answer that names no error: a gateway's page, or what does not decode.
pub(crate) fn on_status(info: &ActionInfo<'_>, status: u16) -> Verdict {
    match status {
        429 => Verdict::Throttled,
        // A success that does not decode was cut or garbled on its way.
        200..=299 | 500 | 502..=504 if info.idempotent => Verdict::Retry,
        _ => Verdict::GiveUp,
    }
}

/// The verdict on a failed exchange.
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
    fn waits_stay_under_a_doubling_bound_and_over_the_servers() {
        let policy = RetryPolicy::default();
        let mut rng = fastrand::Rng::with_seed(7);
        for (failed, bound) in
            [(1, 200), (2, 400), (3, 800), (6, 5_000), (40, 5_000), (u32::MAX, 5_000)]
        {
            for _ in 0..50 {
                let least = Duration::from_secs(2);
                assert!(policy.delay(failed, None, &mut rng) <= Duration::from_millis(bound));
                assert!(policy.delay(failed, Some(least), &mut rng) >= least);
            }
        }
    }

    #[test]
    fn throttling_is_waited_for_a_second_at_least_with_jitter() {
        let mut rng = fastrand::Rng::with_seed(7);
        let policies = [Duration::ZERO, Duration::MAX]
            .map(|delay| RetryPolicy::default().with_base_delay(delay).with_max_delay(delay));
        for policy in policies {
            for throttled in [0, 1, 2, 3, 40, u32::MAX] {
                let mut waits = Vec::new();
                for after in [None, Some(0), Some(1), Some(30), Some(u64::MAX)] {
                    let after = after.map(Duration::from_secs);
                    let (least, wait) = policy.throttle_delay(throttled, after, &mut rng);
                    let asked = after.unwrap_or_default();
                    assert_eq!(least, asked.max(Duration::from_secs(1)));
                    assert!(wait >= least && wait - least <= MAX_THROTTLE_JITTER);
                    waits.push(wait - least);
                }
                waits.dedup();
                assert!(waits.len() > 3, "{waits:?}");
            }
        }
    }

    #[test]
    fn a_create_is_repeated_only_where_it_was_not_executed() {
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
