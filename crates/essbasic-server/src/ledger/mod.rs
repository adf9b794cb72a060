//! The ledger: what the replicas share. Each operation is one transaction, with plain values in and out.
//!
//! A [`Ledger`] is SQLite for one process, PostgreSQL for any number of replicas, or memory for tests. All have the same schema and
//! the same decisions, and a model test compares them.
//!
//! # Guarantees
//! - An operation that returned has been committed and synchronized to disk. An operation that returned an error of the kind
//!   [`ErrorKind::Unavailable`] may have been committed; every operation is safe to retry.
//! - Only the clock of the store counts. Arguments are delays; times in results are those of the store. Two machines whose clocks
//!   differ agree on leases and moments.
//! - A contract belongs to the worker incarnation that claimed it, as long as [`Ledger::beat`] renews its lease. When the lease
//!   expires, others claim its contracts, and its settlements are refused. Attempts are counted by the claim, so a contract that
//!   ends its workers is dead after the last attempt.
//! - The status of a contract only moves forward: [`Report::replaces`].
//! - No text of a message, no name of a person or file and no link is stored in plain text. Details of events are written by the
//!   caller and must contain none either.

mod clock;
mod contract;
mod error;
pub mod limits;
mod memory;
mod message;
mod operation;
mod operations;
mod pace;
mod reason;
mod requests;
mod rows;
mod view;
mod worker;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub use self::clock::ManualClock;
pub use self::contract::{
    ALONE_FROM_ATTEMPT, Claim, Claimed, Evidence, FileEvidence, Outcome, Report, Settlement, Task,
    rank,
};
pub use self::error::{Error, ErrorKind};
pub use self::message::{
    Forward, ForwardClaim, ForwardOutcome, ForwardSettlement, Message, Receipt,
};
pub use self::pace::{Booking, Pace};
pub use self::reason::Reason;
pub use self::requests::Swept;
pub use self::view::{
    Contract, ContractQuery, Counts, Event, Finish, ForwardView, MessageQuery, MessageView, Pause,
    Sample, Selected, State, WorkerView,
};
pub use self::worker::{Lease, WorkerId};

use self::memory::Memory;
use self::operation::Operation;

/// State that the replicas share. A clone is a handle of the same ledger.
#[derive(Clone)]
pub struct Ledger {
    store: Store,
    clock: Option<ManualClock>,
}

#[derive(Clone)]
enum Store {
    Memory(Arc<Mutex<Memory>>),
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL, which contains a password.
        let store = match self.store {
            Store::Memory(_) => "memory",
        };
        f.debug_struct("Ledger").field("store", &store).finish()
    }
}

impl Ledger {
    /// Returns an empty ledger in memory, for tests. Nothing outlives the process.
    pub fn in_memory() -> Self {
        Self { store: Store::Memory(Arc::default()), clock: None }
    }

    /// Reads this clock instead of that of the store, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self
    }

    async fn run<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        match &self.store {
            Store::Memory(memory) => {
                let now = self.clock.as_ref().map_or_else(clock::machine, ManualClock::now);
                let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                operation.model(&mut memory, now)
            }
        }
    }
}
