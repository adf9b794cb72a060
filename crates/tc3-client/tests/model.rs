//! Model test of many callers of one client in simulated time. For every order and result of requests, and every
//! cancellation, each caller ends and the client works afterwards.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::{AssumeRole, Chain, CvmRole};
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Method, Request, Response, StatusCode,
    TransportError, TransportErrorKind as Kind,
};
use tc3_client::{
    AsyncSleep, BlockingSleep, Client, Clock, Config, Error, ErrorKind, Now, RateLimit, blocking,
};
use tokio::time::{Instant, sleep, timeout};

const START: u64 = 1_700_000_000;
const LIMIT: Duration = Duration::from_secs(60);
const CREATE: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");
const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

/// The result of a request.
#[derive(Debug, Clone, Copy)]
enum Reply {
    Done,
    Error(&'static str),
    Status(u16),
    Fail(Kind),
    /// No response until the timeout of the request.
    Silence,
}

fn replies() -> impl Strategy<Value = Reply> {
    prop_oneof![
        4 => Just(Reply::Done),
        3 => prop::sample::select(vec!["RequestLimitExceeded", "InternalError", "AuthFailure.TokenFailure",
            "AuthFailure.SignatureExpire", "FailedOperation"]).prop_map(Reply::Error),
        2 => prop::sample::select(vec![200, 403, 404, 429, 503]).prop_map(Reply::Status),
        2 => prop::sample::select(vec![Kind::Connect, Kind::Resolve, Kind::Interrupted, Kind::Proxy, Kind::Timeout])
            .prop_map(Reply::Fail),
        1 => Just(Reply::Silence),
    ]
}

/// A delay in milliseconds, and the reply after it.
type Planned = (u64, Reply);

fn plans() -> impl Strategy<Value = Vec<Planned>> {
    prop::collection::vec((0_u64..2_000, replies()), 0..40)
}

/// Per caller: start time and, if it is cancelled, the delay until then, in milliseconds; and whether it creates.
fn callers() -> impl Strategy<Value = Vec<(u64, Option<u64>, bool)>> {
    let one = (0_u64..3_000, prop::option::weighted(0.4, 0_u64..5_000), any::<bool>());
    prop::collection::vec(one, 1..12)
}

/// A server that replies by plan, and then always with success.
struct Server {
    plan: Mutex<std::vec::IntoIter<Planned>>,
    served: AtomicUsize,
    /// Lifetime of the issued keys, in seconds.
    lifetime: u64,
}

impl Server {
    fn new(plan: Vec<Planned>, lifetime: u64) -> Arc<Self> {
        let plan = Mutex::new(plan.into_iter());
        Arc::new(Self { plan, served: AtomicUsize::new(0), lifetime })
    }

    fn next(&self) -> Planned {
        self.plan.lock().unwrap().next().unwrap_or((1, Reply::Done))
    }

    fn respond(
        &self,
        request: &Request,
        now: Now,
        reply: Reply,
    ) -> Result<Response<Bytes>, TransportError> {
        let number = self.served.fetch_add(1, Ordering::SeqCst);
        let ends = now.unix.as_secs() + self.lifetime;
        let keys = json!({"TmpSecretId": format!("id{number}"), "TmpSecretKey": "k", "Token": "t"});
        let (status, body) = match reply {
            Reply::Silence => return Err(TransportError::new(Kind::Timeout)),
            Reply::Fail(kind) => return Err(TransportError::new(kind)),
            Reply::Status(status) => (status, Value::Null),
            Reply::Error(code) => {
                (200, json!({"Response": {"Error": {"Code": code}, "RequestId": "r"}}))
            }
            Reply::Done if request.method == Method::GET => {
                let mut role = keys;
                let fields = role.as_object_mut().unwrap();
                fields.insert("Code".to_owned(), json!("Success"));
                fields.insert("ExpiredTime".to_owned(), json!(ends));
                (200, role)
            }
            Reply::Done if request.uri.host().is_some_and(|host| host.starts_with("sts.")) => (
                200,
                json!({"Response": {"Credentials": keys, "ExpiredTime": ends, "RequestId": "r"}}),
            ),
            Reply::Done => (200, json!({"Response": {"RequestId": "r"}})),
        };
        let mut headers = HeaderMap::new();
        headers.insert("date", "Tue, 14 Nov 2023 23:13:20 GMT".parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        Ok(Response { status, headers, body: body.to_string().into() })
    }
}

/// The paused clock of tokio.
#[derive(Clone, Copy)]
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> Now {
        let elapsed = self.0.elapsed();
        Now { unix: Duration::from_secs(START) + elapsed, monotonic: elapsed }
    }
}

#[async_trait::async_trait]
impl AsyncSleep for PausedClock {
    async fn sleep(&self, time: Duration) {
        sleep(time).await;
    }
}

/// A role that is assumed with the keys of the machine: a fetch of two requests, in a chain.
fn config(rate: u32) -> Config {
    let machine = CvmRole::new().with_role("r");
    Config::new(Chain::new().then(AssumeRole::new(machine, "arn")))
        .with_timeout(Some(LIMIT))
        .with_rate_limit(RateLimit::Fixed(rate))
        .with_jitter_seed(7)
}

fn client(server: &Arc<Server>, rate: u32, clock: PausedClock) -> Client {
    let server = Arc::clone(server);
    let serve = move |request: Request| {
        let server = Arc::clone(&server);
        async move {
            let (delay, reply) = server.next();
            let timeout = request.timeout.unwrap_or(LIMIT);
            let delay = match reply {
                Reply::Silence => timeout,
                _ => Duration::from_millis(delay),
            };
            sleep(delay.min(timeout)).await;
            let reply = if delay >= timeout { Reply::Silence } else { reply };
            Ok(server.respond(&request, clock.now(), reply)?.map(AsyncBody::from))
        }
    };
    Client::with_transport(config(rate).with_clock(clock).with_async_sleep(clock), serve).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_async_call_ends(
        plan in plans(),
        callers in callers(),
        rate in 1_u32..5,
        lifetime in prop::sample::select(vec![0_u64, 1, 299, 301, 7200]),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let clock = PausedClock(Instant::now());
            let server = Server::new(plan, lifetime);
            let client = client(&server, rate, clock);
            let tasks: Vec<_> = callers
                .into_iter()
                .map(|(begin, cancel, create)| {
                    let client = client.clone();
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(begin)).await;
                        let info = if create { CREATE } else { READ };
                        let body = json!({});
                        let call = client.call_json(info, &body);
                        match cancel {
                            Some(after) => drop(timeout(Duration::from_millis(after), call).await),
                            None => drop(call.await),
                        }
                    })
                })
                .collect();
            // If nothing is in flight, the paused clock advances to this timeout, which detects a stall.
            let all = async {
                for task in tasks {
                    task.await.unwrap();
                }
            };
            let ended = timeout(Duration::from_secs(86_400), all).await;
            prop_assert!(ended.is_ok(), "a call does not end");

            // Without the rest of the plan: the permits of cancelled callers must have been released.
            *server.plan.lock().unwrap() = Vec::new().into_iter();
            sleep(Duration::from_secs(2)).await;
            for _ in 0..20 {
                let body = json!({});
                let call = client.call_json(READ, &body);
                drop(timeout(Duration::from_millis(1), call).await);
            }
            let begin = Instant::now();
            let last = timeout(LIMIT, client.call_json(READ, &json!({}))).await;
            prop_assert!(matches!(last, Ok(Ok(_))), "{last:?}");
            prop_assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
            Ok(())
        })?;
    }
}

/// A clock that only sleeping advances.
#[derive(Clone, Default)]
struct SleepClock(Arc<Mutex<Duration>>);

impl Clock for SleepClock {
    fn now(&self) -> Now {
        let monotonic = *self.0.lock().unwrap();
        Now { unix: Duration::from_secs(START) + monotonic, monotonic }
    }
}

impl BlockingSleep for SleepClock {
    fn sleep(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
        std::thread::yield_now();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_blocking_call_ends(
        plan in plans(),
        callers in 1_usize..8,
        rate in 1_u32..5,
        lifetime in prop::sample::select(vec![0_u64, 1, 299, 301, 7200]),
    ) {
        let (server, time) = (Server::new(plan, lifetime), SleepClock::default());
        let (replier, clock) = (Arc::clone(&server), time.clone());
        let serve = move |request: Request| {
            let (delay, reply) = replier.next();
            clock.sleep(Duration::from_millis(delay).min(request.timeout.unwrap_or(LIMIT)));
            Ok(replier.respond(&request, clock.now(), reply)?.map(BlockingBody::from))
        };
        let config = config(rate).with_clock(time.clone()).with_blocking_sleep(time);
        let client = blocking::Client::with_transport(config, serve).unwrap();
        let (ended, all) = mpsc::channel::<Result<Value, Error>>();
        for _ in 0..callers {
            let (client, ended) = (client.clone(), ended.clone());
            std::thread::spawn(move || ended.send(client.call_json(READ, &json!({}))));
        }
        for _ in 0..callers {
            // No step takes real time, so a call that takes a minute is stalled.
            let result = all.recv_timeout(Duration::from_secs(60));
            prop_assert!(result.is_ok(), "a call does not end");
            if let Err(error) = result.unwrap() {
                prop_assert!(error.kind() != ErrorKind::Config, "{error}");
            }
        }
    }
}
