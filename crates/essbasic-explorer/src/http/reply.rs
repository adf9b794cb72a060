//! Responses.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::error::{ApiError, JSON};

/// Result of a route.
pub(super) type Reply = Result<Response, ApiError>;

/// Returns a response with a JSON body.
pub(super) fn json(value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value)
        .map_err(|error| ApiError::internal(format!("cannot write the response: {error}")))?;
    Ok(with_type(body, JSON))
}

/// Returns the result of a computation that may take long, on a thread of its own: the server keeps serving.
pub(super) async fn computed(compute: impl FnOnce() -> Reply + Send + 'static) -> Reply {
    let computed = spawn_blocking(compute).await;
    computed.map_err(|_| ApiError::internal("the request failed; please report this"))?
}

/// Returns a response with a body of this type.
pub(super) fn with_type(body: impl Into<Body>, media_type: &'static str) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
