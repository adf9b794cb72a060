//! Keeps what a source found, and decides when to ask it again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Credential, CredentialError, CredentialSource, ValidCredential};
use crate::time::Now;

/// How long before its end a credential is renewed: the time that the official SDKs take, and the
/// clock skew that the server accepts.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// After an early renewal that brought nothing better, the next one waits this long.
const PAUSE: Duration = Duration::from_secs(10);

/// A source with the credential it gave last.
///
/// One refresh runs at a time in each driver. While the old credential is valid other callers go on
/// with it; once it has ended they wait for that refresh and share its outcome. The refresh runs in
/// the caller that began it: if that one is cancelled, the next in line begins anew.
pub(crate) struct CredentialCache {
    source: Box<dyn CredentialSource>,
    state: Mutex<State>,
    #[cfg(feature = "async-core")]
    turn: tokio::sync::Mutex<()>,
    #[cfg(feature = "ureq")]
    blocking_turn: Mutex<()>,
}

#[derive(Default)]
struct State {
    current: Option<ValidCredential>,
    /// Why the last refresh failed, if it did.
    failure: Option<CredentialError>,
    /// Refreshes that came to an end.
    finished: u64,
    /// No early refresh before this, on the monotonic clock.
    pause_until: Duration,
}

/// Whether the cached credential does.
#[derive(Debug)]
enum Ask {
    Use(ValidCredential),
    /// A refresh is due. The old credential, if any, may be used meanwhile; the number is that of the
    /// refreshes finished so far.
    Refresh(Option<ValidCredential>, u64),
}

impl State {
    fn ask(&self, now: Now, refused: Option<&ValidCredential>) -> Ask {
        let Some(current) = &self.current else { return Ask::Refresh(None, self.finished) };
        if refused.is_some_and(|refused| refused.is_same(current)) {
            return Ask::Refresh(None, self.finished);
        }
        let Some(end) = current.expires_at() else { return Ask::Use(current.clone()) };
        let paused = now.monotonic < self.pause_until;
        if now.unix >= end {
            // A source that hands out keys past their end means that this machine's clock is ahead:
            // they are used, and the server judges.
            return match paused && self.failure.is_none() {
                true => Ask::Use(current.clone()),
                false => Ask::Refresh(None, self.finished),
            };
        }
        match end.saturating_sub(now.unix) > RENEW_BEFORE || paused {
            true => Ask::Use(current.clone()),
            false => Ask::Refresh(Some(current.clone()), self.finished),
        }
    }

    /// Asked again when the turn has come: what another caller's refresh brought meanwhile, if one
    /// ended since.
    fn settled(
        &self,
        now: Now,
        refused: Option<&ValidCredential>,
        seen: u64,
    ) -> Option<Result<ValidCredential, CredentialError>> {
        match (self.ask(now, refused), &self.failure, &self.current) {
            (Ask::Use(credential), _, _) => Some(Ok(credential)),
            _ if self.finished == seen => None,
            (Ask::Refresh(Some(old), _), _, _) => Some(Ok(old)),
            (_, Some(failure), _) => Some(Err(failure.clone())),
            // The source gave the refused keys again.
            (_, None, Some(current)) => Some(Ok(current.clone())),
            (_, None, None) => None,
        }
    }

    /// Takes in what a refresh brought; `old` is what it was begun with and may still be used.
    fn finish(
        &mut self,
        now: Now,
        old: Option<ValidCredential>,
        result: Result<ValidCredential, CredentialError>,
    ) -> Result<ValidCredential, CredentialError> {
        self.finished += 1;
        self.pause_until = now.monotonic.saturating_add(PAUSE);
        match (result, old) {
            (Ok(credential), _) => {
                self.failure = None;
                self.current = Some(credential.clone());
                Ok(credential)
            }
            (Err(error), old) => {
                self.failure = Some(error.clone());
                match old.filter(|old| old.expires_at().is_none_or(|end| now.unix < end)) {
                    Some(old) => {
                        tracing::warn!(%error, "the credential was not renewed: the old one serves on");
                        Ok(old)
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
            turn: tokio::sync::Mutex::new(()),
            #[cfg(feature = "ureq")]
            blocking_turn: Mutex::new(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step in between leaves the state inconsistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every credential enters the engine here, whatever its source.
    fn checked(&self, credential: Credential) -> Result<ValidCredential, CredentialError> {
        ValidCredential::new(credential, self.source.name())
    }

    fn absent(&self) -> CredentialError {
        CredentialError::absent(self.source.name().to_owned())
            .with_remedy(self.source.remedy().to_owned())
    }
}

/// An answer of the metadata or the token service has a few kilobytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

#[cfg(feature = "async-core")]
mod asynchronous {
    use tc3_transport::{AsyncTransport, Bytes, Request, Response, TransportError};

    use super::{Ask, CredentialCache, MAX_ANSWER_BYTES};
    use crate::credentials::{CredentialError, FetchStep, ValidCredential};
    use crate::time::{AsyncSleep, Clock};

    impl CredentialCache {
        /// A credential; another one than the one refused, where the source has one.
        pub(crate) async fn get(
            &self,
            transport: &dyn AsyncTransport,
            sleep: &dyn AsyncSleep,
            clock: &dyn Clock,
            refused: Option<&ValidCredential>,
        ) -> Result<ValidCredential, CredentialError> {
            let ask = self.state().ask(clock.now(), refused);
            let (old, seen) = match ask {
                Ask::Use(credential) => return Ok(credential),
                Ask::Refresh(old, seen) => (old, seen),
            };
            let _turn = match (self.turn.try_lock(), &old) {
                (Ok(turn), _) => turn,
                (Err(_), Some(old)) => return Ok(old.clone()),
                (Err(_), None) => self.turn.lock().await,
            };
            let settled = self.state().settled(clock.now(), refused, seen);
            if let Some(settled) = settled {
                return settled;
            }
            let result = self.fetch(transport, sleep, clock).await;
            self.state().finish(clock.now(), old, result)
        }

        async fn fetch(
            &self,
            transport: &dyn AsyncTransport,
            sleep: &dyn AsyncSleep,
            clock: &dyn Clock,
        ) -> Result<ValidCredential, CredentialError> {
            let mut fetch = self.source.fetch();
            let mut answer = None;
            loop {
                answer = match fetch.next(clock.now(), answer) {
                    FetchStep::Send(request) => Some(exchange(transport, *request).await),
                    FetchStep::Sleep(time) => {
                        sleep.sleep(time).await;
                        None
                    }
                    FetchStep::Done(credential) => return self.checked(credential),
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
        Ok(Response { status, headers, body: body.collect(MAX_ANSWER_BYTES).await? })
    }
}

#[cfg(feature = "ureq")]
mod blocking {
    use std::sync::{PoisonError, TryLockError};

    use tc3_transport::{BlockingTransport, Bytes, Request, Response, TransportError};

    use super::{Ask, CredentialCache, MAX_ANSWER_BYTES};
    use crate::credentials::{CredentialError, FetchStep, ValidCredential};
    use crate::time::{BlockingSleep, Clock};

    impl CredentialCache {
        /// A credential; another one than the one refused, where the source has one.
        pub(crate) fn get_blocking(
            &self,
            transport: &dyn BlockingTransport,
            sleep: &dyn BlockingSleep,
            clock: &dyn Clock,
            refused: Option<&ValidCredential>,
        ) -> Result<ValidCredential, CredentialError> {
            let ask = self.state().ask(clock.now(), refused);
            let (old, seen) = match ask {
                Ask::Use(credential) => return Ok(credential),
                Ask::Refresh(old, seen) => (old, seen),
            };
            let _turn = match (self.blocking_turn.try_lock(), &old) {
                (Ok(turn), _) => turn,
                (Err(TryLockError::Poisoned(turn)), _) => turn.into_inner(),
                (Err(TryLockError::WouldBlock), Some(old)) => return Ok(old.clone()),
                (Err(TryLockError::WouldBlock), None) => {
                    self.blocking_turn.lock().unwrap_or_else(PoisonError::into_inner)
                }
            };
            let settled = self.state().settled(clock.now(), refused, seen);
            if let Some(settled) = settled {
                return settled;
            }
            let result = self.fetch_blocking(transport, sleep, clock);
            self.state().finish(clock.now(), old, result)
        }

        fn fetch_blocking(
            &self,
            transport: &dyn BlockingTransport,
            sleep: &dyn BlockingSleep,
            clock: &dyn Clock,
        ) -> Result<ValidCredential, CredentialError> {
            let mut fetch = self.source.fetch();
            let mut answer = None;
            loop {
                answer = match fetch.next(clock.now(), answer) {
                    FetchStep::Send(request) => Some(exchange(transport, *request)),
                    FetchStep::Sleep(time) => {
                        sleep.sleep(time);
                        None
                    }
                    FetchStep::Done(credential) => return self.checked(credential),
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
        Ok(Response { status, headers, body: body.collect(MAX_ANSWER_BYTES)? })
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
