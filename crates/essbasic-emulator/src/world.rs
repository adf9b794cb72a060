//! What the service knows: applications, sub-organisations, their employees and contracts.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::flow::{Flow, Party, Refusal, Status};

/// An application of the platform.
#[derive(Default)]
pub(crate) struct Application {
    /// The platform's switch: downloads for all sub-organisations that have not opted out.
    pub(crate) downloads: bool,
    pub(crate) organizations: BTreeMap<String, Organization>,
}

/// A sub-organisation.
#[derive(Default)]
pub(crate) struct Organization {
    /// Its own switch: authorised, refused (which wins over the platform's), or never touched.
    pub(crate) downloads: Option<bool>,
    pub(crate) operators: Vec<String>,
}

impl Application {
    /// Whether the platform may download this sub-organisation's contracts.
    pub(crate) fn may_download(&self, organization: &Organization) -> bool {
        organization.downloads.unwrap_or(self.downloads)
    }
}

/// Everything.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) applications: BTreeMap<String, Application>,
    flows: BTreeMap<String, Flow>,
    /// The order in which contracts were created.
    order: Vec<String>,
}

/// What a contract is created from.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewFlow {
    /// 32 characters on the real service; any here.
    pub id: String,
    /// The title.
    pub name: String,
    /// The file's name; made of the title where it is empty.
    pub file_name: String,
    /// The application it belongs to.
    pub app_id: String,
    /// The sub-organisation it belongs to.
    pub organization: String,
    /// The contract group, where it is in one.
    pub group: Option<String>,
    /// Who signs, in this order: name, and the company an employee signs for.
    pub parties: Vec<(String, Option<String>)>,
    /// How long they have, from its creation.
    pub open_for: Duration,
}

impl NewFlow {
    /// A contract between two people, open for a week.
    pub fn new(
        app_id: impl Into<String>,
        organization: impl Into<String>,
        id: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            name: "合作协议".into(),
            file_name: String::new(),
            app_id: app_id.into(),
            organization: organization.into(),
            group: None,
            parties: vec![("甲方".into(), None), ("乙方".into(), None)],
            open_for: Duration::from_secs(7 * 86_400),
        }
    }
}

impl core::fmt::Debug for NewFlow {
    /// Shows no title and nobody's name.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NewFlow").field("id", &self.id).finish_non_exhaustive()
    }
}

impl World {
    pub(crate) fn create(&mut self, new: NewFlow, now: Duration) {
        let file_name = match new.file_name {
            name if name.is_empty() => format!("{}.pdf", new.name),
            name => name,
        };
        let parties = new.parties.into_iter().map(|(name, organization)| Party {
            name,
            organization,
            signed_at: None,
        });
        let flow = Flow {
            id: new.id.clone(),
            name: new.name,
            file_name,
            app_id: new.app_id,
            organization: new.organization,
            group: new.group,
            created: now,
            deadline: now.saturating_add(new.open_for),
            parties: parties.collect(),
            ended: None,
        };
        if self.flows.insert(new.id.clone(), flow).is_none() {
            self.order.push(new.id);
        }
    }

    pub(crate) fn flow(&self, id: &str) -> Option<&Flow> {
        self.flows.get(id)
    }

    /// All contracts, in the order of their creation.
    pub(crate) fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.order.iter().filter_map(|id| self.flows.get(id))
    }

    pub(crate) fn sign(
        &mut self,
        id: &str,
        party: Option<&str>,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.flows.get_mut(id).ok_or(Refusal::NoSuchFlow)?.sign(party, now)
    }

    pub(crate) fn end(
        &mut self,
        id: &str,
        status: Status,
        reason: &str,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.flows.get_mut(id).ok_or(Refusal::NoSuchFlow)?.end(status, reason, now)
    }
}
