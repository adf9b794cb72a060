//! `/api/history`: the last calls.

use axum::extract::State;
use serde_json::json;

use super::Shared;
use crate::http::reply::{self, Reply};
use crate::session::history::MAX_CALLS;

pub(super) async fn get(State(session): Shared) -> Reply {
    let calls = session.history().calls();
    reply::json(&json!({ "limit": MAX_CALLS, "history": calls }))
}
