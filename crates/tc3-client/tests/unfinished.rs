//! Calls that end after a failed attempt and before its retry, with both clients.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode, TransportError,
    TransportErrorKind,
};
use tc3_client::{Client, Config, Error, RateLimit, RetryPolicy, Stop, blocking};

use crate::support::{Reply, Simulation, config, run};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();
const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");

fn respond(status: u16) -> Response<Bytes> {
    let body = Bytes::from_static(br#"{"Response":{"RequestId":"x"}}"#);
    Response { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body }
}

/// Makes a call whose first response, with this status, comes with a stop. Returns the results of both clients.
fn stopped(
    config: impl Fn() -> Config,
    info: ActionInfo<'_>,
    status: u16,
) -> [Result<Option<Value>, Error>; 2] {
    let body = json!({});
    let stop = Stop::default();
    let handle = stop.clone();
    let transport = move |_: Request| -> Result<Response<BlockingBody>, TransportError> {
        handle.stop();
        Ok(respond(status).map(BlockingBody::from))
    };
    let simulation = Simulation::default();
    let config = || config().with_clock(simulation.clone());
    let client = blocking::Client::with_transport(config(), transport).unwrap();
    let blocking = client.call_json_cancellable(info, &body, &stop);

    let stop = Stop::default();
    let handle = stop.clone();
    let transport = move |_: Request| {
        handle.stop();
        std::future::ready(Ok::<_, TransportError>(respond(status).map(AsyncBody::from)))
    };
    let client = Client::with_transport(config(), transport).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asynchronous = runtime.block_on(client.call_json_cancellable(info, &body, &stop));
    [blocking, asynchronous]
}

#[test]
fn a_call_without_time_for_a_retry_fails_with_the_last_error() {
    let retry = RetryPolicy::default().with_base_delay(Duration::from_millis(1));
    let second = || {
        let timeout = Some(Duration::from_secs(1));
        config().with_retry(retry).with_rate_limit(RateLimit::Fixed(1)).with_timeout(timeout)
    };
    let cases = [
        (READ, Reply::error("InternalError"), "InternalError", Some("r-error")),
        (CREATE, Reply::Fail(TransportErrorKind::Connect), "connect", None),
    ];
    for (info, reply, error_type, request_id) in cases {
        let outcome = run(second(), info, &[reply]);
        let error = outcome.error();
        assert_eq!((error.error_type(), error.request_id()), (error_type, request_id));
        assert_eq!((error.attempts(), outcome.sends()), (1, 1), "{error}");
        assert!(error.is_retryable() && !error.is_outcome_unknown(), "{error}");
    }
}

#[test]
fn a_cancelled_call_has_no_value_of_a_rejected_attempt() {
    for (info, status) in [(READ, 429), (CREATE, 429), (READ, 503), (READ, 500)] {
        for result in stopped(config, info, status) {
            assert_eq!(result.unwrap(), None, "{} {status}", info.name);
        }
    }
    for result in stopped(config, READ, 200) {
        assert_eq!(result.unwrap(), Some(json!({"RequestId": "x"})));
    }
}

#[test]
fn a_retry_that_is_not_sent_costs_no_budget() {
    // The budget of a client allows one retry.
    let base = config().with_rate_limit(RateLimit::Off).with_retry_budget(Some(5));
    let body = json!({});
    let sends = Arc::new(AtomicU32::new(0));
    let stop = Stop::default();
    let (count, handle) = (Arc::clone(&sends), stop.clone());
    let simulation = Simulation::default();
    let config = base.with_clock(simulation.clone()).with_blocking_sleep(simulation);
    let client = blocking::Client::with_transport(config, move |_: Request| {
        handle.stop();
        let status = if count.fetch_add(1, Ordering::SeqCst) < 2 { 500 } else { 200 };
        Ok(respond(status).map(BlockingBody::from))
    })
    .unwrap();
    let stopped: Option<Value> = client.call_json_cancellable(READ, &body, &stop).unwrap();
    assert_eq!((stopped, sends.load(Ordering::SeqCst)), (None, 1));
    let retried: Value = client.call_json(READ, &body).unwrap();
    assert_eq!((retried["RequestId"].as_str(), sends.load(Ordering::SeqCst)), (Some("x"), 3));
}
