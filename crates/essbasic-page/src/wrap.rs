//! The guard as a router around the routes of a page.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;
use tower_service::Service as _;

use crate::connections::Requests;
use crate::error::ApiError;
use crate::guard::{Guard, protect, too_large};

/// Time for the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

impl Guard {
    /// Returns a router that checks each request before it is routed, and limits its body and the time for it. Responses get the
    /// headers of the guard, and errors for unknown paths and methods are JSON.
    ///
    /// A request below the prefix of an API is in flight once it was checked: it keeps its connection from being closed.
    pub fn wrap(self, routes: Router) -> Router {
        let guard = Arc::new(self);
        let routes = routes
            .method_not_allowed_fallback(async || {
                ApiError::method_not_allowed("the method is not allowed for this path")
                    .with_hint("send one of the header Allow")
            })
            .fallback(async || {
                ApiError::not_found("no such path")
                    .with_hint("the page is at /, the API below /api/")
            })
            // The guard limits bodies by their path.
            .layer(DefaultBodyLimit::disable());
        // A router without routes: nothing is routed before the guard.
        Router::new().fallback(move |request: Request| {
            let (guard, routes) = (Arc::clone(&guard), routes.clone());
            async move { guarded(&guard, routes, request).await }
        })
    }
}

async fn guarded(guard: &Guard, routes: Router, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut response = match respond(guard, routes, head, body).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    protect(&mut response);
    response
}

async fn respond(
    guard: &Guard,
    mut routes: Router,
    head: Parts,
    body: Body,
) -> Result<Response, ApiError> {
    let max_bytes = guard.check(&head)?;
    let requests = head.extensions.get::<Requests>();
    let _in_flight = requests.filter(|_| guard.is_api(head.uri.path())).map(Requests::begin);
    let body = match max_bytes {
        Some(max_bytes) => Body::from(read(body, max_bytes).await?),
        None => Body::empty(),
    };
    let request = Request::from_parts(head, body);
    routes.call(request).await.map_err(|never| match never {})
}

/// Reads the body of a request.
async fn read(body: Body, max_bytes: usize) -> Result<Bytes, ApiError> {
    match timeout(BODY_TIMEOUT, Limited::new(body, max_bytes).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(max_bytes)),
        Ok(Err(_)) => Err(ApiError::invalid_request("the body is incomplete")),
        Err(_) => Err(ApiError::timeout("the body was not received in time")),
    }
}
