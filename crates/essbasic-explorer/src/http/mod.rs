//! HTTP routes of the page.

mod assets;
mod error;
mod routes;

use std::sync::Arc;

use axum::Router;

use crate::session::Session;

/// Maximum size of the body of a request, in bytes.
const MAX_BODY_BYTES: usize = 10 << 20;

/// Maximum size of the body of a request with a file: 60 MiB as Base64, and its other fields.
const MAX_UPLOAD_BYTES: usize = 84 << 20;

/// Returns the routes of the page and of its API.
pub(crate) fn router(session: Arc<Session>) -> Router {
    assets::routes().merge(routes::router(session))
}

/// Returns the maximum size of the body of a request to the API, in bytes.
pub(crate) fn max_body_bytes(path: &str) -> usize {
    match path.rsplit('/').next() {
        Some("UploadFiles") => MAX_UPLOAD_BYTES,
        _ => MAX_BODY_BYTES,
    }
}
