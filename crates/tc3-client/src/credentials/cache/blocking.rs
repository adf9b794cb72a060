use std::sync::Arc;
use std::time::Duration;

use tc3_transport::BlockingTransport;

use super::{
    CredentialCache, CredentialError, FetchStep, Lookup, MAX_RESPONSE_BYTES, ValidCredential,
    Wanted, limited,
};
use crate::detached;
use crate::stop::Stop;
use crate::time::{BlockingSleep, Clock, sleep_until_stop};

impl CredentialCache {
    /// Returns the wanted credential; `None` at the deadline or at a stop.
    pub(crate) fn get_blocking(
        &self,
        transport: &Arc<dyn BlockingTransport>,
        sleep: &dyn BlockingSleep,
        clock: &dyn Clock,
        wanted: Wanted<'_>,
        deadline: Option<Duration>,
        stop: Option<&Stop>,
    ) -> Option<Result<ValidCredential, CredentialError>> {
        let lookup = self.state().lookup(clock.now(), wanted);
        let (current, number) = match lookup {
            Lookup::Use(credential) => return Some(Ok(credential)),
            Lookup::Failed(error) => return Some(Err(error)),
            Lookup::Fetch(current, number) => (current, number),
        };
        let _guard = match (self.blocking_refresh.try_take(), &current) {
            (Some(guard), _) => guard,
            (None, Some(current)) => return Some(Ok(current.clone())),
            (None, None) => self.blocking_refresh.take(&|| is_over(clock, deadline, stop))?,
        };
        let now = clock.now();
        let shared = self.state().shared_result(now, wanted, number);
        if shared.is_some() {
            return shared;
        }
        let deadline = Self::refresh_deadline(now, deadline, current.as_ref());
        let number = self.state().start();
        match self.fetch_blocking(transport, sleep, clock, deadline, stop) {
            Some(result) => {
                let now = clock.now();
                Some(self.complete(now, number, wanted, current, result))
            }
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
                FetchStep::Send(request) => {
                    let (max, is_over) = (MAX_RESPONSE_BYTES, Stop::is_stopped);
                    let exchanged = detached::exchange(transport, *request, max, stop, &is_over)?;
                    Some(exchanged.map(|(response, _)| response))
                }
                FetchStep::Sleep(time) => {
                    if !sleep_until_stop(sleep, time, stop) {
                        return None;
                    }
                    None
                }
                FetchStep::Run(operation) => {
                    match operation.into_function() {
                        None => return Some(Err(self.async_only())),
                        Some(function) if deadline.is_none() && stop.is_none() => function(),
                        Some(function) => {
                            detached::call(&|| is_over(clock, deadline, stop), function)?;
                        }
                    }
                    None
                }
                FetchStep::Done(credential) => return Some(self.validated(credential)),
                FetchStep::Absent => return Some(Err(self.absent())),
                FetchStep::Failed(error) => return Some(Err(error)),
            };
        }
    }

    /// Returns the error of a source that needs the async client.
    fn async_only(&self) -> CredentialError {
        let message = "an async function cannot be used with the blocking client";
        CredentialError::new(self.source.name().to_owned(), message).with_hint(
            "use the async client, or `from_fn` with a function that blocks on the future",
        )
    }
}

/// Returns whether the deadline has passed or the work was stopped.
fn is_over(clock: &dyn Clock, deadline: Option<Duration>, stop: Option<&Stop>) -> bool {
    stop.is_some_and(Stop::is_stopped)
        || deadline.is_some_and(|deadline| clock.now().monotonic >= deadline)
}
