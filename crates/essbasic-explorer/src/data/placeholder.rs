//! Placeholders that a skeleton leaves in a request.

use std::collections::BTreeMap;

use essbasic::api::Base64;
use serde_json::value::RawValue;

/// A string that is still a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placeholder {
    /// Path of the string, such as `FlowIds[0]`.
    pub path: String,
    /// The placeholder, such as `<FlowIds>`.
    pub text: String,
}

/// Returns the strings that are still placeholders, such as `<FlowId>`. Text that is not JSON has none.
pub fn placeholders(json: &str) -> Vec<Placeholder> {
    let mut found = Vec::new();
    walk(json, "", "", &mut found);
    found
}

/// Checks strings only: numbers may have any size.
fn walk(json: &str, path: &str, key: &str, found: &mut Vec<Placeholder>) {
    match json.trim_start().bytes().next() {
        Some(b'"') => {
            let text: String = serde_json::from_str(json).unwrap_or_default();
            if is_placeholder(&text, key) {
                found.push(Placeholder { path: path.to_owned(), text });
            }
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
            for (index, value) in values.into_iter().enumerate() {
                walk(value.get(), &format!("{path}[{index}]"), key, found);
            }
        }
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> =
                serde_json::from_str(json).unwrap_or_default();
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(value.get(), &path, &name, found);
            }
        }
        _ => {}
    }
}

/// Returns whether a string is the placeholder of a field of this name: whole, truncated to the field's maximum
/// length, or repeated up to its minimum length.
fn is_placeholder(text: &str, key: &str) -> bool {
    let whole = format!("<{key}>");
    let padded = text.strip_prefix(&whole).is_some_and(|rest| rest.bytes().all(|b| b == b'x'));
    let cut = text.len() > 2 && whole.starts_with(text);
    padded || cut || text == Base64::encode(&whole).as_str()
}

#[cfg(test)]
mod tests {
    use essbasic::catalogue::skeleton::{full_skeleton, skeleton};
    use essbasic::models::CATALOGUE;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_placeholder_of_every_skeleton_is_found() {
        let mut count = 0;
        for action in CATALOGUE.actions {
            for body in [skeleton(action.request), full_skeleton(action.request)] {
                let shown = body.to_string().matches("\"<").count();
                let found = placeholders(&body.to_string());
                let plain = found.iter().filter(|found| found.text.starts_with('<')).count();
                assert_eq!(plain, shown, "{}: {found:?}", action.info.name);
                count += found.len();
            }
        }
        assert!(count > 1000, "{count}");
    }

    #[test]
    fn similar_values_are_not_placeholders() {
        let body = json!({
            "FlowId": "yDw", "Name": "<b>", "Text": "a < b", "Content": "<html></html>",
            "List": ["", "<", "<L"], "Html": "<FlowId>"
        });
        assert_eq!(placeholders(&body.to_string()), []);
        let body = json!({ "FlowIds": ["a", "<FlowIds>"], "Agent": { "AppId": "<AppId>" } });
        let found = placeholders(&body.to_string());
        let found: Vec<_> = found.iter().map(|found| (&*found.path, &*found.text)).collect();
        assert_eq!(found, [("Agent.AppId", "<AppId>"), ("FlowIds[1]", "<FlowIds>")]);
    }
}
