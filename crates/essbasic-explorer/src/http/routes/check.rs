//! `/api/check/{action}`: the violations of a body as typed.

use axum::body::Bytes;
use axum::extract::State;
use essbasic_page::{Name, Reply, computed, json};

use super::{Shared, action};
use crate::data::check::check_with_agent;

pub(super) async fn post(State(session): Shared, Name(name): Name, text: Bytes) -> Reply {
    let action = action::find(&name)?;
    computed(move || {
        let text = String::from_utf8_lossy(&text);
        json(&check_with_agent(action, &text, session.agent.is_some()))
    })
    .await
}
