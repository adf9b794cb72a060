//! The async transport on reqwest.

mod error;
mod public;
mod url;

use core::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{Body, Client, ClientBuilder};

use self::error::{build_error, classify};
use self::public::{AddressResolver, PublicResolver};
use crate::clients::{Clients, Key};
use crate::config::bounded;
use crate::gzip::{Decoder, accept_gzip};
use crate::request_body::{Answered, Expectation, RequestBody};
use crate::route::{Proxies, Route, is_https};
use crate::{
    AsyncBody, AsyncChunks, AsyncTransport, Proxy, ProxyUrl, Request, Response, TransportConfig,
    TransportError, TransportErrorKind as Kind,
};

/// Wait of a large body for a refusal of its headers. It is short, because reqwest does not report the response 100.
const CONTINUE_WAIT: Duration = Duration::from_millis(250);

/// An async transport on reqwest and tokio. Connections are kept alive and shared between clones.
///
/// - [`read_timeout`](TransportConfig::read_timeout) also limits connecting and sending, until the headers are
///   received.
/// - If an idle connection is closed before any byte of the request is written, the request is sent on another one. It
///   is never written twice.
/// - A body above 1 MiB is sent with `Expect: 100-continue`, a quarter of a second after the headers, because reqwest does
///   not report the response 100. A response that arrives while it is sent ends the request. If the server closes the
///   connection without reading the body, the response may be lost in the error of the connection: unlike
///   `HyperTransport`, reqwest may not read it then.
/// - Features of reqwest that the program enables, such as `gzip` or `http2`, do not change requests.
#[derive(Clone)]
pub struct ReqwestTransport {
    /// Connects directly.
    client: Client,
    /// Clients that always use their proxy; the route selects the client.
    proxied: Arc<[(ProxyUrl, Client)]>,
    /// Connects directly, and only to public addresses. It has its own pool, because connections of the other client may
    /// lead to private addresses. `None` if the client is the caller's.
    public: Option<Client>,
    /// Clients of requests with an address to connect to, or for a new connection.
    others: Arc<Clients<Client>>,
    /// Builds a client that connects directly; `None` if the client is the caller's.
    direct: Option<Arc<dyn Fn() -> ClientBuilder + Send + Sync>>,
    proxies: Arc<Proxies>,
}

impl ReqwestTransport {
    /// Returns a transport with the default TLS of reqwest, and the extra certificate authorities.
    ///
    /// # Errors
    /// Returns an error if an extra root is invalid. An invalid proxy in the environment fails the requests that need it.
    #[cfg(feature = "reqwest")]
    pub fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        let roots = config.extra_roots(reqwest::Certificate::from_pem_bundle)?;
        let is_extra = !roots.is_empty();
        let result = Self::build(config, move || Client::builder().tls_certs_merge(roots.clone()));
        match result {
            // A minimal container has no authorities: http still works, and every https host is untrusted.
            Err(error) if !is_extra => {
                Self::build(config, || Client::builder().tls_certs_only([])).map_err(|_| error)
            }
            result => result,
        }
    }

    /// Returns a transport whose clients are made by `builder`, which sets TLS: a backend, certificate authorities, a
    /// client certificate or a configuration of rustls.
    ///
    /// Timeouts, proxy, redirects, the resolver, compression and the HTTP version are set by the transport. `builder` is
    /// called for each client: one for direct connections, one for [`public_only`](Request::public_only), and one per
    /// proxy and per [address to connect to](Request::connect_to); and again for each at the first request for a
    /// [new connection](Request::new_connection).
    ///
    /// # Errors
    /// Returns an error if reqwest refuses the settings, or if `config` has extra roots: add them in `builder`. An
    /// invalid proxy in the environment fails the requests that need it.
    pub fn from_builder(
        config: &TransportConfig,
        builder: impl Fn() -> ClientBuilder + Send + Sync + 'static,
    ) -> Result<Self, TransportError> {
        config.refuse_extra_roots("the builder of reqwest")?;
        Self::build(config, builder)
    }

    /// Returns a transport over a client of the program, which shares its connections.
    ///
    /// TLS, proxy and timeouts are those of `client`, except [`Request::timeout`]. [`TransportConfig`] is not used. Unlike
    /// [`from_builder`](Self::from_builder), the transport cannot ensure all guarantees:
    ///
    /// - Build `client` with `redirect::Policy::none()` and `retry::never()`. A redirect that was followed is an error,
    ///   after the request was sent to the other host.
    /// - For [`public_only`](Request::public_only), the name is resolved and checked before `client` resolves it again.
    /// - [`new_connection`](Request::new_connection) has no effect.
    /// - [`bypass_proxy`](Request::bypass_proxy) has no effect. If `client` uses a proxy, it must exclude the metadata
    ///   service of the cloud, which issues credentials.
    /// - A request to `https` with [`connect_to`](Request::connect_to) is an error.
    pub fn from_client(client: Client) -> Self {
        let proxies = Arc::new(Proxies::new(&Proxy::None));
        let (proxied, others) = (Arc::new([]), Arc::default());
        Self { client, proxied, public: None, others, direct: None, proxies }
    }

    fn build(
        config: &TransportConfig,
        builder: impl Fn() -> ClientBuilder + Send + Sync + 'static,
    ) -> Result<Self, TransportError> {
        let proxies = Arc::new(Proxies::new(&config.proxy));
        let (connect_timeout, read_timeout) = (config.connect_timeout, config.read_timeout);
        let direct = move || {
            builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .no_gzip()
                .no_brotli()
                .no_deflate()
                .no_zstd()
                .http1_only()
                .no_proxy()
                .connect_timeout(bounded(connect_timeout))
                .read_timeout(bounded(read_timeout))
                .pool_idle_timeout(crate::config::IDLE_TIMEOUT)
        };
        let public = build(direct().dns_resolver(Arc::new(PublicResolver)))?;
        let proxied = proxies.valid().into_iter().map(|url| {
            let client = build(direct().proxy(through(url)?))?;
            Ok((url.clone(), client))
        });
        let proxied = proxied.collect::<Result<_, TransportError>>()?;
        let client = build(direct())?;
        let (public, others) = (Some(public), Arc::default());
        Ok(Self { client, proxied, public, others, direct: Some(Arc::new(direct)), proxies })
    }

    /// Returns the client for a request. A proxy resolves names itself.
    fn client_for(
        &self,
        public_only: bool,
        new_connection: bool,
        route: &Route,
    ) -> Result<Client, TransportError> {
        if public_only {
            route.check_public()?;
        }
        let address = route.address.as_ref().map(|_| route.dialed().clone());
        let key =
            |address| Key { address, proxy: route.proxy.clone(), public_only, new_connection };
        match (&route.proxy, &self.direct) {
            (Some(_), _) if address.is_some() => {
                let text = "reqwest cannot connect to another address through a proxy; add the address to \
                     NO_PROXY, or use HyperTransport or UreqTransport";
                Err(route.error(Kind::Request, text))
            }
            (None, None) if is_https(&route.target) && address.is_some() => {
                let text = "a client of the program cannot connect to another address; \
                     create the transport by `from_builder`";
                Err(route.error(Kind::Request, text))
            }
            (None, Some(direct)) if is_https(&route.target) && address.is_some() => {
                self.other(direct, key(address))
            }
            (_, Some(direct)) if new_connection => self.other(direct, key(None)),
            (None, _) if public_only => Ok(self.public.as_ref().unwrap_or(&self.client).clone()),
            (None, _) => Ok(self.client.clone()),
            (Some(proxy), _) => self
                .proxied
                .iter()
                .find_map(|(url, client)| (url == proxy).then_some(client.clone()))
                .ok_or_else(|| route.error(Kind::Proxy, "the proxy is not configured")),
        }
    }

    /// Returns the client of a key. If the key has an address, its resolver returns that for every name.
    fn other(
        &self,
        direct: &Arc<dyn Fn() -> ClientBuilder + Send + Sync>,
        key: Key,
    ) -> Result<Client, TransportError> {
        self.others.client(&key, || {
            let mut builder = direct();
            match &key.address {
                Some(address) => {
                    let resolver = AddressResolver::new(address, key.public_only);
                    builder = builder.dns_resolver(Arc::new(resolver));
                }
                None if key.public_only => {
                    builder = builder.dns_resolver(Arc::new(PublicResolver));
                }
                None => {}
            }
            if key.new_connection {
                builder = builder.pool_max_idle_per_host(0);
            }
            if let Some(proxy) = &key.proxy {
                builder = builder.proxy(through(proxy)?);
            }
            build(builder)
        })
    }
}

fn through(url: &ProxyUrl) -> Result<reqwest::Proxy, TransportError> {
    let proxy = reqwest::Proxy::all(url.uri().to_string())
        .map_err(|_| crate::proxy::error("reqwest refuses the proxy URL"))?;
    Ok(match url.login() {
        Some((user, password)) => proxy.basic_auth(user, password),
        None => proxy,
    })
}

fn build(builder: ClientBuilder) -> Result<Client, TransportError> {
    builder.build().map_err(build_error)
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl AsyncTransport for ReqwestTransport {
    async fn send(&self, mut request: Request) -> Result<Response<AsyncBody>, TransportError> {
        let route = self.proxies.route(&request)?;
        let client = self.client_for(request.public_only, request.new_connection, &route)?;
        if request.public_only && self.public.is_none() {
            public::check(&route).await?;
        }
        let url = url::of(&mut request, &route)?;
        let (timeout, head_timeout) = request.timeouts();
        request.set_empty_length();
        accept_gzip(&mut request.headers);
        let gate = (!request.body.is_empty()).then(|| request.gate.unwrap_or_default());
        if let Some(gate) = &gate {
            gate.watch();
        }
        let expectation = Expectation::of(&request.body, &mut request.headers, CONTINUE_WAIT);
        let body = RequestBody::new(request.body, gate.clone(), expectation.clone());
        let body = Body::wrap(body);
        let mut builder =
            client.request(request.method, url.clone()).headers(request.headers).body(body);
        if let Some(timeout) = timeout {
            builder = builder.timeout(timeout);
        }
        // Such as a TLS handshake that does not end. It is closed, so that the task of the connection sends nothing later.
        let is_unsent = || gate.as_ref().is_some_and(|gate| gate.close());
        let timed_out = || match is_unsent() {
            true => route.error(Kind::Connect, "timed out"),
            false => route.error(Kind::Timeout, "the response is incomplete"),
        };
        let sent = match head_timeout {
            None => builder.send().await,
            Some(timeout) => {
                tokio::time::timeout(timeout, builder.send()).await.map_err(|_| timed_out())?
            }
        };
        let mut response = sent.map_err(|error| match error.is_timeout() && is_unsent() {
            true => timed_out(),
            false => classify(error, &route),
        })?;
        if *response.url() != url {
            return Err(route.error(
                Kind::Other,
                "the client followed a redirect; build it with `redirect::Policy::none()`",
            ));
        }
        route.check_forwarded(response.status())?;
        let upload = expectation.map(|expectation| {
            expectation.answer(response.status());
            Answered(expectation)
        });
        let mut headers = std::mem::take(response.headers_mut());
        let decoder = Decoder::new(&mut headers);
        Ok(Response {
            status: response.status(),
            headers,
            body: AsyncBody::stream(Chunks {
                state: State::Open(response),
                decoder,
                route,
                _upload: upload,
            }),
        })
    }
}

struct Chunks {
    state: State,
    decoder: Decoder,
    route: Route,
    /// Dropped after the response.
    _upload: Option<Answered>,
}

enum State {
    Open(reqwest::Response),
    Ended,
    /// After a failure, because reqwest would report the end of the body.
    Broken,
}

#[async_trait]
impl AsyncChunks for Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let result = self.chunk().await;
        if result.is_err() {
            self.state = State::Broken;
        }
        result
    }
}

impl Chunks {
    /// Returns the next chunk that is not empty.
    async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        loop {
            let response = match &mut self.state {
                State::Open(response) => response,
                State::Ended => return Ok(None),
                State::Broken => {
                    let text = "the body was interrupted before";
                    return Err(self.route.error(Kind::Interrupted, text));
                }
            };
            if let Some(chunk) = self.decoder.next(&self.route)? {
                return Ok(Some(chunk));
            }
            let data = response.chunk().await.map_err(|error| classify(error, &self.route))?;
            if data.is_none() {
                self.state = State::Ended;
            }
            if let ControlFlow::Break(chunk) = self.decoder.push(data, &self.route)? {
                return Ok(chunk);
            }
        }
    }
}

#[cfg(all(test, feature = "reqwest"))]
mod tests {
    use std::io;
    use std::net::TcpListener;

    use super::*;
    use crate::{Proxy, Request};

    /// A name may resolve to different addresses each time, so the address of the connection is checked. `localhost`
    /// represents such a name here; it would be rejected by its name otherwise.
    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let config = TransportConfig::default().with_proxy(Proxy::None);
        let transport = ReqwestTransport::new(&config).unwrap();
        let url = format!("http://localhost:{}/?linkkey", listener.local_addr().unwrap().port());
        let route =
            |url: &str| transport.proxies.route(&Request::get(url.parse().unwrap())).unwrap();
        for new_connection in [false, true] {
            let files = route("http://files.example/");
            let client = transport.client_for(true, new_connection, &files).unwrap();
            let error = client.get(&url).send().await.unwrap_err();
            let error = classify(error, &route(&url));
            assert_eq!(error.kind(), Kind::NotPublic, "{error}");
            let text = error.to_string();
            assert!(text.contains("localhost:") && !text.contains("linkkey"));
        }
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);

        let mut request = Request::get(url.parse().unwrap());
        request.public_only = true;
        let error = transport.send(request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotPublic, "{error}");
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
