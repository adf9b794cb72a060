//! `DescribeTemplates`: the templates of the seed.

use serde_json::{Value, json};

use super::{Answer, Context, caller, refuse_unmodelled, strings, text};
use crate::api::check::check_all;
use crate::state::template::{Field, Recipient, Template};

const PAGE: u64 = 20;

pub(super) fn list(context: &Context<'_>, body: &Value) -> Answer {
    let caller = caller(context, body)?;
    let number = |member| body.get(member).and_then(Value::as_u64);
    let content = body.get("ContentType").and_then(Value::as_i64).unwrap_or_default();
    if content != 0 && content != 1 {
        return Err(context.error("InvalidParameter.ContentType", "ContentType is not 0 or 1."));
    }
    refuse_unmodelled(body, &["WithPreviewUrl", "WithPdfUrl", "UserFlowTypeId"])?;
    check_all(body, context.meta.request)?;
    let organization = context.state.organization(&caller.app_id, &caller.organization_id);
    let all = organization.map(|known| known.templates.as_slice()).unwrap_or_default();
    // Ids that nobody has are left out, as the reference shows.
    let by_id = |id: &str| all.iter().find(|template| template.id == id);
    let (offset, limit) = (number("Offset").unwrap_or(0), number("Limit").unwrap_or(PAGE));
    let (id, ids) = (text(body, "TemplateId"), strings(body, "TemplateIds"));
    let in_pages = id.is_empty() && ids.is_empty();
    let mut found: Vec<&Template> = if in_pages {
        all.iter().collect()
    } else if id.is_empty() {
        ids.into_iter().filter_map(by_id).collect()
    } else {
        by_id(id).into_iter().collect()
    };
    let part = text(body, "TemplateName");
    found.retain(|template| template.name.contains(part));
    if !text(body, "ChannelTemplateId").is_empty() {
        // None of these comes from the platform.
        found.clear();
    }
    let total = found.len();
    if in_pages {
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        let take = usize::try_from(limit).unwrap_or(usize::MAX);
        found = found.into_iter().skip(skip).take(take).collect();
    }
    let templates: Value = found.iter().map(|template| described(template, content == 0)).collect();
    Ok(json!({ "Templates": templates, "TotalCount": total, "Limit": limit, "Offset": offset }))
}

fn described(template: &Template, whole: bool) -> Value {
    let initiator = template.recipients.iter().find(|recipient| recipient.initiator);
    let field = |field: &Field| {
        json!({
            "ComponentId": field.id,
            "ComponentType": "TEXT",
            "ComponentName": field.name,
            "ComponentRequired": field.required,
            "ComponentRecipientId": initiator.map_or("", |recipient| &recipient.id),
        })
    };
    let slot = |(index, recipient): (usize, &Recipient)| {
        json!({
            "ComponentId": format!("ComponentId_{}", 100 + index),
            "ComponentType": if recipient.organization { "SIGN_SEAL" } else { "SIGN_SIGNATURE" },
            "ComponentName": recipient.role,
            "ComponentRequired": true,
            "ComponentRecipientId": recipient.id,
            "ComponentPage": 3,
        })
    };
    let recipient = |(index, recipient): (usize, &Recipient)| {
        json!({
            "RecipientId": recipient.id,
            "RecipientType": if recipient.organization { "ENTERPRISE" } else { "INDIVIDUAL" },
            "RoleName": recipient.role,
            "RoutingOrder": if template.unordered { -1 } else { index as i64 },
            "IsPromoter": recipient.initiator,
        })
    };
    let recipients = || template.recipients.iter().enumerate();
    let mut described = json!({
        "TemplateId": template.id,
        "TemplateName": template.name,
        "Description": template.description,
        "TemplateType": 3,
        "Available": 1,
    });
    if whole && let Value::Object(members) = &mut described {
        members.insert("Components".into(), template.fields.iter().map(field).collect());
        members.insert("Recipients".into(), recipients().map(recipient).collect());
        members.insert("SignComponents".into(), recipients().map(slot).collect());
    }
    described
}
