//! What a callback says of a contract.

use std::time::Duration;

use serde_json::{Value, json};

use crate::state::flow::{Flow, Status};

/// What was done, as the messages name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operate {
    Start,
    Sign,
    Reject,
    Cancel,
    Finish,
    Deadline,
    /// Made invalid or released, for which there is no word.
    Unnamed,
}

impl Operate {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Sign => "sign",
            Self::Reject => "reject",
            Self::Cancel => "cancel",
            Self::Finish => "finish",
            Self::Deadline => "deadline",
            Self::Unnamed => "",
        }
    }
}

/// `MsgData` of a `FlowStatusChange`.
pub(crate) fn flow_status_change(flow: &Flow, operate: Operate, at: Duration) -> Value {
    let terms = &*flow.terms;
    let status = match (operate, flow.status(at)) {
        // All is said only once the file can be fetched.
        (Operate::Sign, Status::All) => Status::Part,
        (_, status) => status,
    };
    let approver = |index: usize| {
        let (party, progress) = (terms.parties.get(index)?, flow.progress.get(index)?);
        Some(json!({
            "ApproverName": party.name,
            "ApproverMobile": party.mobile,
            "ApproverType": party.kind(),
            "ApproverRoleName": party.role,
            "OrganizationName": party.organization.as_deref().unwrap_or_default(),
            "ProxyOrganizationOpenId": party.organization_id,
            "ProxyOperatorOpenId": party.open_id,
            "SignOrder": index,
            "SignId": flow.sign_id(index),
            "RecipientId": flow.recipient_id(index),
            "ApproveStatus": flow.standing(index, at),
            "ApproveTime": progress.signed_at.map_or(0, |at| at.as_secs()),
        }))
    };
    let approvers: Vec<Value> = (0..terms.parties.len()).filter_map(approver).collect();
    let copies: Vec<Value> = terms
        .copies
        .iter()
        .map(|copy| json!({ "Name": copy.name, "Mobile": copy.mobile }))
        .collect();
    json!({
        "ApplicationId": terms.app_id,
        "ProxyOrganizationOpenId": terms.organization,
        "FlowId": &*flow.id,
        "DocumentId": "",
        "CallbackType": "sign",
        "FlowName": terms.name,
        "FlowDescription": terms.description,
        "FlowType": terms.kind,
        "FlowCallbackStatus": status.number(),
        "FlowCallbackShowStatus": status.as_str(),
        "FlowMessage": flow.reason(),
        "TemplateId": terms.template,
        "UserData": terms.user_data,
        "Operate": operate.as_str(),
        "Unordered": terms.unordered,
        "CreateOn": flow.created.as_secs(),
        "UpdatedOn": at.as_secs(),
        "DeadLine": flow.deadline.as_secs(),
        "OccurTime": at.as_secs(),
        "CcInfos": copies,
        "Approvers": approvers,
    })
}
