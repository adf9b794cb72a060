//! Many callers, one refresh: with threads, with tasks, and where the refreshing caller goes away.

#![allow(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::CvmRole;
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Method, Request, Response, StatusCode,
    TransportError,
};
use tc3_client::{Client, Clock, Config, Error, Now, RateLimit, blocking};

const CALLERS: usize = 8;
const READ: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows");

/// A metadata service that hands out `temp1`, `temp2`, ..., each for two hours, by a clock that the
/// test sets; and a service that answers with the SecretId it was called with.
#[derive(Default)]
struct World {
    seconds: AtomicU64,
    clock_reads: AtomicUsize,
    fetches: AtomicU64,
    /// Whether fetches are held back.
    held: Mutex<bool>,
    changed: Condvar,
    released: tokio::sync::Notify,
}

impl World {
    fn set(&self, seconds: u64) {
        self.seconds.store(seconds, Ordering::SeqCst);
    }

    fn hold(&self, held: bool) {
        *self.held.lock().unwrap() = held;
        self.changed.notify_all();
        if !held {
            self.released.notify_waiters();
        }
    }

    fn wait_while_held(&self) {
        let held = self.held.lock().unwrap();
        drop(self.changed.wait_while(held, |held| *held).unwrap());
    }

    async fn released(&self) {
        let released = self.released.notified();
        let held = *self.held.lock().unwrap();
        if held {
            released.await;
        }
    }

    fn begin_fetch(&self) -> u64 {
        // Under the lock, so that who waits for a fetch cannot miss it.
        let _held = self.held.lock().unwrap();
        self.changed.notify_all();
        self.fetches.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::SeqCst)
    }

    fn keys(&self, number: u64) -> Response<Bytes> {
        answer(&json!({"Code": "Success", "TmpSecretId": format!("temp{number}"),
            "TmpSecretKey": "k", "Token": "t",
            "ExpiredTime": self.seconds.load(Ordering::SeqCst) + 7200}))
    }

    fn config(self: &Arc<Self>) -> Config {
        Config::new(CvmRole::new().with_role("r"))
            .with_clock(WorldClock(Arc::clone(self)))
            .with_rate_limit(RateLimit::Off)
    }

    fn blocking(self: &Arc<Self>) -> blocking::Client {
        let world = Arc::clone(self);
        let serve = move |request: Request| -> Result<Response<BlockingBody>, TransportError> {
            if request.method == Method::POST {
                return Ok(echo(&request).map(BlockingBody::from));
            }
            let number = world.begin_fetch();
            world.wait_while_held();
            Ok(world.keys(number).map(BlockingBody::from))
        };
        blocking::Client::with_transport(self.config(), serve).unwrap()
    }

    fn asynchronous(self: &Arc<Self>) -> Client {
        let world = Arc::clone(self);
        let serve = move |request: Request| {
            let world = Arc::clone(&world);
            async move {
                if request.method == Method::POST {
                    return Ok(echo(&request).map(AsyncBody::from));
                }
                let number = world.begin_fetch();
                world.released().await;
                Ok(world.keys(number).map(AsyncBody::from))
            }
        };
        Client::with_transport(self.config(), serve).unwrap()
    }
}

#[derive(Clone)]
struct WorldClock(Arc<World>);

impl Clock for WorldClock {
    fn now(&self) -> Now {
        self.0.clock_reads.fetch_add(1, Ordering::SeqCst);
        let time = Duration::from_secs(self.0.seconds.load(Ordering::SeqCst));
        Now { unix: time, monotonic: time }
    }
}

fn answer(body: &Value) -> Response<Bytes> {
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: body.to_string().into() }
}

fn echo(request: &Request) -> Response<Bytes> {
    let authorization = request.headers.get("authorization").unwrap().to_str().unwrap();
    let id = authorization.split(['=', '/']).nth(1).unwrap();
    answer(&json!({"Response": {"Id": id, "RequestId": "r"}}))
}

fn id(result: Result<Value, Error>) -> String {
    result.unwrap().get("Id").unwrap().as_str().unwrap().to_owned()
}

/// A call reads the clock when it is made, when it begins and when it asks for a credential; the one
/// that fetches, twice more. After so many readings every caller has come as far as the cache.
const READS: usize = CALLERS * 3 + 2;

#[test]
fn threads_wait_for_one_fetch() {
    let world = Arc::new(World::default());
    world.set(1_000_000);
    let client = world.blocking();
    world.hold(true);
    let start = Barrier::new(CALLERS);
    let ids: Vec<_> = std::thread::scope(|scope| {
        let call = || {
            start.wait();
            id(client.call_json(READ, &json!({})))
        };
        let threads: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
        while world.clock_reads.load(Ordering::SeqCst) < READS {
            std::thread::yield_now();
        }
        world.hold(false);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!((ids, world.fetches()), (vec!["temp1".to_owned(); CALLERS], 1));
}

#[test]
fn threads_go_on_with_the_old_keys_while_one_renews_them() {
    let world = Arc::new(World::default());
    world.set(1_000_000);
    let client = world.blocking();
    let call = || id(client.call_json(READ, &json!({})));
    assert_eq!(call(), "temp1");
    world.set(1_000_000 + 7_000);
    world.hold(true);
    std::thread::scope(|scope| {
        let renewing = scope.spawn(call);
        let held = world.held.lock().unwrap();
        drop(world.changed.wait_while(held, |_| world.fetches() < 2).unwrap());
        // Were these to wait for the renewal, the test would hang.
        assert_eq!([call(), call()], ["temp1", "temp1"]);
        world.hold(false);
        assert_eq!(renewing.join().unwrap(), "temp2");
    });
    assert_eq!((call().as_str(), world.fetches()), ("temp2", 2));
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
async fn tasks_wait_for_one_fetch_and_go_on_with_old_keys_while_it_lasts() {
    let world = Arc::new(World::default());
    world.set(1_000_000);
    let client = world.asynchronous();
    world.hold(true);
    let tasks: Vec<_> = (0..CALLERS).map(|_| spawn(&client)).collect();
    until(|| world.clock_reads.load(Ordering::SeqCst) >= READS).await;
    world.hold(false);
    for task in tasks {
        assert_eq!(task.await.unwrap(), "temp1");
    }
    assert_eq!(world.fetches(), 1);

    world.set(1_000_000 + 7_000);
    world.hold(true);
    let renewing = spawn(&client);
    until(|| world.fetches() == 2).await;
    assert_eq!(spawn(&client).await.unwrap(), "temp1");
    world.hold(false);
    assert_eq!(renewing.await.unwrap(), "temp2");
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_the_fetch_to_the_next() {
    let world = Arc::new(World::default());
    world.set(1_000_000);
    let client = world.asynchronous();
    world.hold(true);
    let first = spawn(&client);
    until(|| world.fetches() == 1).await;
    let second = spawn(&client);
    until(|| world.clock_reads.load(Ordering::SeqCst) >= 2 * 3 + 2).await;
    assert_eq!(world.fetches(), 1);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    until(|| world.fetches() == 2).await;
    world.hold(false);
    assert_eq!(second.await.unwrap(), "temp2");
}
