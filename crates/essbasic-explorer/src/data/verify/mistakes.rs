//! Common mistakes, which are tried one at a time.

use essbasic::models::CATALOGUE;
use tc3_signer::{Authorization, Explanation, Payload, Request};

use super::lines::Lines;
use super::{Departure, Part, as_signed, check};
use crate::data::bodies;
use crate::data::signature::{Key, Subject};

/// Maximum distance of a timestamp that is tried, in seconds.
const MAX_SECONDS: u64 = 5;

/// Returns the mistake with which the signature is valid.
pub(super) fn find(
    subject: &Subject<'_>,
    given: &Authorization<'_>,
    expected: &Explanation,
) -> Option<Departure> {
    let request = subject.request;
    let try_one = |changed: Subject<'_>, reason: &dyn Fn() -> String| {
        check(&changed, given).is_ok().then(|| departure(&changed, given, expected, reason()))
    };
    let try_request = |request: Request<'_>, reason: &dyn Fn() -> String| {
        try_one(Subject { request, ..*subject }, reason)
    };
    if let Key::Text(text) = subject.key
        && text.trim() != text
    {
        let trimmed = Key::Text(text.trim().to_owned());
        let changed = Subject { key: &trimmed, ..*subject };
        let reason = || "it is valid for the SecretKey without the spaces around it".to_owned();
        if let Some(found) = try_one(changed, &reason) {
            return Some(found);
        }
    }
    let empty = Key::Text(String::new());
    let reason = || "it was signed with an empty SecretKey".to_owned();
    if let Some(found) = try_one(Subject { key: &empty, ..*subject }, &reason) {
        return Some(found);
    }
    for (what, payload) in [
        ("an unsigned payload", Payload::Unsigned),
        ("the payload signed", Payload::Signed(subject.body)),
    ] {
        let changed = Request { payload, ..request };
        if let Some(found) = try_request(changed, &|| format!("it is valid for {what}")) {
            return Some(found);
        }
    }
    for (what, body) in bodies::variants(subject.body) {
        let changed = Request { payload: Payload::Signed(&body), ..request };
        if let Some(found) = try_request(changed, &|| format!("it is valid for {what}")) {
            return Some(found);
        }
    }
    for host in hosts(subject) {
        let reason = || format!("it is valid for the host {host} instead of {}", request.host);
        if let Some(found) = try_request(Request { host: &host, ..request }, &reason) {
            return Some(found);
        }
    }
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=utf-8",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "text/plain",
        "",
    ] {
        let reason = || {
            format!(
                "it is valid for the content type {content_type} instead of {}",
                request.content_type
            )
        };
        if let Some(found) = try_request(Request { content_type, ..request }, &reason) {
            return Some(found);
        }
    }
    for method in ["POST", "GET", "post", "get"] {
        let reason = || format!("it is valid for the method {method}");
        if let Some(found) = try_request(Request { method, ..request }, &reason) {
            return Some(found);
        }
    }
    for path in ["/", ""] {
        let reason = || format!("it is valid for the path {path} instead of {}", request.path);
        if let Some(found) = try_request(Request { path, ..request }, &reason) {
            return Some(found);
        }
    }
    let without_query = Request { query: "", ..request };
    if let Some(found) = try_request(without_query, &|| "it is valid without the query".to_owned())
    {
        return Some(found);
    }
    let seconds = (1..=MAX_SECONDS).flat_map(|by| {
        [subject.timestamp.saturating_sub(by), subject.timestamp.saturating_add(by)]
    });
    for timestamp in seconds {
        let reason = || {
            format!(
                "it is valid for the timestamp {timestamp} instead of {}: the clock was read twice",
                subject.timestamp
            )
        };
        if let Some(found) = try_one(Subject { timestamp, ..*subject }, &reason) {
            return Some(found);
        }
    }
    None
}

/// Returns hosts that may have been signed instead.
fn hosts(subject: &Subject<'_>) -> Vec<String> {
    let host = subject.request.host;
    let mut hosts: Vec<String> = Vec::new();
    hosts.extend(host.rsplit_once(':').map(|(bare, _)| bare.to_owned()));
    hosts.push(format!("{host}:443"));
    hosts.push(format!("{}.tencentcloudapi.com", subject.service));
    for region in ["ap-guangzhou", "ap-shanghai", "ap-beijing"] {
        hosts.push(format!("{}.{region}.tencentcloudapi.com", subject.service));
    }
    for action in CATALOGUE.actions {
        for host in [action.info.host, action.info.test_host].into_iter().flatten() {
            if !hosts.iter().any(|known| known == host) {
                hosts.push(host.to_owned());
            }
        }
    }
    hosts.retain(|other| other != host);
    hosts
}

/// Returns the difference of the texts that were signed.
fn departure(
    changed: &Subject<'_>,
    given: &Authorization<'_>,
    expected: &Explanation,
    reason: String,
) -> Departure {
    let departure = Departure::new(Part::Signature, reason);
    let Ok(signed) = as_signed(changed, given).explain() else { return departure };
    let found = Lines::of_canonical(&signed.canonical_request, &expected.canonical_request)
        .or_else(|| Lines::of_string_to_sign(&signed.string_to_sign, &expected.string_to_sign));
    Departure { difference: found.map(|lines| lines.difference), ..departure }
}
