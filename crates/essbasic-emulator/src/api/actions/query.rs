//! Details and file links of contracts.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use super::fields::{object, string, strings};
use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::flow::{Flow, Progress};
use crate::state::links::Target;
use crate::state::terms::Party;

/// Maximum number of contracts of `DescribeResourceUrlsByFlows`.
const MAX_URLS: usize = 50;

/// Maximum number of contracts of `DescribeFlowDetailInfo`.
const MAX_DETAILS: usize = 100;

/// Messages of the service for unknown ids, and for contracts of another organization.
pub(super) const NO_SUCH_FLOW: &str = "查询流程不存在";
pub(super) const NO_PERMISSION: &str = "合同没有权限";

/// `DescribeResourceUrlsByFlows`.
pub(super) fn resource_urls(context: &Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let flow_ids = strings(body, "FlowIds");
    if flow_ids.is_empty() {
        return Err(ApiError::new(
            "MissingParameter.FlowId",
            "FlowIds is empty; expected at least one id.",
        ));
    }
    if flow_ids.len() > MAX_URLS {
        let message = format!("FlowIds has {} ids; expected at most {MAX_URLS}.", flow_ids.len());
        return Err(ApiError::new("OperationDenied.OutQueryLimit", message));
    }
    let app = context.state.applications.get(&caller.app_id);
    let may_download = app.is_some_and(|app| {
        let organization = app.organizations.get(&caller.organization_id);
        organization.is_some_and(|organization| app.may_download(organization))
    });
    if !may_download {
        return Err(ApiError::new(
            "UnauthorizedOperation.UnauthorizedOperationDownload",
            "未授权下载权限",
        ));
    }
    let (mut infos, mut errors) = (Vec::new(), Vec::new());
    for id in flow_ids {
        let (resources, error) = match context.state.flow(id) {
            None => (json!([]), NO_SUCH_FLOW),
            Some(flow) if !caller.owns(flow) => (json!([]), NO_PERMISSION),
            Some(flow) => {
                let url =
                    context.file_link(Target::Flow(id), flow.composed_signatures(context.now));
                (json!([{ "Url": url, "Name": flow.file_name(), "Type": "PDF" }]), "")
            }
        };
        infos.push(object([("FlowId", id.into()), ("ResourceUrlInfos", resources)]));
        errors.push(error);
    }
    Ok(object([("FlowResourceUrlInfos", infos.into()), ("ErrorMessages", errors.into())]))
}

/// `DescribeFlowDetailInfo`: unknown contracts, and contracts of another organization, are omitted.
pub(super) fn flow_details(context: &Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let flow_ids = strings(body, "FlowIds");
    let group = Some(string(body, "FlowGroupId")).filter(|id| !id.is_empty());
    if flow_ids.len() > MAX_DETAILS {
        let message =
            format!("FlowIds has {} ids; expected at most {MAX_DETAILS}.", flow_ids.len());
        return Err(ApiError::new("InvalidParameter.FlowIds", message));
    }
    let flows: Vec<&Flow> = match group {
        Some(group) => context.state.group(group).filter(|flow| caller.owns(flow)).collect(),
        None if flow_ids.is_empty() => {
            return Err(ApiError::new(
                "MissingParameter.FlowIdsOrFlowGroupId",
                "FlowIds or FlowGroupId is required.",
            ));
        }
        None => {
            let mut seen = BTreeSet::new();
            let ids = flow_ids.iter().filter(|id| seen.insert(**id));
            ids.filter_map(|id| context.state.flow(id)).filter(|flow| caller.owns(flow)).collect()
        }
    };
    if group.is_some() && flows.is_empty() {
        return Err(ApiError::new(
            "ResourceNotFound.FlowGroup",
            "The contract group is not found.",
        ));
    }
    let infos: Vec<Value> = flows.iter().map(|flow| detail(flow, context.now)).collect();
    Ok(json!({
        "ApplicationId": caller.app_id,
        "ProxyOrganizationOpenId": caller.organization_id,
        "FlowInfo": infos,
        "FlowGroupId": group.unwrap_or_default(),
        "FlowGroupName": "",
    }))
}

fn detail(flow: &Flow, now: Duration) -> Value {
    let rejected_by = flow.rejected_by();
    let approver = |(index, party, progress): (usize, &Party, &Progress)| {
        json!({
            "ReceiptId": "",
            "ProxyOrganizationOpenId": party.organization_id,
            "ProxyOperatorOpenId": party.open_id,
            "ProxyOrganizationName": party.organization.as_deref().unwrap_or_default(),
            "Mobile": mobile(index, &party.mobile),
            "SignOrder": index,
            "ApproveName": party.name,
            "ApproveStatus": flow.approve_status(index, now),
            "ApproveMessage": if rejected_by == Some(index) { flow.reason() } else { "" },
            "ApproveTime": progress.signed_at.map_or(0, |at| at.as_secs()),
            "ApproveType": party.kind(),
            "ApproverRoleName": party.role,
            "SignId": flow.sign_id(index),
            "RecipientId": flow.recipient_id(index),
        })
    };
    let approvers: Vec<Value> = flow.parties().map(approver).collect();
    let copies = flow.terms.copies.iter().map(
        |copy| json!({ "ApproveName": copy.name, "Mobile": copy.mobile, "ApproveStatus": "" }),
    );
    json!({
        "FlowId": &*flow.id,
        "FlowName": flow.terms.name,
        "FlowType": flow.terms.kind,
        "FlowStatus": flow.status(now).as_str(),
        "FlowMessage": flow.reason(),
        "CreateOn": flow.created.as_secs(),
        "DeadLine": flow.deadline.as_secs(),
        "CustomData": flow.terms.user_data,
        "FlowApproverInfos": approvers,
        "CcInfos": copies.collect::<Value>(),
        "NeedCreateReview": false,
        "TemplateId": flow.terms.template,
    })
}

/// Returns the mobile number of a party, or a masked placeholder if it has none.
fn mobile(index: usize, given: &str) -> String {
    match given {
        "" => format!("138****{index:04}"),
        given => given.to_owned(),
    }
}
