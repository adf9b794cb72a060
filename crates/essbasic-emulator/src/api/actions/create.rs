//! Creation of contracts from an uploaded file or from templates.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tc3_api::Base64;

use super::approvers::{copies, parties};
use super::caller::Caller;
use super::fields::{array, boolean, is_longer, reject_unmodelled, string, strings, time};
use crate::api::check::check_all;
use crate::api::context::Context;
use crate::api::names::{check_characters, check_name};
use crate::error::ApiError;
use crate::state::ids;
use crate::state::template::Template;
use crate::state::terms::{Party, Terms};
use crate::state::uploads::Format;

/// Time until the deadline of a contract if the request has none.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(365 * 86_400);

const MAX_PARTIES: usize = 50;
const MAX_FROM_TEMPLATES: usize = 20;

/// `ChannelCreateFlowByFiles`.
pub(super) fn by_files(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let name = string(body, "FlowName");
    for (field, max, code) in [
        ("FlowName", 200, "InvalidParameter.FlowName"),
        ("FlowDescription", 1000, "InvalidParameter.FlowDescription"),
        ("FlowType", 255, "InvalidParameter.FlowType"),
        ("CustomerData", 1000, "InvalidParameter.CustomerData"),
    ] {
        if is_longer(string(body, field), max) {
            return Err(context.error(code, format!("{field} is longer than {max} characters.")));
        }
    }
    check_name(context, name)?;
    check_characters(context, "FlowType", string(body, "FlowType"))?;
    let user_data = string(body, "CustomerData");
    if Base64::from_encoded(user_data).decode().is_none() {
        return Err(context.error("InvalidParameter.CustomerData", "CustomerData is not base64."));
    }
    reject_unmodelled(
        body,
        &["OpenDynamicFlow", "OpenDynamicSignFlow", "NeedPreview", "NeedSignReview"],
    )?;
    let approvers = array(body, "FlowApprovers");
    if approvers.is_empty() || approvers.len() > MAX_PARTIES {
        let message =
            format!("FlowApprovers has {} parties; expected 1 to {MAX_PARTIES}.", approvers.len());
        return Err(context.error("InvalidParameter.FlowApprovers", message));
    }
    let parties = parties(context, body)?;
    let signers_place_components = body.get("SignBeanTag").and_then(Value::as_i64) == Some(1);
    if !signers_place_components
        && approvers.iter().any(|info| array(info, "SignComponents").is_empty())
    {
        let message = "The SignComponents of a party are missing, and SignBeanTag is not 1.";
        return Err(context.error("MissingParameter.SignComponents", message));
    }
    let copies = copies(context, body, &parties)?;
    let deadline = deadline(context, body).ok_or_else(|| {
        context.error("InvalidParameter.FlowDeadLine", "Deadline is in the past.")
    })?;
    check_party_deadlines(context, &parties, deadline)?;
    let [file_id] = strings(body, "FileIds")[..] else {
        return Err(context.error("InvalidParameter.FlowFileIds", "FileIds must have one id."));
    };
    let file = context.state.uploads.get(file_id, context.now).ok_or_else(|| {
        context.error(
            "ResourceNotFound.Resource",
            "The file of FileIds does not exist or has expired.",
        )
    })?;
    if !caller.is(&file.app_id, &file.organization) {
        let message = "The file of FileIds belongs to another organization.";
        return Err(context.error("OperationDenied.ErrNoResourceAccess", message));
    }
    if file.format != Format::Pdf {
        let message = "The file of FileIds is not a PDF; convert it first.";
        return Err(context.error("InvalidParameter.FlowFileIds", message));
    }
    let file = Some(file.bytes.clone());
    check_all(body, context.meta.request)?;
    let terms = Terms {
        unordered: boolean(body, "Unordered"),
        parties,
        copies,
        file,
        ..common_terms(&caller, body)
    };
    let flow_id = insert(context, terms, deadline);
    Ok(json!({
        "FlowId": flow_id,
        "Approvers": approver_items(context, &flow_id),
        "PreviewUrl": "",
    }))
}

/// `CreateFlowsByTemplates`.
///
/// An error that affects all contracts fails the call, and no contract is created. An error of one contract is
/// returned at its position of `ErrorMessages`.
pub(super) fn by_templates(context: &mut Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let infos = array(body, "FlowInfos");
    if infos.is_empty() {
        return Err(context.error("InvalidParameter.FlowInfos", "FlowInfos is empty."));
    }
    if infos.len() > MAX_FROM_TEMPLATES {
        let message = format!(
            "FlowInfos has {} contracts; expected at most {MAX_FROM_TEMPLATES}.",
            infos.len()
        );
        return Err(context.error("LimitExceeded.CreateFlowNum", message));
    }
    reject_unmodelled(body, &["NeedPreview"])?;
    let organization = context.state.organization(&caller.app_id, &caller.organization_id);
    let known =
        organization.map(|organization| organization.templates.as_slice()).unwrap_or_default();
    let mut templates = Vec::new();
    for info in infos {
        reject_unmodelled(info, &["NeedSignReview"])?;
        let id = string(info, "TemplateId");
        let template = known.iter().find(|template| template.id == id).cloned();
        templates.push(template.ok_or_else(|| {
            context.error("ResourceNotFound.Template", "The template of TemplateId is not found.")
        })?);
    }
    check_all(body, context.meta.request)?;
    let (mut ids, mut errors, mut data, mut approvers) = (vec![], vec![], vec![], vec![]);
    for (info, template) in infos.iter().zip(&templates) {
        let created = from_template(context, &caller, info, template);
        let (id, error) = match created {
            Ok(id) => (id, String::new()),
            Err(error) => (String::new(), error.message),
        };
        let items = approver_items(context, &id);
        approvers.push(json!({ "FlowId": id, "Approvers": items }));
        ids.push(id);
        errors.push(error);
        data.push(string(info, "CustomerData"));
    }
    let tasks = vec![json!({ "TaskId": "", "TaskStatus": "" }); ids.len()];
    Ok(json!({
        "FlowIds": ids,
        "CustomerData": data,
        "ErrorMessages": errors,
        "PreviewUrls": vec![""; errors.len()],
        "TaskInfos": tasks,
        "FlowApprovers": approvers,
    }))
}

fn from_template(
    context: &mut Context<'_>,
    caller: &Caller,
    info: &Value,
    template: &Template,
) -> Result<String, ApiError> {
    check_name(context, string(info, "FlowName"))?;
    check_characters(context, "FlowType", string(info, "FlowType"))?;
    let mut parties = parties(context, info)?;
    if parties.len() != template.recipients.len() {
        let message = "FlowApprovers and the template have a different number of parties.";
        return Err(ApiError::new("InvalidParameter", message));
    }
    for (party, recipient) in parties.iter_mut().zip(&template.recipients) {
        let matches = party.recipient.is_empty() || party.recipient == recipient.id;
        if !matches || party.organization.is_some() != recipient.organization {
            let message = "FlowApprovers does not have the parties of the template in its order.";
            return Err(ApiError::new("InvalidParameter", message));
        }
        recipient.id.clone_into(&mut party.recipient);
        if party.role.is_empty() {
            recipient.role.clone_into(&mut party.role);
        }
    }
    let fields = form_fields(context, info, template)?;
    let copies = copies(context, info, &parties)?;
    let deadline = deadline(context, info)
        .ok_or_else(|| ApiError::new("InvalidParameter", "Deadline is in the past."))?;
    check_party_deadlines(context, &parties, deadline)?;
    let terms = Terms {
        template: template.id.clone(),
        unordered: template.unordered,
        parties,
        copies,
        fields,
        ..common_terms(caller, info)
    };
    Ok(insert(context, terms, deadline))
}

/// Returns the names and values of the fields that the request fills in.
fn form_fields(
    context: &Context<'_>,
    info: &Value,
    template: &Template,
) -> Result<Vec<(String, String)>, ApiError> {
    let mut values = Vec::new();
    for given in array(info, "FormFields") {
        let name = string(given, "ComponentName");
        if !template.fields.iter().any(|field| field.name == name) {
            let message = "FormFields has a ComponentName that is not in the template.";
            return Err(context.error("InvalidParameter.DataNotFound", message));
        }
        values.push((name.to_owned(), string(given, "ComponentValue").to_owned()));
    }
    let filled =
        |name: &str| values.iter().any(|(given, value)| given == name && !value.is_empty());
    match template.fields.iter().find(|field| field.required && !filled(&field.name)) {
        None => Ok(values),
        Some(_) => {
            let message = "FormFields lacks a required field of the template.";
            Err(context.error("InvalidParameter.MissingRequiredParameterValue", message))
        }
    }
}

/// Returns the terms that contracts from files and from templates have in common.
fn common_terms(caller: &Caller, flow: &Value) -> Terms {
    Terms {
        name: string(flow, "FlowName").to_owned(),
        numbered: true,
        app_id: caller.app_id.clone(),
        organization: caller.organization_id.clone(),
        description: string(flow, "FlowDescription").to_owned(),
        kind: string(flow, "FlowType").to_owned(),
        user_data: string(flow, "CustomerData").to_owned(),
        ..Terms::default()
    }
}

/// Returns the deadline of a new contract; `None` if it is in the past.
fn deadline(context: &Context<'_>, flow: &Value) -> Option<Duration> {
    match time(flow, "Deadline") {
        None => Some(context.now.saturating_add(DEFAULT_LIFETIME)),
        Some(deadline) => Some(deadline).filter(|deadline| *deadline > context.now),
    }
}

/// Checks that the deadline of each party is between now and the deadline of the contract.
fn check_party_deadlines(
    context: &Context<'_>,
    parties: &[Party],
    deadline: Duration,
) -> Result<(), ApiError> {
    let fits = |own: Duration| own > context.now && own <= deadline;
    if parties.iter().filter_map(|party| party.deadline).all(fits) {
        return Ok(());
    }
    let message = "The Deadline of a party is not between now and the deadline of the contract.";
    Err(context.error("InvalidParameter.FlowDeadLine", message))
}

fn insert(context: &mut Context<'_>, terms: Terms, deadline: Duration) -> String {
    let id = ids::random();
    context.state.insert(&id, Arc::new(terms), deadline, context.now);
    id
}

fn approver_items(context: &Context<'_>, flow_id: &str) -> Vec<Value> {
    let Some(flow) = context.state.flow(flow_id) else { return Vec::new() };
    let item = |(index, party): (usize, &Party)| {
        json!({
            "SignId": flow.sign_id(index),
            "RecipientId": flow.recipient_id(index),
            "ApproverRoleName": party.role,
        })
    };
    flow.terms.parties.iter().enumerate().map(item).collect()
}
