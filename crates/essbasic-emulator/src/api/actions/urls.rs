//! Links on which parties sign: whoever opens one has signed.

use std::time::Duration;

use serde_json::{Value, json};

use super::query::{NO_PERMISSION, NO_SUCH_FLOW};
use super::{Answer, Caller, Context, caller, list, refuse_unmodelled, strings, text, unmodelled};
use crate::api::check::check_all;
use crate::state::flow::{Flow, Status};
use crate::state::links::Target;
use crate::state::terms::Party;

/// How long links live: those to the mini program, and those to a page where nothing else is asked for.
const MINI_PROGRAM: Duration = Duration::from_secs(90 * 86_400);
const PAGE: Duration = Duration::from_secs(1800);

const MOST_FLOWS: usize = 100;

/// `CreateSignUrls`.
pub(super) fn for_mini_program(context: &Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let kind = match text(body, "GenerateType") {
        "" => "ALL",
        kind @ ("ALL" | "CHANNEL" | "NOT_CHANNEL" | "PERSON") => kind,
        kind @ ("FOLLOWER" | "RECIPIENT") => return Err(unmodelled(kind)),
        _ => {
            let message = "GenerateType is none that there is.";
            return Err(context.error("InvalidParameter.GenerateType", message));
        }
    };
    let endpoint = text(body, "Endpoint");
    let known = ["", "WEIXINAPP", "CHANNEL", "APP", "LONGURL2WEIXINAPP"].contains(&endpoint);
    if !known || (endpoint == "CHANNEL" && kind != "ALL") {
        let message = "Endpoint is none that there is with this GenerateType.";
        return Err(context.error("InvalidParameter.EndPoint", message));
    }
    refuse_unmodelled(body, &["FlowGroupUrlInfo", "RecipientIds"])?;
    let ids = strings(body, "FlowIds");
    let group = text(body, "FlowGroupId");
    if ids.is_empty() && group.is_empty() {
        let message = "Either FlowIds or FlowGroupId is needed.";
        return Err(context.error("MissingParameter.FlowIdsOrFlowGroupId", message));
    }
    if ids.len() > MOST_FLOWS || (kind == "ALL" && ids.len() > 1) {
        let message = format!("FlowIds takes at most {MOST_FLOWS} ids, for ALL parties one.");
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
        match chosen(context, &caller, id, kind, body) {
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

/// A contract and some of its parties, by their places.
type Chosen<'a> = (&'a Flow, Vec<(usize, &'a Party)>);

/// The contract and those of its parties whom the request means.
fn chosen<'a>(
    context: &'a Context<'_>,
    caller: &Caller,
    id: &str,
    kind: &str,
    body: &Value,
) -> Result<Chosen<'a>, &'static str> {
    let flow = context.state.flow(id).ok_or(NO_SUCH_FLOW)?;
    if !caller.owns(flow) {
        return Err(NO_PERMISSION);
    }
    must_be_open(context, flow)?;
    let is = |value: &str, member| value == text(body, member);
    // Whoever has no number on record is found by name.
    let is_person = |party: &Party| {
        is(&party.name, "Name") && (party.mobile.is_empty() || is(&party.mobile, "Mobile"))
    };
    let means = |party: &Party| match kind {
        "PERSON" => party.organization.is_none() && is_person(party),
        "NOT_CHANNEL" => {
            let company = party.organization.as_deref();
            company.is_some_and(|company| is(company, "OrganizationName")) && is_person(party)
        }
        "CHANNEL" => {
            let anybody = text(body, "OpenId").is_empty();
            !party.organization_id.is_empty()
                && is(&party.organization_id, "OrganizationOpenId")
                && (anybody || is(&party.open_id, "OpenId"))
        }
        _ => true,
    };
    let parties: Vec<_> =
        flow.terms.parties.iter().enumerate().filter(|(_, party)| means(party)).collect();
    if parties.is_empty() {
        return Err("The contract has no such party.");
    }
    Ok((flow, parties))
}

fn must_be_open(context: &Context<'_>, flow: &Flow) -> Result<(), &'static str> {
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
    let link = context.links.make(target, index + 1, MINI_PROGRAM, context.now);
    // A path in the mini program has no host.
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
pub(super) fn for_h5(context: &Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let flow = context.flow(&caller, text(body, "FlowId"), "OperationDenied")?;
    check_all(body, context.meta.request)?;
    let seconds = body.get("ExpiredOn").and_then(Value::as_u64);
    let lifetime = seconds.map_or(PAGE, Duration::from_secs);
    // The initiator looks only.
    let infos = list(body, "FlowApproverInfos");
    let only_looks = infos.is_empty() || body.get("UrlType").and_then(Value::as_i64) == Some(1);
    if !only_looks {
        must_be_open(context, flow).map_err(|error| context.error("OperationDenied", error))?;
    }
    let link = |number| {
        let number = if only_looks { 0 } else { number };
        let link = context.links.make(Target::Signing(&flow.id), number, lifetime, context.now);
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
            let message = "A signer of FlowApproverInfos is none of the contract's.";
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

/// The party that an element of `FlowApproverInfos` means: by role, by employee, or by name and number.
fn signer<'a>(flow: &'a Flow, info: &Value) -> Option<(usize, &'a Party)> {
    let recipient = text(info, "RecipientId");
    let [open_id, organization_id] = ["OpenId", "OrganizationOpenId"].map(|of| text(info, of));
    let means = |index: usize, party: &Party| {
        if !recipient.is_empty() {
            return flow.recipient_id(index) == recipient;
        }
        if !open_id.is_empty() {
            return party.open_id == open_id && party.organization_id == organization_id;
        }
        let company = party.organization.as_deref().unwrap_or_default();
        party.name == text(info, "Name")
            && (party.mobile.is_empty() || party.mobile == text(info, "Mobile"))
            && company == text(info, "OrganizationName")
    };
    flow.terms.parties.iter().enumerate().find(|(index, party)| means(*index, party))
}
