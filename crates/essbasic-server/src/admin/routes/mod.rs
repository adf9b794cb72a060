//! The routes below `/api/`.

mod contracts;
mod forwards;
mod messages;
mod process;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use serde::Deserialize;

use super::Admin;

/// Maximum size of the body of a request, in bytes: 1,000 IDs of contracts.
const MAX_BODY_BYTES: usize = 1 << 20;

/// The body of a change that needs nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Returns the maximum size of the body of a request to this path, in bytes.
pub(super) fn max_body_bytes(_path: &str) -> usize {
    MAX_BODY_BYTES
}

/// Returns the routes.
pub(super) fn router(admin: Arc<Admin>) -> Router {
    Router::new()
        .route("/api/status", get(status::get))
        .route("/api/contracts", get(contracts::list).post(contracts::add))
        .route("/api/contracts/{id}", get(contracts::show))
        .route("/api/contracts/{id}/retry", post(contracts::retry))
        .route("/api/contracts/{id}/drop", post(contracts::drop))
        .route("/api/retry", post(contracts::retry_reason))
        .route("/api/messages", get(messages::list))
        .route("/api/messages/{id}", get(messages::show))
        .route("/api/messages/{id}/replay", post(messages::replay))
        .route("/api/forwards", get(forwards::list))
        .route("/api/forwards/{name}/replay", post(forwards::replay))
        .route("/api/workers", get(process::workers))
        .route("/api/rate", get(process::rate))
        .route("/api/samples", get(process::samples))
        .with_state(admin)
}
