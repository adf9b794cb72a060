//! The blocking transport on ureq.

mod connect;

use core::fmt;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ureq::{Agent, AsSendBody, Body, BodyReader, Error, ProxyProtocol};

use self::connect::{Connect, Failure, NotYet};
use crate::config::bounded;
use crate::route::{Proxies, Route, is_https, own_port};
use crate::{
    BlockingBody, BlockingChunks, BlockingTransport, ProxyUrl, Request, Response, TransportConfig,
    TransportError, TransportErrorKind as Kind, tls,
};

/// Connections kept for reuse. ureq looks at each for every request, so not without bounds.
const IDLE_CONNECTIONS: usize = 64;

/// The largest piece of a body.
const PIECE: usize = 128 << 10;

/// What is offered where nothing more is expected.
const SMALL_PIECE: usize = 4 << 10;

/// Sends requests with ureq. Connections are kept and shared between threads.
///
/// - The name is resolved once a connection, and its time is the system's own: it is not bounded by
///   [`connect_timeout`](TransportConfig::connect_timeout).
/// - No thread is started.
/// - A proxy is asked to tunnel (`CONNECT`) also for `http://`.
/// - ureq itself writes every byte sent and received, keys and contracts among them, to the `log` crate at
///   level `trace`. Turn its targets `ureq` and `ureq_proto` down to `debug`, at which it shows none of them.
///   Where they are not, a warning says so.
pub struct UreqTransport {
    agent: Agent,
    /// Connects directly, and to public addresses alone. A connection of the other's, which may lead
    /// anywhere, is none of its.
    public: Agent,
    proxies: Proxies,
}

impl UreqTransport {
    /// A transport with rustls and the system's certificate authorities.
    ///
    /// # Errors
    /// Returns an error if an extra root is unusable. An unusable proxy in the environment fails the
    /// requests that need it.
    pub fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        let proxies = Proxies::new(&config.proxy);
        let tls = Arc::new(tls::client_config(&config.extra_roots_pem)?);
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
                "secrets will be logged: the targets ureq and ureq_proto are kept at level trace, at which \
                 ureq writes every byte sent and received; keep them at debug"
            );
        }
        let agent = |public_only| {
            let connect = Connect::new(Arc::clone(&tls), public_only);
            Agent::with_parts(settings.clone(), connect, NotYet)
        };
        Ok(Self { agent: agent(false), public: agent(true), proxies })
    }

    /// Whose connections a request may go over. Through a proxy, it is the proxy that resolves.
    fn agent_for(&self, public_only: bool, route: &Route) -> Result<&Agent, TransportError> {
        if !public_only {
            return Ok(&self.agent);
        }
        route.check_public()?;
        Ok(if route.proxy.is_none() { &self.public } else { &self.agent })
    }

    fn run(
        agent: &Agent,
        request: http::Request<impl AsSendBody>,
        timeout: Option<Duration>,
        route: &Route,
    ) -> Result<http::Response<Body>, TransportError> {
        let proxy = route.proxy.as_ref().map(through).transpose();
        let proxy = proxy.map_err(|_| route.error(Kind::Proxy, "ureq refuses the proxy URL"))?;
        let request = agent.configure_request(request).proxy(proxy).timeout_global(timeout).build();
        agent.run(request).map_err(|error| classify(error, route))
    }
}

fn through(url: &ProxyUrl) -> Result<ureq::Proxy, Error> {
    let uri = url.uri();
    let protocol = if is_https(uri) { ProxyProtocol::Https } else { ProxyProtocol::Http };
    let mut proxy = ureq::Proxy::builder(protocol)
        .host(uri.host().unwrap_or_default())
        .port(uri.port_u16().unwrap_or(own_port(uri)));
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
        let route = self.proxies.route(&request)?;
        let agent = self.agent_for(request.public_only, &route)?;
        let timeout = request.timeout.map(bounded);
        let mut parts = http::Request::new(());
        *parts.method_mut() = request.method;
        *parts.uri_mut() = request.uri;
        *parts.headers_mut() = request.headers;
        let has_body = !request.body.is_empty() || crate::message::takes_body(parts.method());
        let response = if has_body {
            Self::run(agent, parts.map(|()| &*request.body), timeout, &route)
        } else {
            Self::run(agent, parts, timeout, &route)
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
    /// `None` once it failed: ureq would report an end then.
    reader: Option<BodyReader<'static>>,
    /// What the headers announced, less what was read: a hint for the next buffer's size.
    left: Option<u64>,
    route: Route,
}

impl BlockingChunks for Chunks {
    fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let Some(reader) = &mut self.reader else {
            return Err(self.route.error(Kind::Interrupted, "the body broke off before"));
        };
        // A byte more than announced, so that one read may find the end; more where the announced
        // length is that of a compressed body.
        let piece = self.left.and_then(|left| usize::try_from(left).ok()).unwrap_or(PIECE);
        let mut buffer = vec![0; piece.saturating_add(1).clamp(SMALL_PIECE, PIECE)];
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

/// ureq's errors with a URI or a header in them are not shown.
fn classify(error: Error, route: &Route) -> TransportError {
    match error {
        Error::Other(error) => match error.downcast::<Failure>() {
            Ok(failure) => route.error(failure.kind, failure.text),
            Err(error) => route.error(Kind::Other, error),
        },
        Error::Io(error) => broken(&error, route),
        Error::Timeout(limit) => route.error(Kind::Timeout, limit),
        Error::Decompress(coding, error) => match broken(&error, route) {
            error if error.kind() == Kind::Malformed => {
                route.error(Kind::Malformed, format_args!("the body is no {coding}"))
            }
            error => error,
        },
        Error::LargeResponseHeader(..) => route.error(Kind::Malformed, "the headers do not end"),
        Error::Protocol(_) => route.error(Kind::Malformed, "the answer does not parse"),
        // The connection ended inside the line that begins a chunk.
        Error::BodyStalled => route.error(Kind::Interrupted, "the body broke off"),
        Error::BadUri(_) | Error::Http(_) => route.error(Kind::Request, "ureq refuses it"),
        _ => route.error(Kind::Other, "ureq failed"),
    }
}

fn broken(error: &io::Error, route: &Route) -> TransportError {
    let kind = match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Kind::Timeout,
        ErrorKind::InvalidData | ErrorKind::InvalidInput
            if connect::rustls_error(error).is_none() =>
        {
            Kind::Malformed
        }
        _ => Kind::Interrupted,
    };
    route.error(kind, error)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::{Proxy, Request};

    /// As for reqwest.
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
        let error = UreqTransport::run(agent, request, None, &route(&url)).unwrap_err();
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
