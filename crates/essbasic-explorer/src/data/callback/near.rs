//! Causes of an invalid signature that a small change of the input reveals.

use std::time::SystemTime;

use essbasic_callback::{RefusalReason, Token};
use serde_json::Value;

use super::{Failure, Pasted, check_signature};

/// Returns the cause of an invalid signature, if a small change of the input makes it valid.
pub(super) fn explain(pasted: &Pasted, reason: RefusalReason, now: SystemTime) -> Option<Failure> {
    let signature = pasted.signature.as_deref()?.trim();
    match reason {
        RefusalReason::MalformedSignature => malformed(signature),
        RefusalReason::WrongToken => wrong(pasted, signature, now),
        _ => None,
    }
}

fn malformed(signature: &str) -> Option<Failure> {
    let (reason, hint) = match signature.strip_prefix("sha256=") {
        None => (
            "the signature does not begin with sha256=",
            "paste the whole value of Content-Signature",
        ),
        Some(digits)
            if digits.len() == 64 && digits.bytes().any(|byte| byte.is_ascii_uppercase()) =>
        {
            ("the signature has upper-case digits", "compare lower-case hex digits")
        }
        Some(digits) if digits.len() != 64 => (
            "the signature does not have 64 hex digits",
            "paste the whole value of Content-Signature",
        ),
        Some(_) => return None,
    };
    Some(Failure { reason: reason.to_owned(), hint: Some(hint.to_owned()) })
}

fn wrong(pasted: &Pasted, signature: &str, now: SystemTime) -> Option<Failure> {
    let matches = |token: Option<&str>, body: &str| {
        token.and_then(|token| Token::new(token).ok()).is_some_and(|token| {
            check_signature(token, Some(signature), body.as_bytes(), now).is_ok()
        })
    };
    let (body, token) = (pasted.body.as_str(), pasted.token.as_deref());
    let bytes = "verify the bytes as received, before any change";
    let failure = |reason: &str, hint: &str| {
        Some(Failure { reason: reason.to_owned(), hint: Some(hint.to_owned()) })
    };
    if matches(pasted.key.as_deref(), body) {
        return failure(
            "wrong token: the signature matches the CallbackKey as token",
            "enter the token as token, and the CallbackKey as key",
        );
    }
    if token != token.map(str::trim) && matches(token.map(str::trim), body) {
        return failure("wrong token: it has white space around it", "remove the white space");
    }
    let changed = [
        (body.trim().to_owned(), "the body has white space around it that was not signed"),
        (format!("{body}\n"), "the body lacks the line break at its end"),
        (body.replace('\n', "\r\n"), "the line breaks of the body were changed"),
        (compact(body), "the JSON of the body was serialized again"),
    ];
    let (_, reason) =
        changed.iter().find(|(changed, _)| changed != body && matches(token, changed))?;
    failure(reason, bytes)
}

/// Returns the JSON without white space; the text itself if it is malformed.
fn compact(body: &str) -> String {
    serde_json::from_str::<Value>(body).map_or_else(|_| body.to_owned(), |value| value.to_string())
}
