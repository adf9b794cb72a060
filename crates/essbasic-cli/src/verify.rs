//! `essbasic sign --verify`: compares an Authorization header with a request.

use serde::Serialize;
use tc3_signer::{Authorization, Date, Payload, Received, Request, VerifyError, verify};

use crate::failure::{Exit, Failure};
use crate::output;
use crate::signature::{Signed, Subject};

/// The part of the header that differs.
#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Part {
    Form,
    SecretId,
    Date,
    Service,
    SignedHeaders,
    Signature,
}

#[derive(Serialize)]
struct Verdict<'a> {
    matches: bool,
    departs: Option<Part>,
    reason: Option<String>,
    /// Expected values, for comparison.
    #[serde(flatten)]
    expected: Signed<'a>,
}

/// Returns an error that names the options without which the signature cannot be checked.
pub(crate) fn check_complete(
    timestamp: Option<u64>,
    action: Option<&str>,
    header: &str,
) -> Result<(), Failure> {
    let given = Authorization::parse(value(header));
    let signs_action = given.is_ok_and(|given| signs_action(&given));
    let missing = [
        (timestamp.is_none(), "--timestamp, the header X-TC-Timestamp"),
        (action.is_none() && signs_action, "--action, the header X-TC-Action"),
    ];
    let missing: Vec<&str> =
        missing.into_iter().filter_map(|(is_missing, name)| is_missing.then_some(name)).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "--verify needs further parts of the request; give {}",
            missing.join(", and ")
        ))),
    }
}

/// Returns the value of a header, which may be given as a whole line.
fn value(header: &str) -> &str {
    let header = header.trim();
    match header.split_once(':') {
        Some((name, value)) if name.eq_ignore_ascii_case("authorization") => value,
        _ => header,
    }
}

fn signs_action(given: &Authorization<'_>) -> bool {
    given.signed_headers().any(|name| name == "x-tc-action")
}

pub(crate) fn run(subject: &Subject<'_>, header: &str) -> Result<Exit, Failure> {
    let (departure, expected) = match Authorization::parse(value(header)) {
        Err(malformed) => (Some((Part::Form, malformed.to_string())), subject.explain()?),
        Ok(given) => (departure(subject, &given), as_signed(subject, &given).explain()?),
    };
    let (departs, reason) = departure.unzip();
    let matches = departs.is_none();
    output::json(&Verdict { matches, departs, reason, expected: Signed::from(&expected) })?;
    Ok(Exit::when_complete(matches))
}

/// Returns the request with the known headers that the given signature covers.
fn as_signed<'a>(subject: &Subject<'a>, given: &Authorization<'_>) -> Subject<'a> {
    let action = subject.action.filter(|_| signs_action(given));
    Subject { request: Request { action, ..subject.request }, ..*subject }
}

fn departure(subject: &Subject<'_>, given: &Authorization<'_>) -> Option<(Part, String)> {
    let differs = |what: &str, given: &str, expected: &str| {
        format!("the {what} is {given}, expected {expected}")
    };
    if given.secret_id != subject.secret_id {
        return Some((Part::SecretId, differs("SecretId", given.secret_id, subject.secret_id)));
    }
    if let Some(date) = Date::of(subject.timestamp).filter(|date| date.as_str() != given.date) {
        let why = differs("date", given.date, date.as_str());
        return Some((Part::Date, format!("{why}: the UTC day of the timestamp")));
    }
    if given.service != subject.service {
        return Some((Part::Service, differs("service", given.service, subject.service)));
    }
    let error = check(subject, given, subject.secret_key, &subject.request).err()?;
    Some(match error {
        VerifyError::Mismatch => (Part::Signature, mismatch(subject, given)),
        VerifyError::Expired | VerifyError::Date => (Part::Date, error.to_string()),
        _ => (Part::SignedHeaders, error.to_string()),
    })
}

fn check(
    subject: &Subject<'_>,
    given: &Authorization<'_>,
    secret_key: &str,
    request: &Request<'_>,
) -> Result<(), VerifyError> {
    let header = |name: &str| match name {
        "content-type" => Some(request.content_type),
        "host" => Some(request.host),
        "x-tc-action" => subject.action,
        "x-tc-content-sha256" if matches!(request.payload, Payload::Unsigned) => {
            Some(tc3_signer::UNSIGNED_PAYLOAD)
        }
        _ => None,
    };
    let received = Received {
        method: request.method,
        path: request.path,
        query: request.query,
        header: &header,
        payload: request.payload,
        timestamp: subject.timestamp,
    };
    verify(given, secret_key, &received, subject.timestamp)
}

/// Tries common mistakes, one at a time.
fn mismatch(subject: &Subject<'_>, given: &Authorization<'_>) -> String {
    let request = subject.request;
    let holds = |request: &Request<'_>| check(subject, given, subject.secret_key, request).is_ok();
    let key = subject.secret_key.trim();
    if key != subject.secret_key && check(subject, given, key, &request).is_ok() {
        return "it is valid for the SecretKey without the spaces around it".to_owned();
    }
    let mut payloads = vec![
        ("an unsigned payload", Payload::Unsigned),
        ("the payload signed", Payload::Signed(subject.body)),
        ("an empty payload", Payload::Signed(b"")),
        (
            "the payload without the white space around it",
            Payload::Signed(subject.body.trim_ascii()),
        ),
    ];
    let with_line_end = [subject.body, b"\n"].concat();
    payloads.push(("the payload and a line end", Payload::Signed(&with_line_end)));
    for (what, payload) in payloads {
        if holds(&Request { payload, ..request }) {
            return format!("it is valid for {what}");
        }
    }
    let bare = request.host.rsplit_once(':').map(|(host, _)| host);
    let default_port = format!("{}:443", request.host);
    let own = format!("{}.tencentcloudapi.com", subject.service);
    for host in bare.into_iter().chain([&*default_port, &*own]) {
        if holds(&Request { host, ..request }) {
            return format!("it is valid for the host {host} instead of {}", request.host);
        }
    }
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
    ] {
        if holds(&Request { content_type, ..request }) {
            return format!(
                "it is valid for the content type {content_type} instead of {}",
                request.content_type
            );
        }
    }
    for method in ["POST", "GET"] {
        if holds(&Request { method, ..request }) {
            return format!("it is valid for the method {method}");
        }
    }
    if holds(&Request { path: "/", ..request }) {
        return format!("it is valid for the path / instead of {}", request.path);
    }
    "another SecretKey, body, path, query, host, content type, method or timestamp was signed; compare the \
     canonical request"
        .to_owned()
}
