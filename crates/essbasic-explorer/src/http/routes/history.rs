//! `/api/history`: the last calls.

use axum::extract::State;
use essbasic_page::{Reply, json};
use serde::Serialize;

use super::Shared;
use crate::session::history::{Entry, MAX_CALLS};

/// The last calls.
#[derive(Serialize)]
struct Calls {
    limit: usize,
    history: Vec<Entry>,
}

pub(super) async fn get(State(session): Shared) -> Reply {
    let history = session.history().calls();
    json(&Calls { limit: MAX_CALLS, history })
}
