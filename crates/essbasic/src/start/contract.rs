use core::fmt;
use std::time::SystemTime;

use essbasic_models::{
    Agent, ChannelCreateFlowByFilesRequest, Component, ComponentGenerateMode, ComponentType,
    FlowApproverInfo, FlowApproverType, FlowInfo, FormField,
};

/// A party of a contract to be made. What these helpers do not cover is set on the model itself:
/// [`Party::into_model`].
#[derive(Debug, Clone, PartialEq)]
pub struct Party(FlowApproverInfo);

impl Party {
    /// A person, found by name and phone number (11 digits, mainland China).
    pub fn person(name: impl Into<String>, mobile: impl Into<String>) -> Self {
        Self(
            FlowApproverInfo::new()
                .approver_type(FlowApproverType::Person)
                .name(name)
                .mobile(mobile),
        )
    }

    /// A sub-organisation of the platform, through the employee of that id.
    pub fn employee(
        organization_name: impl Into<String>,
        organization_open_id: impl Into<String>,
        open_id: impl Into<String>,
    ) -> Self {
        Self(
            FlowApproverInfo::new()
                .approver_type(FlowApproverType::Organization)
                .organization_name(organization_name)
                .organization_open_id(organization_open_id)
                .open_id(open_id),
        )
    }

    /// An organisation outside of the platform, through the person of this name and phone number.
    pub fn outside_organization(
        organization_name: impl Into<String>,
        name: impl Into<String>,
        mobile: impl Into<String>,
    ) -> Self {
        Self(
            FlowApproverInfo::new()
                .approver_type(FlowApproverType::Organization)
                .not_channel_organization(true)
                .organization_name(organization_name)
                .name(name)
                .mobile(mobile),
        )
    }

    /// In a contract from a template: the place in it that this party takes, as `DescribeTemplates`
    /// tells it.
    #[must_use]
    pub fn in_place(mut self, recipient_id: impl Into<String>) -> Self {
        self.0 = self.0.recipient_id(recipient_id);
        self
    }

    /// In a contract from a file: signs where the PDF has this text.
    #[must_use]
    pub fn signs_at(self, keyword: impl Into<String>) -> Self {
        self.slot(ComponentType::SignSignature, keyword)
    }

    /// In a contract from a file: seals where the PDF has this text. Organisations only.
    #[must_use]
    pub fn seals_at(self, keyword: impl Into<String>) -> Self {
        self.slot(ComponentType::SignSeal, keyword)
    }

    fn slot(mut self, kind: ComponentType, keyword: impl Into<String>) -> Self {
        let slot = Component::new()
            .component_type(kind)
            .component_id(keyword)
            .generate_mode(ComponentGenerateMode::Keyword);
        self.0.sign_components.get_or_insert_default().push(slot);
        self
    }

    /// The party as the API has it.
    pub fn into_model(self) -> FlowApproverInfo {
        self.0
    }
}

impl From<FlowApproverInfo> for Party {
    fn from(model: FlowApproverInfo) -> Self {
        Self(model)
    }
}

/// A contract to be made: from a file that was uploaded, or from a template.
#[derive(Clone, PartialEq)]
pub struct Contract {
    name: String,
    parties: Vec<FlowApproverInfo>,
    deadline: Option<SystemTime>,
    unordered: bool,
    user_data: Option<String>,
    fields: Vec<FormField>,
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("parties", &self.parties)
            .field("deadline", &self.deadline)
            .field("unordered", &self.unordered)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl Contract {
    /// A contract of this name: at most 200 Chinese characters, letters, digits and underscores.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            parties: Vec::new(),
            deadline: None,
            unordered: false,
            user_data: None,
            fields: Vec::new(),
        }
    }

    /// Adds a party. They sign in the order in which they are added; from a template, they come in
    /// the template's order.
    #[must_use]
    pub fn party(mut self, party: impl Into<Party>) -> Self {
        self.parties.push(party.into().into_model());
        self
    }

    /// Until when it may be signed; 365 days from its creation where nothing is said.
    #[must_use]
    pub fn deadline(mut self, deadline: SystemTime) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Lets the parties sign in any order. Only from a file: a template has its own order.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.unordered = true;
        self
    }

    /// The caller's own bytes, which callbacks about the contract give back: at most 750.
    #[must_use]
    pub fn user_data(mut self, data: impl AsRef<[u8]>) -> Self {
        self.user_data = Some(tc3_client::api::Base64::encode(data).as_str().to_owned());
        self
    }

    /// Fills in a field of the initiator, by its name in the template. Only from a template.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push(FormField::new(value).component_name(name));
        self
    }

    pub(super) fn of_file(&self, agent: &Agent, file_id: &str) -> ChannelCreateFlowByFilesRequest {
        let mut request = ChannelCreateFlowByFilesRequest::new(agent.clone())
            .flow_name(&*self.name)
            .file_ids([file_id])
            .flow_approvers(self.parties.clone());
        if let Some(deadline) = self.deadline {
            request = request.deadline_from_time(deadline);
        }
        if self.unordered {
            request = request.unordered(true);
        }
        if let Some(data) = &self.user_data {
            request = request.customer_data(&**data);
        }
        request
    }

    pub(super) fn of_template(&self, template_id: &str) -> FlowInfo {
        let deadline = self.deadline.unwrap_or_else(|| SystemTime::now() + YEAR);
        let mut flow = FlowInfo::new(&*self.name, tc3_client::api::time::to_seconds(deadline))
            .template_id(template_id)
            .flow_approvers(self.parties.clone());
        if !self.fields.is_empty() {
            flow = flow.form_fields(self.fields.clone());
        }
        if let Some(data) = &self.user_data {
            flow = flow.customer_data(&**data);
        }
        flow
    }
}

/// The service's own default, which `FlowInfo` cannot leave out.
const YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 86_400);
