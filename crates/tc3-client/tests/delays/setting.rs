//! Causes of delays, and the clients and servers that have them.

use std::error::Error;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tc3_client::credentials::{
    Credential, CredentialFetch, CredentialSource, FetchResponse, FetchStep, from_async_fn, from_fn,
};
use tc3_client::transport::{
    AsyncBody, AsyncTransport, BlockingBody, BlockingTransport, Bytes, HeaderMap, Proxy, Request,
    ReqwestTransport, Response, StatusCode, TransportConfig, TransportError, UreqTransport, Uri,
    async_trait,
};
use tc3_client::{
    AsyncRateLimiter, BlockingRateLimiter, Clock, Config, Now, Permit, PermitRequest, RateLimit,
    RetryPolicy, SystemClock,
};

use super::waiting::Waiting;
use crate::support::server::serve;

const HOUR: Duration = Duration::from_secs(3_600);

/// A cause that delays a call for at least a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Delay {
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
    /// A rate limiter of the caller ignores timeouts.
    Limiter,
    /// The server of the credentials accepts the request and sends nothing.
    CredentialRequest,
    /// The source of credentials pauses.
    CredentialPause,
    /// A function as source blocks its thread.
    CredentialFunction,
    /// An async function as source does not end.
    CredentialFuture,
    /// Another call fetches the credential.
    SharedFetch,
}

pub(crate) const DELAYS: [Delay; 12] = [
    Delay::Head,
    Delay::Body,
    Delay::Transport,
    Delay::Backoff,
    Delay::Throttling,
    Delay::RateLimit,
    Delay::Limiter,
    Delay::CredentialRequest,
    Delay::CredentialPause,
    Delay::CredentialFunction,
    Delay::CredentialFuture,
    Delay::SharedFetch,
];

/// Starts a server that sends `response` to each request and keeps the connection open.
fn server(response: &'static str, waiting: &Waiting) -> String {
    let waiting = waiting.clone();
    serve(move |_, stream| {
        stream.write_all(response.as_bytes())?;
        waiting.add();
        // Until the client closes the connection.
        io::copy(stream, &mut io::sink()).map(drop)
    })
}

/// A source whose requests to this URI have no timeout; without a URI it pauses for an hour.
#[derive(Clone)]
struct Slow(Option<Uri>);

impl CredentialSource for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(self.clone())
    }
}

impl CredentialFetch for Slow {
    fn next(&mut self, _: Now, response: Option<FetchResponse>) -> FetchStep {
        match (&self.0, response) {
            (Some(uri), None) => FetchStep::Send(Box::new(Request::get(uri.clone()))),
            (Some(_), Some(_)) => FetchStep::Absent,
            (None, _) => FetchStep::Sleep(HOUR),
        }
    }
}

/// A clock that does not advance.
struct Stopped(Now);

impl Clock for Stopped {
    fn now(&self) -> Now {
        self.0
    }
}

/// A rate limiter that never returns.
struct Endless(Waiting);

type Granted = Result<Permit, Box<dyn Error + Send + Sync>>;

#[async_trait]
impl AsyncRateLimiter for Endless {
    async fn reserve(&self, _: &PermitRequest<'_>) -> Granted {
        self.0.add();
        std::future::pending().await
    }

    fn release(&self, _: &Permit) {}
}

impl BlockingRateLimiter for Endless {
    fn reserve(&self, _: &PermitRequest<'_>) -> Granted {
        self.0.add();
        loop {
            std::thread::park();
        }
    }

    fn release(&self, _: &Permit) {}
}

/// The transports that a client is created with.
#[derive(Clone)]
pub(crate) struct Transports(
    pub(crate) Arc<dyn AsyncTransport>,
    pub(crate) Arc<dyn BlockingTransport>,
);

impl Transports {
    fn built_in() -> Self {
        let config = TransportConfig::default().with_proxy(Proxy::None);
        let reqwest = ReqwestTransport::new(&config).unwrap();
        Self(Arc::new(reqwest), Arc::new(UreqTransport::new(&config).unwrap()))
    }

    /// Returns transports without IO.
    pub(crate) fn scripted(
        reply: impl Fn(Request) -> Response<Bytes> + Clone + Send + Sync + 'static,
    ) -> Self {
        let for_async = reply.clone();
        let asynchronous =
            move |request: Request| std::future::ready(Ok(for_async(request).map(AsyncBody::from)));
        let blocking = move |request: Request| Ok(reply(request).map(BlockingBody::from));
        Self(Arc::new(asynchronous), Arc::new(blocking))
    }

    /// Returns transports that never return.
    fn endless(waiting: &Waiting) -> Self {
        let for_async = waiting.clone();
        let asynchronous = move |_: Request| {
            for_async.add();
            std::future::pending()
        };
        let waiting = waiting.clone();
        let blocking = move |_: Request| -> Result<Response<BlockingBody>, TransportError> {
            waiting.add();
            loop {
                std::thread::park();
            }
        };
        Self(Arc::new(asynchronous), Arc::new(blocking))
    }
}

pub(crate) fn response(retry_after: &str, body: Value) -> Response<Bytes> {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", retry_after.parse().unwrap());
    let body = Bytes::from(json!({ "Response": body }).to_string());
    Response { status: StatusCode::OK, headers, body }
}

pub(crate) fn success() -> Response<Bytes> {
    response("0", json!({"RequestId": "r"}))
}

/// Returns a configuration without a rate limit and without a timeout.
pub(crate) fn config() -> Config {
    of(Credential::new("id", "key")).with_rate_limit(RateLimit::Off)
}

fn of(source: impl CredentialSource) -> Config {
    Config::new(source).with_timeout(None)
}

/// Returns a configuration without a timeout, and the transports, for a delay.
pub(crate) fn setting(delay: Delay, waiting: &Waiting) -> (Config, Transports) {
    let at = |url: &str| (config().with_endpoint_url(url).unwrap(), Transports::built_in());
    let error = |retry_after: &'static str, code: &'static str| {
        let error = json!({"Error": {"Code": code, "Message": "m"}, "RequestId": "r"});
        Transports::scripted(move |_| response(retry_after, error.clone()))
    };
    let (config, transports) = match delay {
        Delay::Head => at(&server("", waiting)),
        Delay::Body => {
            let part = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Response\":";
            at(&server(part, waiting))
        }
        Delay::Transport => (config(), Transports::endless(waiting)),
        Delay::Backoff => {
            let retry = RetryPolicy::default().with_base_delay(HOUR).with_max_delay(HOUR);
            let config = config().with_retry(retry).with_jitter_seed(1);
            (config, error("0", "InternalError"))
        }
        Delay::Throttling => (config(), error("60", "RequestLimitExceeded")),
        Delay::RateLimit => {
            // A slow machine must not increase the number of permits.
            let clock = Stopped(SystemClock::new().now());
            let config = config().with_rate_limit(RateLimit::Fixed(1)).with_clock(clock);
            (config, Transports::scripted(|_| success()))
        }
        Delay::Limiter => {
            let config = config()
                .with_rate_limit(RateLimit::PerAction)
                .with_async_rate_limiter(Endless(waiting.clone()))
                .with_blocking_rate_limiter(Endless(waiting.clone()));
            (config, Transports::scripted(|_| success()))
        }
        Delay::CredentialRequest => {
            let uri = server("", waiting).parse().unwrap();
            (of(Slow(Some(uri))), Transports::built_in())
        }
        Delay::CredentialFunction => {
            let waiting = waiting.clone();
            let source = from_fn(move || {
                waiting.add();
                waiting.until_released();
                Ok(Credential::new("id", "key"))
            });
            (of(source), Transports::scripted(|_| success()))
        }
        Delay::CredentialFuture => {
            let waiting = waiting.clone();
            let source = from_async_fn(move || {
                waiting.add();
                std::future::pending()
            });
            (of(source), Transports::scripted(|_| success()))
        }
        Delay::CredentialPause | Delay::SharedFetch => {
            (of(Slow(None)), Transports::endless(waiting))
        }
    };
    let config = config.with_async_sleep(waiting.clone()).with_blocking_sleep(waiting.clone());
    (config, transports)
}
