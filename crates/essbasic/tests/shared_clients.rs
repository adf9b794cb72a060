//! Clients for other agents and regions, and the agent of requests without one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use essbasic::models::{ChannelCreateBatchQuickSignUrlRequest, FlowApproverInfo};
use essbasic::transport::{AsyncBody, BlockingBody, Request, Response};
use essbasic::{
    Agent, AsyncSleep, BlockingSleep, Clock, Config, Error, Now, RateLimit, agent, blocking,
};

use crate::scripted::{Body, config, links};

/// Records the requests of both clients.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Vec<Seen>>>);

/// Region and agent of a request.
type Seen = (Option<String>, Option<String>);

impl Service {
    fn serve(&self, request: &Request) -> Response<Body> {
        let region = request.headers.get("x-tc-region").map(|region| region.to_str().unwrap());
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let agent = body["Agent"]["AppId"].as_str().map(str::to_owned);
        self.0.lock().unwrap().push((region.map(str::to_owned), agent));
        let mut with_flows = request.clone();
        with_flows.body = r#"{"FlowIds":[]}"#.into();
        links(&with_flows, "c")
    }

    fn blocking(&self, config: Config, agent: Agent) -> blocking::Client {
        let served = self.clone();
        let transport =
            move |request: Request| Ok(served.serve(&request).map(BlockingBody::stream));
        blocking::Client::with_transport(config, agent, transport).unwrap()
    }

    fn asynchronous(&self, config: Config, agent: Agent) -> essbasic::Client {
        let served = self.clone();
        let transport = move |request: Request| {
            std::future::ready(Ok(served.serve(&request).map(AsyncBody::stream)))
        };
        essbasic::Client::with_transport(config, agent, transport).unwrap()
    }

    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn seen(region: Option<&str>, agent: &str) -> Seen {
    (region.map(str::to_owned), Some(agent.to_owned()))
}

fn request() -> ChannelCreateBatchQuickSignUrlRequest {
    ChannelCreateBatchQuickSignUrlRequest::new(FlowApproverInfo::new().name("name"))
}

#[test]
fn a_request_without_agent_gets_that_of_the_client() {
    let service = Service::default();
    let blocking = service.blocking(config(), agent("own", "o", "p"));
    let client = service.asynchronous(config(), agent("own", "o", "p"));
    let other = request().agent(Agent::new("other"));
    blocking.call(&request()).unwrap();
    blocking.call(&other).unwrap();
    let expected = [seen(None, "own"), seen(None, "other")];
    assert_eq!(service.take(), expected);
    block_on(async {
        client.call(&request()).await.unwrap();
        client.call(&other).await.unwrap();
    });
    assert_eq!(service.take(), expected);
}

#[test]
fn another_agent_or_region_is_only_that_of_the_returned_client() {
    let service = Service::default();
    let expected = [
        seen(None, "own"),
        seen(None, "tenant"),
        seen(Some("ap-hongkong"), "tenant"),
        seen(None, "own"),
    ];
    let own = service.blocking(config(), agent("own", "o", "p"));
    let tenant = own.with_agent(agent("tenant", "o", "p"));
    let elsewhere = tenant.with_region("ap-hongkong").unwrap();
    for client in [&own, &tenant, &elsewhere, &own] {
        client.call(&request()).unwrap();
    }
    assert_eq!(service.take(), expected);
    assert!(matches!(own.with_region("a\nb"), Err(Error::Call(_))));

    let own = service.asynchronous(config(), agent("own", "o", "p"));
    let tenant = own.with_agent(agent("tenant", "o", "p"));
    let elsewhere = tenant.with_region("ap-hongkong").unwrap();
    for client in [&own, &tenant, &elsewhere, &own] {
        block_on(client.call(&request())).unwrap();
    }
    assert_eq!(service.take(), expected);
    assert!(matches!(own.with_region("a\nb"), Err(Error::Call(_))));
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Now {
        Now { unix: Duration::from_secs(1_700_000_000), monotonic: Duration::from_secs(1) }
    }
}

/// Records delays, which end at once.
#[derive(Clone, Default)]
struct Delays(Arc<Mutex<Vec<Duration>>>);

impl BlockingSleep for Delays {
    fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

#[async_trait::async_trait]
impl AsyncSleep for Delays {
    async fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

#[test]
fn the_rate_limit_is_shared() {
    let service = Service::default();
    let delays = Delays::default();
    let config = config()
        .with_clock(Stopped)
        .with_rate_limit(RateLimit::Fixed(2))
        .with_blocking_sleep(delays.clone())
        .with_async_sleep(delays.clone());
    let client = service.blocking(config.clone(), agent("a", "o", "p"));
    let tenant = client.with_agent(agent("b", "o", "p"));
    client.call(&request()).unwrap();
    tenant.call(&request()).unwrap();
    assert!(delays.0.lock().unwrap().iter().all(Duration::is_zero));
    tenant.with_region("ap-hongkong").unwrap().call(&request()).unwrap();
    assert!(std::mem::take(&mut *delays.0.lock().unwrap()).iter().any(|time| !time.is_zero()));

    let client = service.asynchronous(config, agent("a", "o", "p"));
    let tenant = client.with_agent(agent("b", "o", "p"));
    block_on(client.call(&request())).unwrap();
    block_on(tenant.call(&request())).unwrap();
    assert!(delays.0.lock().unwrap().iter().all(Duration::is_zero));
    block_on(tenant.with_region("ap-hongkong").unwrap().call(&request())).unwrap();
    assert!(delays.0.lock().unwrap().iter().any(|time| !time.is_zero()));
}
