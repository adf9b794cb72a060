//! Both clients over a service in memory, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::credentials::CredentialSource;
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode,
};
use tc3_client::{Client, Clock, Config, Error, Now, RateLimit, blocking};

use super::READ;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Driver {
    Async,
    Blocking,
}

pub(super) const DRIVERS: [Driver; 2] = [Driver::Async, Driver::Blocking];

/// A service that returns the SecretId of each request, or rejects its credential.
#[derive(Clone, Default)]
pub(super) struct Service(Arc<State>);

#[derive(Default)]
struct State {
    millis: AtomicU64,
    requests: AtomicU64,
    rejects: AtomicBool,
}

impl Service {
    pub(super) fn advance(&self, millis: u64) {
        self.0.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Returns the number of requests.
    pub(super) fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::SeqCst)
    }

    pub(super) fn reject(&self) {
        self.0.rejects.store(true, Ordering::SeqCst);
    }

    fn respond(&self, request: &Request) -> Response<Bytes> {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        let authorization = request.headers.get("authorization").unwrap().to_str().unwrap();
        let id = authorization.split(['=', '/']).nth(1).unwrap();
        let error = json!({"Code": "AuthFailure.TokenFailure", "Message": "m"});
        let content = match self.0.rejects.load(Ordering::SeqCst) {
            true => json!({"Error": error, "RequestId": "r"}),
            false => json!({"Id": id, "RequestId": "r"}),
        };
        let body = Bytes::from(json!({ "Response": content }).to_string());
        Response { status: StatusCode::OK, headers: HeaderMap::new(), body }
    }

    pub(super) fn config(&self, source: impl CredentialSource) -> Config {
        Config::new(source).with_clock(self.clone()).with_rate_limit(RateLimit::Off)
    }

    pub(super) fn client(&self, driver: Driver, config: Config) -> AnyClient {
        let service = self.clone();
        match driver {
            Driver::Async => {
                let respond = move |request: Request| {
                    std::future::ready(Ok(service.respond(&request).map(AsyncBody::from)))
                };
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let client = Client::with_transport(config, respond).unwrap();
                AnyClient::Async(client, runtime.unwrap())
            }
            Driver::Blocking => {
                let respond =
                    move |request: Request| Ok(service.respond(&request).map(BlockingBody::from));
                AnyClient::Blocking(blocking::Client::with_transport(config, respond).unwrap())
            }
        }
    }
}

impl Clock for Service {
    fn now(&self) -> Now {
        let monotonic = Duration::from_millis(self.0.millis.load(Ordering::SeqCst));
        Now { unix: Duration::from_secs(1_700_000_000) + monotonic, monotonic }
    }
}

pub(super) enum AnyClient {
    Async(Client, tokio::runtime::Runtime),
    Blocking(blocking::Client),
}

impl AnyClient {
    /// Makes a call. Returns the SecretId that it has used.
    pub(super) fn call(&self) -> Result<String, Error> {
        let body = json!({});
        let response: Value = match self {
            Self::Async(client, runtime) => runtime.block_on(client.call_json(READ, &body))?,
            Self::Blocking(client) => client.call_json(READ, &body)?,
        };
        Ok(response["Id"].as_str().unwrap().to_owned())
    }

    pub(super) fn refresh(&self) -> Result<(), Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.refresh_credential()),
            Self::Blocking(client) => client.refresh_credential(),
        }
    }
}
