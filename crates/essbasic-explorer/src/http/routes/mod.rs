//! The routes below `/api/`.

mod action;
mod body;
mod call;
mod callback;
mod catalogue;
mod check;
mod describe;
mod emulator;
mod file;
mod history;
mod openapi;
mod preview;
mod query;
mod saved;
mod search;
mod signature;
mod skeleton;
mod snippet;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::session::Session;

/// The session, as the state of a route.
type Shared = axum::extract::State<Arc<Session>>;

/// Returns the routes.
pub(super) fn router(session: Arc<Session>) -> Router {
    Router::new()
        .route("/api/catalogue", get(catalogue::get))
        .route("/api/search", get(search::get))
        .route("/api/actions/{action}", get(describe::action))
        .route("/api/items/{name}", get(describe::item))
        .route("/api/skeleton/{action}", get(skeleton::get))
        .route("/api/check/{action}", post(check::post))
        .route("/api/preview/{action}", post(preview::post))
        .route("/api/call/{action}", post(call::post))
        .route("/api/history", get(history::get))
        .route("/api/snippet/{action}", post(snippet::post))
        .route("/api/openapi.json", get(openapi::get))
        .route("/api/file", post(file::post))
        .route("/api/saved", get(saved::get).post(saved::post))
        .route("/api/sign", post(signature::sign_request))
        .route("/api/verify", post(signature::compare))
        .route("/api/callback/verify", post(callback::post))
        .merge(emulator::router())
        .with_state(session)
}
