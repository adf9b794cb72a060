//! Content of callback messages.

use std::time::Duration;

use serde_json::{Value, json};

use crate::state::flow::{Flow, FlowEvent, Status};
use crate::state::ids;

/// `MsgType` of changes of contracts.
pub(crate) const FLOW_STATUS_CHANGE: &str = "FlowStatusChange";

/// Returns the `Operate` of an event; empty for events that the service does not name.
fn operation(event: FlowEvent) -> &'static str {
    match event {
        FlowEvent::Start => "start",
        FlowEvent::Sign => "sign",
        FlowEvent::Reject => "reject",
        FlowEvent::Cancel => "cancel",
        FlowEvent::Finish => "finish",
        FlowEvent::Deadline => "deadline",
        FlowEvent::Other => "",
    }
}

/// Returns a `FlowStatusChange` with a new id.
pub(crate) fn flow_status_change(flow: &Flow, event: FlowEvent, at: Duration) -> Value {
    json!({
        "MsgId": ids::random(),
        "MsgType": FLOW_STATUS_CHANGE,
        "MsgVersion": "ThirdPartyApp",
        "MsgData": data(flow, event, at),
    })
}

/// Returns the event that led to a status.
pub(super) fn last_event(status: Status) -> FlowEvent {
    match status {
        Status::Init => FlowEvent::Start,
        Status::Part => FlowEvent::Sign,
        Status::Reject => FlowEvent::Reject,
        Status::All => FlowEvent::Finish,
        Status::Deadline => FlowEvent::Deadline,
        Status::Cancel => FlowEvent::Cancel,
        Status::Invalid | Status::Relieved => FlowEvent::Other,
    }
}

/// Returns the `MsgData` of a `FlowStatusChange`.
fn data(flow: &Flow, event: FlowEvent, at: Duration) -> Value {
    let terms = &*flow.terms;
    let status = match (event, flow.status(at)) {
        // `ALL` is reported by the later `finish`, when the file can be downloaded.
        (FlowEvent::Sign, Status::All) => Status::Part,
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
            "ApproveStatus": flow.approve_status(index, at),
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
        "Operate": operation(event),
        "Unordered": terms.unordered,
        "CreateOn": flow.created.as_secs(),
        "UpdatedOn": at.as_secs(),
        "DeadLine": flow.deadline.as_secs(),
        "OccurTime": at.as_secs(),
        "CcInfos": copies,
        "Approvers": approvers,
    })
}
