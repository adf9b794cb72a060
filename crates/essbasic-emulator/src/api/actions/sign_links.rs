//! Links to signing pages. Opening a link signs for its party.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::Caller;
use super::fields::{array, reject_unmodelled, string, strings, unmodelled};
use super::query::{NO_PERMISSION, NO_SUCH_FLOW};
use crate::api::check::check_all;
use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::flow::{Flow, Status};
use crate::state::links::Target;
use crate::state::terms::Party;

/// Lifetime of links to the mini program.
const MINI_PROGRAM_LIFETIME: Duration = Duration::from_secs(90 * 86_400);

/// Default lifetime of links to a page.
const PAGE_LIFETIME: Duration = Duration::from_secs(1800);

const MAX_FLOWS: usize = 100;

/// `CreateSignUrls`.
pub(super) fn for_mini_program(context: &Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let kind = match string(body, "GenerateType") {
        "" => "ALL",
        kind @ ("ALL" | "CHANNEL" | "NOT_CHANNEL" | "PERSON") => kind,
        kind @ ("FOLLOWER" | "RECIPIENT") => return Err(unmodelled(kind)),
        _ => {
            let message = "GenerateType is unknown.";
            return Err(context.error("InvalidParameter.GenerateType", message));
        }
    };
    let endpoint = string(body, "Endpoint");
    let known = ["", "WEIXINAPP", "CHANNEL", "APP", "LONGURL2WEIXINAPP"].contains(&endpoint);
    if !known || (endpoint == "CHANNEL" && kind != "ALL") {
        let message = "Endpoint is unknown, or not allowed with this GenerateType.";
        return Err(context.error("InvalidParameter.EndPoint", message));
    }
    reject_unmodelled(body, &["FlowGroupUrlInfo", "RecipientIds"])?;
    let ids = strings(body, "FlowIds");
    let group = string(body, "FlowGroupId");
    if ids.is_empty() && group.is_empty() {
        let message = "FlowIds or FlowGroupId is required.";
        return Err(context.error("MissingParameter.FlowIdsOrFlowGroupId", message));
    }
    if ids.len() > MAX_FLOWS || (kind == "ALL" && ids.len() > 1) {
        let message = format!(
            "FlowIds has {} ids; expected at most {MAX_FLOWS}, or one with GenerateType ALL.",
            ids.len()
        );
        return Err(context.error("InvalidParameter.FlowIds", message));
    }
    check_all(body, context.meta.request)?;
    let grouped: Vec<&Flow> = context.state.group(group).filter(|flow| caller.owns(flow)).collect();
    if ids.is_empty() && grouped.is_empty() {
        let message = "The contract group is not found.";
        return Err(context.error("ResourceNotFound.FlowGroup", message));
    }
    let ids = ids.into_iter().chain(grouped.iter().map(|flow| &*flow.id));
    let (mut infos, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match select(context, &caller, id, kind, body) {
            Ok((flow, parties)) => {
                for party in parties {
                    infos.push(sign_url(context, flow, endpoint, party));
                    errors.push("");
                }
            }
            Err(error) => {
                infos.push(json!({ "FlowId": id, "FlowGroupId": group }));
                errors.push(error);
            }
        }
    }
    Ok(json!({ "SignUrlInfos": infos, "ErrorMessages": errors }))
}

/// Contract and some of its parties with their indexes.
type Selection<'a> = (&'a Flow, Vec<(usize, &'a Party)>);

/// Returns the contract and the parties that the request selects.
fn select<'a>(
    context: &'a Context<'_>,
    caller: &Caller,
    id: &str,
    kind: &str,
    body: &Value,
) -> Result<Selection<'a>, &'static str> {
    let flow = context.state.flow(id).ok_or(NO_SUCH_FLOW)?;
    if !caller.owns(flow) {
        return Err(NO_PERMISSION);
    }
    check_open(context, flow)?;
    let is = |value: &str, field| value == string(body, field);
    // A party without a mobile number matches by name.
    let is_person = |party: &Party| {
        is(&party.name, "Name") && (party.mobile.is_empty() || is(&party.mobile, "Mobile"))
    };
    let selects = |party: &Party| match kind {
        "PERSON" => party.organization.is_none() && is_person(party),
        "NOT_CHANNEL" => {
            let company = party.organization.as_deref();
            company.is_some_and(|company| is(company, "OrganizationName")) && is_person(party)
        }
        "CHANNEL" => {
            let any_employee = string(body, "OpenId").is_empty();
            !party.organization_id.is_empty()
                && is(&party.organization_id, "OrganizationOpenId")
                && (any_employee || is(&party.open_id, "OpenId"))
        }
        _ => true,
    };
    let parties: Vec<_> =
        flow.terms.parties.iter().enumerate().filter(|(_, party)| selects(party)).collect();
    if parties.is_empty() {
        return Err("The contract has no matching party.");
    }
    Ok((flow, parties))
}

fn check_open(context: &Context<'_>, flow: &Flow) -> Result<(), &'static str> {
    match flow.status(context.now) {
        Status::Init | Status::Part => Ok(()),
        _ => Err("The contract has ended."),
    }
}

fn sign_url(
    context: &Context<'_>,
    flow: &Flow,
    endpoint: &str,
    (index, party): (usize, &Party),
) -> Value {
    let target = Target::Signing(&flow.id);
    let link = context.links.create(target, index + 1, MINI_PROGRAM_LIFETIME, context.now);
    // Links for an app are paths within the mini program.
    let host = if endpoint == "APP" { "" } else { context.endpoint };
    json!({
        "SignUrl": format!("{host}{link}"),
        "Deadline": flow.deadline.as_secs(),
        "SignOrder": index,
        "SignId": flow.sign_id(index),
        "Name": party.name,
        "Mobile": party.mobile,
        "OrganizationName": party.organization.as_deref().unwrap_or_default(),
        "ApproverType": party.kind(),
        "FlowId": &*flow.id,
        "OpenId": party.open_id,
        "FlowGroupId": flow.terms.group.as_deref().unwrap_or_default(),
    })
}

/// `ChannelCreateFlowSignUrl`.
pub(super) fn for_page(context: &Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let flow = caller.flow(context, string(body, "FlowId"), "OperationDenied")?;
    check_all(body, context.meta.request)?;
    let seconds = body.get("ExpiredOn").and_then(Value::as_u64);
    let lifetime = seconds.map_or(PAGE_LIFETIME, Duration::from_secs);
    // Without signers, the link is a preview for the initiator.
    let infos = array(body, "FlowApproverInfos");
    let preview = infos.is_empty() || body.get("UrlType").and_then(Value::as_i64) == Some(1);
    if !preview {
        check_open(context, flow).map_err(|error| context.error("OperationDenied", error))?;
    }
    let link = |number| {
        let number = if preview { 0 } else { number };
        let link = context.links.create(Target::Signing(&flow.id), number, lifetime, context.now);
        format!("{}{link}", context.endpoint)
    };
    if infos.is_empty() {
        let url = link(0);
        let info = json!({
            "SignUrl": url, "LongUrl": url, "ApproverType": "", "Name": "", "Mobile": "",
        });
        return Ok(json!({ "FlowApproverUrlInfos": [info] }));
    }
    let mut urls = Vec::new();
    for info in infos {
        let (index, party) = signer(flow, info).ok_or_else(|| {
            let message = "FlowApproverInfos has a signer that is not a party of the contract.";
            context.error("ResourceNotFound", message)
        })?;
        let url = link(index + 1);
        urls.push(json!({
            "SignUrl": url,
            "LongUrl": url,
            "ApproverType": party.kind(),
            "Name": party.name,
            "Mobile": party.mobile,
        }));
    }
    Ok(json!({ "FlowApproverUrlInfos": urls }))
}

/// Returns the party that an element of `FlowApproverInfos` selects: by role, by employee, or by name and mobile
/// number.
fn signer<'a>(flow: &'a Flow, info: &Value) -> Option<(usize, &'a Party)> {
    let recipient = string(info, "RecipientId");
    let [open_id, organization_id] =
        ["OpenId", "OrganizationOpenId"].map(|field| string(info, field));
    let selects = |index: usize, party: &Party| {
        if !recipient.is_empty() {
            return flow.recipient_id(index) == recipient;
        }
        if !open_id.is_empty() {
            return party.open_id == open_id && party.organization_id == organization_id;
        }
        let company = party.organization.as_deref().unwrap_or_default();
        party.name == string(info, "Name")
            && (party.mobile.is_empty() || party.mobile == string(info, "Mobile"))
            && company == string(info, "OrganizationName")
    };
    flow.terms.parties.iter().enumerate().find(|(index, party)| selects(*index, party))
}
