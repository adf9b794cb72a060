//! Refresh policy: when a credential is fetched, and what callers use meanwhile.

use std::time::Duration;

use super::{CredentialError, ValidCredential};
use crate::time::Now;

/// Minimum time before expiry from which a credential is refreshed: that of the official SDKs, and the clock skew that the
/// server accepts.
const REFRESH_MARGIN: Duration = Duration::from_secs(300);

/// Maximum time that is added to [`REFRESH_MARGIN`], at random for each credential: processes that have fetched at the
/// same time refresh at different times.
const REFRESH_JITTER: Duration = Duration::from_secs(60);

/// Minimum time between a refresh and the next early one. After a failure it is up to half longer.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(10);

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
            return match is_paused && self.failure.is_none() {
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
            (_, None, Some(current)) => Some(Ok(current.clone())),
            (_, None, None) => None,
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
                self.early_pause_end = now.monotonic.saturating_add(MIN_REFRESH_INTERVAL);
                self.margin = REFRESH_MARGIN + REFRESH_JITTER.mul_f64(self.rng.f64());
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
                self.failure = Some(error.clone());
                let is_valid = |credential: &ValidCredential| {
                    credential.expires_at().is_none_or(|expiry| now.unix < expiry)
                };
                current.filter(is_valid).ok_or(error)
            }
        }
    }

    /// Starts the pause of early refreshes after one that has not succeeded.
    pub(super) fn pause_early(&mut self, now: Now) {
        self.early_pause_end = self.after(now, MIN_REFRESH_INTERVAL);
    }

    /// Returns the end of a pause of `time` to one and a half times of it, on the monotonic clock.
    fn after(&mut self, now: Now, time: Duration) -> Duration {
        now.monotonic.saturating_add(time.mul_f64(1.0 + self.rng.f64() / 2.0))
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
