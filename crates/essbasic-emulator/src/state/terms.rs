//! What a contract says: settled when it is made, and held once by all contracts that say the same.

use std::time::Duration;

use bytes::Bytes;

/// The unchanging part of a contract. Text that was not given is empty.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    pub(crate) name: String,
    /// The file's name as `DescribeResourceUrlsByFlows` gives it; made of the title where it is empty.
    pub(crate) file_name: String,
    /// Whether a name made of the title has a number too, as the service's have.
    pub(crate) numbered: bool,
    pub(crate) app_id: String,
    pub(crate) organization: String,
    pub(crate) group: Option<String>,
    pub(crate) description: String,
    /// `FlowType`: what the caller calls contracts of this kind.
    pub(crate) kind: String,
    /// `CustomerData`, which comes back with the contract's data and in callbacks.
    pub(crate) user_data: String,
    /// The template that it was made from.
    pub(crate) template: String,
    /// Whether the parties sign in any order.
    pub(crate) unordered: bool,
    pub(crate) parties: Vec<Party>,
    /// Who receives a copy.
    pub(crate) copies: Vec<Copied>,
    /// Names and values of the initiator's fields.
    pub(crate) fields: Vec<(String, String)>,
    /// The PDF that it was made from; without one the emulator writes its own.
    pub(crate) file: Option<Bytes>,
}

/// Who signs.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) mobile: String,
    /// For a company's employee, the company.
    pub(crate) organization: Option<String>,
    /// The company's id where it is a sub-organisation of the platform.
    pub(crate) organization_id: String,
    /// The employee's.
    pub(crate) open_id: String,
    pub(crate) role: String,
    /// The place in the template; otherwise it is derived.
    pub(crate) recipient: String,
    /// Until when this party may sign, where that differs from the contract's deadline.
    pub(crate) deadline: Option<Duration>,
}

/// Who receives a copy.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) name: String,
    pub(crate) mobile: String,
}

impl Party {
    /// `ApproverType` and `ApproveType` of those who sign by hand.
    pub(crate) fn kind(&self) -> &'static str {
        if self.organization.is_some() { "ORGANIZATION" } else { "PERSON" }
    }
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
    /// Whether they sign in any order instead.
    pub unordered: bool,
    /// How long they have, from its creation.
    pub open_for: Duration,
}

impl NewFlow {
    /// A contract between two people, one after the other, open for a week.
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
            unordered: false,
            open_for: Duration::from_secs(7 * 86_400),
        }
    }

    pub(crate) fn into_terms(self) -> Terms {
        let party = |(name, organization)| Party { name, organization, ..Party::default() };
        Terms {
            name: self.name,
            file_name: self.file_name,
            app_id: self.app_id,
            organization: self.organization,
            group: self.group,
            unordered: self.unordered,
            parties: self.parties.into_iter().map(party).collect(),
            ..Terms::default()
        }
    }
}

impl core::fmt::Debug for NewFlow {
    /// Shows no title and nobody's name.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NewFlow").field("id", &self.id).finish_non_exhaustive()
    }
}
