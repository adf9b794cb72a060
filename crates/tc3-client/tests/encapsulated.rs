//! Calls carried inside another action, the same with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[allow(dead_code, reason = "each test file uses its part of it")]
mod support;

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use support::{Reply, config, run_fresh};
use tc3_client::api::ActionInfo;
use tc3_client::{Encapsulation, ErrorKind};

const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");
const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

/// Numbers what it seals, and opens what carries something.
#[derive(Default)]
struct Numbering(AtomicUsize);

impl Encapsulation for Numbering {
    fn outer_action(&self) -> ActionInfo<'static> {
        ActionInfo::new("essbasic", "2021-05-26", "Carry").with_host("carrier.example")
    }

    fn seal(&self, action: &str, body: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let body: Value = serde_json::from_slice(body)?;
        if action == "Unsealable" {
            return Err("no key".into());
        }
        Ok(json!({"Number": number, "Action": action, "Body": body}).to_string().into_bytes())
    }

    fn open(&self, answer: &[u8]) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return Ok(None) };
        match &answer["Response"]["Carried"] {
            Value::Null => Ok(None),
            Value::String(_) => Err("tampered with".into()),
            carried => Ok(Some(carried.to_string().into_bytes())),
        }
    }
}

fn carrying(response: Value) -> Reply {
    Reply::json(200, json!({"Response": {"Carried": {"Response": response}, "RequestId": "outer"}}))
}

fn run(info: ActionInfo<'_>, replies: &[Reply]) -> support::Outcome {
    run_fresh(|| config().with_encapsulation(Numbering::default()), info, 1, replies)
}

#[test]
fn the_carrier_goes_over_the_wire_and_what_it_carries_comes_back() {
    let outcome = run(READ, &[carrying(json!({"Done": 7, "RequestId": "inner"}))]);
    assert_eq!(outcome.results[0].as_ref().unwrap(), &json!({"Done": 7, "RequestId": "inner"}));
    let request = &outcome.requests[0];
    assert_eq!(request.uri, "https://carrier.example/");
    assert_eq!(request.headers["x-tc-action"], "Carry");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["Action"], "DescribeFlows");
    assert_eq!(body["Body"], json!({"FlowIds": ["f"]}));
}

#[test]
fn carried_errors_are_errors_and_judged_by_the_action_carried() {
    let internal =
        || carrying(json!({"Error": {"Code": "InternalError", "Message": "m"}, "RequestId": "r"}));
    let done = || carrying(json!({"Done": true, "RequestId": "r"}));
    let outcome = run(READ, &[internal(), done()]);
    assert!(outcome.results[0].is_ok());
    let sealed: Vec<Value> = outcome
        .requests
        .iter()
        .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap()["Number"].clone())
        .collect();
    assert_eq!(sealed, [0, 1], "each attempt is sealed afresh");

    let outcome = run(CREATE, &[internal(), done()]);
    let error = outcome.error();
    assert_eq!(
        (error.code(), error.action(), error.attempts()),
        ("InternalError", "CreateFlow", 1)
    );
    assert_eq!(error.request_id(), Some("r"));
}

#[test]
fn the_carriers_own_errors_are_told_as_they_are() {
    let outcome = run(READ, &[Reply::error("UnauthorizedOperation")]);
    assert_eq!((outcome.error().code(), outcome.sends()), ("UnauthorizedOperation", 1));
    let outcome = run(READ, &vec![Reply::text(502, "<h1>Bad Gateway</h1>"); 9]);
    assert_eq!((outcome.error().kind(), outcome.error().status()), (ErrorKind::Status, Some(502)));
    assert!(outcome.sends() > 1);
}

#[test]
fn an_answer_that_cannot_be_trusted_ends_the_call() {
    let tampered = Reply::json(200, json!({"Response": {"Carried": "x", "RequestId": "outer"}}));
    let outcome = run(READ, &[tampered]);
    let error = outcome.error();
    assert_eq!((error.kind(), outcome.sends()), (ErrorKind::Decode, 1));
    assert!(error.to_string().contains("tampered with") && !error.is_retryable(), "{error}");
    assert_eq!((error.request_id(), error.was_sent()), (Some("outer"), true));
}

#[test]
fn what_cannot_be_sealed_is_not_sent() {
    let outcome = run(ActionInfo::new("essbasic", "2021-05-26", "Unsealable"), &[]);
    let error = outcome.error();
    assert_eq!((error.kind(), outcome.sends(), error.was_sent()), (ErrorKind::Request, 0, false));
    assert!(error.to_string().contains("no key"), "{error}");
}

#[test]
fn the_carrier_itself_and_other_services_go_out_as_they_are() {
    for info in
        [Numbering::default().outer_action(), ActionInfo::new("cvm", "2017-03-12", "Describe")]
    {
        let outcome = run(info, &[Reply::ok()]);
        assert!(outcome.results[0].is_ok());
        assert_eq!(outcome.requests[0].headers["x-tc-action"], info.name);
        assert_eq!(outcome.requests[0].body, r#"{"FlowIds":["f"]}"#);
    }
}
