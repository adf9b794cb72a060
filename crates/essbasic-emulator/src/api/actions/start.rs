//! New contracts, from an uploaded file or from templates.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tc3_api::Base64;

use super::parties::{copies, parties};
use super::{
    Answer, Caller, Context, caller, flag, list, longer, refuse_unmodelled, strings, text, time,
};
use crate::api::check::check_all;
use crate::error::ApiError;
use crate::state::ids;
use crate::state::template::Template;
use crate::state::terms::{Party, Terms};
use crate::state::uploads::Format;

/// How long a contract is open where no deadline is given.
const OPEN_FOR: Duration = Duration::from_secs(365 * 86_400);

const MOST_PARTIES: usize = 50;
const MOST_FROM_TEMPLATES: usize = 20;

pub(super) fn by_files(context: &mut Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let name = text(body, "FlowName");
    for (member, most, code) in [
        ("FlowName", 200, "InvalidParameter.FlowName"),
        ("FlowDescription", 1000, "InvalidParameter.FlowDescription"),
        ("FlowType", 255, "InvalidParameter.FlowType"),
        ("CustomerData", 1000, "InvalidParameter.CustomerData"),
    ] {
        if longer(text(body, member), most) {
            return Err(context.error(code, format!("{member} is longer than {most} characters.")));
        }
    }
    if name.is_empty() {
        return Err(context.error("InvalidParameter.FlowName", "FlowName is empty."));
    }
    let user_data = text(body, "CustomerData");
    if Base64::from_encoded(user_data).decode().is_none() {
        return Err(context.error("InvalidParameter.CustomerData", "CustomerData is not base64."));
    }
    refuse_unmodelled(
        body,
        &["OpenDynamicFlow", "OpenDynamicSignFlow", "NeedPreview", "NeedSignReview"],
    )?;
    let approvers = list(body, "FlowApprovers");
    if approvers.is_empty() || approvers.len() > MOST_PARTIES {
        let message = format!("FlowApprovers takes 1 to {MOST_PARTIES} parties.");
        return Err(context.error("InvalidParameter.FlowApprovers", message));
    }
    let parties = parties(context, body)?;
    let signers_place_slots = body.get("SignBeanTag").and_then(Value::as_i64) == Some(1);
    if !signers_place_slots && approvers.iter().any(|info| list(info, "SignComponents").is_empty())
    {
        let message = "A party has no SignComponents, and SignBeanTag is not 1.";
        return Err(context.error("MissingParameter.SignComponents", message));
    }
    let copies = copies(context, body, &parties)?;
    let deadline = deadline(context, body)
        .ok_or_else(|| context.error("InvalidParameter.FlowDeadLine", "Deadline has passed."))?;
    must_fit(context, &parties, deadline)?;
    let [file_id] = strings(body, "FileIds")[..] else {
        return Err(context.error("InvalidParameter.FlowFileIds", "FileIds takes one id."));
    };
    let file = context.state.uploads.get(file_id, context.now).ok_or_else(|| {
        context.error("ResourceNotFound.Resource", "The file of FileIds does not exist any more.")
    })?;
    if !caller.is(&file.app_id, &file.organization) {
        let message = "The file of FileIds is another organisation's.";
        return Err(context.error("OperationDenied.ErrNoResourceAccess", message));
    }
    if file.format != Format::Pdf {
        let message = "The file of FileIds is not a PDF: it must be converted first.";
        return Err(context.error("InvalidParameter.FlowFileIds", message));
    }
    let file = Some(file.bytes.clone());
    check_all(body, context.meta.request)?;
    let terms = Terms {
        unordered: flag(body, "Unordered"),
        parties,
        copies,
        file,
        ..common(&caller, body)
    };
    let flow_id = begin(context, terms, deadline);
    Ok(json!({
        "FlowId": flow_id,
        "Approvers": approver_items(context, &flow_id),
        "PreviewUrl": "",
    }))
}

/// What is wrong with all of it fails the call before anything is made; what is wrong with one contract
/// stands at its place in `ErrorMessages`.
pub(super) fn by_templates(context: &mut Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let infos = list(body, "FlowInfos");
    if infos.is_empty() {
        return Err(context.error("InvalidParameter.FlowInfos", "FlowInfos is empty."));
    }
    if infos.len() > MOST_FROM_TEMPLATES {
        let message = format!("FlowInfos takes at most {MOST_FROM_TEMPLATES} contracts.");
        return Err(context.error("LimitExceeded.CreateFlowNum", message));
    }
    refuse_unmodelled(body, &["NeedPreview"])?;
    let organization = context.state.organization(&caller.app_id, &caller.organization_id);
    let known = organization.map(|known| known.templates.as_slice()).unwrap_or_default();
    let mut templates = Vec::new();
    for info in infos {
        refuse_unmodelled(info, &["NeedSignReview"])?;
        let id = text(info, "TemplateId");
        let template = known.iter().find(|template| template.id == id).cloned();
        templates.push(template.ok_or_else(|| {
            context.error("ResourceNotFound.Template", "The template of TemplateId is not found.")
        })?);
    }
    check_all(body, context.meta.request)?;
    let (mut ids, mut errors, mut data, mut approvers) = (vec![], vec![], vec![], vec![]);
    for (info, template) in infos.iter().zip(&templates) {
        let made = from_template(context, &caller, info, template);
        let (id, error) = match made {
            Ok(id) => (id, String::new()),
            Err(error) => (String::new(), error.message),
        };
        let items = approver_items(context, &id);
        approvers.push(json!({ "FlowId": id, "Approvers": items }));
        ids.push(id);
        errors.push(error);
        data.push(text(info, "CustomerData"));
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
    let mut parties = parties(context, info)?;
    if parties.len() != template.recipients.len() {
        let message = "FlowApprovers has not as many parties as the template.";
        return Err(ApiError::new("InvalidParameter", message));
    }
    for (party, recipient) in parties.iter_mut().zip(&template.recipients) {
        let named = [&String::new(), &recipient.id].contains(&&party.recipient);
        if !named || party.organization.is_some() != recipient.organization {
            let message = "FlowApprovers has not the parties of the template, in its order.";
            return Err(ApiError::new("InvalidParameter", message));
        }
        recipient.id.clone_into(&mut party.recipient);
        if party.role.is_empty() {
            recipient.role.clone_into(&mut party.role);
        }
    }
    let fields = fields(context, info, template)?;
    let copies = copies(context, info, &parties)?;
    let deadline = deadline(context, info)
        .ok_or_else(|| ApiError::new("InvalidParameter", "Deadline has passed."))?;
    must_fit(context, &parties, deadline)?;
    let terms = Terms {
        template: template.id.clone(),
        unordered: template.unordered,
        parties,
        copies,
        fields,
        ..common(caller, info)
    };
    Ok(begin(context, terms, deadline))
}

/// Names and values of the template's fields.
fn fields(
    context: &Context<'_>,
    info: &Value,
    template: &Template,
) -> Result<Vec<(String, String)>, ApiError> {
    let mut values = Vec::new();
    for given in list(info, "FormFields") {
        let name = text(given, "ComponentName");
        if !template.fields.iter().any(|field| field.name == name) {
            let message = "FormFields has a ComponentName that the template has not.";
            return Err(context.error("InvalidParameter.DataNotFound", message));
        }
        values.push((name.to_owned(), text(given, "ComponentValue").to_owned()));
    }
    let filled =
        |name: &str| values.iter().any(|(given, value)| given == name && !value.is_empty());
    match template.fields.iter().find(|field| field.required && !filled(&field.name)) {
        None => Ok(values),
        Some(_) => {
            let message = "FormFields lacks a field that the template requires.";
            Err(context.error("InvalidParameter.MissingRequiredParameterValue", message))
        }
    }
}

/// What contracts of both kinds say.
fn common(caller: &Caller, flow: &Value) -> Terms {
    Terms {
        name: text(flow, "FlowName").to_owned(),
        numbered: true,
        app_id: caller.app_id.clone(),
        organization: caller.organization_id.clone(),
        description: text(flow, "FlowDescription").to_owned(),
        kind: text(flow, "FlowType").to_owned(),
        user_data: text(flow, "CustomerData").to_owned(),
        ..Terms::default()
    }
}

/// `None` where it has passed.
fn deadline(context: &Context<'_>, flow: &Value) -> Option<Duration> {
    match time(flow, "Deadline") {
        None => Some(context.now.saturating_add(OPEN_FOR)),
        Some(deadline) => Some(deadline).filter(|deadline| *deadline > context.now),
    }
}

/// A party's own deadline lies before the contract's.
fn must_fit(context: &Context<'_>, parties: &[Party], deadline: Duration) -> Result<(), ApiError> {
    let fits = |own: Duration| own > context.now && own <= deadline;
    if parties.iter().filter_map(|party| party.deadline).all(fits) {
        return Ok(());
    }
    let message = "A party's Deadline is not between now and the contract's.";
    Err(context.error("InvalidParameter.FlowDeadLine", message))
}

fn begin(context: &mut Context<'_>, terms: Terms, deadline: Duration) -> String {
    let id = ids::random();
    context.state.start(&id, Arc::new(terms), deadline, context.now);
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
