//! Credential cache: refresh policy and coordination of concurrent callers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::credential::{Credential, ValidCredential};
use super::error::CredentialError;
use super::source::CredentialSource;
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
/// that caller is cancelled, the next waiting caller starts a new one.
pub(crate) struct CredentialCache {
    source: Box<dyn CredentialSource>,
    state: Mutex<State>,
    #[cfg(feature = "async-core")]
    refresh: tokio::sync::Mutex<()>,
    #[cfg(feature = "ureq")]
    blocking_refresh: Mutex<()>,
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
            blocking_refresh: Mutex::new(()),
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

    fn absent(&self) -> CredentialError {
        CredentialError::absent(self.source.name().to_owned())
            .with_hint(self.source.hint().to_owned())
    }
}

/// Maximum size of a response of the metadata service or STS, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

#[cfg(feature = "async-core")]
mod asynchronous {
    use tc3_transport::{AsyncTransport, Bytes, Request, Response, TransportError};

    use super::super::source::FetchStep;
    use super::{CredentialCache, CredentialError, Lookup, MAX_RESPONSE_BYTES, ValidCredential};
    use crate::time::{AsyncSleep, Clock};

    impl CredentialCache {
        /// Returns a credential; if the source has another one, not the rejected one.
        pub(crate) async fn get(
            &self,
            transport: &dyn AsyncTransport,
            sleep: &dyn AsyncSleep,
            clock: &dyn Clock,
            rejected: Option<&ValidCredential>,
        ) -> Result<ValidCredential, CredentialError> {
            let lookup = self.state().lookup(clock.now(), rejected);
            let (current, completed) = match lookup {
                Lookup::Use(credential) => return Ok(credential),
                Lookup::Refresh(current, completed) => (current, completed),
            };
            let _guard = match (self.refresh.try_lock(), &current) {
                (Ok(guard), _) => guard,
                (Err(_), Some(current)) => return Ok(current.clone()),
                (Err(_), None) => self.refresh.lock().await,
            };
            let shared = self.state().shared_result(clock.now(), rejected, completed);
            if let Some(result) = shared {
                return result;
            }
            let result = self.fetch(transport, sleep, clock).await;
            self.state().complete(clock.now(), current, result)
        }

        async fn fetch(
            &self,
            transport: &dyn AsyncTransport,
            sleep: &dyn AsyncSleep,
            clock: &dyn Clock,
        ) -> Result<ValidCredential, CredentialError> {
            let mut fetch = self.source.fetch();
            let mut response = None;
            loop {
                response = match fetch.next(clock.now(), response) {
                    FetchStep::Send(request) => Some(exchange(transport, *request).await),
                    FetchStep::Sleep(time) => {
                        sleep.sleep(time).await;
                        None
                    }
                    FetchStep::Done(credential) => return self.validated(credential),
                    FetchStep::Absent => return Err(self.absent()),
                    FetchStep::Failed(error) => return Err(error),
                };
            }
        }
    }

    async fn exchange(
        transport: &dyn AsyncTransport,
        request: Request,
    ) -> Result<Response<Bytes>, TransportError> {
        let Response { status, headers, body } = transport.send(request).await?;
        Ok(Response { status, headers, body: body.collect(MAX_RESPONSE_BYTES).await? })
    }
}

#[cfg(feature = "ureq")]
mod blocking {
    use std::sync::{PoisonError, TryLockError};

    use tc3_transport::{BlockingTransport, Bytes, Request, Response, TransportError};

    use super::super::source::FetchStep;
    use super::{CredentialCache, CredentialError, Lookup, MAX_RESPONSE_BYTES, ValidCredential};
    use crate::time::{BlockingSleep, Clock};

    impl CredentialCache {
        /// Returns a credential; if the source has another one, not the rejected one.
        pub(crate) fn get_blocking(
            &self,
            transport: &dyn BlockingTransport,
            sleep: &dyn BlockingSleep,
            clock: &dyn Clock,
            rejected: Option<&ValidCredential>,
        ) -> Result<ValidCredential, CredentialError> {
            let lookup = self.state().lookup(clock.now(), rejected);
            let (current, completed) = match lookup {
                Lookup::Use(credential) => return Ok(credential),
                Lookup::Refresh(current, completed) => (current, completed),
            };
            let _guard = match (self.blocking_refresh.try_lock(), &current) {
                (Ok(guard), _) => guard,
                (Err(TryLockError::Poisoned(guard)), _) => guard.into_inner(),
                (Err(TryLockError::WouldBlock), Some(current)) => return Ok(current.clone()),
                (Err(TryLockError::WouldBlock), None) => {
                    self.blocking_refresh.lock().unwrap_or_else(PoisonError::into_inner)
                }
            };
            let shared = self.state().shared_result(clock.now(), rejected, completed);
            if let Some(result) = shared {
                return result;
            }
            let result = self.fetch_blocking(transport, sleep, clock);
            self.state().complete(clock.now(), current, result)
        }

        fn fetch_blocking(
            &self,
            transport: &dyn BlockingTransport,
            sleep: &dyn BlockingSleep,
            clock: &dyn Clock,
        ) -> Result<ValidCredential, CredentialError> {
            let mut fetch = self.source.fetch();
            let mut response = None;
            loop {
                response = match fetch.next(clock.now(), response) {
                    FetchStep::Send(request) => Some(exchange(transport, *request)),
                    FetchStep::Sleep(time) => {
                        sleep.sleep(time);
                        None
                    }
                    FetchStep::Done(credential) => return self.validated(credential),
                    FetchStep::Absent => return Err(self.absent()),
                    FetchStep::Failed(error) => return Err(error),
                };
            }
        }
    }

    fn exchange(
        transport: &dyn BlockingTransport,
        request: Request,
    ) -> Result<Response<Bytes>, TransportError> {
        let Response { status, headers, body } = transport.send(request)?;
        Ok(Response { status, headers, body: body.collect(MAX_RESPONSE_BYTES)? })
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
