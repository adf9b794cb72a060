use std::time::Duration;

use tc3_transport::AsyncTransport;

use super::{
    CredentialCache, CredentialError, FetchStep, Lookup, MAX_RESPONSE_BYTES, ValidCredential,
    Wanted, limited,
};
use crate::exchange::complete;
use crate::time::{AsyncSleep, Clock, within};

impl CredentialCache {
    /// Returns the wanted credential; `None` at the deadline.
    pub(crate) async fn get(
        &self,
        transport: &dyn AsyncTransport,
        sleep: &dyn AsyncSleep,
        clock: &dyn Clock,
        wanted: Wanted<'_>,
        deadline: Option<Duration>,
    ) -> Option<Result<ValidCredential, CredentialError>> {
        let now = clock.now();
        let lookup = self.state().lookup(now, wanted);
        let (current, number) = match lookup {
            Lookup::Use(credential) => return Some(Ok(credential)),
            Lookup::Failed(error) => return Some(Err(error)),
            Lookup::Fetch(current, number) => (current, number),
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
        let shared = self.state().shared_result(now, wanted, number);
        if shared.is_some() {
            return shared;
        }
        let deadline = Self::refresh_deadline(now, deadline, current.as_ref());
        let number = self.state().start();
        match self.fetch(transport, sleep, clock, deadline).await {
            Some(result) => {
                let now = clock.now();
                Some(self.complete(now, number, wanted, current, result))
            }
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
                FetchStep::Send(request) => Some(
                    complete(transport, sleep, *request, MAX_RESPONSE_BYTES)
                        .await
                        .map(|(response, _)| response),
                ),
                FetchStep::Sleep(time) => {
                    sleep.sleep(time).await;
                    None
                }
                FetchStep::Run(operation) => {
                    let left = deadline.map(|deadline| deadline.saturating_sub(now.monotonic));
                    within(sleep, left, operation.run()).await?;
                    None
                }
                FetchStep::Done(credential) => return Some(self.validated(credential)),
                FetchStep::Absent => return Some(Err(self.absent())),
                FetchStep::Failed(error) => return Some(Err(error)),
            };
        }
    }
}
