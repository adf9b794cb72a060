//! `/api/preview/{action}`: the signed request, without its secrets.

use axum::body::Bytes;
use axum::extract::State;
use essbasic_page::{ApiError, Name, Reply, json};
use serde_json::json;

use super::{Shared, action, body, call};
use crate::http::error;

/// Headers whose values are not shown, or not completely.
const MASKED: [&str; 2] = ["authorization", "x-tc-token"];

pub(super) async fn post(State(session): Shared, Name(name): Name, text: Bytes) -> Reply {
    let action = action::find(&name)?;
    let body = body::with_agent(&text, action, session.agent.as_ref())?;
    let caller = call::caller(&session)?;
    let request = caller.preview(action.info, body).await.map_err(|error| {
        let failed = match error.kind() {
            essbasic::ErrorKind::Credentials => error::no_credential(error.to_string()),
            _ => ApiError::invalid_request(error.to_string()),
        };
        match error.hint() {
            Some(hint) => failed.with_hint(hint.to_owned()),
            None => failed,
        }
    })?;
    let headers: Vec<[String; 2]> = request
        .headers
        .iter()
        .map(|(name, value)| [name.to_string(), shown(name.as_str(), value.as_bytes())])
        .collect();
    json(&json!({
        "method": request.method.as_str(),
        "url": request.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&request.body),
        "masked": MASKED,
        "curl": null,
    }))
}

/// Returns the value of a header without its secret.
fn shown(name: &str, value: &[u8]) -> String {
    const SIGNATURE: &str = "Signature=";
    let value = String::from_utf8_lossy(value);
    match name {
        "authorization" => match value.find(SIGNATURE) {
            Some(at) => format!("{}***", value.get(..at + SIGNATURE.len()).unwrap_or_default()),
            None => "***".to_owned(),
        },
        "x-tc-token" => "***".to_owned(),
        _ => value.into_owned(),
    }
}
