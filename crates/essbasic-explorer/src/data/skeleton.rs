//! Request bodies to fill in.

use essbasic::catalogue::ActionMeta;
use essbasic::catalogue::skeleton::{full_skeleton, skeleton as required_skeleton};
use serde_json::Value;

/// Fields of a skeleton.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fields {
    /// The required ones.
    #[default]
    Required,
    /// All fields that are neither internal nor deprecated, also those that exclude each other.
    All,
}

/// Returns a request body with placeholders such as `<FlowId>`, and with the agent if one is given and the request has one.
pub fn skeleton(action: &ActionMeta, fields: Fields, agent: Option<&Value>) -> Value {
    let mut body = match fields {
        Fields::Required => required_skeleton(action.request),
        Fields::All => full_skeleton(action.request),
    };
    if let (Some(agent), Some(_), Value::Object(fields)) =
        (agent, action.request.field("Agent"), &mut body)
    {
        fields.insert("Agent".to_owned(), agent.clone());
    }
    body
}

#[cfg(test)]
mod tests {
    use essbasic::catalogue::validation::{structural_violations, violations};
    use essbasic::models::CATALOGUE;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_skeleton_is_valid_and_has_the_agent() {
        let agent = json!({
            "AppId": "a", "ProxyOrganizationOpenId": "o", "ProxyOperator": { "OpenId": "p" }
        });
        for action in CATALOGUE.actions {
            let required = skeleton(action, Fields::Required, Some(&agent));
            assert_eq!(violations(&required, action.request), [], "{}", action.info.name);
            let all = skeleton(action, Fields::All, Some(&agent));
            assert_eq!(structural_violations(&all, action.request), [], "{}", action.info.name);
            for body in [&required, &all] {
                let expected = action.request.field("Agent").map(|_| &agent);
                assert_eq!(body.get("Agent"), expected, "{}", action.info.name);
            }
            assert!(skeleton(action, Fields::default(), None).is_object());
        }
    }
}
