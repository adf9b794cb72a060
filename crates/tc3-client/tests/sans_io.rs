//! A driver outside of the crate: the sans-IO engine over sockets of the standard library, against a scripted server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tc3_client::api::{Action, ActionInfo, Envelope, json};
use tc3_client::credentials::{Credential, CredentialError};
use tc3_client::sans_io::{Call, Engine, Event, Reservation, Step};
use tc3_client::transport::{
    Bytes, HeaderMap, HeaderName, Request, Response, StatusCode, TransportError, TransportErrorKind,
};
use tc3_client::{
    CallOptions, Config, Error, ErrorKind, Interceptor, Now, Permit, RateLimit, RetryPolicy,
    UnsignedRequest,
};

use crate::support;

const START: Duration = Duration::from_secs(1_551_113_065);

/// An action with an empty request.
struct Empty<const IDEMPOTENT: bool>;

const READ: Empty<true> = Empty;
const CREATE: Empty<false> = Empty;

impl<const IDEMPOTENT: bool> Action for Empty<IDEMPOTENT> {
    const INFO: ActionInfo<'static> = match IDEMPOTENT {
        true => ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent(),
        false => ActionInfo::new("essbasic", "2021-05-26", "CreateFlow"),
    };
    type Response = serde_json::Value;

    fn encode(&self) -> Result<Vec<u8>, json::Error> {
        Ok(b"{}".to_vec())
    }

    fn decode(response: &[u8]) -> Result<Envelope<Self::Response>, json::Error> {
        Envelope::deserialize(response)
    }
}

/// Starts a server with these responses, and returns its URL. An empty response closes the connection.
fn scripted(responses: &[String]) -> String {
    let responses = Arc::new(Mutex::new(VecDeque::from(responses.to_vec())));
    support::server::serve(move |head, stream| {
        assert!(
            head.starts_with("POST / HTTP/1.1\r\n") && head.contains("\r\nauthorization: TC3-")
        );
        let response = responses.lock().unwrap().pop_front();
        stream.write_all(response.unwrap_or_else(support::server::success).as_bytes())
    })
}

fn error(code: &str) -> String {
    let body =
        format!(r#"{{"Response":{{"Error":{{"Code":"{code}","Message":"m"}},"RequestId":"r"}}}}"#);
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn config(url: &str) -> Config {
    // The driver gets credentials by itself.
    Config::new(Credential::new("", "")).with_endpoint_url(url).unwrap().with_jitter_seed(1)
}

/// Sends a request over a connection of its own.
fn exchange(request: &Request) -> Result<Response<Bytes>, TransportError> {
    let address = request.uri.authority().unwrap().as_str();
    let connect = |_| TransportError::new(TransportErrorKind::Connect);
    let mut stream = TcpStream::connect(address).map_err(connect)?;
    let failed = |error: io::Error| {
        TransportError::new(TransportErrorKind::of_exchange(&error)).with_source(error)
    };
    let mut exchange = || {
        stream.set_read_timeout(request.timeout)?;
        let mut message =
            format!("{} {} HTTP/1.1\r\n", request.method, request.uri.path()).into_bytes();
        for (name, value) in &request.headers {
            message.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        write!(message, "content-length: {}\r\n\r\n", request.body.len())?;
        stream.write_all(&message)?;
        stream.write_all(&request.body)?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response)?;
        parse(&response).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    };
    exchange().map_err(failed)
}

fn parse(response: &[u8]) -> Option<Response<Bytes>> {
    let text = std::str::from_utf8(response).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = StatusCode::from_bytes(lines.next()?.get(9..12)?.as_bytes()).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, value.parse().ok()?);
    }
    Some(Response { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) })
}

/// A driver whose time only sleeping advances.
#[derive(Default)]
struct Driver {
    elapsed: Duration,
    /// The steps, without their content.
    trace: Vec<&'static str>,
    /// Number of credentials.
    credentials: u32,
}

impl Driver {
    fn now(&self) -> Now {
        Now { unix: START + self.elapsed, monotonic: self.elapsed }
    }

    fn run<R: Action>(&mut self, engine: &Engine, request: &R) -> Result<R::Response, Error> {
        let mut call = Call::new(engine, request, self.now())?;
        assert_eq!(call.is_idempotent(), R::INFO.idempotent);
        let mut step = call.start(self.now());
        loop {
            let (name, event) = match step {
                Step::Credential(rejected) => {
                    let id = format!("id{}", self.credentials);
                    let previous =
                        self.credentials.checked_sub(1).map(|count| format!("id{count}"));
                    let rejected = rejected.map(|rejected| rejected.secret_id().to_owned());
                    assert!(rejected.is_none() || rejected == previous);
                    self.credentials += 1;
                    ("credential", Event::Credential(Ok(Credential::new(id, "key"))))
                }
                Step::Reserve(request, previous) => {
                    ("reserve", Event::Permit(Ok(engine.reserve(&request, previous))))
                }
                Step::Send(request) => ("send", Event::Response(exchange(&request))),
                Step::Sleep(time) => {
                    self.elapsed += time;
                    ("sleep", Event::Woke)
                }
                Step::Done(result) => return result,
            };
            self.trace.push(name);
            step = call.on(self.now(), event);
        }
    }
}

#[test]
fn a_driver_retries_and_refreshes_as_the_engine_decides() {
    let broken = String::new();
    let again = "sleep credential reserve send";
    let cases = [
        (vec![], "credential reserve send".to_owned()),
        (vec![broken.clone()], format!("credential reserve send {again}")),
        (
            vec![error("InternalError"), error("RequestLimitExceeded")],
            format!("credential reserve send {again} {again}"),
        ),
        (
            vec![error("AuthFailure.TokenFailure")],
            "credential reserve send credential reserve send".to_owned(),
        ),
    ];
    for (responses, expected) in cases {
        let engine = Engine::new(config(&scripted(&responses))).unwrap();
        let mut driver = Driver::default();
        let response = driver.run(&engine, &READ).unwrap();
        assert_eq!(response, serde_json::json!({"RequestId": "r"}));
        assert_eq!(driver.trace.join(" "), expected, "{responses:?}");
    }

    let engine = Engine::new(config(&scripted(&[broken]))).unwrap();
    let error = Driver::default().run(&engine, &CREATE).unwrap_err();
    assert!(error.is_outcome_unknown() && error.attempts() == 1, "{error}");
    let options = CallOptions::default().with_retry(RetryPolicy::none());
    let engine = Engine::new(config("http://127.0.0.1:1")).unwrap().with_options(options);
    let error = Driver::default().run(&engine, &CREATE).unwrap_err();
    assert!(error.is_connect() && !error.was_sent(), "{error}");
    assert_eq!(error.attempts(), 1);
}

#[test]
fn calls_of_an_engine_share_its_rate_limit() {
    let config = config(&scripted(&[])).with_rate_limit(RateLimit::Fixed(1));
    let engine = Engine::new(config).unwrap();
    let mut driver = Driver::default();
    for _ in 0..3 {
        driver.run(&engine, &READ).unwrap();
    }
    assert_eq!(driver.elapsed, Duration::from_millis(2_050));
    let waits = driver.trace.iter().filter(|step| **step == "sleep");
    assert_eq!(waits.count(), 2);
}

/// A call whose permit is granted by the driver.
fn waiting(
    engine: &Engine,
    wait: u64,
    released: &Arc<Mutex<u32>>,
) -> (Call<serde_json::Value>, Step<serde_json::Value>) {
    let now = Driver::default().now();
    let mut call = Call::new(engine, &READ, now).unwrap();
    assert!(matches!(call.start(now), Step::Credential(None)));
    let step = call.on(now, Event::Credential(Ok(Credential::new("id", "key"))));
    let Step::Reserve(request, None) = step else { panic!("{step:?}") };
    assert_eq!(
        (request.action, request.rate, request.timeout),
        ("DescribeFlows", 20, call.deadline())
    );
    let released = Arc::clone(released);
    let permit = Permit::after(Duration::from_secs(wait));
    let reservation = Reservation::new(permit, move |_| *released.lock().unwrap() += 1);
    let step = call.on(now, Event::Permit(Ok(reservation)));
    (call, step)
}

#[test]
fn unused_permits_are_released() {
    let engine = Engine::new(config("http://127.0.0.1:1")).unwrap();
    let released = Arc::default();
    let (mut call, step) = waiting(&engine, 2, &released);
    let Step::Sleep(time) = step else { panic!("{step:?}") };
    assert_eq!(time, Duration::from_secs(2));
    let later = Now { unix: START + time, monotonic: time };
    let Step::Reserve(_, Some(reservation)) = call.on(later, Event::Woke) else { panic!() };
    // It is confirmed, and used by the request.
    let confirmed = reservation.permit().clone();
    let event = Event::Permit(Ok(reservation.confirmed_as(confirmed)));
    assert!(matches!(call.on(later, event), Step::Send(_)));
    drop(call);
    assert_eq!(*released.lock().unwrap(), 0);
    // The call is cancelled while it waits.
    drop(waiting(&engine, 2, &released));
    assert_eq!(*released.lock().unwrap(), 1);
    // The permit is later than the deadline.
    let (_, step) = waiting(&engine, 70, &released);
    assert!(matches!(step, Step::Done(Err(error)) if error.kind() == ErrorKind::Timeout));
    assert_eq!(*released.lock().unwrap(), 2);
}

/// Fails each request before it is signed.
struct Refuses;

impl Interceptor for Refuses {
    fn before_signing(
        &self,
        _: &mut UnsignedRequest<'_>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err("refused".into())
    }
}

#[test]
fn a_permit_without_a_request_is_released() {
    let base = || config("http://127.0.0.1:1");
    let cases = [
        (base().with_interceptor(Refuses), 0, ErrorKind::Interceptor),
        (base().with_timeout(Some(Duration::from_secs(2))), 3, ErrorKind::Timeout),
    ];
    for (config, seconds, kind) in cases {
        let engine = Engine::new(config).unwrap();
        let now = Driver::default().now();
        let mut call = Call::new(&engine, &READ, now).unwrap();
        assert!(matches!(call.start(now), Step::Credential(None)));
        let step = call.on(now, Event::Credential(Ok(Credential::new("id", "key"))));
        assert!(matches!(step, Step::Reserve(_, None)));
        let released = Arc::new(Mutex::new(0));
        let count = Arc::clone(&released);
        let permit = Permit::after(Duration::ZERO);
        let reservation = Reservation::new(permit, move |_| *count.lock().unwrap() += 1);
        let time = Duration::from_secs(seconds);
        let later = Now { unix: START + time, monotonic: time };
        let Step::Done(Err(error)) = call.on(later, Event::Permit(Ok(reservation))) else {
            panic!("{kind:?}")
        };
        assert_eq!((error.kind(), *released.lock().unwrap()), (kind, 1));
    }
}

#[test]
fn failures_of_a_driver_end_the_call() {
    let engine = Engine::new(config("http://127.0.0.1:1")).unwrap();
    let now = Driver::default().now();
    let start = || {
        let mut call = Call::new(&engine, &READ, now).unwrap();
        let step = call.start(now);
        assert!(matches!(step, Step::Credential(None)));
        call
    };
    let valid = || Event::Credential(Ok(Credential::new("id", "key")));
    let failure = |step| match step {
        Step::Done(Err(error)) => Error::to_string(&error),
        step => panic!("{step:?}"),
    };
    let absent = Event::Credential(Err(CredentialError::new("vault", "sealed")));
    let invalid = Event::Credential(Ok(Credential::new("id", "key with spaces")));
    for (event, expected) in [
        (absent, "vault: sealed"),
        (invalid, "credential: the SecretKey contains whitespace"),
        (Event::Expired, "the timeout of the call expired before it had a credential"),
    ] {
        let text = failure(start().on(now, event));
        assert!(text.contains(expected), "{text}");
    }
    for (event, expected) in [
        (Event::Permit(Err("no store".into())), "the rate limiter failed: no store"),
        (Event::Expired, "the timeout of the call expired before the rate limiter returned"),
    ] {
        let mut call = start();
        assert!(matches!(call.on(now, valid()), Step::Reserve(..)));
        let text = failure(call.on(now, event));
        assert!(text.contains(expected), "{text}");
    }
}

/// Returns a call whose request is in flight.
fn in_flight<const IDEMPOTENT: bool>(
    engine: &Engine,
    action: &Empty<IDEMPOTENT>,
) -> Call<serde_json::Value> {
    let now = Driver::default().now();
    let mut call = Call::new(engine, action, now).unwrap();
    assert!(matches!(call.start(now), Step::Credential(None)));
    let step = call.on(now, Event::Credential(Ok(Credential::new("id", "key"))));
    let Step::Reserve(request, previous) = step else { panic!("{step:?}") };
    let step = call.on(now, Event::Permit(Ok(engine.reserve(&request, previous))));
    assert!(matches!(step, Step::Send(_)), "{step:?}");
    call
}

#[test]
fn events_of_another_step_end_the_call() {
    let engine = Engine::new(config("http://127.0.0.1:1")).unwrap();
    let now = Driver::default().now();
    let expired = Now { unix: START + Duration::from_secs(60), monotonic: Duration::from_secs(60) };
    let credential = || Event::Credential(Ok(Credential::new("id", "key")));
    let permit = || Event::Permit(Err("no store".into()));
    let cases = [
        (expired, Event::Expired, TransportErrorKind::Timeout),
        (now, Event::Woke, TransportErrorKind::Other),
        (now, credential(), TransportErrorKind::Other),
        (now, permit(), TransportErrorKind::Other),
    ];
    for (time, event, kind) in cases {
        let mut call = in_flight(&engine, &CREATE);
        let label = format!("{event:?}");
        let step = call.on(time, event);
        let Step::Done(Err(error)) = step else { panic!("{label}: {step:?}") };
        assert_eq!(error.kind(), ErrorKind::Transport(kind), "{label}");
        assert!(error.was_sent() && error.is_outcome_unknown(), "{label}: {error}");
        // The call stays done.
        let step = call.on(time, Event::Woke);
        let Step::Done(Err(error)) = step else { panic!("{label}: {step:?}") };
        assert_eq!(error.kind(), ErrorKind::Request, "{label}");
        assert!(error.was_sent(), "{label}: {error}");
    }
    for event in [Event::Woke, permit()] {
        let mut call = Call::new(&engine, &CREATE, now).unwrap();
        assert!(matches!(call.start(now), Step::Credential(None)));
        let Step::Done(Err(error)) = call.on(now, event) else { panic!() };
        assert_eq!(error.kind(), ErrorKind::Request, "{error}");
        assert!(!error.was_sent() && !error.is_outcome_unknown(), "{error}");
    }
}
