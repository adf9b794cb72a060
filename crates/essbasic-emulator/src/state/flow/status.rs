//! The states of a contract, and why it does not change its own.

use serde::{Deserialize, Serialize};

/// Where a contract stands, as `FlowStatus` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Status {
    /// Created, nobody has signed.
    Init,
    /// Somebody has signed, not all.
    Part,
    /// A party has refused.
    Reject,
    /// All have signed.
    All,
    /// The deadline has passed.
    Deadline,
    /// Withdrawn by its initiator.
    Cancel,
    /// No longer valid.
    Invalid,
    /// Released by a later agreement.
    Relieved,
}

impl Status {
    /// The value on the wire.
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

    /// `FlowCallbackStatus`, the number that callbacks give it.
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

/// Why a contract does not take a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such contract.
    NoSuchFlow,
    /// Nobody of that name, or at that place, has yet to sign.
    NoSuchParty,
    /// Others sign first.
    NotTheirTurn,
    /// The party's own deadline has passed.
    TooLate,
    /// The contract has this state, from which the step does not lead.
    Ended(Status),
    /// This state is none that ends a contract.
    NoEnd(Status),
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoSuchFlow => f.write_str("there is no such contract"),
            Self::NoSuchParty => f.write_str("no such party has yet to sign"),
            Self::NotTheirTurn => f.write_str("another party signs first"),
            Self::TooLate => f.write_str("the party's deadline has passed"),
            Self::Ended(status) => {
                write!(f, "the contract is {}: the step is not possible", status.as_str())
            }
            Self::NoEnd(status) => write!(f, "{} does not end a contract", status.as_str()),
        }
    }
}

impl std::error::Error for Refusal {}
