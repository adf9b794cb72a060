//! Whether parameters are what the action's published description says.

use serde_json::Value;
use tc3_api::catalogue::{JsonType, ObjectMeta};

use crate::error::ApiError;

/// Refuses unknown, missing and mistyped parameters, naming the path.
pub(crate) fn check(body: &Value, request: &'static ObjectMeta) -> Result<(), ApiError> {
    check_object(body, request, "")
}

fn check_object(value: &Value, object: &ObjectMeta, path: &str) -> Result<(), ApiError> {
    let Value::Object(members) = value else { return Err(wrong_type(path)) };
    let inner = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    for (name, value) in members {
        match object.member(name) {
            None => {
                let message = format!("The parameter `{}` is not recognized.", inner(name));
                return Err(ApiError::new("UnknownParameter", message));
            }
            Some(member) if !value.is_null() => check_value(value, member.ty, &inner(name))?,
            Some(_) => {}
        }
    }
    for member in object.members.iter().filter(|member| member.required) {
        if members.get(member.name).is_none_or(Value::is_null) {
            return Err(ApiError::missing(&inner(member.name)));
        }
    }
    Ok(())
}

fn check_value(value: &Value, ty: JsonType, path: &str) -> Result<(), ApiError> {
    let fits = match ty {
        JsonType::String => value.is_string(),
        JsonType::Int => value.is_i64(),
        JsonType::Uint => value.is_u64(),
        JsonType::Float => value.is_number(),
        JsonType::Bool => value.is_boolean(),
        JsonType::Object(object) => return check_object(value, object, path),
        JsonType::List(element) => {
            let Value::Array(elements) = value else { return Err(wrong_type(path)) };
            for (index, value) in elements.iter().enumerate() {
                check_value(value, *element, &format!("{path}.{index}"))?;
            }
            true
        }
        _ => true,
    };
    if fits { Ok(()) } else { Err(wrong_type(path)) }
}

fn wrong_type(path: &str) -> ApiError {
    ApiError::new("InvalidParameter", format!("The parameter `{path}` has the wrong type."))
}
