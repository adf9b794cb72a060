//! Operations: each is one transaction, in every store.

use std::future::Future;
use std::time::Duration;

use super::error::Error;
use super::memory::Memory;
use super::sql::tx::{Failure, Tx};
use super::{contract, message, pace, requests, sql, view, worker};

/// Connection of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// The operation changes nothing.
    Read,
    Write,
    /// A heartbeat, which load must not delay.
    Beat,
}

/// Receiver of the durations of operations.
pub(crate) trait Timer: Send + Sync {
    /// Records the time of an operation, whatever its result.
    fn record(&self, operation: &'static str, elapsed: Duration);
}

/// Operation of the ledger.
pub(crate) trait Operation: Clone + Send + Sync + 'static {
    /// Result.
    type Output: Send + 'static;

    /// Name in metrics.
    const NAME: &'static str;

    /// Connection that performs it.
    const LANE: Lane;

    /// Returns true if a success shows that messages can be committed: the operation always writes about as much as a message.
    fn confirms_commits(&self) -> bool;

    /// Performs the operation in memory.
    fn model(&self, memory: &mut Memory, now: i64) -> Result<Self::Output, Error>;

    /// Performs the operation in a transaction, which the caller commits.
    fn sql<T: Tx>(&self, tx: &mut T) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

macro_rules! operations {
    ($($request:ident => $output:ty, $model:ident, $sql:path, $lane:ident $(, $confirms:expr)?;)*) => {
        $(
            impl Operation for requests::$request {
                type Output = $output;

                const NAME: &'static str = stringify!($model);
                const LANE: Lane = Lane::$lane;

                fn confirms_commits(&self) -> bool {
                    let confirms: &[fn(&Self) -> bool] = &[$($confirms)?];
                    confirms.iter().any(|confirms| confirms(self))
                }

                fn model(&self, memory: &mut Memory, now: i64) -> Result<Self::Output, Error> {
                    memory.$model(self, now)
                }

                async fn sql<T: Tx>(&self, tx: &mut T) -> Result<Self::Output, Failure> {
                    $sql(tx, self).await
                }
            }
        )*

        /// Names of all operations, in metrics.
        pub(crate) const OPERATIONS: &[&str] = &[$(stringify!($model)),*];
    };
}

operations! {
    Enter => worker::Lease, enter, sql::workers::enter, Write;
    Beat => worker::Lease, beat, sql::workers::beat, Beat;
    Leave => (), leave, sql::workers::leave, Write;
    CountExpired => usize, count_expired, sql::workers::count_expired, Write;
    Offer => Vec<String>, offer, sql::contracts::offer, Write;
    CheckStore => (), check_store, sql::workers::check_store, Write, |check| check.writes;
    Receive => Vec<message::Receipt>, receive, sql::messages::receive, Write, |_| true;
    ClaimContracts => contract::ClaimResult, claim, sql::contracts::claim, Write;
    Settle => Vec<String>, settle, sql::contracts::settle, Write;
    ClaimForwards => Vec<message::Forward>, claim_forwards, sql::forwards::claim_forwards, Write;
    SettleForwards => Vec<i64>, settle_forwards, sql::forwards::settle_forwards, Write;
    Replay => i64, replay, sql::replays::replay, Write;
    ReplayDead => Vec<i64>, replay_dead, sql::replays::replay_dead, Write;
    Announce => usize, announce, sql::targets::announce, Write;
    ListTargets => Vec<message::ForwardTarget>, targets, sql::targets::targets, Read;
    Book => pace::Booking, book, sql::workers::book, Write;
    ReleaseMoments => (), release, sql::workers::release, Write;
    Paces => view::Booked, paces, sql::workers::paces, Read;
    CountAll => view::Counts, counts, sql::people::counts, Read;
    ListContracts => Vec<view::Contract>, contracts, sql::people::contracts, Read;
    ShowContract => Option<(view::Contract, Vec<view::Event>)>, contract, sql::people::contract, Read;
    Retry => Vec<view::Selected>, retry, sql::contracts::retry, Write;
    RetryReason => Vec<String>, retry_reason, sql::contracts::retry_reason, Write;
    DropContracts => Vec<view::Selected>, drop_contracts, sql::contracts::drop_contracts, Write;
    ListMessages => Vec<view::MessageView>, messages, sql::people::messages, Read;
    ShowMessage => view::MessageView, message, sql::people::message, Read;
    TargetHealth => Vec<view::TargetHealth>, target_health, sql::forwards::target_health, Read;
    ListWorkers => Vec<view::WorkerView>, workers, sql::people::workers, Read;
    PauseLoop => (), pause, sql::workers::pause, Write;
    Probe => bool, probe, sql::workers::probe, Write;
    Resume => bool, resume, sql::workers::resume, Write;
    Pauses => Vec<view::Pause>, pauses, sql::workers::pauses, Read;
    TakeSample => bool, sample, sql::people::sample, Write;
    Samples => Vec<view::Sample>, samples, sql::people::samples, Read;
    Sweep => requests::Swept, sweep, sql::messages::sweep, Write;
}
