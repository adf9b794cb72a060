//! The actions that the emulator models, on checked parameters.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tc3_api::catalogue::ActionMeta;

use crate::error::ApiError;
use crate::flow::{Flow, Status};
use crate::links::Links;
use crate::world::{Application, Organization, World};

/// What an action works with.
pub(crate) struct Context<'a> {
    pub(crate) meta: &'static ActionMeta,
    pub(crate) world: &'a World,
    pub(crate) links: &'a Links,
    pub(crate) endpoint: &'a str,
    pub(crate) now: Duration,
}

impl Context<'_> {
    /// An error under this code, or under its first part where the action is not known to answer
    /// with the whole.
    fn error(&self, code: &'static str, message: &str) -> ApiError {
        let general = code.split_once('.').map_or(code, |(general, _)| general);
        let code = if self.meta.errors.contains(&code) { code } else { general };
        ApiError::new(code, message)
    }
}

type Answer = Result<Value, ApiError>;

/// Runs the action; `None` where the emulator does not model it.
pub(crate) fn run(context: &Context<'_>, body: &Value) -> Option<Answer> {
    Some(match context.meta.info.name {
        "DescribeResourceUrlsByFlows" => resource_urls(context, body),
        "DescribeFlowDetailInfo" => flow_details(context, body),
        _ => return None,
    })
}

/// The most contracts that one call takes.
const MOST_URLS: usize = 50;
const MOST_DETAILS: usize = 100;

fn resource_urls(context: &Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let flow_ids = strings(body, "FlowIds");
    if flow_ids.is_empty() {
        return Err(ApiError::new("MissingParameter.FlowId", "FlowIds needs at least one id."));
    }
    if flow_ids.len() > MOST_URLS {
        let message = format!("FlowIds takes at most {MOST_URLS} ids.");
        return Err(ApiError::new("OperationDenied.OutQueryLimit", message));
    }
    if !caller.app.may_download(caller.organization) {
        return Err(ApiError::new(
            "UnauthorizedOperation.UnauthorizedOperationDownload",
            "未授权下载权限",
        ));
    }
    let (mut infos, mut errors) = (Vec::new(), Vec::new());
    for id in flow_ids {
        let (resources, error) = match context.world.flow(id) {
            None => (json!([]), "查询流程不存在"),
            Some(flow) if !caller.owns(flow) => (json!([]), "合同没有权限"),
            Some(flow) => {
                let signatures = flow.composed(context.now);
                let link = context.links.make(id, signatures, context.now);
                let url = format!("{}{link}", context.endpoint);
                (json!([{ "Url": url, "Name": flow.file_name, "Type": "PDF" }]), "")
            }
        };
        infos.push(json!({ "FlowId": id, "ResourceUrlInfos": resources }));
        errors.push(error);
    }
    Ok(json!({ "FlowResourceUrlInfos": infos, "ErrorMessages": errors }))
}

/// Contracts that do not exist, or belong to others, are left out of the answer.
fn flow_details(context: &Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let flow_ids = strings(body, "FlowIds");
    let group = body.get("FlowGroupId").and_then(Value::as_str).filter(|id| !id.is_empty());
    if flow_ids.len() > MOST_DETAILS {
        let message = format!("FlowIds takes at most {MOST_DETAILS} ids.");
        return Err(ApiError::new("InvalidParameter.FlowIds", message));
    }
    let flows: Vec<&Flow> = match group {
        Some(group) => {
            let in_group = |flow: &&Flow| flow.group.as_deref() == Some(group);
            context.world.flows().filter(in_group).filter(|flow| caller.owns(flow)).collect()
        }
        None if flow_ids.is_empty() => {
            return Err(ApiError::new(
                "MissingParameter.FlowIdsOrFlowGroupId",
                "Either FlowIds or FlowGroupId is needed.",
            ));
        }
        None => {
            let mut seen = BTreeSet::new();
            let ids = flow_ids.iter().filter(|id| seen.insert(**id));
            ids.filter_map(|id| context.world.flow(id)).filter(|flow| caller.owns(flow)).collect()
        }
    };
    if group.is_some() && flows.is_empty() {
        return Err(ApiError::new(
            "ResourceNotFound.FlowGroup",
            "The contract group is not found.",
        ));
    }
    let infos: Vec<Value> = flows.iter().map(|flow| detail(flow, &caller, context.now)).collect();
    Ok(json!({
        "ApplicationId": caller.app_id,
        "ProxyOrganizationOpenId": caller.organization_id,
        "FlowInfo": infos,
        "FlowGroupId": group.unwrap_or_default(),
        "FlowGroupName": "",
    }))
}

fn detail(flow: &Flow, caller: &Caller<'_>, now: Duration) -> Value {
    let status = flow.status(now);
    let reason = flow.ended.as_ref().map_or("", |(_, reason)| reason.as_str());
    let approvers: Vec<Value> = flow
        .parties
        .iter()
        .enumerate()
        .map(|(order, party)| {
            let state = match (party.signed_at, status) {
                (Some(_), Status::Relieved) => "RELIEVED",
                (Some(_), _) => "ACCEPT",
                (None, Status::Reject) => "REJECT",
                (None, Status::Deadline) => "DEADLINE",
                (None, Status::Cancel) => "CANCEL",
                (None, Status::Invalid) => "STOP",
                (None, _) => "PENDING",
            };
            let employee = party.organization.is_some();
            json!({
                "ReceiptId": "",
                "ProxyOrganizationOpenId": if employee { caller.organization_id } else { "" },
                "ProxyOperatorOpenId": "",
                "ProxyOrganizationName": party.organization.as_deref().unwrap_or_default(),
                "Mobile": format!("138****{order:04}"),
                "SignOrder": order,
                "ApproveName": party.name,
                "ApproveStatus": state,
                "ApproveMessage": if state == "REJECT" { reason } else { "" },
                "ApproveTime": party.signed_at.map_or(0, |at| at.as_secs()),
                "ApproveType": if employee { "ORGANIZATION" } else { "PERSON" },
                "ApproverRoleName": "",
                "SignId": format!("{}S{order}", flow.id),
                "RecipientId": format!("{}R{order}", flow.id),
            })
        })
        .collect();
    json!({
        "FlowId": flow.id,
        "FlowName": flow.name,
        "FlowType": "",
        "FlowStatus": status.as_str(),
        "FlowMessage": reason,
        "CreateOn": flow.created.as_secs(),
        "DeadLine": flow.deadline.as_secs(),
        "CustomData": "",
        "FlowApproverInfos": approvers,
        "CcInfos": [],
        "NeedCreateReview": false,
        "TemplateId": "",
    })
}

/// Who calls, found in what the service knows.
struct Caller<'a> {
    app_id: &'a str,
    app: &'a Application,
    organization_id: &'a str,
    organization: &'a Organization,
}

impl Caller<'_> {
    fn owns(&self, flow: &Flow) -> bool {
        flow.app_id == self.app_id && flow.organization == self.organization_id
    }
}

/// Resolves `Agent`: application, sub-organisation and operator.
fn caller<'a>(context: &Context<'a>, body: &'a Value) -> Result<Caller<'a>, ApiError> {
    let text = |path| body.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let app_id = text("/Agent/AppId");
    let organization_id = text("/Agent/ProxyOrganizationOpenId");
    let operator = text("/Agent/ProxyOperator/OpenId");
    if app_id.is_empty() {
        return Err(ApiError::missing("Agent.AppId"));
    }
    let app = context.world.applications.get(app_id).ok_or_else(|| {
        context
            .error("ResourceNotFound.Application", "The application of Agent.AppId is not found.")
    })?;
    if organization_id.is_empty() {
        return Err(ApiError::missing("Agent.ProxyOrganizationOpenId"));
    }
    let organization = app.organizations.get(organization_id).ok_or_else(|| {
        context.error(
            "ResourceNotFound.Organization",
            "The organisation of Agent.ProxyOrganizationOpenId is not found.",
        )
    })?;
    if operator.is_empty() {
        return Err(
            context.error("MissingParameter.UserOpenId", "Agent.ProxyOperator.OpenId is missing.")
        );
    }
    if !organization.operators.iter().any(|known| known == operator) {
        return Err(context.error(
            "OperationDenied.UserNotInOrganization",
            "The user of Agent.ProxyOperator.OpenId is not in the organisation.",
        ));
    }
    Ok(Caller { app_id, app, organization_id, organization })
}

fn strings<'a>(body: &'a Value, member: &str) -> Vec<&'a str> {
    let list = body.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).collect()
}
