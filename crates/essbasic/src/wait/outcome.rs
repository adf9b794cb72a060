//! Outcomes of a wait.

use core::fmt;

use essbasic_models::FlowStatus;
use tc3_client::api::json::{self, Decode, Encode, Reader, Writer};
use tc3_client::api::{__deserialize, __serialize};

use crate::error::FlowError;
use crate::ids::FlowId;
use crate::trace::Outcome;

/// Outcome of the wait for one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowWait {
    /// Flow ID of the contract.
    pub flow_id: FlowId,
    /// How the wait ended.
    pub outcome: WaitOutcome,
    /// ID of the last response about the contract, for the support of the service; empty if there was none.
    pub request_id: String,
}

json::object! {
    FlowWait {
        "flow_id" => flow_id: required,
        "outcome" => outcome: required,
        "request_id" => request_id: nonempty,
    }
}

impl Outcome for Vec<FlowWait> {
    /// Counts contracts whose status is unknown: a rejected one has been waited for.
    fn failed(&self) -> u64 {
        let failed = |flow: &&FlowWait| match &flow.outcome {
            WaitOutcome::Signed | WaitOutcome::Ended { .. } => false,
            WaitOutcome::Pending { error, .. } => error.is_some(),
            WaitOutcome::NotFound => true,
        };
        self.iter().filter(failed).count() as u64
    }
}

/// How the wait for one contract ended.
///
/// With the feature `serde` it is a map: `state` is `signed`, `ended`, `pending` or `not_found`, next to the fields of the
/// variant. Another `state`, such as one of a newer version, is an error: no known variant would be true. An unknown
/// `status` is kept.
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

impl WaitOutcome {
    /// Returns whether every party has signed, and the PDF has been composed.
    pub fn is_signed(&self) -> bool {
        matches!(self, Self::Signed)
    }
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

impl Encode for WaitOutcome {
    fn encode(&self, writer: &mut Writer) {
        writer.open();
        match self {
            Self::Signed => writer.member("state", &"signed"),
            Self::Ended { status, reason } => {
                writer.member("state", &"ended");
                writer.member("status", status);
                writer.member("reason", reason);
            }
            Self::Pending { status, error } => {
                writer.member("state", &"pending");
                writer.member("status", status);
                writer.member("error", error);
            }
            Self::NotFound => writer.member("state", &"not_found"),
        }
        writer.close();
    }
}

/// The fields of all variants in a serialized form.
struct Fields {
    state: String,
    status: Option<FlowStatus>,
    reason: String,
    error: Option<FlowError>,
}

json::object! {
    decode Fields {
        "state" => state: required,
        "status" => status: optional,
        "reason" => reason: default,
        "error" => error: optional,
    }
}

impl Decode for WaitOutcome {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        let unknown =
            reader.expected("the state signed, ended with a status, pending or not_found");
        let Some(Fields { state, status, reason, error }) = Fields::optional(reader)? else {
            return Ok(None);
        };
        Ok(Some(match (&*state, status) {
            ("signed", _) => Self::Signed,
            ("ended", Some(status)) => Self::Ended { status, reason },
            ("pending", status) => Self::Pending { status, error },
            ("not_found", _) => Self::NotFound,
            _ => return Err(unknown),
        }))
    }

    fn blank() -> Self {
        Self::NotFound
    }
}

__serialize!(WaitOutcome);
__deserialize!(WaitOutcome);
