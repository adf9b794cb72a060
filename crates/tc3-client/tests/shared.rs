//! One client from many threads and tasks: each gets its own answer, all keep the rate together, and one
//! fetches the credential.

#![allow(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::{Credential, from_fn};
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode,
};
use tc3_client::{AsyncSleep, BlockingSleep, Client, Clock, Config, Now, RateLimit, blocking};

const THREADS: u64 = 32;
const TASKS: u64 = 256;
const CALLS: u64 = 10;
const RATE: u32 = 100;
const READ: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows");

/// Time that stands still, and keeps how long everybody would have waited.
#[derive(Clone, Default)]
struct Still(Arc<Mutex<Vec<Duration>>>);

impl Clock for Still {
    fn now(&self) -> Now {
        Now { unix: Duration::from_secs(1_700_000_000), monotonic: Duration::from_secs(1) }
    }
}

impl BlockingSleep for Still {
    fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

#[async_trait::async_trait]
impl AsyncSleep for Still {
    async fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
        tokio::task::yield_now().await;
    }
}

#[derive(Default)]
struct World {
    time: Still,
    fetches: Arc<AtomicU64>,
}

impl World {
    fn config(&self) -> Config {
        let fetches = Arc::clone(&self.fetches);
        let keys = from_fn(move || {
            fetches.fetch_add(1, Ordering::SeqCst);
            Ok(Credential::new("id", "key"))
        });
        Config::new(keys)
            .with_endpoint_url("http://localhost")
            .unwrap()
            .with_timeout(None)
            .with_rate_limit(RateLimit::Fixed(RATE))
            .with_clock(self.time.clone())
            .with_async_sleep(self.time.clone())
            .with_blocking_sleep(self.time.clone())
    }

    /// A hundred calls went out in each second.
    fn check(&self, calls: u64) {
        assert_eq!(self.fetches.load(Ordering::SeqCst), 1);
        let mut waited = std::mem::take(&mut *self.time.0.lock().unwrap());
        waited.sort();
        let rate = u64::from(RATE);
        let expected: Vec<_> = (rate..calls).map(|n| Duration::from_secs(n / rate)).collect();
        assert_eq!(waited, expected);
    }
}

/// Answers with the number in the request.
fn echo(request: &Request) -> Response<Bytes> {
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    let body =
        json!({ "Response": { "Number": sent.get("Number"), "RequestId": "r" } }).to_string();
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into() }
}

#[test]
fn threads_share_a_client() {
    let world = World::default();
    let transport = |request: Request| Ok(echo(&request).map(BlockingBody::from));
    let client = blocking::Client::with_transport(world.config(), transport).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let client = &client;
            scope.spawn(move || {
                for call in 0..CALLS {
                    let number = thread * CALLS + call;
                    let answer = client.call_json(READ, &json!({ "Number": number }));
                    assert_eq!(answer.unwrap().get("Number"), Some(&json!(number)));
                }
            });
        }
    });
    world.check(THREADS * CALLS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_share_a_client() {
    let world = World::default();
    let transport = |request: Request| async move {
        tokio::task::yield_now().await;
        Ok(echo(&request).map(AsyncBody::from))
    };
    let client = Client::with_transport(world.config(), transport).unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let client = client.clone();
            tokio::spawn(async move {
                for call in 0..CALLS {
                    let number = task * CALLS + call;
                    let answer = client.call_json(READ, &json!({ "Number": number })).await;
                    assert_eq!(answer.unwrap().get("Number"), Some(&json!(number)));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    world.check(TASKS * CALLS);
}
