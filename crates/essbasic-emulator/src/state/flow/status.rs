//! Status of a contract, and errors of its transitions.

use serde::{Deserialize, Serialize};

/// Status of a contract, the `FlowStatus` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Status {
    /// Created; no party has signed.
    Init,
    /// Some parties have signed.
    Part,
    /// A party has rejected the contract.
    Reject,
    /// All parties have signed.
    All,
    /// The deadline has passed.
    Deadline,
    /// Cancelled by the initiator.
    Cancel,
    /// No longer valid.
    Invalid,
    /// Released by a later agreement.
    Relieved,
}

impl Status {
    /// Returns the value on the wire, such as `INIT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Part => "PART",
            Self::Reject => "REJECT",
            Self::All => "ALL",
            Self::Deadline => "DEADLINE",
            Self::Cancel => "CANCEL",
            Self::Invalid => "INVALID",
            Self::Relieved => "RELIEVED",
        }
    }

    /// Returns the `FlowCallbackStatus`, the number of the status in callbacks.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Init => 1,
            Self::Part => 2,
            Self::Reject => 3,
            Self::All => 4,
            Self::Deadline => 5,
            Self::Cancel => 6,
            Self::Invalid => 16,
            Self::Relieved => 21,
        }
    }
}

/// Reason why a contract cannot be signed, rejected or ended. [`Display`](core::fmt::Display) prints the failure,
/// [`hint`](Self::hint) returns the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransitionError {
    /// The contract does not exist.
    NoSuchFlow,
    /// No unsigned party has this name or index.
    NoSuchParty,
    /// Another party must sign first.
    NotTheirTurn,
    /// The deadline of the party has passed.
    DeadlinePassed,
    /// The transition is not possible from this status of the contract.
    Ended(Status),
    /// This status does not end a contract.
    NotFinal(Status),
}

impl TransitionError {
    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoSuchFlow => "check the ID, or create the contract first",
            Self::NoSuchParty => "check the name or the index of the party",
            Self::NotTheirTurn => "sign for the earlier parties first",
            Self::DeadlinePassed | Self::Ended(_) => "create another contract",
            Self::NotFinal(_) => "end it with REJECT, CANCEL, DEADLINE, INVALID or RELIEVED",
        })
    }
}

impl core::fmt::Display for TransitionError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoSuchFlow => f.write_str("the contract does not exist"),
            Self::NoSuchParty => f.write_str("no unsigned party matches"),
            Self::NotTheirTurn => f.write_str("another party must sign first"),
            Self::DeadlinePassed => f.write_str("the deadline of the party has passed"),
            Self::Ended(status) => {
                write!(f, "not possible for a contract with status {}", status.as_str())
            }
            Self::NotFinal(status) => {
                write!(f, "status {} does not end a contract", status.as_str())
            }
        }
    }
}

impl std::error::Error for TransitionError {}
