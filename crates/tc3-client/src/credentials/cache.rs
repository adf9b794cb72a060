//! Credential cache: refresh policy and coordination of concurrent callers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::credential::{Credential, ValidCredential};
use super::error::CredentialError;
use super::source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep};
#[cfg(feature = "ureq")]
use super::turn::Turn;
use crate::time::Now;

/// Time before expiry from which a credential is refreshed: that of the official SDKs, and the clock skew that the
/// server accepts.
const REFRESH_MARGIN: Duration = Duration::from_secs(300);

/// Minimum time between a refresh and the next early one.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(10);

/// A source with its latest credential.
///
/// Each driver has at most one refresh in flight. While the current credential is valid, other callers use it. After
/// it has expired, they wait for the refresh and share its result. The caller that starts a refresh performs it; if
/// that caller is cancelled or reaches its deadline, the next waiting caller starts a new one.
pub(crate) struct CredentialCache {
    source: Box<dyn CredentialSource>,
    state: Mutex<State>,
    #[cfg(feature = "async-core")]
    refresh: tokio::sync::Mutex<()>,
    #[cfg(feature = "ureq")]
    blocking_refresh: Turn,
}

#[derive(Default)]
struct State {
    current: Option<ValidCredential>,
    /// The error of the last refresh, if it failed.
    failure: Option<CredentialError>,
    /// Number of completed refreshes.
    completed: u64,
    /// Time before which there is no early refresh, on the monotonic clock.
    paused_until: Duration,
}

#[derive(Debug)]
enum Lookup {
    Use(ValidCredential),
    /// A refresh is due. Contains the current credential if it can be used meanwhile, and the number of completed
    /// refreshes.
    Refresh(Option<ValidCredential>, u64),
}

impl State {
    fn lookup(&self, now: Now, rejected: Option<&ValidCredential>) -> Lookup {
        let Some(current) = &self.current else { return Lookup::Refresh(None, self.completed) };
        if rejected.is_some_and(|rejected| rejected.is_same(current)) {
            return Lookup::Refresh(None, self.completed);
        }
        let Some(expiry) = current.expires_at() else { return Lookup::Use(current.clone()) };
        let is_paused = now.monotonic < self.paused_until;
        if now.unix >= expiry {
            // If a source has just returned an expired credential, the local clock is ahead: use it.
            return match is_paused && self.failure.is_none() {
                true => Lookup::Use(current.clone()),
                false => Lookup::Refresh(None, self.completed),
            };
        }
        match expiry.saturating_sub(now.unix) > REFRESH_MARGIN || is_paused {
            true => Lookup::Use(current.clone()),
            false => Lookup::Refresh(Some(current.clone()), self.completed),
        }
    }

    /// Returns the result of a refresh by another caller, if one has completed since `completed` was read.
    fn shared_result(
        &self,
        now: Now,
        rejected: Option<&ValidCredential>,
        completed: u64,
    ) -> Option<Result<ValidCredential, CredentialError>> {
        match (self.lookup(now, rejected), &self.failure, &self.current) {
            (Lookup::Use(credential), _, _) => Some(Ok(credential)),
            _ if self.completed == completed => None,
            (Lookup::Refresh(Some(current), _), _, _) => Some(Ok(current)),
            (_, Some(failure), _) => Some(Err(failure.clone())),
            // The source has returned the rejected credential again.
            (_, None, Some(current)) => Some(Ok(current.clone())),
            (_, None, None) => None,
        }
    }

    /// Stores the result of a refresh. If it failed and `current` has not expired, returns `current`.
    fn complete(
        &mut self,
        now: Now,
        current: Option<ValidCredential>,
        result: Result<ValidCredential, CredentialError>,
    ) -> Result<ValidCredential, CredentialError> {
        self.completed += 1;
        self.paused_until = now.monotonic.saturating_add(MIN_REFRESH_INTERVAL);
        match result {
            Ok(credential) => {
                self.failure = None;
                self.current = Some(credential.clone());
                Ok(credential)
            }
            Err(error) => {
                self.failure = Some(error.clone());
                let is_valid = |credential: &ValidCredential| {
                    credential.expires_at().is_none_or(|expiry| now.unix < expiry)
                };
                match current.filter(is_valid) {
                    Some(current) => {
                        tracing::warn!(%error, "credential refresh failed, using the current one");
                        Ok(current)
                    }
                    None => Err(error),
                }
            }
        }
    }
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

    /// Validates a fetched credential. Credentials of all sources pass through here.
    fn validated(&self, credential: Credential) -> Result<ValidCredential, CredentialError> {
        ValidCredential::new(credential, self.source.name())
    }

    /// Returns the time until which a refresh may take; `None` if it is unlimited. While the current credential can be
    /// used, half of the remaining time is left for the call.
    fn refresh_deadline(
        now: Now,
        deadline: Option<Duration>,
        current: Option<&ValidCredential>,
    ) -> Option<Duration> {
        let left = deadline?.saturating_sub(now.monotonic);
        Some(now.monotonic.saturating_add(if current.is_some() { left / 2 } else { left }))
    }

    /// Processes a refresh that has not ended before its deadline. Returns the current credential if it can be used.
    fn give_up(&self, now: Now, current: Option<ValidCredential>) -> Option<ValidCredential> {
        let current = current?;
        let mut state = self.state();
        state.paused_until = now.monotonic.saturating_add(MIN_REFRESH_INTERVAL);
        drop(state);
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
        step => Some(step),
    }
}

/// Maximum size of a response of the metadata service or STS, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

#[cfg(feature = "async-core")]
mod asynchronous {
    use std::time::Duration;

    use tc3_transport::AsyncTransport;

    use super::{
        CredentialCache, CredentialError, FetchStep, Lookup, MAX_RESPONSE_BYTES, ValidCredential,
        limited,
    };
    use crate::exchange::complete;
    use crate::time::{AsyncSleep, Clock, within};

    impl CredentialCache {
        /// Returns a credential; if the source has another one, not the rejected one. Returns `None` at
        /// the deadline.
        pub(crate) async fn get(
            &self,
            transport: &dyn AsyncTransport,
            sleep: &dyn AsyncSleep,
            clock: &dyn Clock,
            rejected: Option<&ValidCredential>,
            deadline: Option<Duration>,
        ) -> Option<Result<ValidCredential, CredentialError>> {
            let now = clock.now();
            let lookup = self.state().lookup(now, rejected);
            let (current, completed) = match lookup {
                Lookup::Use(credential) => return Some(Ok(credential)),
                Lookup::Refresh(current, completed) => (current, completed),
            };
            let _guard = match (self.refresh.try_lock(), &current) {
                (Ok(guard), _) => guard,
                (Err(_), Some(current)) => return Some(Ok(current.clone())),
                (Err(_), None) => {
                    let left = deadline.map(|deadline| deadline.saturating_sub(now.monotonic));
                    within(sleep, left, self.refresh.lock()).await?
                }
            };
            let now = clock.now();
            let shared = self.state().shared_result(now, rejected, completed);
            if shared.is_some() {
                return shared;
            }
            let deadline = Self::refresh_deadline(now, deadline, current.as_ref());
            match self.fetch(transport, sleep, clock, deadline).await {
                Some(result) => Some(self.state().complete(clock.now(), current, result)),
                None => self.give_up(clock.now(), current).map(Ok),
            }
        }

        async fn fetch(
            &self,
            transport: &dyn AsyncTransport,
            sleep: &dyn AsyncSleep,
            clock: &dyn Clock,
            deadline: Option<Duration>,
        ) -> Option<Result<ValidCredential, CredentialError>> {
            let mut fetch = self.source.fetch();
            let mut response = None;
            loop {
                let now = clock.now();
                response = match limited(&mut *fetch, response, now, deadline)? {
                    FetchStep::Send(request) => {
                        Some(complete(transport, sleep, *request, MAX_RESPONSE_BYTES).await)
                    }
                    FetchStep::Sleep(time) => {
                        sleep.sleep(time).await;
                        None
                    }
                    FetchStep::Done(credential) => return Some(self.validated(credential)),
                    FetchStep::Absent => return Some(Err(self.absent())),
                    FetchStep::Failed(error) => return Some(Err(error)),
                };
            }
        }
    }
}

#[cfg(feature = "ureq")]
mod blocking {
    use std::sync::Arc;
    use std::time::Duration;

    use tc3_transport::BlockingTransport;

    use super::{
        CredentialCache, CredentialError, FetchStep, Lookup, MAX_RESPONSE_BYTES, ValidCredential,
        limited,
    };
    use crate::detached;
    use crate::stop::Stop;
    use crate::time::{BlockingSleep, Clock, sleep_until_stop};

    impl CredentialCache {
        /// Returns a credential; if the source has another one, not the rejected one. Returns `None` at
        /// the deadline or at a stop.
        pub(crate) fn get_blocking(
            &self,
            transport: &Arc<dyn BlockingTransport>,
            sleep: &dyn BlockingSleep,
            clock: &dyn Clock,
            rejected: Option<&ValidCredential>,
            deadline: Option<Duration>,
            stop: Option<&Stop>,
        ) -> Option<Result<ValidCredential, CredentialError>> {
            let lookup = self.state().lookup(clock.now(), rejected);
            let (current, completed) = match lookup {
                Lookup::Use(credential) => return Some(Ok(credential)),
                Lookup::Refresh(current, completed) => (current, completed),
            };
            let is_over = || {
                stop.is_some_and(Stop::is_stopped)
                    || deadline.is_some_and(|deadline| clock.now().monotonic >= deadline)
            };
            let _guard = match (self.blocking_refresh.try_take(), &current) {
                (Some(guard), _) => guard,
                (None, Some(current)) => return Some(Ok(current.clone())),
                (None, None) => self.blocking_refresh.take(&is_over)?,
            };
            let now = clock.now();
            let shared = self.state().shared_result(now, rejected, completed);
            if shared.is_some() {
                return shared;
            }
            let deadline = Self::refresh_deadline(now, deadline, current.as_ref());
            match self.fetch_blocking(transport, sleep, clock, deadline, stop) {
                Some(result) => Some(self.state().complete(clock.now(), current, result)),
                None if stop.is_some_and(Stop::is_stopped) => None,
                None => self.give_up(clock.now(), current).map(Ok),
            }
        }

        fn fetch_blocking(
            &self,
            transport: &Arc<dyn BlockingTransport>,
            sleep: &dyn BlockingSleep,
            clock: &dyn Clock,
            deadline: Option<Duration>,
            stop: Option<&Stop>,
        ) -> Option<Result<ValidCredential, CredentialError>> {
            let mut fetch = self.source.fetch();
            let mut response = None;
            loop {
                let now = clock.now();
                response = match limited(&mut *fetch, response, now, deadline)? {
                    FetchStep::Send(request) => Some(detached::exchange(
                        transport,
                        *request,
                        MAX_RESPONSE_BYTES,
                        stop,
                        Stop::is_stopped,
                    )?),
                    FetchStep::Sleep(time) => {
                        if !sleep_until_stop(sleep, time, stop) {
                            return None;
                        }
                        None
                    }
                    FetchStep::Done(credential) => return Some(self.validated(credential)),
                    FetchStep::Absent => return Some(Err(self.absent())),
                    FetchStep::Failed(error) => return Some(Err(error)),
                };
            }
        }
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
