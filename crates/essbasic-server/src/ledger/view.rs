//! Lists and numbers for people, pages and metrics. Times are in milliseconds since 1970, by the clock of the store.

use std::collections::BTreeMap;

use super::contract::{Evidence, Report, Task};
use super::reason::Reason;

/// State of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Waits until it is due.
    Open,
    /// A worker that is alive works on it.
    Claimed,
    /// Archived, ended without all signatures, or dropped.
    Done,
    /// Given up; people decide.
    Dead,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Claimed, Self::Done, Self::Dead];

    /// Returns the code in the API and the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

/// Result of a finished contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Finish {
    /// Its files are stored.
    Archived,
    /// It ended without all signatures.
    Ended,
    /// A person dropped it.
    Dropped,
}

impl Finish {
    /// Returns the code in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Archived => "archived",
            Self::Ended => "ended",
            Self::Dropped => "dropped",
        }
    }

    pub(crate) fn from_code(code: &str) -> Self {
        match code {
            "archived" => Self::Archived,
            "dropped" => Self::Dropped,
            _ => Self::Ended,
        }
    }
}

/// A contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contract {
    /// ID.
    pub flow_id: String,
    /// State.
    pub state: State,
    /// Next work; `None` if done.
    pub task: Option<Task>,
    /// Latest report.
    pub report: Report,
    /// Time from which it may be claimed; 0 if done.
    pub due: i64,
    /// Attempts since the last progress.
    pub attempt: i64,
    /// Reason of the last failed attempt, or of a dead contract.
    pub reason: Option<Reason>,
    /// Time at which it was added.
    pub added_at: i64,
    /// Time at which it was done or given up.
    pub finished_at: Option<i64>,
    /// Result, if done.
    pub finish: Option<Finish>,
    /// Evidence, if archived.
    pub evidence: Option<Evidence>,
}

/// Event in the timeline of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Number of the event of this contract, from 1. The timeline has the latest [`MAX_EVENTS`](super::limits::MAX_EVENTS).
    pub number: i64,
    /// Time.
    pub at: i64,
    /// Kind: `added`, `message`, `status`, `failed`, `worker_lost`, `dead`, `retried`, `archived`, `ended`, `dropped`.
    pub kind: String,
    /// Type of a message, a status, or the reason and detail of a failure.
    pub detail: String,
}

/// Contracts to list, in the order of their IDs.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ContractQuery {
    /// Only contracts in this state.
    pub state: Option<State>,
    /// Only contracts that are open, claimed or dead.
    pub unfinished: bool,
    /// Only contracts that are dead or last failed for this reason.
    pub reason: Option<Reason>,
    /// Only IDs with this prefix.
    pub prefix: String,
    /// Only IDs after this one: the last ID of the page before.
    pub after: String,
    /// Maximum number of contracts.
    pub limit: usize,
}

/// Numbers of contracts and forwards.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Contracts that wait.
    pub open: i64,
    /// Contracts of workers that are alive.
    pub claimed: i64,
    /// Dead contracts by reason.
    pub dead: BTreeMap<Reason, i64>,
    /// Finished contracts.
    pub done: i64,
    /// Time of the earliest due contract that nobody has claimed, if it is due.
    pub oldest_due: Option<i64>,
    /// Forwards that are not delivered, by target.
    pub forward_backlog: BTreeMap<String, i64>,
    /// Dead forwards by target, without those whose message was replayed to the target.
    pub forward_dead: BTreeMap<String, i64>,
    /// The dead forwards of `forward_dead`, by target and reason.
    pub forward_dead_reasons: BTreeMap<(String, Reason), i64>,
    /// Workers that are alive.
    pub workers: i64,
    /// Callbacks that the processes of the living workers have refused since their start, as of their last heartbeat.
    pub refused: i64,
    /// Time of the last refused callback.
    pub refused_at: Option<i64>,
    /// Time of the store.
    pub now: i64,
}

/// A worker that is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerView {
    /// ID.
    pub id: String,
    /// Name, such as that of the host.
    pub name: String,
    /// Time of the entry.
    pub entered_at: i64,
    /// Time at which the lease expires.
    pub alive_until: i64,
    /// Contracts that it has claimed.
    pub claimed: i64,
}

/// Whether the body of a message is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyState {
    /// It is stored, encrypted.
    Stored,
    /// It was deleted after its retention.
    Expired,
    /// It was never stored, because no target took the message.
    NotStored,
}

impl BodyState {
    /// Returns the code in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Expired => "expired",
            Self::NotStored => "not_stored",
        }
    }

    pub(crate) fn from_code(code: &str) -> Self {
        match code {
            "stored" => Self::Stored,
            "expired" => Self::Expired,
            _ => Self::NotStored,
        }
    }
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageView {
    /// Number in the order of arrival, for pages.
    pub seq: i64,
    /// ID: the hash of the `MsgId`.
    pub id: String,
    /// Type.
    pub kind: String,
    /// Contract.
    pub flow_id: Option<String>,
    /// Time of arrival.
    pub received_at: i64,
    /// Whether the body is stored.
    pub body: BodyState,
    /// Number of dead forwards, without those that were replayed.
    pub dead_forwards: i64,
    /// Forwards of the message; empty in lists.
    pub forwards: Vec<ForwardView>,
}

/// A forward of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForwardView {
    /// Number of the forward.
    pub seq: i64,
    /// Target.
    pub target: String,
    /// True for a redelivery, which has no order.
    pub replay: bool,
    /// Attempts.
    pub attempt: i64,
    /// Time from which it may be claimed.
    pub due: i64,
    /// Time of the delivery.
    pub delivered_at: Option<i64>,
    /// Reason, if given up.
    pub dead: Option<Reason>,
    /// Time at which a dead forward was replaced by a replay. It does not count as dead since then.
    pub replayed_at: Option<i64>,
    /// Time of the last attempt that failed.
    pub failed_at: Option<i64>,
    /// Cause of the last attempt that failed.
    pub error: Option<String>,
}

/// Latest events of a target of forwards.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetHealth {
    /// Name.
    pub name: String,
    /// Time of the latest delivery.
    pub delivered_at: Option<i64>,
    /// Time of the latest attempt that failed.
    pub failed_at: Option<i64>,
    /// Cause of the latest attempt that failed.
    pub error: Option<String>,
}

/// Booked moments of requests.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Booked {
    /// Time of the store.
    pub now: i64,
    /// Actions with their moments at the time of the last booking, ascending.
    pub actions: Vec<(String, Vec<i64>)>,
}

/// Messages to list, latest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MessageQuery {
    /// Only messages about this contract.
    pub flow_id: Option<String>,
    /// Only messages with a dead forward that was not replayed.
    pub dead: bool,
    /// Only messages with a forward to this target; with `dead`, with a dead forward to it.
    pub target: Option<String>,
    /// Only messages with a lower number: the last one of the page before.
    pub before: Option<i64>,
    /// Maximum number of messages.
    pub limit: usize,
}

/// Numbers at a minute.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Sample {
    /// Start of the minute.
    pub minute: i64,
    /// Contracts that wait or are claimed.
    pub open: i64,
    /// Dead contracts.
    pub dead: i64,
    /// Contracts that were finished in the minute before.
    pub finished: i64,
    /// Messages that arrived in the minute before.
    pub messages: i64,
    /// Forwards that are not delivered.
    pub backlog: i64,
}

/// A paused loop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pause {
    /// Name of the loop.
    pub name: String,
    /// Cause, for people.
    pub cause: String,
    /// Time since which it is paused.
    pub since: i64,
    /// Time from which one worker may probe.
    pub probe_at: i64,
}

/// Result of an operation on one contract that a person selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// The operation was performed.
    Done,
    /// The contract is done already: archived, ended or dropped.
    Finished,
    /// No contract has this ID.
    NotFound,
    /// The contract is not dead, so that there is nothing to retry.
    NotDead,
}
