//! Routing of requests: API calls, links, and administration below `/_emulator/`.

mod admin;
mod link;

use std::time::Duration;

use http::StatusCode;

use crate::api::service::Service;
use crate::faults::DOWNLOAD;
use crate::faults::kind::FaultKind;
use crate::http::reply::Reply;
use crate::http::request::WireRequest;
use crate::state::links::Target;

/// Path prefix of the administration, which the real service does not have.
const ADMIN: &str = "/_emulator/";

/// Returns whether a path is one of the administration.
pub(crate) fn is_admin(path: &str) -> bool {
    path.starts_with(ADMIN)
}

/// Returns the response to a request, and the fault that applies to the response.
pub(crate) fn respond(
    service: &Service,
    request: &WireRequest,
    endpoint: &str,
) -> (Reply, Option<FaultKind>) {
    let action = request.header("x-tc-action");
    let meta = action.and_then(|action| essbasic_models::CATALOGUE.action(action));
    if let Some(meta) = meta.filter(|_| request.uri.path() == "/") {
        service.count_arrival(meta.info.name);
    }
    let fault = match request.uri.path() {
        "/" => service.faults.draw(action.unwrap_or_default()),
        path if is_admin(path) => None,
        _ => service.faults.draw(DOWNLOAD),
    };
    let offset = fault.map(FaultKind::clock_offset).unwrap_or_default();
    let mut reply = match fault.and_then(|fault| fault.replacement(meta)) {
        Some(replacement) => replacement.unwrap_or_else(|error| service.reject(&error)),
        None => route(service, request, endpoint, service.clock.now() + offset),
    };
    if let Some(body) = fault.and_then(|fault| fault.rewrite_body(&reply.body)) {
        reply.body = body;
    }
    (reply, fault)
}

/// Returns the response to a request at this time, without faults.
fn route(service: &Service, request: &WireRequest, endpoint: &str, now: Duration) -> Reply {
    match request.uri.path() {
        "/" => service.call(request, endpoint, now),
        path => match (path.strip_prefix(ADMIN), Target::from_path(path)) {
            (Some(command), _) => admin::respond(service, request, command),
            (None, Some(target)) => link::respond(service, request, target, now),
            (None, None) => link::reject(service, StatusCode::NOT_FOUND, "NoSuchKey"),
        },
    }
}
