//! Outcomes of a wait.

use core::fmt;

use essbasic_models::FlowStatus;

use crate::error::FlowError;

/// Outcome of the wait for one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowWait {
    /// Flow ID of the contract.
    pub flow_id: String,
    /// How the wait ended.
    pub outcome: WaitOutcome,
}

/// How the wait for one contract ended.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitOutcome {
    /// Every party has signed, and the PDF has been composed.
    Signed,
    /// The contract ended before every party signed it.
    Ended {
        /// `REJECT`, `CANCEL`, `DEADLINE`, `INVALID` or `RELIEVED`.
        status: FlowStatus,
        /// The reason that the service reports for a rejection or withdrawal; may be empty.
        reason: String,
    },
    /// The wait timed out or was stopped.
    Pending {
        /// The last known status.
        status: Option<FlowStatus>,
        /// The cause if the last request for the status failed.
        error: Option<FlowError>,
    },
    /// The contract does not exist, or is not accessible to this agent.
    NotFound,
}

impl fmt::Debug for WaitOutcome {
    /// Omits the reason, which a person has written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed => f.write_str("Signed"),
            Self::Ended { status, reason: _ } => {
                f.debug_struct("Ended").field("status", status).finish_non_exhaustive()
            }
            Self::Pending { status, error } => {
                f.debug_struct("Pending").field("status", status).field("error", error).finish()
            }
            Self::NotFound => f.write_str("NotFound"),
        }
    }
}
