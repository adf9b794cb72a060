//! Routes of the emulator's panel.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::routing::{get, post};
use essbasic_emulator::Emulator;
use essbasic_page::{ApiError, Name, Reply, json, parameter, parse};

use super::Shared;
use crate::emulator::{self, Change, CommandError};
use crate::http::error;
use crate::session::Session;

/// Returns the routes below `/api/emulator/`.
pub(super) fn router() -> Router<Arc<Session>> {
    Router::new()
        .route("/api/emulator/flows", get(flows))
        .route("/api/emulator/flows/{id}", get(flow))
        .route("/api/emulator/clock", post(clock))
        .route("/api/emulator/faults", post(faults))
        .route("/api/emulator/callback", post(callback))
        .route("/api/emulator/{change}", post(change))
}

/// Returns the emulator of the session.
fn of(session: &Session) -> Result<&Emulator, ApiError> {
    session.emulator.as_deref().ok_or_else(|| {
        error::no_emulator("no emulator runs in this process")
            .with_hint("start `essbasic explore --emulated`")
    })
}

async fn flows(State(session): Shared, RawQuery(parameters): RawQuery) -> Reply {
    let filter = parameter(parameters.as_deref(), "q").unwrap_or_default();
    json(&emulator::overview(of(&session)?, &filter))
}

async fn flow(State(session): Shared, Name(id): Name) -> Reply {
    json(&emulator::flow(of(&session)?, &id)?)
}

async fn change(State(session): Shared, Name(change): Name, text: Bytes) -> Reply {
    let emulator = of(&session)?;
    let change = match change.as_str() {
        "sign" => Change::Sign,
        "reject" => Change::Reject,
        "cancel" => Change::Cancel,
        "expire" => Change::Expire,
        _ => return Err(ApiError::not_found("no such path")),
    };
    json(&emulator::change(emulator, change, parse(&text)?)?)
}

async fn clock(State(session): Shared, text: Bytes) -> Reply {
    json(&emulator::set_clock(of(&session)?, &parse(&text)?)?)
}

async fn faults(State(session): Shared, text: Bytes) -> Reply {
    json(&emulator::set_faults(of(&session)?, parse(&text)?)?)
}

async fn callback(State(session): Shared, text: Bytes) -> Reply {
    json(&emulator::send_callback(of(&session)?, parse(&text)?).await?)
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        let (error, hint) = match error {
            CommandError::Invalid(message, hint) => (Self::invalid_request(message), hint),
            CommandError::NotFound(message, hint) => (Self::not_found(message), hint),
        };
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}
