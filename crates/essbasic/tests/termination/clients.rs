//! Both clients over a scripted service, in virtual time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use essbasic::credentials::Credential;
use essbasic::models::FlowDetailInfo;
use essbasic::transport::{
    AsyncBody, AsyncChunks, BlockingBody, BlockingChunks, Bytes, Request, TransportError,
};
use essbasic::{
    ArchiveOptions, ArchiveReport, Config, DownloadOptions, Error, FlowError, FlowLinks, FlowWait,
    RateLimit, Report, RetryPolicy, WaitOptions, agent,
};
use tc3_client::{AsyncSleep, BlockingSleep, Clock, Now};

use super::service::{Body, EPOCH, Service};

#[derive(Debug, Clone, Copy)]
pub enum Driver {
    Blocking,
    Async,
}

pub const DRIVERS: [Driver; 2] = [Driver::Blocking, Driver::Async];

pub enum Client {
    Blocking(essbasic::blocking::Client, Arc<ManualClock>, Service),
    Async(essbasic::Client, tokio::runtime::Runtime, TokioClock, Service),
}

/// Calls a method of either client, and reports the end of the job to the service.
macro_rules! both {
    ($self:expr, $method:ident($($argument:expr),*)) => {
        match $self {
            Client::Blocking(client, clock, service) => {
                let result = client.$method($($argument),*);
                service.end(clock.now().monotonic);
                result
            }
            Client::Async(client, runtime, clock, service) => runtime.block_on(async {
                let result = client.$method($($argument),*).await;
                service.end(clock.now().monotonic);
                result
            }),
        }
    };
}

impl Client {
    pub fn new(driver: Driver, service: Service) -> Self {
        let config = Config::new(Credential::new("id", "key"))
            .with_rate_limit(RateLimit::Off)
            .with_retry(RetryPolicy::default().with_base_delay(Duration::from_secs(4)));
        let agent = agent("a", "o", "p");
        match driver {
            Driver::Blocking => {
                let clock = Arc::new(ManualClock::default());
                let (timer, stops) = (Arc::clone(&clock), service.clone());
                service.start(move |time| timer.schedule(time, stops.clone()));
                let (timer, served) = (Arc::clone(&clock), service.clone());
                let config = config
                    .with_clock(ClockHandle(Arc::clone(&clock)))
                    .with_blocking_sleep(ClockHandle(Arc::clone(&clock)));
                let transport = move |request: Request| {
                    timer.sleep(served.delay());
                    std::thread::yield_now();
                    served.serve(&request).map(|reply| reply.map(BlockingBody::stream))
                };
                let client = tc3_client::blocking::Client::with_transport(config, transport);
                let client = essbasic::blocking::Client::from_client(client.unwrap(), agent);
                Self::Blocking(client, clock, service)
            }
            Driver::Async => {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                let runtime = builder.enable_all().start_paused(true).build().unwrap();
                let guard = runtime.enter();
                let clock = TokioClock { start: tokio::time::Instant::now() };
                let stops = service.clone();
                service.start(move |time| {
                    let stops = stops.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(time).await;
                        stops.stop(clock.now().monotonic);
                    });
                });
                drop(guard);
                let served = service.clone();
                let config = config.with_clock(clock).with_async_sleep(clock);
                let transport = move |request: Request| {
                    let served = served.clone();
                    async move {
                        tokio::time::sleep(served.delay()).await;
                        served.serve(&request).map(|reply| reply.map(AsyncBody::stream))
                    }
                };
                let client = tc3_client::Client::with_transport(config, transport).unwrap();
                Self::Async(essbasic::Client::from_client(client, agent), runtime, clock, service)
            }
        }
    }

    pub fn download(&self, ids: Vec<String>, options: &DownloadOptions) -> Result<Report, Error> {
        both!(self, download(ids, options))
    }

    pub fn archive(
        &self,
        ids: Vec<String>,
        options: &ArchiveOptions,
    ) -> Result<ArchiveReport, Error> {
        both!(self, archive(ids, options))
    }

    pub fn wait(&self, ids: Vec<String>, options: &WaitOptions) -> Result<Vec<FlowWait>, Error> {
        both!(self, wait(ids, options))
    }

    pub fn details(
        &self,
        ids: Vec<String>,
    ) -> Result<Vec<Result<FlowDetailInfo, FlowError>>, Error> {
        both!(self, details(ids))
    }

    pub fn links(&self, ids: Vec<String>) -> Result<Vec<FlowLinks>, Error> {
        both!(self, links(ids))
    }
}

impl BlockingChunks for Body {
    fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.next()
    }
}

#[async_trait::async_trait]
impl AsyncChunks for Body {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.next()
    }
}

/// Runs a function on another thread. Returns `None` if it does not return within a timeout in real time. Propagates its
/// panic.
pub fn with_timeout<T: Send + 'static>(
    timeout: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = channel();
    let worker = std::thread::spawn(move || {
        // After the timeout there is no receiver.
        let _ = done.send(work());
    });
    match result.recv_timeout(timeout) {
        Ok(result) => Some(result),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Ok(()) => None,
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
}

/// Clock of a runtime with paused time.
#[derive(Clone, Copy)]
pub struct TokioClock {
    start: tokio::time::Instant,
}

impl Clock for TokioClock {
    fn now(&self) -> Now {
        let monotonic = tokio::time::Instant::now().duration_since(self.start);
        Now { unix: Duration::from_secs(EPOCH) + monotonic, monotonic }
    }
}

#[async_trait::async_trait]
impl AsyncSleep for TokioClock {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Clock that is advanced by each sleep, which returns at once.
#[derive(Default)]
pub struct ManualClock {
    now_nanos: AtomicU64,
    /// Time at which a service is stopped.
    alarm: Mutex<Option<(Duration, Service)>>,
}

impl ManualClock {
    fn now(&self) -> Now {
        let monotonic = Duration::from_nanos(self.now_nanos.load(Ordering::SeqCst));
        Now { unix: Duration::from_secs(EPOCH) + monotonic, monotonic }
    }

    fn schedule(&self, time: Duration, service: Service) {
        *self.alarm.lock().unwrap() = Some((self.now().monotonic + time, service));
        self.sleep(Duration::ZERO);
    }

    fn sleep(&self, time: Duration) {
        let end = self.now().monotonic.saturating_add(time);
        let nanos = u64::try_from(end.as_nanos()).unwrap_or(u64::MAX);
        self.now_nanos.fetch_max(nanos, Ordering::SeqCst);
        let mut alarm = self.alarm.lock().unwrap();
        if let Some((_, service)) = alarm.take_if(|(at, _)| *at <= end) {
            drop(alarm);
            service.stop(self.now().monotonic);
        }
    }
}

/// Handle of a shared [`ManualClock`].
struct ClockHandle(Arc<ManualClock>);

impl Clock for ClockHandle {
    fn now(&self) -> Now {
        self.0.now()
    }
}

impl BlockingSleep for ClockHandle {
    fn sleep(&self, time: Duration) {
        self.0.sleep(time);
    }
}
