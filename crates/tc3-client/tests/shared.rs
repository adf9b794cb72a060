//! One client shared by many threads and tasks: each gets its own response, all share the rate limit, and the
//! credential is fetched once.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

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

/// A clock with a fixed time that records all sleeps.
#[derive(Clone, Default)]
struct FixedClock(Arc<Mutex<Vec<Duration>>>);

impl Clock for FixedClock {
    fn now(&self) -> Now {
        Now { unix: Duration::from_secs(1_700_000_000), monotonic: Duration::from_secs(1) }
    }
}

impl BlockingSleep for FixedClock {
    fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

#[async_trait::async_trait]
impl AsyncSleep for FixedClock {
    async fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
        tokio::task::yield_now().await;
    }
}

#[derive(Default)]
struct Fixture {
    clock: FixedClock,
    fetches: Arc<AtomicU64>,
}

impl Fixture {
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
            .with_clock(self.clock.clone())
            .with_async_sleep(self.clock.clone())
            .with_blocking_sleep(self.clock.clone())
    }

    /// Asserts that a hundred calls were sent per window of 1.025 seconds.
    fn assert_rate(&self, calls: u64) {
        assert_eq!(self.fetches.load(Ordering::SeqCst), 1);
        let mut sleeps = std::mem::take(&mut *self.clock.0.lock().unwrap());
        sleeps.sort();
        let rate = u64::from(RATE);
        let expected: Vec<_> =
            (rate..calls).map(|n| Duration::from_millis(n / rate * 1_025)).collect();
        assert_eq!(sleeps, expected);
    }
}

/// Returns a response with the number in the request.
fn echo(request: &Request) -> Response<Bytes> {
    let sent: Value = serde_json::from_slice(&request.body).unwrap();
    let body =
        json!({ "Response": { "Number": sent.get("Number"), "RequestId": "r" } }).to_string();
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: body.into() }
}

#[test]
fn threads_share_a_client() {
    let fixture = Fixture::default();
    let transport = |request: Request| Ok(echo(&request).map(BlockingBody::from));
    let client = blocking::Client::with_transport(fixture.config(), transport).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let client = &client;
            scope.spawn(move || {
                for call in 0..CALLS {
                    let number = thread * CALLS + call;
                    let response = client.call_json(READ, &json!({ "Number": number }));
                    assert_eq!(response.unwrap().get("Number"), Some(&json!(number)));
                }
            });
        }
    });
    fixture.assert_rate(THREADS * CALLS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_share_a_client() {
    let fixture = Fixture::default();
    let transport = |request: Request| async move {
        tokio::task::yield_now().await;
        Ok(echo(&request).map(AsyncBody::from))
    };
    let client = Client::with_transport(fixture.config(), transport).unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let client = client.clone();
            tokio::spawn(async move {
                for call in 0..CALLS {
                    let number = task * CALLS + call;
                    let response = client.call_json(READ, &json!({ "Number": number })).await;
                    assert_eq!(response.unwrap().get("Number"), Some(&json!(number)));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    fixture.assert_rate(TASKS * CALLS);
}
