//! Refresh policy: when a credential is fetched, and what callers use meanwhile.

use std::time::Duration;

use super::{CredentialError, ValidCredential};
use crate::time::Now;

/// Maximum time before expiry from which a credential is refreshed, without jitter: that of the official SDKs, and the
/// clock skew that the server accepts. It is a third of the lifetime if that is less.
const REFRESH_MARGIN: Duration = Duration::from_secs(300);

/// Maximum part of the margin that is added to it, at random for each credential: processes that have fetched at the same
/// time refresh at different times.
const REFRESH_JITTER: f64 = 0.2;

/// Maximum time between a refresh and the next early one; half of the lifetime if that is less. After a failure it is up to
/// half longer.
const REFRESH_INTERVAL: Duration = Duration::from_secs(10);

/// Minimum time between a failed fetch and the next one, without a valid credential. It is up to half longer.
const MIN_RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The credential that a caller needs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// The current one, which is refreshed if that is due.
    Current,
    /// If the source has another one, not this one, which the server has rejected.
    OtherThan(&'a ValidCredential),
    /// One whose fetch has not started yet.
    New,
}

impl<'a> From<Option<&'a ValidCredential>> for Wanted<'a> {
    fn from(rejected: Option<&'a ValidCredential>) -> Self {
        rejected.map_or(Self::Current, Self::OtherThan)
    }
}

#[derive(Debug)]
pub(super) enum Lookup {
    Use(ValidCredential),
    /// The last fetch has failed, and the next one is not due.
    Failed(CredentialError),
    /// A fetch is due. Contains the current credential if it can be used meanwhile, and the number of a fetch: the result
    /// of any later one can be shared.
    Fetch(Option<ValidCredential>, u64),
}

#[derive(Default)]
pub(super) struct State {
    current: Option<ValidCredential>,
    /// The error of the last fetch, if it failed.
    failure: Option<CredentialError>,
    /// Number of started fetches.
    started: u64,
    /// Number of the latest fetch that has completed.
    completed: u64,
    /// Time before which there is no early refresh, on the monotonic clock.
    early_pause_end: Duration,
    /// Time before which there is no fetch after a failed one, on the monotonic clock.
    retry_pause_end: Duration,
    /// Time before expiry from which the current credential is refreshed.
    margin: Duration,
    /// True if the last fetch has returned the credential that the server had rejected.
    is_rejected_again: bool,
    /// True if the last fetch has returned a credential that had expired by the local clock.
    is_expired_on_arrival: bool,
    pub(super) rng: fastrand::Rng,
}

impl State {
    pub(super) fn lookup(&self, now: Now, wanted: Wanted<'_>) -> Lookup {
        if let Wanted::New = wanted {
            return Lookup::Fetch(None, self.started);
        }
        let fetch = match &self.failure {
            Some(failure) if now.monotonic < self.retry_pause_end => {
                Lookup::Failed(failure.clone())
            }
            _ => Lookup::Fetch(None, self.completed),
        };
        let is_paused = now.monotonic < self.early_pause_end;
        let Some(current) = &self.current else { return fetch };
        if matches!(wanted, Wanted::OtherThan(rejected) if rejected.is_same(current)) {
            // Without another credential the call fails with the rejection.
            return match is_paused && self.is_rejected_again {
                true => Lookup::Use(current.clone()),
                false => fetch,
            };
        }
        let Some(expiry) = current.expires_at() else { return Lookup::Use(current.clone()) };
        if now.unix >= expiry {
            // If a source has just returned an expired credential, the local clock is ahead: use it.
            return match is_paused && self.is_expired_on_arrival {
                true => Lookup::Use(current.clone()),
                false => fetch,
            };
        }
        match expiry.saturating_sub(now.unix) > self.margin || is_paused {
            true => Lookup::Use(current.clone()),
            false => Lookup::Fetch(Some(current.clone()), self.completed),
        }
    }

    /// Returns the result of another caller's fetch, if one after the fetch `number` has completed.
    pub(super) fn shared_result(
        &self,
        now: Now,
        wanted: Wanted<'_>,
        number: u64,
    ) -> Option<Result<ValidCredential, CredentialError>> {
        match (self.lookup(now, wanted), &self.failure, &self.current) {
            (Lookup::Use(credential), _, _) => Some(Ok(credential)),
            (Lookup::Failed(failure), _, _) => Some(Err(failure)),
            _ if self.completed <= number => None,
            (Lookup::Fetch(Some(current), _), _, _) => Some(Ok(current)),
            (_, Some(failure), _) => Some(Err(failure.clone())),
            // It is new, or the source has returned the rejected credential again.
            (_, None, Some(current)) if self.is_expired_on_arrival || !current.is_expired(now) => {
                Some(Ok(current.clone()))
            }
            (_, None, _) => None,
        }
    }

    /// Starts a fetch. Returns its number.
    pub(super) fn start(&mut self) -> u64 {
        self.started += 1;
        self.started
    }

    /// Stores the result of a fetch. If it failed and `current` has not expired, returns `current`.
    pub(super) fn complete(
        &mut self,
        now: Now,
        number: u64,
        wanted: Wanted<'_>,
        current: Option<ValidCredential>,
        result: Result<ValidCredential, CredentialError>,
    ) -> Result<ValidCredential, CredentialError> {
        self.completed = self.completed.max(number);
        match result {
            Ok(credential) => {
                self.set_times(now, &credential);
                self.is_rejected_again = matches!(
                    wanted, Wanted::OtherThan(rejected) if rejected.is_same(&credential)
                );
                self.failure = None;
                self.current = Some(credential.clone());
                Ok(credential)
            }
            Err(error) => {
                self.pause_early(now);
                self.retry_pause_end = self.after(now, MIN_RETRY_INTERVAL);
                self.is_rejected_again = false;
                self.is_expired_on_arrival = false;
                self.failure = Some(error.clone());
                current.filter(|credential| !credential.is_expired(now)).ok_or(error)
            }
        }
    }

    /// Sets the time of the next refresh of a credential that was just fetched.
    fn set_times(&mut self, now: Now, credential: &ValidCredential) {
        let jitter = 1.0 + REFRESH_JITTER * self.rng.f64();
        let left = credential.expires_at().map(|expiry| expiry.saturating_sub(now.unix));
        self.is_expired_on_arrival = left.is_some_and(|left| left.is_zero());
        let left = left.filter(|left| !left.is_zero()).unwrap_or(Duration::MAX);
        let pause = REFRESH_INTERVAL.min(left / 2).max(MIN_RETRY_INTERVAL);
        self.early_pause_end = now.monotonic.saturating_add(pause);
        // If the source has no newer credential yet, it is asked again after the pause.
        if !self.current.as_ref().is_some_and(|current| current.is_same(credential)) {
            self.margin = REFRESH_MARGIN.min(left / 3).mul_f64(jitter);
        }
    }

    /// Starts the pause of early refreshes after one that has not succeeded.
    pub(super) fn pause_early(&mut self, now: Now) {
        self.early_pause_end = self.after(now, REFRESH_INTERVAL);
    }

    /// Returns the end of a pause of `time` to one and a half times of it, on the monotonic clock.
    fn after(&mut self, now: Now, time: Duration) -> Duration {
        now.monotonic.saturating_add(time.mul_f64(1.0 + self.rng.f64() / 2.0))
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
