//! Calls that are encapsulated in an outer action, with both drivers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::{Encapsulation, ErrorKind};

use crate::support::{self, Reply, config, run_fresh};

const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");
const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

/// An encapsulation that numbers the requests.
#[derive(Default)]
struct Numbering(AtomicUsize);

impl Encapsulation for Numbering {
    fn outer_action(&self) -> ActionInfo<'static> {
        ActionInfo::new("essbasic", "2021-05-26", "Encapsulate").with_host("outer.example")
    }

    fn seal(&self, action: &str, body: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let body: Value = serde_json::from_slice(body)?;
        if action == "Unsealable" {
            return Err("no key".into());
        }
        Ok(json!({"Number": number, "Action": action, "Body": body}).to_string().into_bytes())
    }

    fn open(&self, response: &[u8]) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
        let Ok(response) = serde_json::from_slice::<Value>(response) else { return Ok(None) };
        match &response["Response"]["Inner"] {
            Value::Null => Ok(None),
            Value::String(_) => Err("tampered with".into()),
            inner => Ok(Some(inner.to_string().into_bytes())),
        }
    }
}

fn encapsulated(response: Value) -> Reply {
    Reply::json(200, json!({"Response": {"Inner": {"Response": response}, "RequestId": "outer"}}))
}

fn run(info: ActionInfo<'_>, replies: &[Reply]) -> support::Outcome {
    run_fresh(|| config().with_encapsulation(Numbering::default()), info, 1, replies)
}

#[test]
fn sends_the_outer_action_and_returns_the_inner_response() {
    let outcome = run(READ, &[encapsulated(json!({"Done": 7, "RequestId": "inner"}))]);
    assert_eq!(outcome.results[0].as_ref().unwrap(), &json!({"Done": 7, "RequestId": "inner"}));
    let request = &outcome.requests[0];
    assert_eq!(request.uri, "https://outer.example/");
    assert_eq!(request.headers["x-tc-action"], "Encapsulate");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["Action"], "DescribeFlows");
    assert_eq!(body["Body"], json!({"FlowIds": ["f"]}));
}

#[test]
fn retries_inner_errors_by_the_rules_of_the_inner_action() {
    let internal = || {
        encapsulated(json!({"Error": {"Code": "InternalError", "Message": "m"}, "RequestId": "r"}))
    };
    let done = || encapsulated(json!({"Done": true, "RequestId": "r"}));
    let outcome = run(READ, &[internal(), done()]);
    assert!(outcome.results[0].is_ok());
    let sealed: Vec<Value> = outcome
        .requests
        .iter()
        .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap()["Number"].clone())
        .collect();
    assert_eq!(sealed, [0, 1], "each attempt is sealed again");

    let outcome = run(CREATE, &[internal(), done()]);
    let error = outcome.error();
    assert_eq!(
        (error.code(), error.action(), error.attempts()),
        ("InternalError", "CreateFlow", 1)
    );
    assert_eq!(error.request_id(), Some("r"));
}

#[test]
fn reports_errors_of_the_outer_action() {
    let outcome = run(READ, &[Reply::error("UnauthorizedOperation")]);
    assert_eq!((outcome.error().code(), outcome.sends()), ("UnauthorizedOperation", 1));
    let outcome = run(READ, &vec![Reply::text(502, "<h1>Bad Gateway</h1>"); 9]);
    assert_eq!((outcome.error().kind(), outcome.error().status()), (ErrorKind::Status, Some(502)));
    assert!(outcome.sends() > 1);
}

#[test]
fn a_response_that_fails_authentication_ends_the_call() {
    let tampered = Reply::json(200, json!({"Response": {"Inner": "x", "RequestId": "outer"}}));
    let outcome = run(READ, &[tampered]);
    let error = outcome.error();
    assert_eq!((error.kind(), outcome.sends()), (ErrorKind::Decode, 1));
    assert!(error.to_string().contains("tampered with") && !error.is_retryable(), "{error}");
    assert_eq!((error.request_id(), error.was_sent()), (Some("outer"), true));
}

#[test]
fn does_not_send_a_request_that_cannot_be_sealed() {
    let outcome = run(ActionInfo::new("essbasic", "2021-05-26", "Unsealable"), &[]);
    let error = outcome.error();
    assert_eq!((error.kind(), outcome.sends(), error.was_sent()), (ErrorKind::Request, 0, false));
    assert!(error.to_string().contains("no key"), "{error}");
}

#[test]
fn does_not_encapsulate_the_outer_action_or_other_services() {
    for info in
        [Numbering::default().outer_action(), ActionInfo::new("cvm", "2017-03-12", "Describe")]
    {
        let outcome = run(info, &[Reply::ok()]);
        assert!(outcome.results[0].is_ok());
        assert_eq!(outcome.requests[0].headers["x-tc-action"], info.name);
        assert_eq!(outcome.requests[0].body, r#"{"FlowIds":["f"]}"#);
    }
}
