//! `/api/skeleton/{action}`: a request to fill in.

use axum::extract::{Path, RawQuery, State};
use essbasic::catalogue::skeleton::{full_skeleton, skeleton};
use serde_json::Value;

use super::query::parameter;
use super::{Shared, action};
use crate::http::error::ApiError;
use crate::http::reply::{self, Reply};

pub(super) async fn get(
    State(session): Shared,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Reply {
    let action = action::find(&name)?;
    let make = match parameter(query.as_deref(), "fields").as_deref() {
        None | Some("required") => skeleton,
        Some("all") => full_skeleton,
        Some(_) => {
            return Err(ApiError::invalid_request("invalid fields")
                .with_hint("give fields=required or fields=all"));
        }
    };
    let mut body = make(action.request);
    if let (Some(agent), Some(_), Value::Object(fields)) =
        (&session.agent, action.request.field("Agent"), &mut body)
    {
        fields.insert("Agent".to_owned(), agent.clone());
    }
    reply::json(&body)
}
