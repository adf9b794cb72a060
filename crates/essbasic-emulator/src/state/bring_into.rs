//! Contracts in a given status, for seeds and tests.

use std::time::Duration;

use super::State;
use super::flow::{Signer, Status, TransitionError};

impl State {
    /// Brings a new contract into a status. `signed_at` returns the time of a signature by its index.
    ///
    /// A contract with one party has the status `ALL` instead of `PART`.
    ///
    /// # Errors
    /// Returns an error if the contract does not exist, or if it has no parties and the status requires signatures.
    pub(crate) fn bring_into(
        &mut self,
        id: &str,
        status: Status,
        reason: &str,
        signed_at: impl Fn(u64) -> Duration,
        now: Duration,
    ) -> Result<(), TransitionError> {
        match status {
            Status::Init => Ok(()),
            Status::Part => self.sign(id, Signer::Next, signed_at(0)).map(drop),
            Status::All => self.sign_all(id, signed_at, now),
            Status::Relieved => {
                self.sign_all(id, signed_at, now)?;
                self.end(id, status, reason, now)
            }
            Status::Reject | Status::Deadline | Status::Cancel | Status::Invalid => {
                self.end(id, status, reason, now)
            }
        }
    }

    /// Signs for each party that has not signed. The number of parties limits the number of signatures.
    ///
    /// # Errors
    /// Returns an error if the contract does not exist, has no parties or has ended, or if a deadline has passed.
    pub(crate) fn sign_all(
        &mut self,
        id: &str,
        signed_at: impl Fn(u64) -> Duration,
        now: Duration,
    ) -> Result<(), TransitionError> {
        for index in 0.. {
            let flow = self.flow(id).ok_or(TransitionError::NoSuchFlow)?;
            if flow.status(now) == Status::All {
                break;
            }
            self.sign(id, Signer::Next, signed_at(index))?;
        }
        Ok(())
    }
}
