//! Operations: each is one transaction, in every store.

use super::error::Error;
use super::memory::Memory;

/// Operation of the ledger.
pub(crate) trait Operation: Clone + Send + Sync + 'static {
    /// Result.
    type Output: Send + 'static;

    /// Performs the operation in memory.
    fn model(&self, memory: &mut Memory, now: i64) -> Result<Self::Output, Error>;
}

macro_rules! operations {
    ($($request:ident => $output:ty, $model:ident;)*) => {
        $(
            impl Operation for super::requests::$request {
                type Output = $output;

                fn model(&self, memory: &mut Memory, now: i64) -> Result<Self::Output, Error> {
                    memory.$model(self, now)
                }
            }
        )*
    };
}

operations! {
    Enter => super::worker::Lease, enter;
    Beat => super::worker::Lease, beat;
    Leave => (), leave;
    Offer => Vec<String>, offer;
    Receive => Vec<super::message::Receipt>, receive;
    ClaimContracts => Vec<super::contract::Claimed>, claim;
    Settle => Vec<String>, settle;
    ClaimForwards => Vec<super::message::Forward>, claim_forwards;
    SettleForwards => Vec<i64>, settle_forwards;
    Replay => i64, replay;
    Book => super::pace::Booking, book;
    ReleaseMoments => (), release;
    Paces => Vec<(String, Vec<i64>)>, paces;
    CountAll => super::view::Counts, counts;
    ListContracts => Vec<super::view::Contract>, contracts;
    ShowContract => Option<(super::view::Contract, Vec<super::view::Event>)>, contract;
    Retry => Vec<super::view::Selected>, retry;
    RetryReason => Vec<String>, retry_reason;
    DropContracts => Vec<super::view::Selected>, drop_contracts;
    ListMessages => Vec<super::view::MessageView>, messages;
    ShowMessage => super::view::MessageView, message;
    ListWorkers => Vec<super::view::WorkerView>, workers;
    PauseLoop => (), pause;
    Probe => bool, probe;
    Resume => (), resume;
    Pauses => Vec<super::view::Pause>, pauses;
    TakeSample => bool, sample;
    Samples => Vec<super::view::Sample>, samples;
    Sweep => super::requests::Swept, sweep;
}
