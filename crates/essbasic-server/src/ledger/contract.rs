//! Contracts: what is known, claimed and settled.

use essbasic::FlowStatus;

use super::reason::Reason;

/// Work that an unfinished contract needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    /// Its status is polled, until it is final.
    Poll,
    /// Its files are archived, because every party has signed.
    Archive,
}

impl Task {
    /// Returns the code in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Archive => "archive",
        }
    }

    pub(crate) fn from_code(code: &str) -> Self {
        if code == "archive" { Self::Archive } else { Self::Poll }
    }
}

/// Status of a contract at a time, as a message or a poll reports it. `Default` is an unknown status.
///
/// A report replaces an earlier one only if it is later by [rank](rank), then by time. Duplicates and reordered messages
/// therefore never move a contract back.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Report {
    /// Status of the contract.
    pub status: FlowStatus,
    /// Time of the status, in milliseconds since 1970: the `OccurTime` of the message. 0 if unknown.
    pub at: i64,
}

impl Report {
    /// Returns true if this report replaces `earlier`.
    pub fn replaces(&self, earlier: &Self) -> bool {
        (rank(&self.status), self.at) > (rank(&earlier.status), earlier.at)
    }
}

/// Returns the rank of a status. The rank of a contract never decreases.
pub fn rank(status: &FlowStatus) -> i64 {
    match status {
        FlowStatus::Init => 1,
        FlowStatus::Part => 2,
        FlowStatus::Reject | FlowStatus::Deadline | FlowStatus::Cancel | FlowStatus::Invalid => 3,
        FlowStatus::All => 4,
        FlowStatus::Relieved => 5,
        _ => 0,
    }
}

/// Consequence of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The status is not final.
    Open,
    /// The contract ended without all signatures, so there is nothing to archive.
    Ended,
    /// Every party has signed.
    Signed,
}

pub(crate) fn phase(status: &FlowStatus) -> Phase {
    match rank(status) {
        0..=2 => Phase::Open,
        3 => Phase::Ended,
        _ => Phase::Signed,
    }
}

/// Contract that a worker has claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claimed {
    /// ID of the contract.
    pub flow_id: String,
    /// Number of the claim, which no other claim of this contract has. Only the settlement of the latest claim is accepted.
    pub claim: i64,
    /// Claimed work.
    pub task: Task,
    /// Number of this attempt, from 1.
    pub attempt: i64,
    /// Latest report.
    pub report: Report,
    /// Time at which the contract was added, in milliseconds since 1970: older ones are polled less often.
    pub added_at: i64,
}

impl Claimed {
    /// Returns the settlement of this claim.
    pub fn settlement(&self, outcome: Outcome) -> Settlement {
        Settlement { flow_id: self.flow_id.clone(), claim: self.claim, outcome }
    }
}

/// Result of work on a claimed contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// ID of the contract.
    pub flow_id: String,
    /// [`Claimed::claim`].
    pub claim: i64,
    /// Result.
    pub outcome: Outcome,
}

/// Result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every file is stored. The contract is done.
    Archived(Evidence),
    /// The service reported this status. The attempts start again from 0. The contract is polled again after the delay if the status
    /// is not final, archived after [`COMPOSED_AFTER_MS`] if every party has signed, and otherwise done.
    Observed {
        /// Status; [`Report::at`] 0 means the time of the settlement.
        report: Report,
        /// Delay until the next poll, in milliseconds.
        delay: i64,
    },
    /// The attempt failed. The next one follows after the delay; after the last attempt the contract is dead with this reason.
    Again {
        /// Reason of the failure.
        reason: Reason,
        /// Delay until the next attempt, in milliseconds.
        delay: i64,
        /// Cause for people, in the timeline of the contract: without personal data and links.
        detail: String,
    },
    /// No attempt can succeed.
    Dead {
        /// Reason.
        reason: Reason,
        /// Cause for people, as of `Again`.
        detail: String,
    },
    /// The work did not begin or was interrupted by something that affects every contract. The attempt does not count.
    Released {
        /// Delay until the next attempt, in milliseconds.
        delay: i64,
    },
}

/// Evidence of an archived contract.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Files of the contract, in the order of the service.
    pub files: Vec<FileEvidence>,
    /// ID of the request that returned the links.
    pub request_id: String,
}

/// Evidence of a stored file. The object's name is a function of the contract, the index and the configured template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEvidence {
    /// Size in bytes.
    pub bytes: i64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// Result of a claim: the claimed contracts, and the IDs of those that are dead now, with their reasons.
pub(crate) type ClaimResult = (Vec<Claimed>, Vec<(String, Reason)>);

/// Contracts to claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Work that the contracts need.
    pub task: Task,
    /// Maximum number of contracts.
    pub limit: usize,
    /// Number of attempts after which a contract is dead, at least 1.
    pub max_attempts: i64,
}

/// Time after which the service has composed the PDF with the last signature, in milliseconds: one to three seconds. A contract is
/// archived this long after the first report that every party has signed.
pub const COMPOSED_AFTER_MS: i64 = 3_000;

/// Attempt in a row from which a contract is claimed alone if the workers of the earlier ones were lost, so that one that ends its workers
/// affects no others. An attempt that was settled begins a new row.
pub const ALONE_FROM_ATTEMPT: i64 = 3;
