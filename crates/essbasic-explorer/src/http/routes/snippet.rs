//! `/api/snippet/{action}`: programs that make a call.

use axum::body::Bytes;
use axum::extract::State;
use essbasic_page::{ApiError, Name, Reply, computed, json};
use serde_json::Value;

use super::{Shared, action, body};
use crate::data::snippet::snippets;

pub(super) async fn post(State(session): Shared, Name(name): Name, text: Bytes) -> Reply {
    let action = action::find(&name)?;
    computed(move || {
        let body = body::with_agent(&text, action, session.agent.as_ref())?;
        let body: Value = serde_json::from_str(body.get())
            .map_err(|error| ApiError::invalid_json(format!("invalid JSON: {error}")))?;
        json(&snippets(action, &body))
    })
    .await
}
