//! Links to files and signing pages.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;

use crate::api::service::Service;
use crate::http::range;
use crate::http::reply::Reply;
use crate::http::request::WireRequest;
use crate::pdf;
use crate::state::flow::Signer;
use crate::state::links::{LinkError, Target};

/// Returns the response to a request for a link at this time.
pub(super) fn respond(
    service: &Service,
    request: &WireRequest,
    target: Target<'_>,
    now: Duration,
) -> Reply {
    let allowed = match request.method {
        Method::GET | Method::HEAD => true,
        Method::POST => matches!(target, Target::Signing(_)),
        _ => false,
    };
    if !allowed {
        return reject(service, StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed");
    }
    let query = request.uri.query().unwrap_or_default();
    let number = match service.links.check(target, query, now) {
        Ok(number) => number,
        Err(LinkError::Expired) => {
            return reject(service, StatusCode::FORBIDDEN, "RequestHasExpired");
        }
        Err(LinkError::WrongKey) => return reject(service, StatusCode::FORBIDDEN, "AccessDenied"),
    };
    let reply = match target {
        Target::Flow(id) => contract_file(service, request, id, number),
        Target::Upload(id) => uploaded_file(service, request, id),
        Target::Signing(id) => {
            // A `HEAD` request does not sign.
            let party = number.checked_sub(1).filter(|_| request.method != Method::HEAD);
            signing_page(service, id, party)
        }
    };
    reply.unwrap_or_else(|| reject(service, StatusCode::NOT_FOUND, "NoSuchKey"))
}

fn contract_file(
    service: &Service,
    request: &WireRequest,
    id: &str,
    signatures: usize,
) -> Option<Reply> {
    let flow = service.lock().state.flow(id).cloned()?;
    let file = pdf::file(&flow, signatures, service.pdf_size);
    let signed: Vec<_> = flow.progress.iter().map(|party| party.signed_at).collect();
    let tag = tag((id, &flow.terms.name, flow.created, signed, signatures, file.len()));
    let reply = file_reply(service, request, "application/pdf", file, tag);
    if request.method == Method::GET && reply.status == StatusCode::OK {
        *service.lock().stats.downloads.entry(id.to_owned()).or_default() += 1;
    }
    Some(reply)
}

fn uploaded_file(service: &Service, request: &WireRequest, id: &str) -> Option<Reply> {
    let (content_type, bytes) = {
        let shared = service.lock();
        let upload = shared.state.uploads.get(id, shared.now)?;
        (upload.format.content_type(), upload.bytes.clone())
    };
    Some(file_reply(service, request, content_type, bytes, tag(id)))
}

fn file_reply(
    service: &Service,
    request: &WireRequest,
    content_type: &'static str,
    file: Bytes,
    tag: u64,
) -> Reply {
    let length = file.len();
    range::file(request, content_type, file, tag).unwrap_or_else(|code| {
        let mut reply = reject(service, StatusCode::RANGE_NOT_SATISFIABLE, code);
        let content_range = HeaderValue::from_str(&format!("bytes */{length}"));
        reply.headers.extend(content_range.ok().map(|value| (header::CONTENT_RANGE, value)));
        reply
    })
}

/// Signs for a party, if there is one, and returns the status of the contract.
fn signing_page(service: &Service, id: &str, party: Option<usize>) -> Option<Reply> {
    let mut shared = service.lock();
    let now = shared.now;
    shared.state.flow(id)?;
    if let Some(index) = party
        && let Err(error) = shared.state.sign(id, Signer::At(index), now)
    {
        drop(shared);
        service.count_rejected(StatusCode::CONFLICT);
        return Some(Reply::text(StatusCode::CONFLICT, format!("{error}\n")));
    }
    let status = shared.state.flow(id)?.status(now).as_str();
    Some(Reply::json(&json!({ "flow": id, "party": party, "status": status })))
}

/// Counts a rejected request, and returns an error in the XML format of object stores.
pub(super) fn reject(service: &Service, status: StatusCode, code: &str) -> Reply {
    service.count_rejected(status);
    let body =
        format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Error><Code>{code}</Code></Error>\n");
    Reply::new(status, "application/xml", body)
}

/// Returns the entity tag of a file, from the values that determine its bytes.
fn tag(file: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    hasher.finish()
}
