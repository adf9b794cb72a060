//! `DescribeTemplates`: templates of the seed.

use serde_json::{Value, json};

use super::caller::Caller;
use super::fields::{reject_unmodelled, string, strings};
use crate::api::check::check_all;
use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::template::{Field, Recipient, Template};

/// Default page size.
const DEFAULT_LIMIT: u64 = 20;

/// Returns the templates that match the filters.
pub(super) fn describe(context: &Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let caller = Caller::from_agent(context, body)?;
    let number = |field| body.get(field).and_then(Value::as_u64);
    let content = body.get("ContentType").and_then(Value::as_i64).unwrap_or_default();
    if content != 0 && content != 1 {
        return Err(context.error("InvalidParameter.ContentType", "ContentType is not 0 or 1."));
    }
    reject_unmodelled(body, &["WithPreviewUrl", "WithPdfUrl", "UserFlowTypeId"])?;
    check_all(body, context.meta.request)?;
    let organization = context.state.organization(&caller.app_id, &caller.organization_id);
    let all =
        organization.map(|organization| organization.templates.as_slice()).unwrap_or_default();
    // Unknown ids are omitted, as documented.
    let by_id = |id: &str| all.iter().find(|template| template.id == id);
    let (offset, limit) = (number("Offset").unwrap_or(0), number("Limit").unwrap_or(DEFAULT_LIMIT));
    let (id, ids) = (string(body, "TemplateId"), strings(body, "TemplateIds"));
    let paged = id.is_empty() && ids.is_empty();
    let mut found: Vec<&Template> = if paged {
        all.iter().collect()
    } else if id.is_empty() {
        ids.into_iter().filter_map(by_id).collect()
    } else {
        by_id(id).into_iter().collect()
    };
    let name = string(body, "TemplateName");
    found.retain(|template| template.name.contains(name));
    if !string(body, "ChannelTemplateId").is_empty() {
        // No template of the seed is from the platform.
        found.clear();
    }
    let total = found.len();
    if paged {
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        let take = usize::try_from(limit).unwrap_or(usize::MAX);
        found = found.into_iter().skip(skip).take(take).collect();
    }
    let templates: Value =
        found.iter().map(|template| description(template, content == 0)).collect();
    Ok(json!({ "Templates": templates, "TotalCount": total, "Limit": limit, "Offset": offset }))
}

fn description(template: &Template, complete: bool) -> Value {
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
    let sign_component = |(index, recipient): (usize, &Recipient)| {
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
    let mut description = json!({
        "TemplateId": template.id,
        "TemplateName": template.name,
        "Description": template.description,
        "TemplateType": 3,
        "Available": 1,
    });
    if complete && let Value::Object(fields) = &mut description {
        fields.insert("Components".into(), template.fields.iter().map(field).collect());
        fields.insert("Recipients".into(), recipients().map(recipient).collect());
        fields.insert("SignComponents".into(), recipients().map(sign_component).collect());
    }
    description
}
