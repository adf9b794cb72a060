//! Comparison of a signature with a request: the first difference and its reason.

mod lines;
mod mistakes;

use std::fmt;

use serde::{Deserialize, Serialize};
use tc3_signer::{
    Authorization, Date, Explanation, MAX_SKEW_SECONDS, Payload, Received, Request, VerifyError,
};

use super::bodies;
use super::signature::{
    Key, Keys, Missing, Parts, SignFailure, SignRequest, Signature, Subject, keys,
};
use lines::Lines;

/// A request with the values of another implementation.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct VerifyRequest {
    /// The request.
    #[serde(flatten)]
    pub request: SignRequest,
    /// The `Authorization` header, as its value or as a whole line.
    pub authorization: Option<String>,
    /// The canonical request of the other implementation.
    pub canonical_request: Option<String>,
    /// The string to sign of the other implementation.
    pub string_to_sign: Option<String>,
}

impl fmt::Debug for VerifyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyRequest").field("request", &self.request).finish_non_exhaustive()
    }
}

/// The first value that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// The form of the header.
    Form,
    /// The SecretId.
    SecretId,
    /// The date of the credential scope.
    Date,
    /// The service of the credential scope.
    Service,
    /// The signed headers.
    SignedHeaders,
    /// The signature.
    Signature,
    /// The canonical request.
    CanonicalRequest,
    /// The string to sign.
    StringToSign,
}

/// Two values that differ.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// Line of the canonical request or of the string to sign, from 1; `None` for a part of the header.
    pub line: Option<usize>,
    /// The other implementation's value; empty if the line is missing.
    pub given: String,
    /// The expected value; empty if the line is one too many.
    pub expected: String,
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Difference").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// True if the signature is that of the request.
    pub matches: bool,
    /// The first value that differs.
    pub departs: Option<Part>,
    /// Reason of the difference.
    pub reason: Option<String>,
    /// Fix of the difference; of a signature that matches, a warning that it has expired.
    pub hint: Option<String>,
    /// The values that differ.
    pub difference: Option<Difference>,
    /// Expected values.
    #[serde(flatten)]
    pub expected: Signature,
}

/// A difference with its reason.
struct Departure {
    part: Part,
    reason: String,
    hint: Option<&'static str>,
    difference: Option<Difference>,
}

impl Departure {
    fn new(part: Part, reason: impl Into<String>) -> Self {
        Self { part, reason: reason.into(), hint: None, difference: None }
    }

    fn of_header(part: Part, name: &str, given: &str, expected: &str) -> Self {
        let difference =
            Difference { line: None, given: given.to_owned(), expected: expected.to_owned() };
        let reason = format!("the {name} is {given}, expected {expected}");
        Self { difference: Some(difference), ..Self::new(part, reason) }
    }
}

/// Compares a signature with a request, and with the session's keys if the request has none. `now` is in seconds since
/// the Unix epoch.
///
/// The date, service and key are compared with those of the header; a wrong signature is compared with those of common
/// mistakes. If the canonical request or the string to sign of the other implementation is given, its first different
/// line is found.
///
/// # Errors
/// Returns [`SignFailure`] if there are no keys, if a part of the request is missing, or if it cannot be signed.
pub fn verify(
    request: &VerifyRequest,
    session: Option<&Keys>,
    now: u64,
) -> Result<Verdict, SignFailure> {
    let keys = keys(&request.request, session)?;
    let header = request.authorization.as_deref().map(value).filter(|header| !header.is_empty());
    check_complete(request, header)?;
    let parts = Parts::new(&request.request);
    let timestamp = request.request.timestamp.unwrap_or(now);
    let subject = Subject::new(&request.request, &parts, &keys, timestamp);
    let own = Own {
        canonical_request: request.canonical_request.as_deref(),
        string_to_sign: request.string_to_sign.as_deref(),
    };
    let (departure, expected) = match header.map(Authorization::parse) {
        None => {
            let expected = subject.explain()?;
            (own.departure(&subject, &expected), expected)
        }
        Some(Err(malformed)) => {
            let departure = Departure::new(Part::Form, malformed.to_string());
            (Some(Departure { hint: malformed.hint(), ..departure }), subject.explain()?)
        }
        Some(Ok(given)) => {
            let expected = as_signed(&subject, &given).explain()?;
            (departure(&subject, &given, &expected, &own), expected)
        }
    };
    let expired = || {
        let seconds = timestamp.abs_diff(now);
        let is_expired = request.request.timestamp.is_some() && seconds > MAX_SKEW_SECONDS;
        is_expired.then(|| {
            format!(
                "the timestamp differs from this machine's clock by {seconds} seconds; the service accepts {MAX_SKEW_SECONDS}"
            )
        })
    };
    let matches = departure.is_none();
    let (departs, reason, hint, difference) = match departure {
        None => (None, None, expired(), None),
        Some(Departure { part, reason, hint, difference }) => {
            (Some(part), Some(reason), hint.map(str::to_owned), difference)
        }
    };
    let expected = keys.shown(&expected);
    Ok(Verdict { matches, departs, reason, hint, difference, expected })
}

/// Returns an error that names the parts without which the signature cannot be compared.
fn check_complete(request: &VerifyRequest, header: Option<&str>) -> Result<(), SignFailure> {
    let has_own = request.canonical_request.is_some() || request.string_to_sign.is_some();
    let given = header.and_then(|header| Authorization::parse(header).ok());
    let SignRequest { timestamp, action, .. } = &request.request;
    let lacks_action = action.as_ref().is_none_or(|action| action.is_empty());
    let missing = [
        (header.is_none() && !has_own, Missing::Authorization),
        (timestamp.is_none(), Missing::Timestamp),
        (lacks_action && given.is_some_and(|given| signs_action(&given)), Missing::Action),
    ];
    let missing: Vec<Missing> =
        missing.into_iter().filter_map(|(is_missing, part)| is_missing.then_some(part)).collect();
    if missing.is_empty() { Ok(()) } else { Err(SignFailure::Missing(missing)) }
}

/// Returns the value of a header, which may be given as a whole line.
fn value(header: &str) -> &str {
    let header = header.trim();
    match header.split_once(':') {
        Some((name, value)) if name.eq_ignore_ascii_case("authorization") => value.trim(),
        _ => header,
    }
}

fn signs_action(given: &Authorization<'_>) -> bool {
    given.signed_headers().any(|name| name == "x-tc-action")
}

/// Returns the request with the known headers that the given signature covers.
fn as_signed<'a>(subject: &Subject<'a>, given: &Authorization<'_>) -> Subject<'a> {
    let action = subject.action.filter(|_| signs_action(given));
    Subject { request: Request { action, ..subject.request }, ..*subject }
}

/// The values of the other implementation.
struct Own<'a> {
    canonical_request: Option<&'a str>,
    string_to_sign: Option<&'a str>,
}

impl Own<'_> {
    /// Returns the first difference of the canonical request, and else of the string to sign.
    fn departure(&self, subject: &Subject<'_>, expected: &Explanation) -> Option<Departure> {
        let canonical = self.canonical_request.and_then(|given| {
            let found = Lines::of_canonical(given, &expected.canonical_request)?;
            let reason = match found.is_payload() {
                true => bodies::of_hash(subject.body, &found.difference.given),
                false => None,
            };
            Some(found.departure(Part::CanonicalRequest, reason))
        });
        canonical.or_else(|| {
            let given = self.string_to_sign?;
            let found = Lines::of_string_to_sign(given, &expected.string_to_sign)?;
            Some(found.departure(Part::StringToSign, None))
        })
    }

    fn is_complete(&self) -> bool {
        self.canonical_request.is_some() && self.string_to_sign.is_some()
    }
}

fn departure(
    subject: &Subject<'_>,
    given: &Authorization<'_>,
    expected: &Explanation,
    own: &Own<'_>,
) -> Option<Departure> {
    if given.secret_id != subject.secret_id {
        return Some(Departure::of_header(
            Part::SecretId,
            "SecretId",
            given.secret_id,
            subject.secret_id,
        ));
    }
    if let Some(date) = Date::of(subject.timestamp).filter(|date| date.as_str() != given.date) {
        return Some(of_date(subject, given, date));
    }
    if given.service != subject.service {
        return Some(Departure::of_header(
            Part::Service,
            "service",
            given.service,
            subject.service,
        ));
    }
    let error = check(subject, given).err()?;
    let departure = Departure::new(Part::SignedHeaders, error.to_string());
    Some(match error {
        VerifyError::Mismatch => own.departure(subject, expected).unwrap_or_else(|| {
            mistakes::find(subject, given, expected).unwrap_or_else(|| unknown(own))
        }),
        VerifyError::Expired | VerifyError::Date => {
            Departure { part: Part::Date, hint: error.hint(), ..departure }
        }
        _ => {
            let names: Vec<&str> = given.signed_headers().collect();
            let expected = expected.authorization.split("SignedHeaders=").nth(1);
            let expected = expected.and_then(|rest| rest.split(',').next()).unwrap_or_default();
            let difference =
                Difference { line: None, given: names.join(";"), expected: expected.to_owned() };
            Departure { difference: Some(difference), hint: error.hint(), ..departure }
        }
    })
}

fn unknown(own: &Own<'_>) -> Departure {
    const HINT: &str = "compare the canonical request with the one that was signed";
    let reason = match own.is_complete() {
        true => {
            "the canonical request and the string to sign are right: another SecretKey was used, or the key is derived \
             in another way"
        }
        false => {
            "another SecretKey, body, path, query, host, content type, method or timestamp was signed; compare the \
             canonical request"
        }
    };
    let hint = (!own.is_complete()).then_some(HINT);
    Departure { hint, ..Departure::new(Part::Signature, reason) }
}

/// Returns the difference of the date, with the time zone in which it is the day of the timestamp.
fn of_date(subject: &Subject<'_>, given: &Authorization<'_>, date: Date) -> Departure {
    const HOUR: u64 = 3600;
    let mut departure = Departure::of_header(Part::Date, "date", given.date, date.as_str());
    departure.reason.push_str(": the UTC day of the timestamp");
    let is_day = |timestamp: u64| Date::of(timestamp).is_some_and(|day| day.as_str() == given.date);
    if is_day(subject.timestamp + 8 * HOUR) {
        departure.reason.push_str("; the given date is the day in China, at UTC+8");
    } else if (1..=12).any(|hours| is_day(subject.timestamp.saturating_sub(hours * HOUR)))
        || (9..=14).any(|hours| is_day(subject.timestamp + hours * HOUR))
    {
        departure.reason.push_str("; the given date is the day in another time zone");
    } else {
        departure.reason.push_str("; the header is that of another day's request");
    }
    Departure { hint: VerifyError::Date.hint(), ..departure }
}

/// Verifies the signature as a server would that receives the request in time.
fn check(subject: &Subject<'_>, given: &Authorization<'_>) -> Result<(), VerifyError> {
    let request = &subject.request;
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
    let verify = |key: &str| tc3_signer::verify(given, key, &received, subject.timestamp);
    match subject.key {
        Key::Text(secret_key) => verify(secret_key),
        // Without the key, the parts of the header are verified, and the signatures are compared.
        Key::Credential(_) => match verify("") {
            // Without an error, it was signed with an empty key, which is not that of the credential.
            Ok(()) | Err(VerifyError::Mismatch) => {
                let unsigned = [("x-tc-content-sha256", tc3_signer::UNSIGNED_PAYLOAD)];
                let is_signed = given.signed_headers().any(|name| name == "x-tc-content-sha256");
                let mut signed = as_signed(subject, given);
                if is_signed {
                    signed.request.extra = &unsigned;
                }
                let matches = signed.explain().is_ok_and(|own| own.signature == given.signature);
                if matches { Ok(()) } else { Err(VerifyError::Mismatch) }
            }
            error => error,
        },
    }
}

#[cfg(test)]
mod tests;
