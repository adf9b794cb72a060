//! Examples of requests: the required fields, with values that look like those of users.

use essbasic::catalogue::skeleton::skeleton;
use essbasic::catalogue::{ActionMeta, FieldMeta, JsonType, ObjectMeta};
use serde_json::Value;

/// Returns a request with the required fields, which passes validation.
pub(super) fn request(action: &ActionMeta) -> Value {
    let mut body = skeleton(action.request);
    fill(&mut body, action.request);
    body
}

fn fill(value: &mut Value, of: &ObjectMeta) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        if let Some(field) = of.field(name) {
            fill_field(value, field, field.ty);
        }
    }
}

fn fill_field(value: &mut Value, field: &FieldMeta, ty: JsonType) {
    match (ty, &mut *value) {
        (JsonType::Object(object), _) => fill(value, object),
        (JsonType::List(element), Value::Array(elements)) => {
            for value in elements {
                fill_field(value, field, *element);
            }
        }
        (JsonType::String, Value::String(text)) if field.values.is_none() && !field.base64 => {
            if let Some(plausible) = text_of(field.name).filter(|text| fits(text, field)) {
                *text = plausible.to_owned();
            } else if text.starts_with('<') {
                let plain: String = text.chars().filter(|c| !"<>".contains(*c)).collect();
                *text = if fits(&plain, field) { plain } else { text.replace(['<', '>'], "x") };
            }
        }
        (JsonType::Int | JsonType::Uint, Value::Number(_)) if field.values.is_none() => {
            let (min, max) = field.limits.number;
            let fitting = number_of(field.name).filter(|number| {
                min.is_none_or(|min| min <= *number) && max.is_none_or(|max| *number <= max)
            });
            if let Some(number) = fitting {
                *value = number.into();
            }
        }
        _ => {}
    }
}

fn fits(text: &str, field: &FieldMeta) -> bool {
    let (min, max) = field.limits.chars;
    let count = text.chars().count() as u64;
    min.is_none_or(|min| min <= count)
        && max.is_none_or(|max| count <= max)
        && field.limits.bytes.is_none_or(|max| text.len() as u64 <= max)
}

/// Values by the end of a field's name; the first entry that fits is used.
const TEXTS: [(&str, &str); 27] = [
    ("FlowName", "Lease_of_1_Main_Street"),
    ("FlowGroupName", "Lease_with_annexes"),
    ("OrganizationName", "Example Company Ltd."),
    ("TemplateName", "Lease"),
    ("SealName", "Contract seal"),
    ("RoleName", "Contract_manager"),
    ("FileName", "lease.pdf"),
    ("ComponentName", "Signature"),
    ("QrCodeName", "Visitor_declaration"),
    ("Name", "Li Lei"),
    ("Mobile", "13800000000"),
    ("IdCardNumber", "110101199003070000"),
    ("IdCardType", "ID_CARD"),
    ("UniformSocialCreditCode", "91110000000000000X"),
    ("UnifiedSocialCreditCode", "91110000000000000X"),
    ("AppId", "yDwEXAMPLEapplication"),
    ("OrganizationOpenId", "example-organization"),
    ("OrganizationOpenIds", "example-organization"),
    ("OpenId", "example-employee"),
    ("OpenIds", "example-employee"),
    ("Url", "https://example.com/return"),
    ("Email", "li.lei@example.com"),
    ("StartTime", "2026-01-01"),
    ("EndTime", "2026-01-31"),
    ("Message", "Wrong_rent_in_clause_3"),
    ("Id", "yDwEXAMPLE0123456789abcdefgh"),
    ("Ids", "yDwEXAMPLE0123456789abcdefgh"),
];

fn text_of(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, text)| *text)
}

/// Values of numbers by the end of a field's name. The time is 2030-01-01T00:00:00Z.
const NUMBERS: [(&str, i64); 5] = [
    ("Deadline", 1_893_456_000),
    ("ExpiredOn", 1_893_456_000),
    ("Limit", 10),
    ("Offset", 0),
    ("MaxFlowNum", 100),
];

fn number_of(name: &str) -> Option<i64> {
    NUMBERS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use essbasic::catalogue::validation::violations;
    use essbasic::models::CATALOGUE;

    use super::*;
    use crate::data::placeholder::placeholders;

    #[test]
    fn every_example_is_valid_and_complete() {
        for action in CATALOGUE.actions {
            let example = request(action);
            let name = action.info.name;
            assert_eq!(violations(&example, action.request), [], "{name}: {example}");
            let left: Vec<_> = placeholders(&example.to_string());
            let left: Vec<_> = left.iter().filter(|found| found.text.starts_with('<')).collect();
            assert!(left.is_empty(), "{name}: {left:?}");
        }
    }
}
