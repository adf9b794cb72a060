//! Access to the fields of a request. Missing fields are empty.

use std::time::Duration;

use serde_json::Value;

use crate::error::ApiError;

pub(super) fn string<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn boolean(object: &Value, field: &str) -> bool {
    object.get(field).and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn array<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn strings<'a>(object: &'a Value, field: &str) -> Vec<&'a str> {
    array(object, field).iter().filter_map(Value::as_str).collect()
}

/// Returns a time in Unix seconds; `None` if it is missing or zero.
pub(super) fn time(object: &Value, field: &str) -> Option<Duration> {
    let seconds = object.get(field).and_then(Value::as_i64).filter(|seconds| *seconds != 0)?;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// Returns `true` if the string has more than `max` characters.
pub(super) fn is_longer(text: &str, max: usize) -> bool {
    text.chars().nth(max).is_some()
}

/// Rejects fields whose effect on a contract the emulator does not model.
///
/// # Errors
/// Returns `UnsupportedOperation` if one of the fields is set to a value other than its default.
pub(super) fn reject_unmodelled(object: &Value, fields: &[&str]) -> Result<(), ApiError> {
    let is_set = |field: &&&str| {
        let value = object.get(**field);
        value.is_some_and(|value| ![Value::Null, false.into(), 0.into(), "".into()].contains(value))
    };
    match fields.iter().find(is_set) {
        None => Ok(()),
        Some(field) => Err(unmodelled(field)),
    }
}

/// Returns the error of a feature that is not modeled.
pub(super) fn unmodelled(feature: &str) -> ApiError {
    ApiError::new("UnsupportedOperation", format!("The emulator does not model {feature}."))
}

/// Returns an object with these fields. Unlike `json!`, it does not copy the values.
pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
