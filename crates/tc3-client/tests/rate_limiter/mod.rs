//! Rate limiters of the caller, with both drivers: the operations and waits of a call, its deadline, and cancellation.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod store;
use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tc3_client::api::{Action, ActionInfo, Envelope, json as api_json};
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode, async_trait,
};
use tc3_client::{
    AsyncRateLimiter, BlockingRateLimiter, BlockingSleep, Client, Config, ErrorKind, Permit,
    PermitRequest, RateLimit, RateLimiter, Stop, blocking,
};

use crate::support::{Outcome, Reply, config, run_fresh};

const INFO: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").with_rate_limit(7).idempotent();

struct Read;

impl Action for Read {
    const INFO: ActionInfo<'static> = INFO;
    type Response = Value;

    fn encode(&self) -> Result<Vec<u8>, api_json::Error> {
        Ok(b"{}".to_vec())
    }

    fn decode(response: &[u8]) -> Result<Envelope<Value>, api_json::Error> {
        Envelope::deserialize(response)
    }
}

type Granted = Result<Permit, Box<dyn Error + Send + Sync>>;

/// A limiter with scripted permits and a log of its operations.
#[derive(Clone)]
struct Scripted {
    /// Milliseconds until each permit is valid, or the failure of the limiter.
    waits: Arc<Mutex<VecDeque<Result<u64, &'static str>>>>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn new(waits: &[Result<u64, &'static str>], log: &Arc<Mutex<Vec<String>>>) -> Self {
        let waits = Arc::new(Mutex::new(waits.iter().copied().collect()));
        Self { waits, log: Arc::clone(log) }
    }

    fn next(&self, operation: &str, request: &PermitRequest<'_>) -> Granted {
        let PermitRequest { service, action, rate, now, timeout, .. } = request;
        let line = format!(
            "{operation} {service} {action} {rate} at {:?} within {timeout:?}",
            now.monotonic
        );
        let mut log = self.log.lock().unwrap();
        log.push(line);
        let wait = self.waits.lock().unwrap().pop_front().unwrap_or(Ok(0))?;
        Ok(Permit::after(Duration::from_millis(wait)).with_id(log.len().to_string()))
    }

    fn confirm(&self, request: &PermitRequest<'_>, permit: &Permit) -> Granted {
        let wait = permit.wait(request.now);
        assert!(wait.is_zero(), "the call is {wait:?} early");
        self.next(&format!("confirm {}", permit.id().unwrap()), request)
    }

    fn release(&self, permit: &Permit) {
        self.log.lock().unwrap().push(format!("release {}", permit.id().unwrap()));
    }
}

impl BlockingRateLimiter for Scripted {
    fn reserve(&self, request: &PermitRequest<'_>) -> Granted {
        self.next("reserve", request)
    }

    fn confirm(&self, request: &PermitRequest<'_>, permit: &Permit) -> Granted {
        self.confirm(request, permit)
    }

    fn release(&self, permit: &Permit) {
        self.release(permit);
    }
}

#[async_trait]
impl AsyncRateLimiter for Scripted {
    async fn reserve(&self, request: &PermitRequest<'_>) -> Granted {
        tokio::task::yield_now().await;
        self.next("reserve", request)
    }

    async fn confirm(&self, request: &PermitRequest<'_>, permit: &Permit) -> Granted {
        self.confirm(request, permit)
    }

    fn release(&self, permit: &Permit) {
        self.release(permit);
    }
}

/// Runs a call with each driver. Returns the outcome and the operations of the limiter, which are the same.
fn run(
    waits: &[Result<u64, &'static str>],
    replies: &[Reply],
    change: impl Fn(Config) -> Config,
) -> (Outcome, Vec<String>) {
    let logs = Mutex::new(Vec::new());
    let outcome = run_fresh(
        || {
            let log = Arc::default();
            let limiter = Scripted::new(waits, &log);
            logs.lock().unwrap().push(log);
            let config = config().with_async_rate_limiter(limiter.clone());
            change(config.with_blocking_rate_limiter(limiter))
        },
        INFO,
        1,
        replies,
    );
    let mut logs: Vec<Vec<String>> =
        logs.into_inner().unwrap().iter().map(|log| log.lock().unwrap().clone()).collect();
    let log = logs.pop().unwrap();
    assert_eq!(logs.as_slice(), std::slice::from_ref(&log));
    (outcome, log)
}

#[test]
fn a_call_waits_for_its_permit_and_confirms_it() {
    let (outcome, log) = run(&[Ok(0)], &[], |config| config);
    assert!(outcome.results[0].is_ok());
    assert_eq!(log, ["reserve essbasic DescribeFlows 7 at 0ns within Some(60s)"]);
    assert_eq!(outcome.elapsed, Duration::ZERO);

    // The second permit replaces the first one, because the call is late.
    let (outcome, log) = run(&[Ok(1_500), Ok(500), Ok(0)], &[], |config| config);
    assert!(outcome.results[0].is_ok());
    let expected = [
        "reserve essbasic DescribeFlows 7 at 0ns within Some(60s)",
        "confirm 1 essbasic DescribeFlows 7 at 1.5s within Some(58.5s)",
        "confirm 2 essbasic DescribeFlows 7 at 2s within Some(58s)",
    ];
    assert_eq!(log, expected);
    assert_eq!((outcome.sends(), outcome.elapsed), (1, Duration::from_secs(2)));
}

#[test]
fn each_attempt_has_a_permit() {
    let replies = [Reply::error("InternalError"), Reply::error("RequestLimitExceeded")];
    let (outcome, log) =
        run(&[], &replies, |config| config.with_rate_limit(RateLimit::Fixed(3)).with_timeout(None));
    assert!(outcome.results[0].is_ok());
    assert_eq!((outcome.sends(), log.len()), (3, 3));
    assert!(log.iter().all(|line| line.starts_with("reserve essbasic DescribeFlows 3 at ")));
    assert!(log.iter().all(|line| line.ends_with(" within None")));
    let (outcome, log) = run(&[], &[], |config| config.with_rate_limit(RateLimit::Off));
    assert_eq!((outcome.sends(), log.len()), (1, 0));
}

#[test]
fn a_permit_after_the_deadline_is_released() {
    let (outcome, log) = run(&[Ok(60_000)], &[], |config| config);
    assert_eq!((outcome.sends(), outcome.error().kind()), (0, ErrorKind::Timeout));
    assert_eq!(log.get(1..), Some(&["release 1".to_owned()][..]));
    assert_eq!(outcome.elapsed, Duration::ZERO);
}

#[test]
fn a_failed_limiter_fails_the_call() {
    for (waits, released) in
        [(&[Err("no\nstore")][..], None), (&[Ok(10), Err("no\nstore")], Some("release 1"))]
    {
        let (outcome, log) = run(waits, &[], |config| config);
        let error = outcome.error();
        assert_eq!(error.kind(), ErrorKind::RateLimiter);
        assert!(error.is_retryable() && !error.was_sent() && !error.is_outcome_unknown());
        let text = error.to_string();
        assert!(text.starts_with("DescribeFlows: the rate limiter failed: no"), "{text}");
        assert!(!text.contains('\n'), "{text}");
        assert_eq!(error.cause().unwrap().to_string(), "no\nstore");
        assert_eq!(outcome.sends(), 0);
        assert_eq!(
            log.last().filter(|line| line.starts_with("release")).map(String::as_str),
            released
        );
    }
}

fn ok() -> Response<Bytes> {
    let body = Bytes::from_static(br#"{"Response":{"RequestId":"r"}}"#);
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body }
}

fn async_client(config: Config) -> Client {
    let transport = |_: Request| std::future::ready(Ok(ok().map(AsyncBody::from)));
    Client::with_transport(config, transport).unwrap()
}

fn blocking_client(config: Config) -> blocking::Client {
    blocking::Client::with_transport(config, |_| Ok(ok().map(BlockingBody::from))).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_cancelled_wait_releases_its_permit() {
    let log = Arc::default();
    let limiter = Scripted::new(&[Ok(50_000), Ok(50_000), Ok(50_000)], &log);
    let config =
        config().with_async_rate_limiter(limiter.clone()).with_blocking_rate_limiter(limiter);
    let stopper = |stop: &Stop| {
        let (stop, log) = (stop.clone(), Arc::clone(&log));
        let before = log.lock().unwrap().len();
        std::thread::spawn(move || {
            while log.lock().unwrap().len() == before {
                std::thread::yield_now();
            }
            stop.stop();
        })
    };
    let released = |id: &str| assert_eq!(log.lock().unwrap().last().unwrap(), id);

    let client = async_client(config.clone());
    runtime().block_on(async {
        let mut call = Box::pin(client.call(&Read));
        while log.lock().unwrap().is_empty() {
            let pending = std::future::poll_fn(|context| {
                std::task::Poll::Ready(call.as_mut().poll(context).is_pending())
            });
            assert!(pending.await);
        }
        drop(call);
        released("release 1");
        let stop = Stop::default();
        let stopper = stopper(&stop);
        assert!(matches!(client.call_cancellable(&Read, &stop).await, Ok(None)));
        stopper.join().unwrap();
        released("release 3");
    });

    let stop = Stop::default();
    let stopper = stopper(&stop);
    assert!(matches!(blocking_client(config).call_cancellable(&Read, &stop), Ok(None)));
    stopper.join().unwrap();
    released("release 5");
}

/// A limiter that returns only after the end of the test.
struct Hanging {
    entered: mpsc::SyncSender<()>,
    end: Mutex<mpsc::Receiver<()>>,
    released: mpsc::SyncSender<()>,
}

impl BlockingRateLimiter for Hanging {
    fn reserve(&self, _: &PermitRequest<'_>) -> Granted {
        self.entered.send(()).unwrap();
        self.end.lock().unwrap().recv().unwrap();
        Ok(Permit::after(Duration::ZERO))
    }

    fn release(&self, _: &Permit) {
        self.released.send(()).unwrap();
    }
}

#[async_trait]
impl AsyncRateLimiter for Hanging {
    async fn reserve(&self, _: &PermitRequest<'_>) -> Granted {
        self.entered.send(()).unwrap();
        std::future::pending().await
    }

    fn release(&self, _: &Permit) {
        self.released.send(()).unwrap();
    }
}

/// The blocking client returns at the stop without its thread, whose permit is then released.
#[test]
fn deadline_and_stop_end_the_operations_of_a_limiter() {
    let ((entered, has_entered), (end, until)) = (mpsc::sync_channel(9), mpsc::channel());
    let (released, is_released) = mpsc::sync_channel(1);
    let limiter = Arc::new(Hanging { entered, end: Mutex::new(until), released });
    let config = config()
        .with_timeout(None)
        .with_async_rate_limiter(Arc::clone(&limiter))
        .with_blocking_rate_limiter(limiter);

    let timed = config.clone().with_timeout(Some(Duration::from_millis(50)));
    let error = runtime().block_on(async_client(timed).call(&Read)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(
        error.message(),
        "the timeout of the call expired before the rate limiter returned a permit"
    );
    has_entered.recv().unwrap();

    let stop = Stop::default();
    let handle = stop.clone();
    let stopper = std::thread::spawn(move || {
        for _ in 0..2 {
            has_entered.recv().unwrap();
        }
        handle.stop();
    });
    std::thread::scope(|scope| {
        let (config, stop) = (&config, &stop);
        scope.spawn(|| {
            let client = async_client(config.clone());
            let call = runtime().block_on(client.call_cancellable(&Read, stop));
            assert!(matches!(call, Ok(None)));
        });
        scope.spawn(|| {
            let call = blocking_client(config.clone()).call_cancellable(&Read, stop);
            assert!(matches!(call, Ok(None)));
        });
    });
    stopper.join().unwrap();
    assert!(is_released.try_recv().is_err());
    end.send(()).unwrap();
    is_released.recv_timeout(Duration::from_secs(60)).unwrap();
}

/// A timer that records its waits.
#[derive(Clone, Default)]
struct Waits(Arc<Mutex<Vec<Duration>>>);

impl BlockingSleep for Waits {
    fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

/// The clocks of the clients start at different times.
#[test]
fn clients_share_a_limiter() {
    let start = Instant::now();
    let (limiter, waits) = (RateLimiter::new(), Waits::default());
    for expected in 0..3 {
        let config = config()
            .with_rate_limit(RateLimit::Fixed(1))
            .with_rate_limiter(&limiter)
            .with_blocking_sleep(waits.clone());
        blocking_client(config).call_json(INFO, &json!({})).unwrap();
        let waits = waits.0.lock().unwrap();
        assert_eq!(waits.len(), expected);
        let window = Duration::from_millis(1_025);
        if let Some(last) = waits.last() {
            assert!(*last <= window * expected as u32);
            assert!(*last + start.elapsed() >= window * expected as u32);
        }
    }
}
