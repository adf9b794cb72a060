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
#[cfg(test)]
mod cost;
mod error;
mod health;
pub mod limits;
mod memory;
mod message;
mod operation;
mod operations;
mod pace;
mod postgres;
mod probes;
mod reason;
mod requests;
mod rows;
mod sql;
mod sqlite;
mod sqlite_thread;
mod store_file;
mod view;
mod worker;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

pub use self::clock::ManualClock;
pub use self::contract::{
    ALONE_FROM_ATTEMPT, COMPOSED_AFTER_MS, Claim, Claimed, Evidence, FileEvidence, Outcome, Report,
    Settlement, Task, rank,
};
pub use self::error::{Error, ErrorKind};
pub use self::message::{
    Forward, ForwardClaim, ForwardOutcome, ForwardSettlement, ForwardTarget, Message, Receipt,
};
pub use self::pace::{Booking, Pace};
pub use self::reason::Reason;
pub use self::requests::Swept;
pub use self::sql::schema::Migration;
pub use self::view::{
    BodyState, Booked, Contract, ContractQuery, Counts, Event, Finish, ForwardView, MessageQuery,
    MessageView, Pause, Sample, Selected, State, TargetHealth, WorkerView,
};
pub use self::worker::{Lease, RefusedCallbacks, WorkerId};

use self::health::Health;
use self::memory::Memory;
use self::operation::Operation;
pub(crate) use self::operation::{OPERATIONS, Timer};
use self::postgres::Postgres;
use self::sql::schema::Schema;
use self::sqlite::Sqlite;

/// State that the replicas share. A clone is a handle of the same ledger.
#[derive(Clone)]
pub struct Ledger {
    store: Store,
    clock: Option<ManualClock>,
    /// ID of the store, to notice that it was replaced.
    store_id: Option<String>,
    migration: Option<Migration>,
    health: Health,
    timer: Option<Arc<dyn Timer>>,
    /// Failure of the next operation of a name.
    #[cfg(test)]
    fault: Arc<Mutex<Option<(&'static str, Fault)>>>,
}

/// Failure of an operation, for tests.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not performed.
    Refused,
    /// It is performed, and its result is lost.
    Lost,
    /// It panics.
    Panic,
    /// Its result arrives after this time.
    Late(std::time::Duration),
}

#[derive(Clone)]
enum Store {
    Memory(Arc<Mutex<Memory>>),
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL, which contains a password.
        f.debug_struct("Ledger").field("store", &self.store_kind()).finish()
    }
}

impl Ledger {
    /// Returns an empty ledger in memory, for tests. Nothing outlives the process.
    pub fn in_memory() -> Self {
        Self::new(Store::Memory(Arc::default()), None)
    }

    /// Opens a SQLite database for one server, creates it if it is absent, and migrates it. The file must be on a local disk: network
    /// file systems have no reliable locks. Blocks while the file is opened.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Unusable`] if another server uses the file, if its schema is newer than this program, if it cannot be
    /// opened, or if SQLite is older than 3.51.3.
    pub fn sqlite(path: &Path) -> Result<Self, Error> {
        let (sqlite, schema) = Sqlite::open(path)?;
        Ok(Self::new(Store::Sqlite(sqlite), Some(schema)))
    }

    /// Opens a SQLite database next to a server that may be running, for commands that list and select. Neither creates nor migrates it.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Unusable`] if it is absent, if its schema is older or newer than this program, or if it cannot be opened.
    pub fn sqlite_shared(path: &Path) -> Result<Self, Error> {
        let (sqlite, schema) = Sqlite::open_shared(path)?;
        Ok(Self::new(Store::Sqlite(sqlite), Some(schema)))
    }

    /// Connects to a PostgreSQL database for any number of replicas, and migrates it. Replicas that start together migrate one after
    /// the other. `password` replaces that of the URL. Connections need a session: a pooler must not be in the transaction mode.
    /// On a network, use `sslmode=require` in the URL: the certificate and the name of the server are always verified, by the
    /// authorities of the system. The default, `prefer`, accepts a server without TLS.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Unusable`] if the URL is invalid, the database refuses the user, or its schema is newer than this
    /// program, and [`ErrorKind::Unavailable`] if the database cannot be reached. Neither shows the URL.
    pub async fn postgres(url: &str, password: Option<&str>) -> Result<Self, Error> {
        let (postgres, schema) = Postgres::open(url, password, true).await?;
        Ok(Self::new(Store::Postgres(postgres), Some(schema)))
    }

    /// Connects to a PostgreSQL database as [`postgres`](Self::postgres), for commands that list and select. Does not migrate it.
    ///
    /// # Errors
    /// Returns the errors of [`postgres`](Self::postgres), and [`ErrorKind::Unusable`] if the schema is absent or older than this
    /// program.
    pub async fn postgres_shared(url: &str, password: Option<&str>) -> Result<Self, Error> {
        let (postgres, schema) = Postgres::open(url, password, false).await?;
        Ok(Self::new(Store::Postgres(postgres), Some(schema)))
    }

    fn new(store: Store, schema: Option<Schema>) -> Self {
        let (store_id, migration) =
            schema.map(|schema| (schema.store_id, schema.migration)).unzip();
        Self {
            store,
            clock: None,
            store_id,
            migration,
            health: Health::default(),
            timer: None,
            #[cfg(test)]
            fault: Arc::default(),
        }
    }

    /// Returns the kind of the store: `memory`, `sqlite` or `postgres`.
    pub fn store_kind(&self) -> &'static str {
        match self.store {
            Store::Memory(_) => "memory",
            Store::Sqlite(_) => "sqlite",
            Store::Postgres(_) => "postgres",
        }
    }

    /// Returns the versions of the schema before and after this ledger was opened. `None` in memory.
    pub fn migration(&self) -> Option<Migration> {
        self.migration
    }

    /// Reads this clock instead of that of the store, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Records the durations of operations.
    #[must_use]
    pub(crate) fn with_timer(mut self, timer: Arc<dyn Timer>) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Returns the number of steps of SQLite since the last call.
    #[cfg(test)]
    pub(crate) fn take_steps(&self) -> u64 {
        match &self.store {
            Store::Sqlite(sqlite) => sqlite.take_steps(),
            _ => 0,
        }
    }

    /// Lets the next operation of this name fail.
    #[cfg(test)]
    pub(crate) fn inject(&self, operation: &'static str, fault: Fault) {
        *self.fault.lock().unwrap() = Some((operation, fault));
    }

    #[cfg(not(test))]
    async fn run<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        self.perform(operation).await
    }

    #[cfg(test)]
    async fn run<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let name = std::any::type_name::<O>().rsplit("::").next();
        let fault = self.fault.lock().unwrap().take_if(|(fault, _)| Some(*fault) == name);
        let Some((_, fault)) = fault else { return self.perform(operation).await };
        match fault {
            Fault::Refused => Err(Error::unavailable("injected")),
            Fault::Panic => panic!("injected"),
            Fault::Lost => {
                self.perform(operation).await?;
                Err(Error::unavailable("injected"))
            }
            Fault::Late(delay) => {
                let result = self.perform(operation).await;
                tokio::time::sleep(delay).await;
                result
            }
        }
    }

    async fn perform<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        let began = Instant::now();
        let confirms = operation.confirms_commits();
        let result = self.perform_once(operation).await;
        if let Some(timer) = &self.timer {
            timer.record(O::NAME, began.elapsed());
        }
        self.health.note(O::NAME, O::LANE, confirms, result.as_ref().err());
        result
    }

    async fn perform_once<O: Operation>(&self, operation: O) -> Result<O::Output, Error> {
        match &self.store {
            Store::Memory(memory) => {
                let now = self.clock.as_ref().map_or_else(clock::machine, ManualClock::now);
                let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                operation.model(&mut memory, now)
            }
            Store::Sqlite(sqlite) => sqlite.run(operation, self.clock.clone()).await,
            Store::Postgres(postgres) => postgres.run(operation, self.clock.clone()).await,
        }
    }
}
