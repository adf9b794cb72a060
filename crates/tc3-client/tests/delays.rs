//! Every source of delay in a call ends at the timeout of the call and after a stop, in real time, with both drivers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tc3_client::api::{Action, ActionInfo, Envelope, json as api_json};
use tc3_client::credentials::{
    Credential, CredentialFetch, CredentialSource, CvmRole, FetchResponse, FetchStep,
};
use tc3_client::transport::{
    AsyncBody, AsyncTransport, BlockingBody, BlockingTransport, Bytes, HeaderMap, Proxy, Request,
    ReqwestTransport, Response, StatusCode, TransportConfig, TransportError, UreqTransport,
};
use tc3_client::{
    BaseUrl, Client, Config, Error, ErrorKind, Now, RateLimit, RetryPolicy, Stop, blocking,
};

/// Timeout of the calls.
const TIMEOUT: Duration = Duration::from_millis(600);

/// Time in which a call ends after its timeout on a loaded machine, well below all other limits.
const SLACK: Duration = Duration::from_secs(4);

struct Read;

impl Action for Read {
    const INFO: ActionInfo<'static> =
        ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();
    type Response = Value;

    fn encode(&self) -> Result<Vec<u8>, api_json::Error> {
        Ok(b"{}".to_vec())
    }

    fn decode(response: &[u8]) -> Result<Envelope<Value>, api_json::Error> {
        Envelope::deserialize(response)
    }
}

struct Create;

impl Action for Create {
    const INFO: ActionInfo<'static> = ActionInfo::new("essbasic", "2021-05-26", "CreateFlow");
    type Response = Value;

    fn encode(&self) -> Result<Vec<u8>, api_json::Error> {
        Ok(b"{}".to_vec())
    }

    fn decode(response: &[u8]) -> Result<Envelope<Value>, api_json::Error> {
        Envelope::deserialize(response)
    }
}

/// A cause that delays a call for at least a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Delay {
    /// The server accepts the request and sends nothing.
    Head,
    /// The server sends a part of the body.
    Body,
    /// A transport of the caller ignores timeouts.
    Transport,
    /// The service fails, and the backoff is long.
    Backoff,
    /// The service throttles the call, with a long `Retry-After`.
    Throttling,
    RateLimit,
    /// The metadata service accepts the request and sends nothing.
    CredentialRequest,
    /// The source of credentials pauses.
    CredentialPause,
    /// Another call fetches the credential.
    SharedFetch,
}

const DELAYS: [Delay; 9] = [
    Delay::Head,
    Delay::Body,
    Delay::Transport,
    Delay::Backoff,
    Delay::Throttling,
    Delay::RateLimit,
    Delay::CredentialRequest,
    Delay::CredentialPause,
    Delay::SharedFetch,
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Driver {
    Async,
    Blocking,
}

/// Starts a server that sends `response` to each request and keeps the connections open. It ends with the process.
fn server(response: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
            stream.write_all(response.as_bytes()).unwrap();
            open.push(stream);
        }
    });
    url
}

/// A source that pauses for an hour.
struct Pausing;

impl CredentialSource for Pausing {
    fn name(&self) -> &str {
        "pausing"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Self)
    }
}

impl CredentialFetch for Pausing {
    fn next(&mut self, _: Now, _: Option<FetchResponse>) -> FetchStep {
        FetchStep::Sleep(Duration::from_secs(3_600))
    }
}

/// The transports that a client is created with.
#[derive(Clone)]
struct Transports(Arc<dyn AsyncTransport>, Arc<dyn BlockingTransport>);

fn built_in() -> Transports {
    let config = TransportConfig::default().with_proxy(Proxy::None);
    let reqwest = ReqwestTransport::new(&config).unwrap();
    Transports(Arc::new(reqwest), Arc::new(UreqTransport::new(&config).unwrap()))
}

/// Transports without IO. Without a response they never return.
fn scripted(response: Option<(&'static str, Value)>) -> Transports {
    let reply = move || {
        let (retry_after, body) = response.clone()?;
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", retry_after.parse().unwrap());
        let body = Bytes::from(json!({ "Response": body }).to_string());
        Some(Response { status: StatusCode::OK, headers, body })
    };
    let for_async = reply.clone();
    let asynchronous = move |_: Request| {
        let reply = for_async();
        async move {
            match reply {
                Some(reply) => Ok(reply.map(AsyncBody::from)),
                None => std::future::pending().await,
            }
        }
    };
    let blocking = move |_: Request| -> Result<Response<BlockingBody>, TransportError> {
        match reply() {
            Some(reply) => Ok(reply.map(BlockingBody::from)),
            None => loop {
                std::thread::park();
            },
        }
    };
    Transports(Arc::new(asynchronous), Arc::new(blocking))
}

/// Returns a configuration without a timeout, and the transports, for a delay.
fn setting(delay: Delay) -> (Config, Transports) {
    let error = |code: &str| json!({"Error": {"Code": code, "Message": "m"}, "RequestId": "r"});
    let of = |source: Box<dyn CredentialSource>| Config::new(source).with_timeout(None);
    let config = || of(Box::new(Credential::new("id", "key"))).with_rate_limit(RateLimit::Off);
    let at = |url: &str| config().with_endpoint_url(url).unwrap();
    match delay {
        Delay::Head => (at(&server("")), built_in()),
        Delay::Body => (
            at(&server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Response\":")),
            built_in(),
        ),
        Delay::Transport => (config(), scripted(None)),
        Delay::Backoff => {
            let hour = Duration::from_secs(3_600);
            let retry = RetryPolicy::default().with_base_delay(hour).with_max_delay(hour);
            let config = config().with_retry(retry).with_jitter_seed(1);
            (config, scripted(Some(("0", error("InternalError")))))
        }
        Delay::Throttling => (config(), scripted(Some(("60", error("RequestLimitExceeded"))))),
        Delay::RateLimit => {
            let done = scripted(Some(("0", json!({"RequestId": "r"}))));
            (config().with_rate_limit(RateLimit::Fixed(1)), done)
        }
        Delay::CredentialRequest => {
            // Its requests have a timeout of one second.
            let base = BaseUrl::parse(&server("")).unwrap();
            let slow = CvmRole::new().with_role("r").with_base(base);
            (of(Box::new(slow)), built_in())
        }
        Delay::CredentialPause | Delay::SharedFetch => (of(Box::new(Pausing)), scripted(None)),
    }
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
                let transport = move |request: Request| {
                    let transport = Arc::clone(&transports.0);
                    async move { transport.send(request).await }
                };
                let client = Client::with_transport(config, transport).unwrap();
                Self::Async(client, Arc::new(runtime))
            }
            Driver::Blocking => {
                let transport = move |request: Request| transports.1.send(request);
                Self::Blocking(blocking::Client::with_transport(config, transport).unwrap())
            }
        }
    }

    fn call<R: Action<Response = Value> + Sync>(
        &self,
        request: &R,
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

/// Makes a call on another thread; returns its result and duration. Panics if it takes longer than `limit`.
fn call_within<R: Action<Response = Value> + Sync + Send + 'static>(
    limit: Duration,
    label: &str,
    client: AnyClient,
    request: R,
    stop: Option<Stop>,
) -> (Result<Option<Value>, Error>, Duration) {
    let (sender, ended) = channel();
    let start = Instant::now();
    std::thread::spawn(move || {
        let result = client.call(&request, stop.as_ref());
        // The test has failed if it does not wait any more.
        let _ = sender.send((result, start.elapsed()));
    });
    let ended = ended.recv_timeout(limit);
    ended.unwrap_or_else(|_| panic!("{label}: the call does not end within {limit:?}"))
}

/// Starts the calls that delay another one with the same configuration.
fn occupy(delay: Delay, client: &AnyClient, stop: &Stop) {
    let calls = match delay {
        Delay::RateLimit => 100,
        Delay::SharedFetch => 1,
        _ => 0,
    };
    for _ in 0..calls {
        let (client, stop) = (client.clone(), stop.clone());
        std::thread::spawn(move || client.call(&Read, Some(&stop)));
    }
    if calls > 0 {
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn for_each_case(test: impl Fn(Delay, Driver) + Sync) {
    std::thread::scope(|scope| {
        for delay in DELAYS {
            for driver in [Driver::Async, Driver::Blocking] {
                let test = &test;
                scope.spawn(move || test(delay, driver));
            }
        }
    });
}

#[test]
fn every_delay_ends_at_the_timeout_of_the_call() {
    for_each_case(|delay, driver| {
        // A thread cannot be interrupted: a blocking transport must apply the timeout of the request.
        if (delay, driver) == (Delay::Transport, Driver::Blocking) {
            return;
        }
        let label = format!("{delay:?}, {driver:?}");
        let (config, transports) = setting(delay);
        let others = AnyClient::new(driver, config.clone(), transports.clone());
        let client = AnyClient::new(driver, config.with_timeout(Some(TIMEOUT)), transports);
        let stop = Stop::default();
        // Clients share the credentials of the configuration, and calls of a client its rate limit.
        let busy = if delay == Delay::RateLimit { &client } else { &others };
        occupy(delay, busy, &stop);
        let (result, _) = call_within(TIMEOUT + SLACK, &label, client, Read, None);
        stop.stop();
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
        let (config, transports) = setting(delay);
        // The requests for keys have a timeout of a second, after which the source fails.
        let early = delay == Delay::CredentialRequest;
        let client = AnyClient::new(driver, config, transports);
        let stop = Stop::default();
        let others = Stop::default();
        occupy(delay, &client, &others);
        let handle = stop.clone();
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(if early { 100 } else { 300 }));
            handle.stop();
            Instant::now()
        });
        let start = Instant::now();
        let (result, elapsed) = call_within(SLACK, &label, client, Read, Some(stop));
        others.stop();
        let since = (start + elapsed).saturating_duration_since(stopper.join().unwrap());
        assert!(matches!(result, Ok(None)), "{label}: {result:?}");
        match delay {
            Delay::Head | Delay::Body | Delay::Transport => {
                assert!(since >= Stop::GRACE - Duration::from_millis(50), "{label}: {since:?}");
            }
            _ => assert!(since < Stop::GRACE, "{label}: {since:?}"),
        }
    });
}

/// A response within the grace counts, and a request that is not idempotent is completed after it.
#[test]
fn requests_in_flight_are_completed_within_the_grace_and_creates_after_it() {
    for driver in [Driver::Async, Driver::Blocking] {
        for (is_create, millis) in [(false, 200), (true, 200), (true, 1_500)] {
            let done = scripted(Some(("0", json!({"RequestId": "r"}))));
            let slow = done.clone();
            let for_async = move |request: Request| {
                let done = Arc::clone(&slow.0);
                async move {
                    tokio::time::sleep(Duration::from_millis(100 + millis)).await;
                    done.send(request).await
                }
            };
            let for_blocking = move |request: Request| {
                std::thread::sleep(Duration::from_millis(100 + millis));
                done.1.send(request)
            };
            let transports = Transports(Arc::new(for_async), Arc::new(for_blocking));
            let client = AnyClient::new(driver, setting(Delay::Transport).0, transports);
            let stop = Stop::default();
            let handle = stop.clone();
            let stopper = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(100));
                handle.stop();
            });
            let label = format!("{driver:?}, create: {is_create}, {millis} ms");
            let result = match is_create {
                true => call_within(SLACK, &label, client.clone(), Create, Some(stop.clone())).0,
                false => call_within(SLACK, &label, client.clone(), Read, Some(stop.clone())).0,
            };
            stopper.join().unwrap();
            assert!(matches!(result, Ok(Some(_))), "{label}: {result:?}");
            // After the stop nothing is sent.
            let result = client.call(&Create, Some(&stop));
            assert!(matches!(result, Ok(None)), "{label}: {result:?}");
        }
    }
}

/// A refresh leaves time for the call while the current keys are valid, and is not repeated by the next calls.
#[test]
fn a_slow_early_refresh_does_not_fail_calls() {
    for driver in [Driver::Async, Driver::Blocking] {
        let source = Expiring(Arc::default());
        let config = Config::new(source).with_timeout(Some(TIMEOUT));
        let done = scripted(Some(("0", json!({"RequestId": "r"}))));
        let client = AnyClient::new(driver, config, done);
        let label = format!("{driver:?}");
        for _ in 0..3 {
            let (result, _) = call_within(SLACK, &label, client.clone(), Read, None);
            assert!(result.is_ok(), "{label}: {result:?}");
        }
    }
}

/// A source whose first credential expires within the time of an early refresh, and whose second fetch pauses.
struct Expiring(Arc<std::sync::atomic::AtomicUsize>);

impl CredentialSource for Expiring {
    fn name(&self) -> &str {
        "expiring"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        struct Once(Option<Credential>);
        impl CredentialFetch for Once {
            fn next(&mut self, _: Now, _: Option<FetchResponse>) -> FetchStep {
                let pause = FetchStep::Sleep(Duration::from_secs(3_600));
                self.0.take().map_or(pause, FetchStep::Done)
            }
        }
        let is_first = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let credential = Credential::new("id", "key").with_expiry(now + Duration::from_secs(200));
        Box::new(Once(is_first.then_some(credential)))
    }
}
