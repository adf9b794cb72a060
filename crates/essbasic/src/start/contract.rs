//! Contracts to create and their parties.

use core::fmt;
use std::time::SystemTime;

use essbasic_models::{
    Agent, ChannelCreateFlowByFilesRequest, Component, ComponentGenerateMode, ComponentType,
    FlowApproverInfo, FlowApproverType, FlowInfo, FormField,
};
#[cfg(feature = "serde")]
use tc3_client::api::json::{self, Decode, Encode};
use tc3_client::api::time::to_seconds;
#[cfg(feature = "serde")]
use tc3_client::api::{__deserialize, __serialize};

use crate::ids::{FileId, TemplateId};

/// Party of a contract to create.
///
/// Fields without a method here can be set on the model: [`Party::into_model`]. With the feature `serde` it is the
/// model, whose fields have the API's names.
#[derive(Debug, Clone, PartialEq)]
pub struct Party(FlowApproverInfo);

impl Party {
    /// Creates a party for a person, identified by name and phone number (11 digits, mainland China).
    pub fn person(name: impl Into<String>, mobile: impl Into<String>) -> Self {
        Self(
            FlowApproverInfo::new()
                .approver_type(FlowApproverType::Person)
                .name(name)
                .mobile(mobile),
        )
    }

    /// Creates a party for a sub-organization of the platform, represented by an employee.
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

    /// Creates a party for an organization outside of the platform, represented by a person with name and phone number.
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

    /// Assigns the party to a recipient of the template, as returned by `DescribeTemplates`. Only for contracts from
    /// templates.
    #[must_use]
    pub fn recipient_id(mut self, recipient_id: impl Into<String>) -> Self {
        self.0 = self.0.recipient_id(recipient_id);
        self
    }

    /// Adds a signature where the PDF contains a keyword. Only for contracts from files.
    #[must_use]
    pub fn signs_at(self, keyword: impl Into<String>) -> Self {
        self.with_component(ComponentType::SignSignature, keyword)
    }

    /// Adds a seal where the PDF contains a keyword. Only for organizations, in contracts from files.
    #[must_use]
    pub fn seals_at(self, keyword: impl Into<String>) -> Self {
        self.with_component(ComponentType::SignSeal, keyword)
    }

    fn with_component(mut self, kind: ComponentType, keyword: impl Into<String>) -> Self {
        let component = Component::new()
            .component_type(kind)
            .component_id(keyword)
            .generate_mode(ComponentGenerateMode::Keyword);
        self.0.sign_components.get_or_insert_default().push(component);
        self
    }

    /// Returns the party as a type of the API.
    pub fn into_model(self) -> FlowApproverInfo {
        self.0
    }
}

#[cfg(feature = "serde")]
impl Encode for Party {
    fn encode(&self, writer: &mut json::Writer) {
        self.0.encode(writer);
    }
}

#[cfg(feature = "serde")]
impl Decode for Party {
    const NULL_IS_BLANK: bool = FlowApproverInfo::NULL_IS_BLANK;

    fn optional(reader: &mut json::Reader<'_>) -> Result<Option<Self>, json::Error> {
        Ok(FlowApproverInfo::optional(reader)?.map(Self))
    }

    fn blank() -> Self {
        Self(FlowApproverInfo::blank())
    }
}

#[cfg(feature = "serde")]
__serialize!(Party);
#[cfg(feature = "serde")]
__deserialize!(Party);

impl From<FlowApproverInfo> for Party {
    fn from(model: FlowApproverInfo) -> Self {
        Self(model)
    }
}

/// Contract to create from an uploaded file or a template.
///
/// ```
/// use essbasic::{Contract, Party};
///
/// let contract = Contract::new("房屋租赁合同")
///     .party(Party::employee("示例科技有限公司", "ORGANIZATION_OPEN_ID", "OPERATOR_OPEN_ID").seals_at("甲方"))
///     .party(Party::person("张三", "13800000000").signs_at("乙方"))
///     .user_data("order 7");
/// ```
///
/// With the feature `serde` it is a map of `name`, `parties`, `deadline` in seconds since the Unix epoch, `unordered`,
/// `user_data` in base64 and `fields`. All but `name` may be absent. It contains personal data of the parties.
#[derive(Clone, PartialEq)]
pub struct Contract {
    name: String,
    parties: Vec<FlowApproverInfo>,
    /// Deadline in seconds since the Unix epoch.
    deadline: Option<i64>,
    unordered: bool,
    user_data: Option<String>,
    fields: Vec<FormField>,
}

// Only with `serde`: without it the types of requests cannot be decoded.
#[cfg(feature = "serde")]
json::object! {
    Contract {
        "name" => name: required,
        "parties" => parties: nonempty,
        "deadline" => deadline: optional,
        "unordered" => unordered: default,
        "user_data" => user_data: optional,
        "fields" => fields: nonempty,
    }
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
    /// Creates a contract with a name: at most 200 Chinese characters, letters, digits and underscores.
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

    /// Adds a party. Parties sign in the order in which they are added. For a template, add them in its order.
    #[must_use]
    pub fn party(mut self, party: impl Into<Party>) -> Self {
        self.parties.push(party.into().into_model());
        self
    }

    /// Sets the time until which the contract can be signed. The default is 365 days from its creation.
    #[must_use]
    pub fn deadline(mut self, deadline: SystemTime) -> Self {
        self.deadline = Some(to_seconds(deadline));
        self
    }

    /// Lets the parties sign in any order. Only for contracts from files: a template defines its own order.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.unordered = true;
        self
    }

    /// Sets data of the caller that callbacks of the contract contain; at most 750 bytes.
    #[must_use]
    pub fn user_data(mut self, data: impl AsRef<[u8]>) -> Self {
        self.user_data = Some(tc3_client::api::Base64::encode(data).as_str().to_owned());
        self
    }

    /// Fills in a field of the initiator, by its name in the template. Only for contracts from templates.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push(FormField::new(value).component_name(name));
        self
    }

    /// Returns the request that creates the contract from an uploaded file.
    pub(super) fn to_file_request(
        &self,
        agent: &Agent,
        file_id: &FileId,
    ) -> ChannelCreateFlowByFilesRequest {
        let mut request = ChannelCreateFlowByFilesRequest::new(agent.clone())
            .flow_name(&*self.name)
            .file_ids([file_id])
            .flow_approvers(self.parties.clone());
        if let Some(deadline) = self.deadline {
            request = request.deadline(deadline);
        }
        if self.unordered {
            request = request.unordered(true);
        }
        if let Some(data) = &self.user_data {
            request = request.customer_data(&**data);
        }
        request
    }

    /// Returns the contract as a part of the request that creates it from a template.
    pub(super) fn to_template_flow(&self, template_id: &TemplateId) -> FlowInfo {
        let deadline = self.deadline.unwrap_or_else(|| to_seconds(SystemTime::now() + YEAR));
        let mut flow = FlowInfo::new(&*self.name, deadline)
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

/// The service's default deadline. `FlowInfo` requires one.
const YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 86_400);
