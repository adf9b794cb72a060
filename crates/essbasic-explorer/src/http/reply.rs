//! Responses.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde::Serialize;

use super::error::{ApiError, JSON};

/// Result of a route.
pub(super) type Reply = Result<Response, ApiError>;

/// Returns a response with a JSON body.
pub(super) fn json(value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value)
        .map_err(|error| ApiError::internal(format!("cannot write the response: {error}")))?;
    Ok(with_type(body, JSON))
}

/// Returns a response with a body of this type.
pub(super) fn with_type(body: impl Into<Body>, media_type: &'static str) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
