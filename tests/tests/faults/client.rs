//! A client over any transport that counts what it sends, and does not rest for long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use essbasic::api::Action;
use essbasic::transport::{
    AsyncTransport, BlockingTransport as _, HyperTransport, Request, ReqwestTransport,
    TransportConfig, TransportError, UreqTransport,
};
use essbasic::{
    Agent, ArchiveOptions, ArchiveReport, Config, Error, FlowWait, WaitOptions, blocking,
};
use tc3_client::{AsyncSleep, BlockingSleep, Clock, Now, SystemClock};

/// Every pause that is one is this long at most, or at least.
#[derive(Clone, Copy)]
pub(crate) enum Rest {
    Most(Duration),
    Least(Duration),
}

impl Rest {
    fn of(self, time: Duration) -> Duration {
        match self {
            Self::Most(most) => time.min(most),
            Self::Least(_) if time.is_zero() => time,
            Self::Least(least) => time.max(least),
        }
    }
}

/// Sleeps as [`Rest`] says, on a clock by which the whole time has passed: what ends with a time limit ends.
#[derive(Clone)]
pub(crate) struct Time {
    rest: Rest,
    real: SystemClock,
    skipped: Arc<Mutex<Duration>>,
}

impl Time {
    pub(crate) fn new(rest: Rest) -> Self {
        Self { rest, real: SystemClock::new(), skipped: Arc::default() }
    }

    /// How long to sleep for `time`.
    fn pass(&self, time: Duration) -> Duration {
        let real = self.rest.of(time);
        *self.skipped.lock().unwrap() += time.saturating_sub(real);
        real
    }
}

impl Clock for Time {
    /// The Unix time is the emulator's, for the signatures.
    fn now(&self) -> Now {
        let now = self.real.now();
        Now { monotonic: now.monotonic + *self.skipped.lock().unwrap(), ..now }
    }
}

impl BlockingSleep for Time {
    fn sleep(&self, time: Duration) {
        std::thread::sleep(self.pass(time));
    }
}

#[async_trait::async_trait]
impl AsyncSleep for Time {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(self.pass(time)).await;
    }
}

/// True if the connections of a client are kept, and what is done before each request.
pub(crate) enum Connections {
    Kept,
    OneARequest(Box<dyn Fn(&Request) + Send + Sync>),
}

pub(crate) struct Client {
    driver: Driver,
    sent: Arc<AtomicU64>,
}

enum Driver {
    Blocking(blocking::Client),
    Async(essbasic::Client, tokio::runtime::Runtime),
}

/// What a client calls over, and so its driver.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Over {
    Hyper,
    Reqwest,
    Ureq,
}

impl Client {
    pub(crate) fn new(
        over: Over,
        config: Config,
        transport: TransportConfig,
        connections: Connections,
        agent: Agent,
    ) -> Self {
        let sent = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&sent);
        let make: Make = match over {
            Over::Hyper => |config| Ok(Arc::new(HyperTransport::new(config)?)),
            Over::Reqwest => |config| Ok(Arc::new(ReqwestTransport::new(config)?)),
            Over::Ureq => {
                let client = blocking(config, transport, connections, counter);
                return Self {
                    driver: Driver::Blocking(blocking::Client::from_client(client, agent)),
                    sent,
                };
            }
        };
        let client = asynchronous(config, transport, connections, counter, make);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let client = essbasic::Client::from_client(client, agent);
        Self { driver: Driver::Async(client, runtime.unwrap()), sent }
    }

    /// Requests so far, those included that found no connection.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn call<A>(&self, request: &A) -> Result<A::Response, Error>
    where
        A: Action<Response: Send> + Sync,
    {
        match &self.driver {
            Driver::Blocking(client) => client.call(request),
            Driver::Async(client, runtime) => runtime.block_on(client.call(request)),
        }
    }

    pub(crate) fn wait(&self, flow: &str, options: &WaitOptions) -> Result<Vec<FlowWait>, Error> {
        match &self.driver {
            Driver::Blocking(client) => client.wait([flow], options),
            Driver::Async(client, runtime) => runtime.block_on(client.wait([flow], options)),
        }
    }

    pub(crate) fn archive(
        &self,
        flow: &str,
        options: &ArchiveOptions,
    ) -> Result<ArchiveReport, Error> {
        let flows = [flow.to_owned()];
        match &self.driver {
            Driver::Blocking(client) => client.archive(flows, options),
            Driver::Async(client, runtime) => runtime.block_on(client.archive(flows, options)),
        }
    }
}

fn blocking(
    config: Config,
    transport: TransportConfig,
    connections: Connections,
    counter: Arc<AtomicU64>,
) -> tc3_client::blocking::Client {
    let kept = UreqTransport::new(&transport).unwrap();
    let counting = move |request| {
        counter.fetch_add(1, Ordering::Relaxed);
        if let Connections::OneARequest(before) = &connections {
            before(&request);
            return UreqTransport::new(&transport).unwrap().send(request);
        }
        kept.send(request)
    };
    tc3_client::blocking::Client::with_transport(config, counting).unwrap()
}

type Make = fn(&TransportConfig) -> Result<Arc<dyn AsyncTransport>, TransportError>;

fn asynchronous(
    config: Config,
    transport: TransportConfig,
    connections: Connections,
    counter: Arc<AtomicU64>,
    make: Make,
) -> tc3_client::Client {
    let kept = make(&transport).unwrap();
    let counting = move |request| {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut inner = Arc::clone(&kept);
        if let Connections::OneARequest(before) = &connections {
            before(&request);
            inner = make(&transport).unwrap();
        }
        async move { inner.send(request).await }
    };
    tc3_client::Client::with_transport(config, counting).unwrap()
}
