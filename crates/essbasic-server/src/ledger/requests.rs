//! Arguments of the operations, validated by [`Ledger`](super::Ledger).

use super::contract::{Claim, Settlement};
use super::message::{ForwardClaim, ForwardSettlement, Message};
use super::pace::Pace;
use super::reason::Reason;
use super::view::{ContractQuery, MessageQuery};
use super::worker::RefusedCallbacks;

macro_rules! requests {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {
        $(
            #[derive(Clone, Debug)]
            pub(crate) struct $name {
                $(pub(crate) $field: $type,)*
            }
        )*
    };
}

requests! {
    Enter { worker: String, name: String, lease: i64, store: Option<String> }
    Beat { worker: String, lease: i64, refused: RefusedCallbacks }
    Leave { worker: String }
    CountExpired { }
    Offer { flow_ids: Vec<String>, delay: i64, reopens: bool }
    CheckStore { store: Option<String>, writes: bool }
    Receive { store: Option<String>, messages: Vec<Message> }
    ClaimContracts { worker: String, claim: Claim }
    Settle { worker: String, max_attempts: i64, settlements: Vec<Settlement> }
    ClaimForwards { worker: String, claim: ForwardClaim }
    SettleForwards { worker: String, settlements: Vec<ForwardSettlement> }
    Replay { message_id: String, target: String }
    ReplayDead { target: String, limit: usize }
    Announce { targets: Vec<String>, grace: i64, limit: usize }
    ListTargets { }
    Book { pace: Pace }
    ReleaseMoments { action: String, moments: Vec<i64> }
    Paces { }
    CountAll { }
    ListContracts { query: ContractQuery }
    ShowContract { flow_id: String }
    Retry { flow_ids: Vec<String> }
    RetryReason { reason: Reason, limit: usize }
    DropContracts { flow_ids: Vec<String> }
    ListMessages { query: MessageQuery }
    ShowMessage { message_id: String }
    TargetHealth { names: Vec<String> }
    ListWorkers { }
    PauseLoop { name: String, cause: String, delay: i64 }
    Probe { name: String, delay: i64, is_first: bool }
    Resume { name: String }
    Pauses { }
    TakeSample { }
    Samples { since: i64 }
    Sweep { retention: i64, limit: usize }
}

/// Numbers of deleted rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Swept {
    /// Bodies of messages.
    pub bodies: usize,
    /// Messages, with their forwards.
    pub messages: usize,
    /// Samples.
    pub samples: usize,
    /// Workers that expired.
    pub workers: usize,
}

/// Period after which an expired worker is deleted, in milliseconds.
pub(crate) const WORKER_ROW_MS: i64 = 3_600_000;

/// Period without an announcement after which a target is missing, in milliseconds. Servers announce their targets each minute.
pub(crate) const TARGET_SEEN_MS: i64 = 300_000;

/// Minute in milliseconds.
pub(crate) const MINUTE_MS: i64 = 60_000;
