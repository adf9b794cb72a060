//! Shortcuts for tests: an async start, contracts in any status, and assertions.

use std::io;

use tokio::sync::oneshot;

use super::Emulator;
use crate::builder::Builder;
use crate::state::flow::{Status, TransitionError};
use crate::state::terms::NewFlow;

impl Builder {
    /// As [`start`](Self::start), without blocking the caller: large seeds and TLS take time. Works with any runtime.
    ///
    /// ```
    /// use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, Status};
    ///
    /// # async fn test() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::builder().start_async().await?;
    /// emulator.create_flow_in(NewFlow::new(APP_ID, ORGANIZATION, "yDwLease1"), Status::Part)?;
    /// // The calls of the program under test.
    /// emulator.complete("yDwLease1")?;
    /// emulator.callbacks_settled().await;
    /// emulator.assert_called("DescribeFlowDetailInfo", 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_async(self) -> io::Result<Emulator> {
        let (started, result) = oneshot::channel();
        std::thread::Builder::new().name("essbasic-emulator-start".into()).spawn(move || {
            // If the caller no longer waits, the emulator is dropped here.
            let _ = started.send(self.start());
        })?;
        result.await.map_err(|_| io::Error::other("the start of the emulator panicked"))?
    }
}

impl Emulator {
    /// Signs for all parties that have not signed, in their order. Does nothing if all have.
    ///
    /// # Errors
    /// Returns [`TransitionError`] if the contract does not exist or has ended, or if a deadline has passed.
    pub fn complete(&self, flow_id: &str) -> Result<(), TransitionError> {
        let mut shared = self.service.lock();
        let now = shared.now;
        shared.state.sign_all(flow_id, |_| now, now)
    }

    /// Creates a contract at the current time, and brings it into this status. A contract with the same id is
    /// replaced.
    ///
    /// # Errors
    /// Returns [`TransitionError`] if the contract cannot have this status, such as `PART` with one party.
    pub fn create_flow_in(&self, flow: NewFlow, status: Status) -> Result<(), TransitionError> {
        let mut shared = self.service.lock();
        let now = shared.now;
        let state = &mut shared.state;
        let id = flow.id.clone();
        state.create(flow, now);
        state.bring_into(&id, status, "", |_| now, now)?;
        match state.flow(&id).map(|flow| flow.status(now)) {
            Some(reached) if reached == status => Ok(()),
            Some(other) => Err(TransitionError::Ended(other)),
            None => Err(TransitionError::NoSuchFlow),
        }
    }

    /// Waits until each callback is acknowledged or given up. Works with any runtime, and has no timeout.
    pub async fn callbacks_settled(&self) {
        self.service.callbacks.settled().await;
    }

    /// Asserts that an action was called this number of times since the start, failed calls included.
    ///
    /// # Panics
    /// Panics if the number differs, and shows the calls of all actions.
    #[track_caller]
    pub fn assert_called(&self, action: &str, times: u64) {
        let calls = self.stats().calls;
        let called = calls.get(action).copied().unwrap_or_default();
        assert!(
            called == times,
            "{action} was called {called} times, not {times}; calls: {calls:?}"
        );
    }
}
