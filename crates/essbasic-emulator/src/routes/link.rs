//! Where links lead: to files, and to the page on which a party signs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;

use crate::api::service::{Reply, Service};
use crate::http::range;
use crate::http::request::Wire;
use crate::pdf::document;
use crate::pdf::stamp::stamped;
use crate::state::flow::Who;
use crate::state::links::{Refused, Target};

impl Service {
    /// Answers at a link, at this time.
    pub(crate) fn follow(&self, wire: &Wire, target: Target<'_>, now: Duration) -> Reply {
        let signing = matches!(target, Target::Signing(_));
        let allowed = match wire.method {
            Method::GET | Method::HEAD => true,
            Method::POST => signing,
            _ => false,
        };
        if !allowed {
            return self.refuse_link(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed");
        }
        let query = wire.uri.query().unwrap_or_default();
        let number = match self.links.check(target, query, now) {
            Ok(number) => number,
            Err(Refused::Expired) => {
                return self.refuse_link(StatusCode::FORBIDDEN, "RequestHasExpired");
            }
            Err(Refused::WrongKey) => {
                return self.refuse_link(StatusCode::FORBIDDEN, "AccessDenied");
            }
        };
        let served = match target {
            Target::Flow(id) => self.contract(wire, id, number),
            Target::Upload(id) => self.upload(wire, id),
            // Whoever looks at the head alone has not opened the page.
            Target::Signing(id) => {
                let party = number.checked_sub(1).filter(|_| wire.method != Method::HEAD);
                self.signing(id, party)
            }
        };
        served.unwrap_or_else(|| self.refuse_link(StatusCode::NOT_FOUND, "NoSuchKey"))
    }

    fn contract(&self, wire: &Wire, id: &str, signatures: usize) -> Option<Reply> {
        let flow = self.lock().state.flow(id).cloned()?;
        let file = match &flow.terms.file {
            Some(file) => stamped(file, &flow, signatures),
            None => document::contract(&flow, signatures, self.pdf_size).into(),
        };
        let signed: Vec<_> = flow.progress.iter().map(|party| party.signed_at).collect();
        let tag = tag((id, &flow.terms.name, flow.created, signed, signatures, file.len()));
        let reply = self.file(wire, "application/pdf", file, tag);
        if wire.method == Method::GET && reply.status == StatusCode::OK {
            *self.lock().stats.downloads.entry(id.to_owned()).or_default() += 1;
        }
        Some(reply)
    }

    fn upload(&self, wire: &Wire, id: &str) -> Option<Reply> {
        let (content_type, bytes) = {
            let shared = self.lock();
            let upload = shared.state.uploads.get(id, shared.now)?;
            (upload.format.content_type(), upload.bytes.clone())
        };
        Some(self.file(wire, content_type, bytes, tag(id)))
    }

    fn file(&self, wire: &Wire, content_type: &'static str, file: Bytes, tag: u64) -> Reply {
        let length = file.len();
        range::file(wire, content_type, file, tag).unwrap_or_else(|code| {
            let mut reply = self.refuse_link(StatusCode::RANGE_NOT_SATISFIABLE, code);
            let whole = HeaderValue::from_str(&format!("bytes */{length}"));
            reply.headers.extend(whole.ok().map(|value| (header::CONTENT_RANGE, value)));
            reply
        })
    }

    /// Signs for the party whose link it is, or shows how far the contract is.
    fn signing(&self, id: &str, party: Option<usize>) -> Option<Reply> {
        let mut shared = self.lock();
        let now = shared.now;
        shared.state.flow(id)?;
        if let Some(place) = party
            && let Err(refusal) = shared.state.sign(id, Who::At(place), now)
        {
            drop(shared);
            self.count_refusal(StatusCode::CONFLICT);
            return Some(Reply::text(StatusCode::CONFLICT, format!("{refusal}\n")));
        }
        let status = shared.state.flow(id)?.status(now).as_str();
        Some(Reply::json(&json!({ "flow": id, "party": party, "status": status })))
    }

    /// The way object stores refuse: a status and a page of XML.
    pub(crate) fn refuse_link(&self, status: StatusCode, code: &str) -> Reply {
        self.count_refusal(status);
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Error><Code>{code}</Code></Error>\n"
        );
        Reply::new(status, "application/xml", body)
    }

    fn count_refusal(&self, status: StatusCode) {
        *self.lock().stats.rejected.entry(status.as_str().to_owned()).or_default() += 1;
    }
}

/// The entity tag of a file: the same as long as all that its bytes depend on is.
fn tag(file: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    hasher.finish()
}
