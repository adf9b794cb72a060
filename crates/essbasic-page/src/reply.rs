//! Bodies of requests and responses.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use tokio::task::spawn_blocking;

use crate::error::{ApiError, JSON};

/// Result of a route.
pub type Reply = Result<Response, ApiError>;

/// Parses the body of a request, a JSON object.
///
/// # Errors
/// Returns an error if it is not JSON or not an object, or does not have the fields of the type.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    let value = serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => ApiError::invalid_request(format!("invalid body: {error}")),
        _ => ApiError::invalid_json(format!("invalid JSON: {error}")),
    })?;
    // A derived type accepts its fields in an array too.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::invalid_request("invalid body: it is an array; expected an object"));
    }
    Ok(value)
}

/// Returns a response with a JSON body.
///
/// # Errors
/// Returns an error if the value cannot be written as JSON.
pub fn json(value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value)
        .map_err(|error| ApiError::internal(format!("cannot write the response: {error}")))?;
    Ok(with_type(body, JSON))
}

/// Returns the result of a computation that may take long, on a thread that may block: the server keeps serving.
///
/// # Errors
/// Returns the error of the computation.
pub async fn computed(compute: impl FnOnce() -> Reply + Send + 'static) -> Reply {
    let computed = spawn_blocking(compute).await;
    computed.map_err(|_| ApiError::internal("the request failed; please report this"))?
}

/// Returns a response with a body of this type.
pub fn with_type(body: impl Into<Body>, media_type: &'static str) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Empty {}

    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    #[test]
    fn bodies_are_objects() {
        for (body, empty, named) in [
            ("{}", true, false),
            (" {\"name\":\"a\"}", false, true),
            ("[]", false, false),
            ("\n[\"a\"]", false, false),
            ("null", false, false),
            ("", false, false),
        ] {
            assert_eq!(parse::<Empty>(body.as_bytes()).is_ok(), empty, "{body}");
            let parsed = parse::<Named>(body.as_bytes());
            assert_eq!(parsed.is_ok_and(|named| named.name == "a"), named, "{body}");
        }
    }
}
