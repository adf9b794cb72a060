//! Implementations of the traits of the SDK. The program depends on no other crate.

use std::error::Error;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use essbasic::api::ActionInfo;
use essbasic::credentials::{
    Credential, CredentialFetch, CredentialSource, FetchResponse, FetchStep,
};
use essbasic::transport::{
    AsyncBody, AsyncChunks, AsyncTransport, BlockingBody, BlockingChunks, BlockingTransport, Bytes,
    HeaderMap, Request, Response, StatusCode, TransportError, Uri, async_trait,
};
use essbasic::{
    AsyncSleep, BlockingSleep, Client, Clock, Config, Encapsulation, Now, agent, blocking,
};

/// Keys from a store on the network: a request, then a pause and another request if the store is busy.
struct Store;

struct StoreFetch {
    requests: usize,
}

impl CredentialSource for Store {
    fn name(&self) -> &str {
        "store"
    }

    fn hint(&self) -> &str {
        "start the store"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(StoreFetch { requests: 0 })
    }
}

impl CredentialFetch for StoreFetch {
    fn next(&mut self, _: Now, response: Option<FetchResponse>) -> FetchStep {
        match response {
            Some(Ok(response)) if response.status == StatusCode::OK => {
                FetchStep::Done(Credential::new("AKIDEXAMPLE", "key"))
            }
            Some(_) => FetchStep::Sleep(Duration::from_secs(1)),
            None => {
                self.requests += 1;
                let uri = Uri::from_static("http://store.example.com/key");
                FetchStep::Send(Box::new(Request::get(uri)))
            }
        }
    }
}

/// The service and the store: each path is served by this program.
#[derive(Default)]
struct Served {
    requests: AtomicUsize,
}

impl Served {
    fn respond(&self, request: &Request) -> (StatusCode, &'static str) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        match (request.uri.host(), number) {
            (Some("store.example.com"), 0) => (StatusCode::SERVICE_UNAVAILABLE, ""),
            (Some("store.example.com"), _) => (StatusCode::OK, "key"),
            _ => {
                // The request of the encapsulation, with the sealed body.
                assert_eq!(request.headers["x-tc-action"], "Sealed");
                assert!(request.body.starts_with(b"sealed DescribeFlowDetailInfo "));
                (StatusCode::OK, r#"sealed {"Response":{"RequestId":"1","FlowInfo":[]}}"#)
            }
        }
    }
}

/// A body of one chunk.
struct Chunk(Option<Bytes>);

#[async_trait]
impl AsyncChunks for Chunk {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        Ok(self.0.take())
    }
}

impl BlockingChunks for Chunk {
    fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        Ok(self.0.take())
    }
}

#[async_trait]
impl AsyncTransport for Served {
    async fn send(&self, request: Request) -> Result<Response<AsyncBody>, TransportError> {
        let (status, body) = self.respond(&request);
        let body = AsyncBody::stream(Chunk(Some(Bytes::from_static(body.as_bytes()))));
        Ok(Response { status, headers: HeaderMap::new(), body })
    }
}

impl BlockingTransport for Served {
    fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError> {
        let (status, body) = self.respond(&request);
        let body = BlockingBody::stream(Chunk(Some(Bytes::from_static(body.as_bytes()))));
        Ok(Response { status, headers: HeaderMap::new(), body })
    }
}

/// A clock that only sleeping advances.
#[derive(Default)]
struct Time(Mutex<Duration>);

impl Time {
    fn advance(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Time {
    fn now(&self) -> Now {
        let elapsed = *self.0.lock().unwrap();
        Now { unix: Duration::from_secs(1_700_000_000) + elapsed, monotonic: elapsed }
    }
}

#[async_trait]
impl AsyncSleep for Time {
    async fn sleep(&self, time: Duration) {
        self.advance(time);
    }
}

impl BlockingSleep for Time {
    fn sleep(&self, time: Duration) {
        self.advance(time);
    }
}

/// "Encryption" by a prefix.
struct Prefix;

impl Encapsulation for Prefix {
    fn outer_action(&self) -> ActionInfo<'static> {
        ActionInfo::new("essbasic", "2021-05-26", "Sealed")
    }

    fn seal(&self, action: &str, body: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        Ok([format!("sealed {action} ").as_bytes(), body].concat())
    }

    fn open(&self, response: &[u8]) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
        Ok(response.strip_prefix(b"sealed ").map(<[u8]>::to_vec))
    }
}

/// Runs a future that is never pending, as no part of it waits for anything.
fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future is pending"),
    }
}

fn config(time: &Arc<Time>) -> Config {
    let source: Arc<dyn CredentialSource> = Arc::new(Store);
    let encapsulation: Arc<dyn Encapsulation> = Arc::new(Prefix);
    Config::new(source)
        .with_encapsulation(encapsulation)
        .with_clock(Arc::clone(time))
        .with_async_sleep(Arc::clone(time) as Arc<dyn AsyncSleep>)
        .with_blocking_sleep(Arc::clone(time) as Arc<dyn BlockingSleep>)
}

fn main() -> Result<(), Box<dyn Error>> {
    let operator = || agent("APP", "ORGANIZATION", "OPERATOR");
    let (time, served) = (Arc::new(Time::default()), Arc::new(Served::default()));
    let transport: Arc<dyn AsyncTransport> = Arc::clone(&served) as _;
    let client = Client::with_transport(config(&time), operator(), transport)?;
    assert_eq!(run(client.details(["FLOW"]))?.len(), 1);
    assert_eq!(time.now().monotonic, Duration::from_secs(1));
    assert_eq!(served.requests.load(Ordering::Relaxed), 3);

    let (time, served) = (Arc::new(Time::default()), Arc::new(Served::default()));
    let transport: Arc<dyn BlockingTransport> = Arc::clone(&served) as _;
    let client = blocking::Client::with_transport(config(&time), operator(), transport)?;
    assert_eq!(client.details(["FLOW"])?.len(), 1);
    assert_eq!(time.now().monotonic, Duration::from_secs(1));
    assert_eq!(served.requests.load(Ordering::Relaxed), 3);
    Ok(())
}
