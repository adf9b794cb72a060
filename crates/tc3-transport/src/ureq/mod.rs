//! The blocking transport on ureq.

mod connect;
mod failure;
mod socket;

use core::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, header};
use ureq::config::Config;
use ureq::{Agent, AsSendBody, Body, BodyReader, Error, ProxyProtocol, SendBody, Timeout};

use self::connect::{Connect, DeferredResolver};
use self::failure::{Failure, Hop};
use crate::clients::{Clients, Key};
use crate::config::bounded;
use crate::gate::{EXPECT_CONTINUE, GatedReader};
use crate::route::{Proxies, Route, is_https, port};
use crate::{
    BlockingBody, BlockingChunks, BlockingTransport, ProxyUrl, Request, Response, TransportConfig,
    TransportError, TransportErrorKind as Kind, tls,
};

/// Maximum number of idle connections. It is limited because ureq scans all of them for every request.
const IDLE_CONNECTIONS: usize = 64;

/// Maximum size of a chunk of a body, in bytes.
const MAX_CHUNK: usize = 128 << 10;

/// Minimum size of the buffer for a chunk, in bytes.
const MIN_CHUNK: usize = 4 << 10;

/// A blocking transport on ureq. Connections are kept alive and shared between threads.
///
/// - The name is resolved once per connection, by the system; [`connect_timeout`](TransportConfig::connect_timeout) does
///   not limit it.
/// - A body above 1 MiB is sent with `Expect: 100-continue`, after the response 100 or one second. A response in place of
///   it ends the request. ureq reads no response while it sends the body: it is read after the last part, or if
///   a write fails because the server has closed the connection. A server that leaves the connection open and reads nothing more
///   ends the request after the read timeout.
/// - No thread is started.
/// - The timeout of a request with [`streamed_body`](Request::streamed_body) limits connecting, sending and the wait for
///   the headers each.
/// - Requests through a proxy use a tunnel (`CONNECT`), including those to `http://`.
/// - ureq logs every byte sent and received, including credentials and contracts, with the `log` crate at level `trace`.
///   Set its targets `ureq` and `ureq_proto` to `debug`, at which it logs none of them. Otherwise
///   [`new`](Self::new) logs a warning.
pub struct UreqTransport {
    agent: Agent,
    /// Connects directly, and only to public addresses. It has its own pool, because connections of the other agent may
    /// lead to private addresses.
    public: Agent,
    /// Agents of requests with an address to connect to.
    addressed: Clients<Agent>,
    settings: Config,
    tls: Arc<rustls::ClientConfig>,
    proxies: Proxies,
}

impl UreqTransport {
    /// Returns a transport with rustls and the system's certificate authorities. The [crate's documentation](crate#tls)
    /// states which provider it uses.
    ///
    /// # Errors
    /// Returns an error if an extra root is invalid. An invalid proxy in the environment fails the requests that need it.
    pub fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        Ok(Self::with(config, tls::client_config(config)?))
    }

    /// Returns a transport with the TLS configuration of the caller: its provider, certificate authorities and client
    /// certificate. Its ALPN protocols are not used.
    ///
    /// # Errors
    /// Returns an error if `config` has extra roots: add them to `tls`.
    pub fn with_rustls_config(
        config: &TransportConfig,
        tls: rustls::ClientConfig,
    ) -> Result<Self, TransportError> {
        Ok(Self::with(config, tls::of_caller(config, tls)?))
    }

    fn with(config: &TransportConfig, tls: rustls::ClientConfig) -> Self {
        let proxies = Proxies::new(&config.proxy);
        let tls = Arc::new(tls);
        let settings = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent("")
            .accept("*/*")
            .proxy(None)
            .timeout_connect(Some(bounded(config.connect_timeout)))
            .timeout_per_read(Some(bounded(config.read_timeout)))
            .timeout_per_write(Some(bounded(config.read_timeout)))
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS)
            .max_idle_age(crate::config::IDLE_TIMEOUT)
            .build();
        if log::log_enabled!(target: "ureq_proto::util", log::Level::Trace) {
            log::warn!(
                "the log will contain secrets: the targets ureq and ureq_proto are at level trace, at which \
                 ureq logs every byte sent and received; set them to debug"
            );
        }
        let agent = |public_only| {
            let key = Key { address: None, proxy: None, public_only, new_connection: false };
            let connect = Connect::new(Arc::clone(&tls), key);
            Agent::with_parts(settings.clone(), connect, DeferredResolver)
        };
        let (agent, public) = (agent(false), agent(true));
        Self { agent, public, addressed: Clients::default(), settings, tls, proxies }
    }

    /// Returns the agent for a request. A proxy resolves names itself.
    fn agent_for(&self, public_only: bool, route: &Route) -> Result<Agent, TransportError> {
        if public_only {
            route.check_public()?;
        }
        let public_only = public_only && route.proxy.is_none();
        let Some(address) = &route.address else {
            return Ok(if public_only { &self.public } else { &self.agent }.clone());
        };
        let (address, proxy) = (Some(address.clone()), route.proxy.clone());
        let key = Key { address, proxy, public_only, new_connection: false };
        self.addressed.client(&key, || {
            let connect = Connect::new(Arc::clone(&self.tls), key.clone());
            Ok(Agent::with_parts(self.settings.clone(), connect, DeferredResolver))
        })
    }

    fn run(
        agent: &Agent,
        request: http::Request<impl AsSendBody>,
        (timeout, head_timeout): (Option<Duration>, Option<Duration>),
        new_connection: bool,
        route: &Route,
    ) -> Result<http::Response<Body>, TransportError> {
        let proxy = route.proxy.as_ref().map(through).transpose();
        let proxy = proxy.map_err(|_| route.error(Kind::Proxy, "ureq refuses the proxy URL"))?;
        let mut request = agent
            .configure_request(request)
            .proxy(proxy)
            .timeout_global(timeout)
            .timeout_send_request(head_timeout)
            .timeout_send_body(head_timeout)
            .timeout_recv_response(head_timeout);
        if let Some(timeout) = head_timeout {
            let connect_timeout = agent.config().timeouts().connect;
            request = request
                .timeout_connect(Some(connect_timeout.map_or(timeout, |own| own.min(timeout))));
        }
        if new_connection {
            // Idle connections are closed.
            request = request.max_idle_age(Duration::ZERO);
        }
        let request = request.build();
        agent.run(request).map_err(|error| classify(error, route))
    }
}

fn through(url: &ProxyUrl) -> Result<ureq::Proxy, Error> {
    let uri = url.uri();
    let protocol = if is_https(uri) { ProxyProtocol::Https } else { ProxyProtocol::Http };
    let mut proxy =
        ureq::Proxy::builder(protocol).host(uri.host().unwrap_or_default()).port(port(uri));
    if let Some((user, password)) = url.login() {
        proxy = proxy.username(user).password(password);
    }
    proxy.build()
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UreqTransport").finish_non_exhaustive()
    }
}

impl BlockingTransport for UreqTransport {
    fn send(&self, request: Request) -> Result<Response<BlockingBody>, TransportError> {
        request.watch_gate();
        let route = self.proxies.route(&request)?;
        let agent = self.agent_for(request.public_only, &route)?;
        let (timeouts, new_connection) = (request.timeouts(), request.new_connection);
        let mut parts = http::Request::new(());
        *parts.method_mut() = request.method;
        *parts.uri_mut() = request.uri;
        *parts.headers_mut() = request.headers;
        if request.body.len() > EXPECT_CONTINUE {
            let headers = parts.headers_mut();
            headers.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        }
        let has_body = !request.body.is_empty() || crate::message::takes_body(parts.method());
        let response = match &request.gate {
            Some(gate) if !request.body.is_empty() => {
                let length = HeaderValue::from(request.body.len());
                parts.headers_mut().entry(header::CONTENT_LENGTH).or_insert(length);
                let mut reader = GatedReader { bytes: &request.body, gate };
                let parts = parts.map(|()| SendBody::from_reader(&mut reader));
                Self::run(&agent, parts, timeouts, new_connection, &route)
            }
            _ if has_body => {
                let parts = parts.map(|()| &*request.body);
                Self::run(&agent, parts, timeouts, new_connection, &route)
            }
            _ => Self::run(&agent, parts, timeouts, new_connection, &route),
        }?;
        let (parts, body) = response.into_parts();
        Ok(Response {
            status: parts.status,
            headers: parts.headers,
            body: BlockingBody::stream(Chunks {
                left: body.content_length(),
                reader: Some(body.into_reader()),
                route,
            }),
        })
    }
}

struct Chunks {
    /// `None` after a failure, because ureq would report the end of the body.
    reader: Option<BodyReader<'static>>,
    /// Bytes of the announced length that are still unread, as a hint for the size of the next buffer.
    left: Option<u64>,
    route: Route,
}

impl BlockingChunks for Chunks {
    fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let Some(reader) = &mut self.reader else {
            return Err(self.route.error(Kind::Interrupted, "the body was interrupted before"));
        };
        // One byte more than announced, so that one read can reach the end. The announced length may be that of a
        // compressed body.
        let size = self.left.and_then(|left| usize::try_from(left).ok()).unwrap_or(MAX_CHUNK);
        let mut buffer = vec![0; size.saturating_add(1).clamp(MIN_CHUNK, MAX_CHUNK)];
        match reader.read(&mut buffer) {
            Ok(read) => {
                self.left = self.left.map(|left| left.saturating_sub(read as u64));
                buffer.truncate(read);
                Ok((read > 0).then(|| buffer.into()))
            }
            Err(error) => {
                self.reader = None;
                Err(classify(error.into(), &self.route))
            }
        }
    }
}

/// Converts errors of ureq, without those that contain a URI or header.
fn classify(error: Error, route: &Route) -> TransportError {
    match error {
        Error::Other(error) => match error.downcast::<Failure>() {
            Ok(failure) => match failure.hop {
                Hop::Proxy => route.proxy_error(failure.kind, failure.text),
                Hop::Tunnel(Some(status)) => route.refused_tunnel(status),
                Hop::Tunnel(None) | Hop::Endpoint => route.error(failure.kind, failure.text),
            },
            Err(error) => route.error(Kind::Other, error),
        },
        Error::Io(error) => broken(&error, route),
        Error::Timeout(limit) => route.error(Kind::Timeout, expired(limit)),
        Error::Decompress(coding, error) => match broken(&error, route) {
            error if error.kind() == Kind::Malformed => {
                route.error(Kind::Malformed, format_args!("the body is not valid {coding}"))
            }
            error => error,
        },
        Error::LargeResponseHeader(..) => route.error(Kind::Malformed, "the headers are too long"),
        Error::Protocol(_) => route.error(Kind::Malformed, "the response does not parse"),
        // The connection ended within the header of a chunk.
        Error::BodyStalled => route.error(Kind::Interrupted, "the body was interrupted"),
        Error::BadUri(_) | Error::Http(_) => route.error(Kind::Request, "ureq refuses the request"),
        _ => route.error(Kind::Other, "ureq failed"),
    }
}

/// Describes an expired timeout, which ureq names after its settings.
fn expired(limit: Timeout) -> &'static str {
    match limit {
        Timeout::Global => "the timeout of the exchange expired",
        Timeout::PerRead => "no data was received within the read timeout",
        Timeout::PerWrite => "no data was sent within the read timeout",
        _ => "a timeout expired",
    }
}

fn broken(error: &io::Error, route: &Route) -> TransportError {
    let kind = match Kind::of_exchange(error) {
        Kind::Malformed if connect::rustls_error(error).is_some() => Kind::Interrupted,
        kind => kind,
    };
    route.error(kind, error)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpListener;

    use super::*;
    use crate::{Proxy, Request};

    /// As the test of the transport on reqwest.
    #[test]
    fn a_name_that_resolves_to_this_machine_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let config = TransportConfig::default().with_proxy(Proxy::None);
        let transport = UreqTransport::new(&config).unwrap();
        let url = format!("http://localhost:{}/?linkkey", listener.local_addr().unwrap().port());
        let route =
            |url: &str| transport.proxies.route(&Request::get(url.parse().unwrap())).unwrap();
        let agent = transport.agent_for(true, &route("http://files.example/")).unwrap();
        let request = http::Request::get(&url).body(()).unwrap();
        let error =
            UreqTransport::run(&agent, request, (None, None), false, &route(&url)).unwrap_err();
        assert_eq!(error.kind(), Kind::NotPublic, "{error}");
        assert!(error.to_string().contains("localhost:") && !error.to_string().contains("linkkey"));
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);

        let mut request = Request::get(url.parse().unwrap());
        request.public_only = true;
        let error = transport.send(request).unwrap_err();
        assert_eq!(error.kind(), Kind::NotPublic, "{error}");
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}
