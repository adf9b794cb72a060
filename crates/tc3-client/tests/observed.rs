//! Observers of calls, with both clients. The observer is implemented outside the crate.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::api::{Action, ActionInfo, Envelope, ErrorClass, json as api_json};
use tc3_client::credentials::{Credential, from_fn};
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode, TransportError,
    TransportErrorKind,
};
use tc3_client::{
    AttemptEvent, CallEvent, CallOutcome, Client, Config, ErrorKind, Observer, RetryPolicy, Stop,
    blocking,
};

use crate::support::{Reply, Simulation, config, run_fresh};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();
const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");

struct Read;

impl Action for Read {
    const INFO: ActionInfo<'static> = READ;
    type Response = Value;

    fn encode(&self) -> Result<Vec<u8>, api_json::Error> {
        Ok(b"{}".to_vec())
    }

    fn decode(response: &[u8]) -> Result<Envelope<Value>, api_json::Error> {
        Envelope::deserialize(response)
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Lines {
    fn on_attempt(&self, attempt: &AttemptEvent<'_>) {
        assert_eq!(attempt.service, "essbasic");
        let AttemptEvent { action, number, elapsed, status, request_id, retry_in, .. } = attempt;
        let result = attempt.outcome.error_type().unwrap_or("ok");
        let retried = retry_in.map_or("last", |_| "retried");
        self.0.lock().unwrap().push(format!(
            "attempt {number} {action} {elapsed:?} {status:?} {request_id:?} {result} {retried}"
        ));
    }

    fn on_call(&self, call: &CallEvent<'_>) {
        let CallEvent { service, action, attempts, status, request_id, .. } = call;
        let result = call.outcome.error_type().unwrap_or("ok");
        self.0
            .lock()
            .unwrap()
            .push(format!("call {service} {action} {attempts} {status:?} {request_id:?} {result}"));
    }
}

/// Returns the events of one call, which are the same in both clients.
fn observed(config: impl Fn() -> Config, info: ActionInfo<'_>, replies: &[Reply]) -> Vec<String> {
    let lines = Lines::default();
    run_fresh(|| config().with_observer(lines.clone()), info, 1, replies);
    let both = lines.take();
    let (blocking, asynchronous) = both.split_at(both.len() / 2);
    assert_eq!(blocking, asynchronous);
    blocking.to_vec()
}

/// Returns a configuration whose source has another credential for each fetch.
fn replaced() -> Config {
    let fetches = AtomicU32::new(0);
    Config::new(from_fn(move || {
        let number = fetches.fetch_add(1, Ordering::SeqCst);
        Ok(Credential::new(format!("AKID{number}"), "SECRETEXAMPLE"))
    }))
}

/// Name, configuration, action, replies and expected events.
type Case = (&'static str, fn() -> Config, ActionInfo<'static>, Vec<Reply>, Vec<String>);

#[test]
fn every_attempt_and_call_is_reported_once() {
    let id = r#"Some(200) Some("r-error")"#;
    let cases: [Case; 10] = [
        (
            "success",
            config,
            READ,
            vec![Reply::ok()],
            vec![
                r#"attempt 1 DescribeFlows 0ns Some(200) Some("r-ok") ok last"#.into(),
                r#"call essbasic DescribeFlows 1 Some(200) Some("r-ok") ok"#.into(),
            ],
        ),
        (
            "throttled, then a success",
            config,
            READ,
            vec![Reply::error("RequestLimitExceeded"), Reply::ok()],
            vec![
                format!("attempt 1 DescribeFlows 0ns {id} RequestLimitExceeded retried"),
                r#"attempt 2 DescribeFlows 0ns Some(200) Some("r-ok") ok last"#.into(),
                r#"call essbasic DescribeFlows 2 Some(200) Some("r-ok") ok"#.into(),
            ],
        ),
        (
            "connection refused, then the code of a final failure",
            config,
            CREATE,
            vec![Reply::Fail(TransportErrorKind::Connect), Reply::error("InvalidParameterValue")],
            vec![
                "attempt 1 CreateFlow 0ns None None connect retried".into(),
                format!("attempt 2 CreateFlow 0ns {id} InvalidParameterValue last"),
                format!("call essbasic CreateFlow 2 {id} InvalidParameterValue"),
            ],
        ),
        (
            "a response is lost, and the action is not idempotent",
            config,
            CREATE,
            vec![Reply::Fail(TransportErrorKind::Timeout)],
            vec![
                "attempt 1 CreateFlow 0ns None None timeout last".into(),
                "call essbasic CreateFlow 1 None None timeout".into(),
            ],
        ),
        (
            "no retries",
            || config().with_retry(RetryPolicy::none()),
            READ,
            vec![Reply::text(503, "unavailable").with("x-tc-requestid", "r-header")],
            vec![
                r#"attempt 1 DescribeFlows 0ns Some(503) Some("r-header") status last"#.into(),
                r#"call essbasic DescribeFlows 1 Some(503) Some("r-header") status"#.into(),
            ],
        ),
        (
            "not JSON",
            || config().with_retry(RetryPolicy::none()),
            READ,
            vec![Reply::text(200, "<html>13800000000</html>")],
            vec![
                "attempt 1 DescribeFlows 0ns Some(200) None decode last".into(),
                "call essbasic DescribeFlows 1 Some(200) None decode".into(),
            ],
        ),
        (
            "the clock skew is corrected",
            config,
            READ,
            vec![
                Reply::error("AuthFailure.SignatureExpire")
                    .with("date", "Mon, 25 Feb 2019 17:44:25 GMT"),
                Reply::ok(),
            ],
            vec![
                format!("attempt 1 DescribeFlows 0ns {id} AuthFailure.SignatureExpire retried"),
                r#"attempt 2 DescribeFlows 0ns Some(200) Some("r-ok") ok last"#.into(),
                r#"call essbasic DescribeFlows 2 Some(200) Some("r-ok") ok"#.into(),
            ],
        ),
        (
            "a static credential is rejected",
            config,
            READ,
            vec![Reply::error("AuthFailure.SecretIdNotFound")],
            vec![
                format!("attempt 1 DescribeFlows 0ns {id} AuthFailure.SecretIdNotFound last"),
                format!("call essbasic DescribeFlows 1 {id} AuthFailure.SecretIdNotFound"),
            ],
        ),
        (
            "a rejected credential is replaced",
            replaced,
            READ,
            vec![Reply::error("AuthFailure.SecretIdNotFound"), Reply::ok()],
            vec![
                format!("attempt 1 DescribeFlows 0ns {id} AuthFailure.SecretIdNotFound retried"),
                r#"attempt 2 DescribeFlows 0ns Some(200) Some("r-ok") ok last"#.into(),
                r#"call essbasic DescribeFlows 2 Some(200) Some("r-ok") ok"#.into(),
            ],
        ),
        (
            "no credential",
            || Config::new(Credential::new("", "")),
            READ,
            vec![],
            vec!["call essbasic DescribeFlows 0 None None credentials".into()],
        ),
    ];
    for (case, config, info, replies, expected) in cases {
        assert_eq!(observed(config, info, &replies), expected, "{case}");
    }
}

/// Time of an event, the delay before a retry, and whether the call succeeded.
type Time = (Duration, Option<Duration>, bool);

#[derive(Clone, Default)]
struct Times(Arc<Mutex<Vec<Time>>>);

impl Observer for Times {
    fn on_attempt(&self, attempt: &AttemptEvent<'_>) {
        let CallOutcome::Failed { kind, class, code, .. } = attempt.outcome else { return };
        assert_eq!((kind, class), (ErrorKind::Api, Some(ErrorClass::Throttled)));
        assert_eq!(code, "RequestLimitExceeded");
        self.0.lock().unwrap().push((attempt.elapsed, attempt.retry_in, false));
    }

    fn on_call(&self, call: &CallEvent<'_>) {
        self.0.lock().unwrap().push((call.elapsed, None, call.outcome.is_success()));
    }
}

#[test]
fn delays_and_times_are_those_of_the_engine() {
    let times = Times::default();
    let shared: Arc<dyn Observer> = Arc::new(times.clone());
    let replies = [Reply::error("RequestLimitExceeded"), Reply::ok()];
    let outcome = run_fresh(|| config().with_observer(shared.clone()), READ, 1, &replies);
    let times = times.0.lock().unwrap().clone();
    assert_eq!(times.len(), 4);
    for pair in times.chunks(2) {
        let [(attempt, Some(delay), false), (call, None, true)] = *pair else { panic!("{pair:?}") };
        assert_eq!(attempt, Duration::ZERO);
        assert!(delay >= Duration::from_secs(1));
        assert_eq!((call, outcome.elapsed), (delay, delay));
    }
}

#[test]
fn a_cancelled_call_is_reported() {
    let expected = [
        "attempt 1 DescribeFlows 0ns None None cancelled last",
        "call essbasic DescribeFlows 1 None None cancelled",
    ];
    let body = json!({});

    // A dropped future.
    let lines = Lines::default();
    let simulation = Simulation::default();
    let config = || config().with_observer(lines.clone()).with_clock(simulation.clone());
    let hangs = |_: Request| std::future::pending::<Result<Response<AsyncBody>, _>>();
    let client = Client::with_transport(config(), hangs).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut call = Box::pin(client.call_json(READ, &body));
        std::future::poll_fn(|context| {
            assert!(call.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        assert_eq!(lines.take(), [""; 0]);
        drop(call);
    });
    assert_eq!(lines.take(), expected);

    // A stop during the delay before a retry.
    let expected = [
        "attempt 1 DescribeFlows 0ns None None connect retried",
        "call essbasic DescribeFlows 1 None None cancelled",
    ];
    let stop = Stop::default();
    let handle = stop.clone();
    let refuses = move |_: Request| {
        handle.stop();
        Err(TransportError::new(TransportErrorKind::Connect))
    };
    let refuse = refuses.clone();
    let client = blocking::Client::with_transport(
        config().with_blocking_sleep(simulation.clone()),
        move |request: Request| -> Result<Response<BlockingBody>, _> { refuse(request) },
    )
    .unwrap();
    assert_eq!(client.call_cancellable(&Read, &stop).unwrap(), None);
    assert_eq!(lines.take(), expected);

    let stop = Stop::default();
    let handle = stop.clone();
    let client = Client::with_transport(config(), move |_: Request| {
        handle.stop();
        let error = TransportError::new(TransportErrorKind::Connect);
        std::future::ready(Err::<Response<AsyncBody>, _>(error))
    })
    .unwrap();
    assert_eq!(runtime.block_on(client.call_cancellable(&Read, &stop)).unwrap(), None);
    assert_eq!(lines.take(), expected);
}

#[test]
fn a_call_that_is_cancelled_in_its_backoff_reports_the_last_response() {
    let lines = Lines::default();
    let simulation = Simulation::default();
    let stop = Stop::default();
    let handle = stop.clone();
    let config = config()
        .with_observer(lines.clone())
        .with_clock(simulation.clone())
        .with_blocking_sleep(simulation);
    let unavailable = move |_: Request| {
        handle.stop();
        let body = br#"{"Response":{"Error":{"Code":"InternalError"},"RequestId":"x"}}"#;
        Ok(Response {
            status: StatusCode::SERVICE_UNAVAILABLE,
            headers: HeaderMap::new(),
            body: BlockingBody::from(Bytes::from_static(body)),
        })
    };
    let client = blocking::Client::with_transport(config, unavailable).unwrap();
    assert_eq!(client.call_cancellable(&Read, &stop).unwrap(), None);
    let expected = [
        r#"attempt 1 DescribeFlows 0ns Some(503) Some("x") InternalError retried"#,
        r#"call essbasic DescribeFlows 1 Some(503) Some("x") cancelled"#,
    ];
    assert_eq!(lines.take(), expected);
}
