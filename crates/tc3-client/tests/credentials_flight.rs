//! Concurrent callers share one refresh: threads, tasks, and a refreshing caller that is cancelled.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::CvmRole;
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Method, Request, Response, StatusCode,
    TransportError,
};
use tc3_client::{Client, Clock, Config, Error, ErrorKind, Now, RateLimit, blocking};

const CALLERS: usize = 8;
const READ: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows");

/// A metadata service that issues `temp1`, `temp2`, ..., each for two hours, a manual clock, and a service that
/// returns the SecretId of the request.
#[derive(Default)]
struct Fixture {
    seconds: AtomicU64,
    clock_reads: AtomicUsize,
    fetches: AtomicU64,
    /// True if fetches fail.
    fails: AtomicBool,
    /// True while fetches are blocked.
    blocked: Mutex<bool>,
    changed: Condvar,
    released: tokio::sync::Notify,
}

impl Fixture {
    fn set(&self, seconds: u64) {
        self.seconds.store(seconds, Ordering::SeqCst);
    }

    fn block(&self, blocked: bool) {
        *self.blocked.lock().unwrap() = blocked;
        self.changed.notify_all();
        if !blocked {
            self.released.notify_waiters();
        }
    }

    fn wait_while_blocked(&self) {
        let blocked = self.blocked.lock().unwrap();
        drop(self.changed.wait_while(blocked, |blocked| *blocked).unwrap());
    }

    async fn released(&self) {
        let released = self.released.notified();
        let blocked = *self.blocked.lock().unwrap();
        if blocked {
            released.await;
        }
    }

    fn start_fetch(&self) -> u64 {
        // Under the lock, so that a thread that waits for a fetch is notified.
        let _guard = self.blocked.lock().unwrap();
        self.changed.notify_all();
        self.fetches.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::SeqCst)
    }

    fn keys(&self, number: u64) -> Response<Bytes> {
        if self.fails.load(Ordering::SeqCst) {
            return Response { status: StatusCode::FORBIDDEN, ..response(&json!({})) };
        }
        response(&json!({"Code": "Success", "TmpSecretId": format!("temp{number}"),
            "TmpSecretKey": "k", "Token": "t",
            "ExpiredTime": self.seconds.load(Ordering::SeqCst) + 7200}))
    }

    fn config(self: &Arc<Self>) -> Config {
        Config::new(CvmRole::new().with_role("r"))
            .with_clock(ManualClock(Arc::clone(self)))
            .with_rate_limit(RateLimit::Off)
    }

    fn blocking(self: &Arc<Self>) -> blocking::Client {
        let fixture = Arc::clone(self);
        let serve = move |request: Request| -> Result<Response<BlockingBody>, TransportError> {
            if request.method == Method::POST {
                return Ok(echo(&request).map(BlockingBody::from));
            }
            let number = fixture.start_fetch();
            fixture.wait_while_blocked();
            Ok(fixture.keys(number).map(BlockingBody::from))
        };
        blocking::Client::with_transport(self.config(), serve).unwrap()
    }

    fn asynchronous(self: &Arc<Self>) -> Client {
        let fixture = Arc::clone(self);
        let serve = move |request: Request| {
            let fixture = Arc::clone(&fixture);
            async move {
                if request.method == Method::POST {
                    return Ok(echo(&request).map(AsyncBody::from));
                }
                let number = fixture.start_fetch();
                fixture.released().await;
                Ok(fixture.keys(number).map(AsyncBody::from))
            }
        };
        Client::with_transport(self.config(), serve).unwrap()
    }
}

#[derive(Clone)]
struct ManualClock(Arc<Fixture>);

impl Clock for ManualClock {
    fn now(&self) -> Now {
        self.0.clock_reads.fetch_add(1, Ordering::SeqCst);
        let time = Duration::from_secs(self.0.seconds.load(Ordering::SeqCst));
        Now { unix: time, monotonic: time }
    }
}

fn response(body: &Value) -> Response<Bytes> {
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: body.to_string().into() }
}

fn echo(request: &Request) -> Response<Bytes> {
    let authorization = request.headers.get("authorization").unwrap().to_str().unwrap();
    let id = authorization.split(['=', '/']).nth(1).unwrap();
    response(&json!({"Response": {"Id": id, "RequestId": "r"}}))
}

fn id(result: Result<Value, Error>) -> String {
    result.unwrap().get("Id").unwrap().as_str().unwrap().to_owned()
}

/// Number of clock readings after which every caller waits for the cache. Each call reads the clock when it is
/// created, when it starts and when it looks up the credential; the fetching call reads it twice more.
const READS: usize = CALLERS * 3 + 2;

/// Makes concurrent calls on threads, which wait for the same fetch.
fn call_on_threads(fixture: &Fixture, client: &blocking::Client) -> Vec<Result<Value, Error>> {
    fixture.block(true);
    let start = Barrier::new(CALLERS);
    std::thread::scope(|scope| {
        let call = || {
            start.wait();
            client.call_json(READ, &json!({}))
        };
        let threads: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
        while fixture.clock_reads.load(Ordering::SeqCst) < READS {
            std::thread::yield_now();
        }
        fixture.block(false);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn threads_share_one_fetch() {
    let fixture = Arc::new(Fixture::default());
    fixture.set(1_000_000);
    let client = fixture.blocking();
    let ids: Vec<_> = call_on_threads(&fixture, &client).into_iter().map(id).collect();
    assert_eq!((ids, fixture.fetches()), (vec!["temp1".to_owned(); CALLERS], 1));
}

#[test]
fn threads_and_tasks_share_a_failed_fetch() {
    let is_failed = |result: &Result<Value, Error>| matches!(result, Err(error) if error.kind() == ErrorKind::Credentials);
    let fixture = Arc::new(Fixture::default());
    fixture.fails.store(true, Ordering::SeqCst);
    let results = call_on_threads(&fixture, &fixture.blocking());
    assert!(results.iter().all(is_failed), "{results:?}");
    assert_eq!(fixture.fetches(), 1);

    let fixture = Arc::new(Fixture::default());
    fixture.fails.store(true, Ordering::SeqCst);
    let client = fixture.asynchronous();
    fixture.block(true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let call = |client: Client| async move { client.call_json(READ, &json!({})).await };
        let tasks: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(call(client.clone()))).collect();
        until(|| fixture.clock_reads.load(Ordering::SeqCst) >= READS).await;
        fixture.block(false);
        for task in tasks {
            let result = task.await.unwrap();
            assert!(is_failed(&result), "{result:?}");
        }
    });
    assert_eq!(fixture.fetches(), 1);
}

#[test]
fn threads_use_the_current_keys_during_a_refresh() {
    let fixture = Arc::new(Fixture::default());
    fixture.set(1_000_000);
    let client = fixture.blocking();
    let call = || id(client.call_json(READ, &json!({})));
    assert_eq!(call(), "temp1");
    fixture.set(1_000_000 + 7_000);
    fixture.block(true);
    std::thread::scope(|scope| {
        let refreshing = scope.spawn(call);
        let blocked = fixture.blocked.lock().unwrap();
        drop(fixture.changed.wait_while(blocked, |_| fixture.fetches() < 2).unwrap());
        // If these waited for the refresh, the test would hang.
        assert_eq!([call(), call()], ["temp1", "temp1"]);
        fixture.block(false);
        assert_eq!(refreshing.join().unwrap(), "temp2");
    });
    assert_eq!((call().as_str(), fixture.fetches()), ("temp2", 2));
}

async fn until(reached: impl Fn() -> bool) {
    while !reached() {
        tokio::task::yield_now().await;
    }
}

fn spawn(client: &Client) -> tokio::task::JoinHandle<String> {
    let client = client.clone();
    tokio::spawn(async move { id(client.call_json(READ, &json!({})).await) })
}

#[tokio::test]
async fn tasks_share_one_fetch_and_use_the_current_keys_during_a_refresh() {
    let fixture = Arc::new(Fixture::default());
    fixture.set(1_000_000);
    let client = fixture.asynchronous();
    fixture.block(true);
    let tasks: Vec<_> = (0..CALLERS).map(|_| spawn(&client)).collect();
    until(|| fixture.clock_reads.load(Ordering::SeqCst) >= READS).await;
    fixture.block(false);
    for task in tasks {
        assert_eq!(task.await.unwrap(), "temp1");
    }
    assert_eq!(fixture.fetches(), 1);

    fixture.set(1_000_000 + 7_000);
    fixture.block(true);
    let refreshing = spawn(&client);
    until(|| fixture.fetches() == 2).await;
    assert_eq!(spawn(&client).await.unwrap(), "temp1");
    fixture.block(false);
    assert_eq!(refreshing.await.unwrap(), "temp2");
    assert_eq!(fixture.fetches(), 2);
}

#[tokio::test]
async fn the_next_caller_fetches_if_the_first_is_cancelled() {
    let fixture = Arc::new(Fixture::default());
    fixture.set(1_000_000);
    let client = fixture.asynchronous();
    fixture.block(true);
    let first = spawn(&client);
    until(|| fixture.fetches() == 1).await;
    let second = spawn(&client);
    until(|| fixture.clock_reads.load(Ordering::SeqCst) >= 2 * 3 + 2).await;
    assert_eq!(fixture.fetches(), 1);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    until(|| fixture.fetches() == 2).await;
    fixture.block(false);
    assert_eq!(second.await.unwrap(), "temp2");
}
