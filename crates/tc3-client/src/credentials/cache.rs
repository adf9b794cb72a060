//! Credential cache: coordination of concurrent callers.

#[cfg(feature = "async-core")]
mod asynchronous;
#[cfg(feature = "ureq")]
mod blocking;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::credential::{Credential, ValidCredential};
use super::error::CredentialError;
use super::source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep};
#[cfg(feature = "ureq")]
use super::turn::Turn;
use crate::time::Now;
use state::{Lookup, State};

pub(crate) use state::Wanted;

/// A source with its latest credential.
///
/// Each driver has at most one fetch in flight. While the current credential is valid, other callers use it. After
/// it has expired, they wait for the fetch and share its result, which may be its error. The caller that starts a fetch
/// performs it; if that caller is cancelled or reaches its deadline, the next waiting caller starts a new one.
pub(crate) struct CredentialCache {
    source: Box<dyn CredentialSource>,
    state: Mutex<State>,
    #[cfg(feature = "async-core")]
    refresh: tokio::sync::Mutex<()>,
    #[cfg(feature = "ureq")]
    blocking_refresh: Turn,
}

impl CredentialCache {
    pub(crate) fn new(source: impl CredentialSource) -> Self {
        Self {
            source: Box::new(source),
            state: Mutex::default(),
            #[cfg(feature = "async-core")]
            refresh: tokio::sync::Mutex::new(()),
            #[cfg(feature = "ureq")]
            blocking_refresh: Turn::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No panic can leave the state inconsistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the seed of the jitter.
    pub(crate) fn seed_jitter(&self, seed: u64) {
        self.state().rng = fastrand::Rng::with_seed(seed);
    }

    /// Validates a fetched credential. Credentials of all sources pass through here.
    fn validated(&self, credential: Credential) -> Result<ValidCredential, CredentialError> {
        ValidCredential::new(credential, self.source.name())
    }

    /// Returns the time until which a refresh may take; `None` if it is unlimited. If the current credential can
    /// still be used then, half of the remaining time is left for the call.
    fn refresh_deadline(
        now: Now,
        deadline: Option<Duration>,
        current: Option<&ValidCredential>,
    ) -> Option<Duration> {
        let left = deadline?.saturating_sub(now.monotonic);
        let half = Now { unix: now.unix.saturating_add(left / 2), ..now };
        let is_usable = current.is_some_and(|current| !current.is_expired(half));
        Some(now.monotonic.saturating_add(if is_usable { left / 2 } else { left }))
    }

    /// Stores the result of a fetch, as [`State::complete`].
    fn complete(
        &self,
        now: Now,
        number: u64,
        wanted: Wanted<'_>,
        current: Option<ValidCredential>,
        result: Result<ValidCredential, CredentialError>,
    ) -> Result<ValidCredential, CredentialError> {
        let failure = result.as_ref().err().cloned();
        let usable = self.state().complete(now, number, wanted, current, result);
        // A subscriber may make calls: the state is not locked here.
        if let (Some(error), Ok(_)) = (failure, &usable) {
            tracing::warn!(%error, "credential refresh failed, using the current one");
        }
        usable
    }

    /// Processes a refresh that has not ended before its deadline. Returns the current credential if it can be used.
    fn give_up(&self, now: Now, current: Option<ValidCredential>) -> Option<ValidCredential> {
        let current = current.filter(|current| !current.is_expired(now))?;
        self.state().pause_early(now);
        tracing::warn!("credential refresh takes too long, using the current one");
        Some(current)
    }

    fn absent(&self) -> CredentialError {
        CredentialError::absent(self.source.name().to_owned())
            .with_hint(self.source.hint().to_owned())
    }
}

/// Returns the next step of a fetch, limited to the time that is left; `None` if that is not sufficient.
fn limited(
    fetch: &mut dyn CredentialFetch,
    response: Option<FetchResponse>,
    now: Now,
    deadline: Option<Duration>,
) -> Option<FetchStep> {
    let left = deadline.map(|deadline| deadline.saturating_sub(now.monotonic));
    // The deadline, not the service, has ended the exchange.
    if left.is_some_and(|left| left.is_zero()) && matches!(response, Some(Err(_))) {
        return None;
    }
    let step = fetch.next(now, response);
    let Some(left) = left else { return Some(step) };
    match step {
        FetchStep::Send(_) if left.is_zero() => None,
        FetchStep::Send(mut request) => {
            request.timeout = Some(request.timeout.map_or(left, |timeout| timeout.min(left)));
            Some(FetchStep::Send(request))
        }
        FetchStep::Sleep(time) if time >= left => None,
        FetchStep::Run(_) if left.is_zero() => None,
        step => Some(step),
    }
}

/// Maximum size of a response of the metadata service or STS, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
