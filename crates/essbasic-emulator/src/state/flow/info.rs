//! Description of a contract for its inspection.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{Flow, Status};

/// Contract at one time of the emulator's clock. Times are seconds since the Unix epoch.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FlowInfo {
    /// Contract id.
    #[serde(rename = "flow")]
    pub id: String,
    /// Title.
    pub name: String,
    /// Status at the time of the inspection.
    pub status: Status,
    /// Reason of the end; empty without one.
    pub reason: String,
    /// Time of the creation.
    pub created: u64,
    /// Deadline.
    pub deadline: u64,
    /// Number of signatures in the PDF, which is composed one to three seconds after each signature.
    pub composed: usize,
    /// Parties in the order of signing.
    pub parties: Vec<PartyInfo>,
}

/// Party of a [`FlowInfo`].
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PartyInfo {
    /// Name of the person.
    pub name: String,
    /// Name of the company; `None` for a person.
    pub organization: Option<String>,
    /// `ApproveStatus`, such as `PENDING`.
    pub status: &'static str,
    /// Time of the signature; `None` without one.
    pub signed_at: Option<u64>,
    /// `true` if the party was reminded.
    pub reminded: bool,
}

impl Flow {
    /// Returns the description of the contract at this time.
    pub(crate) fn info(&self, now: Duration) -> FlowInfo {
        let parties = self.parties().map(|(index, party, progress)| PartyInfo {
            name: party.name.clone(),
            organization: party.organization.clone(),
            status: self.approve_status(index, now),
            signed_at: progress.signed_at.map(|at| at.as_secs()),
            reminded: progress.reminded,
        });
        FlowInfo {
            id: (*self.id).to_owned(),
            name: self.terms.name.clone(),
            status: self.status(now),
            reason: self.reason().to_owned(),
            created: self.created.as_secs(),
            deadline: self.deadline.as_secs(),
            composed: self.composed_signatures(now),
            parties: parties.collect(),
        }
    }
}

impl fmt::Debug for FlowInfo {
    /// Omits the title, the reason and the parties.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowInfo")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PartyInfo {
    /// Omits the names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartyInfo").field("status", &self.status).finish_non_exhaustive()
    }
}
