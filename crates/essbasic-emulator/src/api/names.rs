//! Characters of the names that a request chooses.

use serde_json::Value;
use tc3_catalogue::{JsonType, ObjectMeta};

use super::context::Context;
use crate::error::ApiError;

/// Fields that have only the characters of a name in every request, with the code of another character.
const NAMES: [(&str, &str); 4] = [
    ("FlowName", "InvalidParameter.FlowName"),
    ("FlowGroupName", "InvalidParameter.FlowGroupName"),
    ("FlowType", "InvalidParameter.FlowType"),
    ("QrCodeName", "InvalidParameter.QrCodeName"),
];

/// Checks the name of a contract.
pub(super) fn check_name(context: &Context<'_>, name: &str) -> Result<(), ApiError> {
    match name {
        "" => Err(context.error("InvalidParameter.FlowName", "FlowName is empty.")),
        name => check_characters(context, "FlowName", name),
    }
}

/// Checks the names in a request, at any depth. Its types are those of `object`.
pub(super) fn check_names(
    context: &Context<'_>,
    body: &Value,
    object: &'static ObjectMeta,
) -> Result<(), ApiError> {
    let fields = object.fields.iter().filter_map(|field| Some((field, body.get(field.name)?)));
    for (field, value) in fields {
        match value {
            Value::String(text) => check_characters(context, field.name, text)?,
            value => check_objects(context, value, field.ty)?,
        }
    }
    Ok(())
}

fn check_objects(context: &Context<'_>, value: &Value, ty: JsonType) -> Result<(), ApiError> {
    match (value, ty) {
        (Value::Object(_), JsonType::Object(object)) => check_names(context, value, object),
        (Value::Array(elements), JsonType::List(element)) => {
            elements.iter().try_for_each(|value| check_objects(context, value, *element))
        }
        _ => Ok(()),
    }
}

/// Checks a field against the characters that the reference allows in names, and those of its samples: `-():`.
pub(super) fn check_characters(
    context: &Context<'_>,
    field: &str,
    text: &str,
) -> Result<(), ApiError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-():".contains(c) || is_ideograph(c);
    match NAMES.into_iter().find(|(name, _)| *name == field) {
        Some((_, code)) if !text.chars().all(is_allowed) => {
            let message = format!(
                "{field} has a character other than Chinese characters, letters, digits and _-():."
            );
            Err(context.error(code, message))
        }
        _ => Ok(()),
    }
}

/// Returns `true` for the unified and the compatibility ideographs, and for the number zero of Chinese dates.
fn is_ideograph(c: char) -> bool {
    matches!(c, '〇' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
