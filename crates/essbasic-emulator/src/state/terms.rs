//! Terms of a contract: the part that never changes.

use std::time::Duration;

use bytes::Bytes;

/// Terms of a contract. Missing strings are empty.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    pub(crate) name: String,
    /// File name for `DescribeResourceUrlsByFlows`; derived from the title if empty.
    pub(crate) file_name: String,
    /// `true` if a file name that is derived from the title contains a number, as those of the service.
    pub(crate) numbered: bool,
    pub(crate) app_id: String,
    pub(crate) organization: String,
    pub(crate) group: Option<String>,
    pub(crate) description: String,
    /// `FlowType`, a category of the caller.
    pub(crate) kind: String,
    /// `CustomerData`, which is returned with the details of the contract and in callbacks.
    pub(crate) user_data: String,
    /// Id of the template.
    pub(crate) template: String,
    /// `true` if the parties sign in any order.
    pub(crate) unordered: bool,
    pub(crate) parties: Vec<Party>,
    /// Recipients of copies.
    pub(crate) copies: Vec<CopyRecipient>,
    /// Names and values of the fields that the initiator filled in.
    pub(crate) fields: Vec<(String, String)>,
    /// Uploaded PDF; `None` if the emulator generates the PDF.
    pub(crate) file: Option<Bytes>,
}

/// Party of a contract.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) mobile: String,
    /// Name of the company; `None` for a person.
    pub(crate) organization: Option<String>,
    /// Id of the company, if it is a sub-organization of the platform.
    pub(crate) organization_id: String,
    /// Id of the employee.
    pub(crate) open_id: String,
    pub(crate) role: String,
    /// `RecipientId` of the template; if empty, it is derived.
    pub(crate) recipient: String,
    /// Deadline of the party, if it differs from the deadline of the contract.
    pub(crate) deadline: Option<Duration>,
}

/// Recipient of a copy.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CopyRecipient {
    pub(crate) name: String,
    pub(crate) mobile: String,
}

impl Party {
    /// Returns the `ApproverType` or `ApproveType` of a party that signs manually.
    pub(crate) fn kind(&self) -> &'static str {
        if self.organization.is_some() { "ORGANIZATION" } else { "PERSON" }
    }
}

/// Description of a contract to create.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewFlow {
    /// Contract id: any string, although the real service uses 32 characters.
    pub id: String,
    /// Title.
    pub name: String,
    /// File name; derived from the title if empty.
    pub file_name: String,
    /// Id of the application.
    pub app_id: String,
    /// Id of the sub-organization.
    pub organization: String,
    /// Id of the contract group; `None` for a single contract.
    pub group: Option<String>,
    /// Parties in the order of signing: name, and name of the company or `None` for a person.
    pub parties: Vec<(String, Option<String>)>,
    /// `true` if the parties sign in any order.
    pub unordered: bool,
    /// Time from the creation to the deadline.
    pub open_for: Duration,
}

impl NewFlow {
    /// Creates the description of a contract between two persons who sign in order within seven days.
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
    /// Omits the title and the names of the parties.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NewFlow").field("id", &self.id).finish_non_exhaustive()
    }
}
