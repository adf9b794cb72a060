//! Interceptors, with both clients. They are implemented outside the crate.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::Credential;
use tc3_client::transport::{Bytes, HeaderName, HeaderValue, StatusCode, header};
use tc3_client::{
    Config, Encapsulation, ErrorKind, FailedAttempt, Interceptor, RawResponse, RetryDecision,
    UnsignedRequest,
};

use crate::support::{Reply, config, run_fresh};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();
const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Adds a header and a field, and notes everything that it sees.
#[derive(Clone, Default)]
struct Tenant(Arc<Mutex<Vec<String>>>);

impl Interceptor for Tenant {
    fn before_signing(&self, request: &mut UnsignedRequest<'_>) -> Result {
        let mut body: Value = serde_json::from_slice(&request.body)?;
        body["Tenant"] = json!(request.attempt);
        request.body = body.to_string().into();
        request.headers.insert("x-tenant", HeaderValue::from(request.attempt));
        let mut seen = self.0.lock().unwrap();
        seen.push(format!("{request:?} {:?} {:?}", request.headers, request.body));
        Ok(())
    }

    fn before_decoding(&self, response: &mut RawResponse<'_>) -> Result {
        let mut seen = self.0.lock().unwrap();
        seen.push(format!("{response:?} {:?} {:?}", response.headers, response.body));
        if response.status == StatusCode::BAD_GATEWAY {
            response.status = StatusCode::OK;
            response.body = Bytes::from_static(br#"{"Response":{"Replaced":1,"RequestId":"r"}}"#);
        }
        Ok(())
    }
}

#[test]
fn each_attempt_is_changed_and_signed_again() {
    let tenant = Tenant::default();
    let secrets =
        || Config::new(Credential::new("AKID", "SECRETEXAMPLE").with_token("TOKENEXAMPLE"));
    let config = || secrets().with_jitter_seed(1).with_interceptor(tenant.clone());
    let replies = [Reply::error("InternalError"), Reply::text(502, "bad gateway")];
    let outcome = run_fresh(config, READ, 1, &replies);
    assert_eq!(outcome.results[0].as_ref().unwrap()["Replaced"], 1);
    let signatures: Vec<_> = outcome
        .requests
        .iter()
        .zip(["1", "2"])
        .map(|(request, number)| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(body, json!({"FlowIds": ["f"], "Tenant": number.parse::<u32>().unwrap()}));
            assert_eq!(request.headers["x-tenant"], number);
            request.headers["authorization"].to_str().unwrap()
        })
        .collect();
    assert_eq!(signatures.len(), 2);
    // The body is part of the signature.
    assert_ne!(signatures[0], signatures[1]);
    let seen = tenant.0.lock().unwrap();
    assert_eq!(seen.len(), 8);
    for text in seen.iter() {
        for secret in ["AKID", "SECRETEXAMPLE", "TOKENEXAMPLE", "authorization", "x-tc-token"] {
            assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{text}");
        }
    }
}

#[derive(Debug, PartialEq)]
struct Refusal(u32);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refusal {}", self.0)
    }
}

impl Error for Refusal {}

/// Refuses the requests after a number of attempts, or all responses.
#[derive(Clone, Copy)]
enum Refuse {
    RequestAfter(u32),
    Responses,
}

impl Interceptor for Refuse {
    fn before_signing(&self, request: &mut UnsignedRequest<'_>) -> Result {
        match *self {
            Self::RequestAfter(attempts) if request.attempt > attempts => {
                Err(Refusal(attempts).into())
            }
            _ => Ok(()),
        }
    }

    fn before_decoding(&self, _: &mut RawResponse<'_>) -> Result {
        match self {
            Self::Responses => Err(Refusal(9).into()),
            Self::RequestAfter(_) => Ok(()),
        }
    }
}

#[test]
fn an_interceptor_fails_a_call_with_its_own_error() {
    let lost = Reply::error("RequestLimitExceeded").with("x-tc-requestid", "r-1");
    // Interceptor, action, requests sent, error, whether it was sent, whether the outcome is unknown.
    for (refuse, info, sends, cause, was_sent, unknown) in [
        (Refuse::RequestAfter(0), READ, 0, 0, false, false),
        (Refuse::RequestAfter(0), CREATE, 0, 0, false, false),
        // The first attempt was throttled, so it was not executed.
        (Refuse::RequestAfter(1), CREATE, 1, 1, true, false),
        (Refuse::Responses, READ, 1, 9, true, false),
        (Refuse::Responses, CREATE, 1, 9, true, true),
    ] {
        let replies = [lost.clone(), lost.clone()];
        let outcome = run_fresh(|| config().with_interceptor(refuse), info, 1, &replies);
        let error = outcome.error();
        assert_eq!(outcome.sends(), sends, "{error}");
        assert_eq!(error.kind(), ErrorKind::Interceptor);
        assert_eq!(error.cause().unwrap().downcast_ref::<Refusal>(), Some(&Refusal(cause)));
        assert!(error.to_string().contains(&format!("refusal {cause}")), "{error}");
        assert_eq!((error.was_sent(), error.is_outcome_unknown()), (was_sent, unknown), "{error}");
        assert!(!error.is_retryable());
        let id = (cause == 9).then_some("r-1");
        assert_eq!(error.request_id(), id);
    }
}

struct Header(HeaderName);

impl Interceptor for Header {
    fn before_signing(&self, request: &mut UnsignedRequest<'_>) -> Result {
        request.headers.append(&self.0, HeaderValue::from_static("a"));
        request.headers.append(&self.0, HeaderValue::from_static("b"));
        Ok(())
    }
}

#[test]
fn headers_of_the_client_cannot_be_set() {
    for name in [
        header::HOST,
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::ACCEPT_ENCODING,
        header::USER_AGENT,
        header::AUTHORIZATION,
        HeaderName::from_static("x-tc-action"),
        HeaderName::from_static("x-tc-token"),
        HeaderName::from_static("x-tc-unknown"),
    ] {
        let config = || config().with_interceptor(Header(name.clone()));
        let outcome = run_fresh(config, READ, 1, &[]);
        assert_eq!((outcome.sends(), outcome.error().kind()), (0, ErrorKind::Request), "{name}");
        assert!(outcome.error().to_string().contains(name.as_str()));
    }
    for name in [header::COOKIE, HeaderName::from_static("traceparent")] {
        let config = || config().with_interceptor(Header(name.clone()));
        let outcome = run_fresh(config, READ, 1, &[]);
        let values = outcome.requests[0].headers.get_all(&name);
        assert_eq!(values.iter().collect::<Vec<_>>(), ["a", "b"], "{name}");
    }
}

/// Appends its name.
#[derive(Clone, Copy)]
struct Named(&'static str);

impl Interceptor for Named {
    fn before_signing(&self, request: &mut UnsignedRequest<'_>) -> Result {
        let mut body: Value = serde_json::from_slice(&request.body)?;
        let names = body["Names"].as_str().unwrap_or_default();
        body["Names"] = json!(format!("{names}{}", self.0));
        request.body = body.to_string().into();
        Ok(())
    }

    fn before_decoding(&self, response: &mut RawResponse<'_>) -> Result {
        let mut body: Value = serde_json::from_slice(&response.body)?;
        let names = body["Response"]["Names"].as_str().unwrap_or_default();
        body["Response"]["Names"] = json!(format!("{names}{}", self.0));
        response.body = body.to_string().into();
        Ok(())
    }
}

/// Writes a body in reverse order of its bytes.
struct Reversed;

impl Encapsulation for Reversed {
    fn outer_action(&self) -> ActionInfo<'static> {
        ActionInfo::new("essbasic", "2021-05-26", "Encapsulate")
    }

    fn seal(&self, _: &str, body: &[u8]) -> Result<Vec<u8>> {
        Ok(body.iter().rev().copied().collect())
    }

    fn open(&self, response: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(Some(response.iter().rev().copied().collect()))
    }
}

#[test]
fn interceptors_are_layers_within_the_encapsulation() {
    let reversed = |text: &str| text.bytes().rev().map(char::from).collect::<String>();
    let body = r#"{"Response":{"RequestId":"r"}}"#;
    let layers = || {
        let shared: Arc<dyn Interceptor> = Arc::new(Named("2"));
        config().with_interceptor(Named("1")).with_interceptor(shared)
    };
    for is_encapsulated in [false, true] {
        let config = || match is_encapsulated {
            true => layers().with_encapsulation(Reversed),
            false => layers(),
        };
        let response = if is_encapsulated { reversed(body) } else { body.to_owned() };
        let outcome = run_fresh(config, READ, 1, &[Reply::text(200, response)]);
        assert_eq!(outcome.results[0].as_ref().unwrap()["Names"], "21");
        let sent = String::from_utf8(outcome.requests[0].body.to_vec()).unwrap();
        let sent = if is_encapsulated { reversed(&sent) } else { sent };
        assert_eq!(sent, r#"{"FlowIds":["f"],"Names":"12"}"#);
    }
}

/// Fails each response.
struct Rejects;

impl Interceptor for Rejects {
    fn before_decoding(&self, _: &mut RawResponse<'_>) -> Result {
        Err("rejected".into())
    }
}

#[test]
fn a_classifier_does_not_retry_the_error_of_an_interceptor() {
    let config = || {
        config()
            .with_interceptor(Rejects)
            .with_retry_classifier(|_: &FailedAttempt<'_>| RetryDecision::IfIdempotent)
    };
    let outcome = run_fresh(config, READ, 1, &[]);
    assert_eq!((outcome.sends(), outcome.error().kind()), (1, ErrorKind::Interceptor));
}
