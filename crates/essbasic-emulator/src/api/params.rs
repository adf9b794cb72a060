//! Parameters of a call, from a JSON body or a query.

use http::Method;
use serde_json::{Map, Value};
use tc3_catalogue::JsonType;

use crate::error::ApiError;
use crate::http::request::WireRequest;

/// Maximum length of a query, in bytes, as of the real service. Longer requests must use `POST`.
const MAX_QUERY_BYTES: usize = 32 << 10;

/// Maximum nesting of a query parameter. No request of the API is nested more deeply.
const MAX_DEPTH: usize = 16;

/// Reads the parameters as JSON.
///
/// Parameters of a `GET` are strings, with nested names such as `A.B` and `L.0`. They are converted to the
/// types of `ty`.
pub(crate) fn parameters(request: &WireRequest, ty: JsonType) -> Result<Value, ApiError> {
    if request.method == Method::GET {
        let query = request.uri.query().unwrap_or_default();
        if query.len() > MAX_QUERY_BYTES {
            return Err(ApiError::new(
                "RequestSizeLimitExceeded",
                format!("The query is longer than {MAX_QUERY_BYTES} bytes."),
            ));
        }
        return from_query(query, ty);
    }
    let content_type = request.header("content-type").unwrap_or_default();
    if !content_type.trim_ascii_start().to_ascii_lowercase().starts_with("application/json") {
        return Err(ApiError::new(
            "InvalidRequest",
            "The emulator reads JSON bodies and queries only.",
        ));
    }
    from_body(&request.body)
}

/// Reads the parameters of a JSON body.
pub(crate) fn from_body(body: &[u8]) -> Result<Value, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        _ => Err(ApiError::new("InvalidParameter", "The request body is not a JSON object.")),
    }
}

fn from_query(query: &str, ty: JsonType) -> Result<Value, ApiError> {
    let mut root = Value::Object(Map::new());
    for (path, text) in form_urlencoded::parse(query.as_bytes()) {
        let segments: Vec<&str> = path.split('.').collect();
        if segments.len() > MAX_DEPTH {
            return Err(ApiError::new("InvalidParameter", "A parameter is nested too deeply."));
        }
        insert(&mut root, &segments, &text);
    }
    Ok(typed(root, ty))
}

/// Inserts a string at a path. Arrays are objects with numeric names until [`typed`] converts them.
fn insert(value: &mut Value, segments: &[&str], text: &str) {
    let Some((first, rest)) = segments.split_first() else {
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

/// Converts the strings of a query to the types of the action's fields.
///
/// A value that does not fit remains a string, which the parameter check rejects.
fn typed(value: Value, ty: JsonType) -> Value {
    match (value, ty) {
        (Value::Object(fields), JsonType::Object(object)) => {
            let typed = fields.into_iter().map(|(name, value)| {
                let value = match object.field(&name) {
                    Some(field) => typed(value, field.ty),
                    None => value,
                };
                (name, value)
            });
            Value::Object(typed.collect())
        }
        (Value::Object(fields), JsonType::List(element)) => {
            let mut numbered = Vec::new();
            for (name, value) in &fields {
                match name.parse::<u32>() {
                    Ok(index) => numbered.push((index, value.clone())),
                    Err(_) => return Value::Object(fields),
                }
            }
            numbered.sort_by_key(|(index, _)| *index);
            numbered.into_iter().map(|(_, value)| typed(value, *element)).collect()
        }
        (
            Value::String(text),
            JsonType::Int | JsonType::Uint | JsonType::Float | JsonType::Bool,
        ) => {
            // The Python SDK writes `True`.
            match serde_json::from_str(&text.to_ascii_lowercase()) {
                Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
                _ => Value::String(text),
            }
        }
        (value, _) => value,
    }
}
