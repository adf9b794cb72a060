//! Request bodies that keep the digits and the field order of the input.

use axum::body::Bytes;
use essbasic::api::json::{check_duplicates, pretty};
use essbasic::catalogue::{ActionMeta, JsonType};
use essbasic_page::{ApiError, parse};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Returns a JSON object with one field per line.
pub(super) fn checked(body: &str) -> Result<String, ApiError> {
    let _: Fields = parse(&Bytes::copy_from_slice(body.as_bytes()))?;
    check_duplicates(body.as_bytes())
        .and_then(|()| pretty(body.as_bytes()))
        .map_err(|error| ApiError::invalid_json(format!("invalid body: {error}")))
}

/// Returns the body of a call, with the agent if the action takes one and the body has none.
pub(super) fn with_agent(
    body: &Bytes,
    action: &ActionMeta,
    agent: Option<&Value>,
) -> Result<Box<RawValue>, ApiError> {
    let text: Box<RawValue> = parse(body)?;
    let fields: Fields = parse(body)?;
    check_duplicates(body)
        .map_err(|error| ApiError::invalid_json(format!("invalid body: {error}")))?;
    let takes_agent =
        action.request.field("Agent").is_some_and(|field| matches!(field.ty, JsonType::Object(_)));
    let Some(agent) = agent.filter(|_| takes_agent && !fields.has_agent) else {
        return Ok(text);
    };
    let rest = text.get().trim_start().strip_prefix('{').unwrap_or_default();
    let comma = if fields.is_empty { "" } else { "," };
    let text = format!("{{\"Agent\":{agent}{comma}{rest}");
    RawValue::from_string(text)
        .map_err(|error| ApiError::internal(format!("cannot add the agent: {error}")))
}

/// Properties of a JSON object.
struct Fields {
    is_empty: bool,
    has_agent: bool,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields { is_empty: true, has_agent: false };
                while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
                    fields.is_empty = false;
                    fields.has_agent |= name == "Agent";
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}
