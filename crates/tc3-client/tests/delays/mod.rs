//! Every source of delay in a call ends at the timeout of the call and after a stop, in real time, with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod refresh;
mod setting;
mod waiting;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use serde_json::Value;
use setting::{DELAYS, Delay, Transports, config, setting, success};
use tc3_client::api::{Action, ActionInfo, Envelope, json as api_json};
use tc3_client::transport::Request;
use tc3_client::{Client, Config, Error, ErrorKind, Stop, blocking};
use waiting::Waiting;

/// Timeout of the calls.
const TIMEOUT: Duration = Duration::from_millis(600);

/// Time in which a call ends after its timeout on a loaded machine, well below all other limits.
const SLACK: Duration = Duration::from_secs(4);

/// Number of calls that wait for the rate limit of one per second before another one.
const QUEUED: usize = 60;

struct Call<const IDEMPOTENT: bool>;

const READ: Call<true> = Call;
const CREATE: Call<false> = Call;

impl<const IDEMPOTENT: bool> Action for Call<IDEMPOTENT> {
    const INFO: ActionInfo<'static> = match IDEMPOTENT {
        true => ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent(),
        false => ActionInfo::new("essbasic", "2021-05-26", "CreateFlow"),
    };
    type Response = Value;

    fn encode(&self) -> Result<Vec<u8>, api_json::Error> {
        Ok(b"{}".to_vec())
    }

    fn decode(response: &[u8]) -> Result<Envelope<Value>, api_json::Error> {
        Envelope::deserialize(response)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Driver {
    Async,
    Blocking,
}

#[derive(Clone)]
enum AnyClient {
    Async(Client, Arc<tokio::runtime::Runtime>),
    Blocking(blocking::Client),
}

impl AnyClient {
    fn new(driver: Driver, config: Config, transports: Transports) -> Self {
        match driver {
            Driver::Async => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                let runtime = builder.worker_threads(1).enable_all().build().unwrap();
                let client = Client::with_transport(config, transports.0).unwrap();
                Self::Async(client, Arc::new(runtime))
            }
            Driver::Blocking => {
                Self::Blocking(blocking::Client::with_transport(config, transports.1).unwrap())
            }
        }
    }

    fn call<const IDEMPOTENT: bool>(
        &self,
        request: &Call<IDEMPOTENT>,
        stop: Option<&Stop>,
    ) -> Result<Option<Value>, Error> {
        match (self, stop) {
            (Self::Async(client, runtime), Some(stop)) => {
                runtime.block_on(client.call_cancellable(request, stop))
            }
            (Self::Async(client, runtime), None) => {
                runtime.block_on(client.call(request)).map(Some)
            }
            (Self::Blocking(client), Some(stop)) => client.call_cancellable(request, stop),
            (Self::Blocking(client), None) => client.call(request).map(Some),
        }
    }
}

/// A call on another thread.
struct Running {
    thread: ThreadId,
    /// The result of the call and the time of its end.
    end: Receiver<(Result<Option<Value>, Error>, Instant)>,
}

impl Running {
    fn start<const IDEMPOTENT: bool>(
        client: AnyClient,
        request: Call<IDEMPOTENT>,
        stop: Option<Stop>,
    ) -> Self {
        let (sender, end) = channel();
        let thread = std::thread::spawn(move || {
            let result = client.call(&request, stop.as_ref());
            // The receiver is dropped if the test has failed or does not need the result.
            let _ = sender.send((result, Instant::now()));
        });
        Self { thread: thread.thread().id(), end }
    }

    /// Returns the result and the time of the end. Panics if the call takes longer than `limit` from now.
    fn end(self, limit: Duration, label: &str) -> (Result<Option<Value>, Error>, Instant) {
        let end = self.end.recv_timeout(limit);
        end.unwrap_or_else(|_| panic!("{label}: the call does not end within {limit:?}"))
    }
}

/// Starts another call that fetches the credential of the configuration.
fn fetch_credential(other: AnyClient, waiting: &Waiting, label: &str, stop: &Stop) {
    let other = Running::start(other, READ, Some(stop.clone()));
    waiting.wait_until(label, |threads| threads.contains(&other.thread));
}

/// Uses the only permit of the rate limit.
fn use_permit(client: &AnyClient, label: &str) {
    let result = client.call(&READ, None);
    assert!(matches!(result, Ok(Some(_))), "{label}: {result:?}");
}

fn for_each_case(test: impl Fn(Delay, Driver) + Sync) {
    std::thread::scope(|scope| {
        for delay in DELAYS {
            for driver in [Driver::Async, Driver::Blocking] {
                // The blocking client does not accept async functions.
                if (delay, driver) == (Delay::CredentialFuture, Driver::Blocking) {
                    continue;
                }
                let test = &test;
                scope.spawn(move || test(delay, driver));
            }
        }
    });
}

#[test]
fn every_delay_ends_at_the_timeout_of_the_call() {
    for_each_case(|delay, driver| {
        // A thread cannot be interrupted: blocking transports and limiters must apply the timeout of the request.
        if matches!((delay, driver), (Delay::Transport | Delay::Limiter, Driver::Blocking)) {
            return;
        }
        let label = format!("{delay:?}, {driver:?}");
        let waiting = Waiting::default();
        let (config, transports) = setting(delay, &waiting);
        let other = AnyClient::new(driver, config.clone(), transports.clone());
        let client = AnyClient::new(driver, config.with_timeout(Some(TIMEOUT)), transports);
        let others = Stop::default();
        match delay {
            Delay::RateLimit => use_permit(&client, &label),
            Delay::SharedFetch => fetch_credential(other, &waiting, &label, &others),
            _ => {}
        }
        let (result, _) = Running::start(client, READ, None).end(TIMEOUT + SLACK, &label);
        others.stop();
        waiting.release();
        let error = result.unwrap_err();
        match delay {
            // An error that is known is more useful than the timeout.
            Delay::Backoff => assert_eq!(error.code(), "InternalError", "{label}"),
            Delay::Throttling => assert!(error.is_throttled(), "{label}"),
            Delay::Head | Delay::Body | Delay::Transport => {
                assert!(matches!(error.kind(), ErrorKind::Transport(_)), "{label}: {error}")
            }
            _ => assert_eq!(error.kind(), ErrorKind::Timeout, "{label}: {error}"),
        }
    });
}

#[test]
fn every_delay_ends_after_a_stop() {
    for_each_case(|delay, driver| {
        let label = format!("{delay:?}, {driver:?}");
        let waiting = Waiting::default();
        let (config, transports) = setting(delay, &waiting);
        let others = Stop::default();
        let client = match delay {
            Delay::SharedFetch => {
                let other = AnyClient::new(driver, config.clone(), transports.clone());
                fetch_credential(other, &waiting, &label, &others);
                // A wait for another call uses the timer and the clock only if it has a deadline.
                let hour = Duration::from_secs(3_600);
                let config = config.with_timeout(Some(hour)).with_clock(waiting.clone());
                AnyClient::new(driver, config, transports)
            }
            _ => AnyClient::new(driver, config, transports),
        };
        if delay == Delay::RateLimit {
            use_permit(&client, &label);
            for _ in 0..QUEUED {
                Running::start(client.clone(), READ, Some(others.clone()));
            }
            waiting.wait_until(&label, |threads| threads.len() == QUEUED);
        }
        let stop = Stop::default();
        let call = Running::start(client, READ, Some(stop.clone()));
        waiting.wait_until(&label, |threads: &HashSet<ThreadId>| match delay {
            // The thread of the server, of the operation or of the function.
            Delay::Head
            | Delay::Body
            | Delay::Transport
            | Delay::Limiter
            | Delay::CredentialRequest
            | Delay::CredentialFunction => !threads.is_empty(),
            _ => threads.contains(&call.thread),
        });
        let stopped = Instant::now();
        stop.stop();
        let (result, ended) = call.end(SLACK, &label);
        others.stop();
        waiting.release();
        assert!(matches!(result, Ok(None)), "{label}: {result:?}");
        let since = ended - stopped;
        match delay {
            Delay::Head | Delay::Body | Delay::Transport => {
                assert!(since >= Stop::GRACE, "{label}: {since:?}");
            }
            _ => assert!(since < Stop::GRACE, "{label}: {since:?}"),
        }
    });
}

/// A response within the grace counts, and a request that is not idempotent is completed after it.
#[test]
fn requests_in_flight_are_completed_within_the_grace_and_creates_after_it() {
    for driver in [Driver::Async, Driver::Blocking] {
        check_in_flight(driver, READ, "read within the grace", Stop::is_stopped);
        check_in_flight(driver, CREATE, "create within the grace", Stop::is_stopped);
        check_in_flight(driver, CREATE, "create after the grace", Stop::is_grace_over);
    }
}

/// Asserts that a call is completed if its response is sent as soon as the condition is true, and that none is sent then.
fn check_in_flight<const IDEMPOTENT: bool>(
    driver: Driver,
    request: Call<IDEMPOTENT>,
    label: &str,
    is_ready: fn(&Stop) -> bool,
) {
    const POLL_INTERVAL: Duration = Duration::from_millis(5);
    let label = format!("{driver:?}, {label}");
    let (stop, waiting, requests) = (Stop::default(), Waiting::default(), Arc::default());
    let receive = {
        let (waiting, requests) = (waiting.clone(), Arc::<AtomicUsize>::clone(&requests));
        move || {
            requests.fetch_add(1, Ordering::SeqCst);
            waiting.add();
        }
    };
    let (for_async, handle) = (receive.clone(), stop.clone());
    let asynchronous = move |_: Request| {
        let (receive, stop) = (for_async.clone(), handle.clone());
        async move {
            receive();
            while !is_ready(&stop) {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            Ok(success().map(Into::into))
        }
    };
    let handle = stop.clone();
    let blocking = move |_: Request| {
        receive();
        while !is_ready(&handle) {
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(success().map(Into::into))
    };
    let transports = Transports(Arc::new(asynchronous), Arc::new(blocking));
    let client = AnyClient::new(driver, config(), transports);
    let call = Running::start(client.clone(), request, Some(stop.clone()));
    waiting.wait_until(&label, |threads| !threads.is_empty());
    stop.stop();
    let (result, _) = call.end(SLACK, &label);
    assert!(matches!(result, Ok(Some(_))), "{label}: {result:?}");
    // After the stop nothing is sent.
    let result = client.call(&CREATE, Some(&stop));
    assert!(matches!(result, Ok(None)), "{label}: {result:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 1, "{label}");
}
