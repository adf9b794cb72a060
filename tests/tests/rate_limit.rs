//! The rate limit of a client against that of the service: no request is refused, and the limit is used.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "../../crates/essbasic-emulator/src/api/sliding_window.rs"]
mod sliding_window;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use essbasic::credentials::Credential;
use essbasic::models::DescribeFlowDetailInfoRequest;
use essbasic::transport::{
    AsyncBody, AsyncTransport, BlockingBody, BlockingTransport, Bytes, HeaderMap, Proxy, Request,
    ReqwestTransport, Response, StatusCode, TransportConfig, TransportError, UreqTransport,
};
use essbasic::{Agent, Config, RateLimit, agent, blocking};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use sliding_window::SlidingWindow;
use tc3_client::api::ActionInfo;
use tc3_client::{AsyncSleep, Client, Clock, Now};
use tokio::time::Instant;

/// Maximum jitter on the way to the service that the client makes up for.
const JITTER: Duration = Duration::from_millis(25);

/// Limit of the service, in calls per second.
const LIMIT: usize = 20;

/// Concurrent callers.
const CALLERS: usize = 80;

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlowDetailInfo");

/// The paused clock of tokio.
#[derive(Clone, Copy)]
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> Now {
        let elapsed = self.0.elapsed();
        Now { unix: Duration::from_secs(1_700_000_000) + elapsed, monotonic: elapsed }
    }
}

#[async_trait::async_trait]
impl AsyncSleep for PausedClock {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// How long requests take to the service.
#[derive(Debug, Clone, Copy)]
enum Delays {
    Constant,
    Random,
    /// Alternating between none and the maximum, per request.
    Alternating,
    /// Alternating between none and the maximum, every half of a second.
    Phases,
    /// Random, and one caller in ten is late for its permit.
    LateCallers,
}

/// Makes calls in virtual time. Returns the number of refused calls and the duration.
async fn simulate(delays: Delays, calls: usize, seed: u64) -> (u64, Duration) {
    let start = Instant::now();
    let rng = Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)));
    let window = Arc::new(Mutex::new(SlidingWindow::default()));
    let (refused, sent) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let transport = {
        let (rng, refused) = (Arc::clone(&rng), Arc::clone(&refused));
        move |_: Request| {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            let jitter = match delays {
                Delays::Constant => JITTER / 2,
                Delays::Random | Delays::LateCallers => JITTER.mul_f64(rng.lock().unwrap().f64()),
                Delays::Alternating => JITTER * (number % 2) as u32,
                Delays::Phases => JITTER * (start.elapsed().as_millis() / 500 % 2) as u32,
            };
            let response = Duration::from_millis(rng.lock().unwrap().u64(..40));
            let (window, refused) = (Arc::clone(&window), Arc::clone(&refused));
            async move {
                tokio::time::sleep(jitter).await;
                if !window.lock().unwrap().admit(LIMIT, Instant::now().into_std()) {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                tokio::time::sleep(response).await;
                Ok::<_, TransportError>(Response {
                    status: StatusCode::OK,
                    headers: HeaderMap::new(),
                    body: AsyncBody::from(Bytes::from_static(
                        b"{\"Response\":{\"RequestId\":\"r\"}}",
                    )),
                })
            }
        }
    };
    let config = Config::new(Credential::new("id", "key"))
        .with_timeout(None)
        .with_clock(PausedClock(start))
        .with_async_sleep(Late { clock: PausedClock(start), delays, rng });
    let client = Client::with_transport(config, transport).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let client = client.clone();
        tasks.spawn(async move {
            for _ in 0..calls / CALLERS {
                client.call_json(READ, &serde_json::json!({})).await.unwrap();
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    (refused.load(Ordering::Relaxed), start.elapsed())
}

/// A timer that is late for some callers.
struct Late {
    clock: PausedClock,
    delays: Delays,
    rng: Arc<Mutex<fastrand::Rng>>,
}

#[async_trait::async_trait]
impl AsyncSleep for Late {
    async fn sleep(&self, time: Duration) {
        let late = {
            let mut rng = self.rng.lock().unwrap();
            match self.delays {
                Delays::LateCallers if rng.u8(..10) == 0 => Duration::from_millis(rng.u64(..150)),
                _ => Duration::ZERO,
            }
        };
        self.clock.sleep(time + late).await;
    }
}

#[test]
fn no_call_is_refused_and_the_limit_is_used() {
    let delays = [
        Delays::Constant,
        Delays::Random,
        Delays::Alternating,
        Delays::Phases,
        Delays::LateCallers,
    ];
    for delays in delays {
        for (calls, seed) in [(10_000, 1), (2_000, 2), (2_000, 3)] {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_time().start_paused(true).build().unwrap();
            let (refused, elapsed) = runtime.block_on(simulate(delays, calls, seed));
            let label = format!("{delays:?}, {calls} calls, seed {seed}: {elapsed:?}");
            assert_eq!(refused, 0, "{label}");
            let rate = calls as f64 / elapsed.as_secs_f64() / LIMIT as f64;
            // A late caller delays the permits after its own.
            let least = if matches!(delays, Delays::LateCallers) { 0.8 } else { 0.96 };
            assert!(rate >= least, "{label}: {rate}");
        }
    }
}

/// The maximum duration of an exchange, in microseconds, which bounds the jitter of its request.
#[derive(Clone, Default)]
struct Slowest(Arc<AtomicU64>);

impl Slowest {
    fn record(&self, sent: std::time::Instant) {
        let micros = u64::try_from(sent.elapsed().as_micros()).unwrap();
        self.0.fetch_max(micros, Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

fn the_agent() -> Agent {
    agent(APP_ID, ORGANIZATION, OPERATOR)
}

fn direct() -> TransportConfig {
    TransportConfig::default().with_proxy(Proxy::None)
}

fn config(emulator: &Emulator) -> Config {
    Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(&emulator.endpoint())
        .unwrap()
        .with_rate_limit(RateLimit::PerAction)
}

fn calls_of_tasks(emulator: &Emulator, slowest: &Slowest) {
    let transport = Arc::new(ReqwestTransport::new(&direct()).unwrap());
    let slowest = slowest.clone();
    let transport = move |request: Request| {
        let (transport, slowest) = (Arc::clone(&transport), slowest.clone());
        async move {
            let sent = std::time::Instant::now();
            let response = transport.send(request).await;
            slowest.record(sent);
            response
        }
    };
    let client = Client::with_transport(config(emulator), transport).unwrap();
    let client = essbasic::Client::from_client(client, the_agent());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..CALLERS {
            let client = client.clone();
            tasks.spawn(async move {
                let request = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids(["f"]);
                client.call(&request).await.unwrap();
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
    });
}

fn calls_of_threads(emulator: &Emulator, slowest: &Slowest) {
    let transport = UreqTransport::new(&direct()).unwrap();
    let slowest = slowest.clone();
    let transport = move |request: Request| -> Result<Response<BlockingBody>, TransportError> {
        let sent = std::time::Instant::now();
        let response = transport.send(request);
        slowest.record(sent);
        response
    };
    let client = tc3_client::blocking::Client::with_transport(config(emulator), transport);
    let client = blocking::Client::from_client(client.unwrap(), the_agent());
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let request = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids(["f"]);
                client.call(&request).unwrap();
            });
        }
    });
}

/// If the machine delays an exchange by more than the jitter that the client makes up for, a call may be refused: the
/// calls are then made again.
#[test]
fn concurrent_calls_are_not_refused_by_the_emulator() {
    for calls in [calls_of_tasks, calls_of_threads] {
        let mut trials = 0;
        loop {
            let emulator = Emulator::builder().with_rate_limit(Some(LIMIT)).start().unwrap();
            let slowest = Slowest::default();
            calls(&emulator, &slowest);
            let refused = emulator.stats().rejected.get("RequestLimitExceeded").copied();
            trials += 1;
            let Some(refused) = refused else { break };
            let slowest = slowest.get();
            assert!(slowest > JITTER, "{refused} calls were refused; the slowest took {slowest:?}");
            assert!(trials < 20, "{refused} calls were refused; the slowest took {slowest:?}");
        }
    }
}
