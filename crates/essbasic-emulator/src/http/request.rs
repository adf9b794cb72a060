//! A request as it came, and what call it makes: the action's name and its parameters.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use serde_json::{Map, Value};
use tc3_catalogue::JsonType;

use crate::error::ApiError;

/// A request off the wire.
pub(crate) struct Wire {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Wire {
    /// A header as text; a name that stands twice counts once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header without which there is no call.
    pub(crate) fn required(&self, name: &'static str, parameter: &str) -> Result<&str, ApiError> {
        self.header(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| ApiError::missing(parameter))
    }

    /// The parameters as JSON. Those of a `GET` are strings, nested as `A.B` and `L.0`, and become
    /// what `ty` says.
    pub(crate) fn parameters(&self, ty: JsonType) -> Result<Value, ApiError> {
        if self.method == Method::GET {
            let query = self.uri.query().unwrap_or_default();
            if query.len() > LONGEST_QUERY {
                return Err(ApiError::new(
                    "RequestSizeLimitExceeded",
                    format!("The query is longer than {LONGEST_QUERY} bytes."),
                ));
            }
            return from_query(query, ty);
        }
        let content_type = self.header("content-type").unwrap_or_default();
        if !content_type.trim_ascii_start().to_ascii_lowercase().starts_with("application/json") {
            return Err(ApiError::new(
                "InvalidRequest",
                "The emulator reads JSON bodies and queries only.",
            ));
        }
        json_object(&self.body)
    }
}

/// The parameters in a JSON body.
pub(crate) fn json_object(body: &[u8]) -> Result<Value, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        _ => Err(ApiError::new("InvalidParameter", "The request body is not a JSON object.")),
    }
}

/// As the real service: what is longer must be a `POST`.
const LONGEST_QUERY: usize = 32 << 10;

/// Deeper than any request of the API, shallow enough for any stack.
const DEEPEST: usize = 16;

fn from_query(query: &str, ty: JsonType) -> Result<Value, ApiError> {
    let mut root = Value::Object(Map::new());
    for (path, text) in form_urlencoded::parse(query.as_bytes()) {
        let steps: Vec<&str> = path.split('.').collect();
        if steps.len() > DEEPEST {
            return Err(ApiError::new("InvalidParameter", "A parameter is nested too deeply."));
        }
        insert(&mut root, &steps, &text);
    }
    Ok(typed(root, ty))
}

/// Lists are objects with numbers for names until all members are there.
fn insert(value: &mut Value, steps: &[&str], text: &str) {
    let Some((first, rest)) = steps.split_first() else {
        *value = Value::String(text.to_owned());
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    if let Value::Object(object) = value {
        insert(object.entry(*first).or_insert(Value::Null), rest, text);
    }
}

/// Gives strings of a query the types of the action's members; what does not fit stays as it is, for
/// the check to refuse.
fn typed(value: Value, ty: JsonType) -> Value {
    match (value, ty) {
        (Value::Object(members), JsonType::Object(object)) => {
            let typed = members.into_iter().map(|(name, value)| {
                let value = match object.member(&name) {
                    Some(member) => typed(value, member.ty),
                    None => value,
                };
                (name, value)
            });
            Value::Object(typed.collect())
        }
        (Value::Object(members), JsonType::List(element)) => {
            let mut numbered = Vec::new();
            for (name, value) in &members {
                match name.parse::<u32>() {
                    Ok(index) => numbered.push((index, value.clone())),
                    Err(_) => return Value::Object(members),
                }
            }
            numbered.sort_by_key(|(index, _)| *index);
            numbered.into_iter().map(|(_, value)| typed(value, *element)).collect()
        }
        (
            Value::String(text),
            JsonType::Int | JsonType::Uint | JsonType::Float | JsonType::Bool,
        ) => {
            // Python writes `True`.
            match serde_json::from_str(&text.to_ascii_lowercase()) {
                Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
                _ => Value::String(text),
            }
        }
        (value, _) => value,
    }
}
