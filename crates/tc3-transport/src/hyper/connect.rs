//! Connections for hyper: resolved, connected, tunnelled through a proxy, encrypted.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::Poll;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Method, Uri, header};
use http_body_util::Full;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsConnector;

use super::link::{self, Link, Message, Stream};
use crate::address::only_public;
use crate::fault::{find, last_cause};
use crate::route::{Route, is_https, own_port};
use crate::{ProxyUrl, TransportError, TransportErrorKind as Kind, tls};

/// How long one address is waited for before the next is tried beside it (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

pub(super) struct Connector {
    tls: TlsConnector,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(tls: ClientConfig, timeout: Duration) -> Self {
        Self { tls: Arc::new(tls).into(), timeout }
    }

    /// A connection that can take a request of this route.
    pub(super) async fn connect(
        &self,
        route: &Route,
        public_only: bool,
        deadline: Option<Instant>,
    ) -> Result<Link, TransportError> {
        let own = Instant::now().checked_add(self.timeout);
        let Some(until) = own.into_iter().chain(deadline).min() else {
            return self.link(route, public_only).await;
        };
        match timeout_at(until, self.link(route, public_only)).await {
            Ok(result) => result,
            Err(_) if Some(until) == own => Err(route.error(Kind::Connect, "timed out")),
            Err(_) => Err(super::late(route)),
        }
    }

    async fn link(&self, route: &Route, public_only: bool) -> Result<Link, TransportError> {
        let target = &route.target;
        let stream = match &route.proxy {
            None => {
                let stream = dial(target, route, public_only).await?;
                self.secured(stream, target, route).await?
            }
            Some(proxy) => {
                // The proxy resolves: what is not public is for it to refuse.
                let stream = dial(proxy.uri(), route, false).await?;
                let stream = self.secured(stream, proxy.uri(), route).await?;
                if is_https(target) {
                    let stream = tunnel(stream, proxy, route).await?;
                    self.secured(stream, target, route).await?
                } else {
                    stream
                }
            }
        };
        Link::new(stream).await.map_err(|error| route.error(Kind::Connect, last_cause(&error)))
    }

    /// Does the handshake where the scheme wants it.
    async fn secured(
        &self,
        stream: Box<dyn Stream>,
        to: &Uri,
        route: &Route,
    ) -> Result<Box<dyn Stream>, TransportError> {
        if !is_https(to) {
            return Ok(stream);
        }
        let name = ServerName::try_from(bare_host(to)).map_err(|_| {
            route.error(Kind::Tls, "the host has no name that a certificate can hold")
        })?;
        match self.tls.connect(name.to_owned(), stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(match find::<rustls::Error>(&error) {
                Some(error) => route.error(Kind::Tls, tls::describe(error)),
                None => route.error(Kind::Connect, error),
            }),
        }
    }
}

fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(own_port(uri))
}

fn bare_host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

async fn dial(
    to: &Uri,
    route: &Route,
    public_only: bool,
) -> Result<Box<dyn Stream>, TransportError> {
    let found = tokio::net::lookup_host((bare_host(to), port(to))).await;
    let found = found.map_err(|error| route.error(Kind::Resolve, error))?;
    let found = if public_only {
        only_public(found).map_err(|why| route.error(Kind::NotPublic, why))?
    } else {
        found.collect()
    };
    if found.is_empty() {
        return Err(route.error(Kind::Resolve, "it has no address"));
    }
    let stream = first(found).await.map_err(|error| route.error(Kind::Connect, error))?;
    // A request is written in one piece, and waits for nothing.
    stream.set_nodelay(true).map_err(|error| route.error(Kind::Connect, error))?;
    Ok(Box::new(stream))
}

/// The address that answers first, each with a head start before the next.
async fn first(found: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = alternating(found).into_iter().peekable();
    let mut racing: Vec<Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>> = Vec::new();
    let mut head_start = pin!(sleep(Duration::ZERO));
    let mut failure = None;
    poll_fn(|cx| {
        loop {
            let mut next = racing.is_empty();
            let mut connected = None;
            racing.retain_mut(|attempt| match attempt.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(Ok(stream)) => {
                    connected = Some(stream);
                    false
                }
                Poll::Ready(Err(error)) => {
                    failure = Some(error);
                    next = true;
                    false
                }
            });
            if let Some(stream) = connected {
                return Poll::Ready(Ok(stream));
            }
            let more = waiting.peek().is_some();
            if more && (next || head_start.as_mut().poll(cx).is_ready()) {
                racing.extend(
                    waiting.next().map(|address| Box::pin(TcpStream::connect(address)) as _),
                );
                head_start.as_mut().reset(Instant::now() + HEAD_START);
            } else if !racing.is_empty() {
                return Poll::Pending;
            } else {
                let none = || io::Error::new(io::ErrorKind::AddrNotAvailable, "no address");
                return Poll::Ready(Err(failure.take().unwrap_or_else(none)));
            }
        }
    })
    .await
}

/// The resolver's order, but the two families in turn: where one leads nowhere, the other is not behind all of it.
fn alternating(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let preferred = found.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == preferred);
    let most = one.len().max(other.len());
    (0..most).flat_map(|index| [one.get(index), other.get(index)]).flatten().copied().collect()
}

/// Asks the proxy for a way to the route's target.
async fn tunnel(
    stream: Box<dyn Stream>,
    proxy: &ProxyUrl,
    route: &Route,
) -> Result<Box<dyn Stream>, TransportError> {
    let refused = |why: String| route.error(Kind::Proxy, why);
    let host = format!("{}:{}", route.target.host().unwrap_or_default(), port(&route.target));
    let mut message = Message::new(Full::default());
    *message.method_mut() = Method::CONNECT;
    *message.uri_mut() = host.parse().map_err(|_| refused("the target is no host".to_owned()))?;
    let headers = message.headers_mut();
    headers.extend(HeaderValue::try_from(host).ok().map(|host| (header::HOST, host)));
    headers.extend(authorization(proxy).map(|value| (header::PROXY_AUTHORIZATION, value)));

    let (status, stream) =
        link::tunnel(stream, message).await.map_err(|error| refused(last_cause(&error)))?;
    if !status.is_success() {
        return Err(refused(format!("it answered {status}")));
    }
    stream.ok_or_else(|| refused("it sent more than its answer".to_owned()))
}

/// User and password as the proxy requires them.
pub(super) fn authorization(proxy: &ProxyUrl) -> Option<HeaderValue> {
    let (user, password) = proxy.login()?;
    let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::try_from(format!("Basic {login}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |addresses: &[&str]| -> Vec<SocketAddr> {
            addresses.iter().map(|address| address.parse().unwrap()).collect()
        };
        let found = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "[::4]:1", "2.2.2.2:1"]);
        let tried = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1", "[::4]:1"];
        assert_eq!(alternating(found), parse(&tried));
        assert_eq!(alternating(Vec::new()), []);
    }

    /// Nobody answers for the first address within the head start, and nothing listens on the second.
    #[tokio::test]
    async fn an_address_that_leads_nowhere_is_not_waited_for() {
        use socket2::{Domain, SockAddr, Socket, Type};
        let full = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        full.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
        full.listen(0).unwrap();
        let silent = full.local_addr().unwrap().as_socket().unwrap();
        let short = Duration::from_millis(200);
        let mut queued = Vec::new();
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&silent, short) {
            queued.push(stream);
        }
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let open = listener.local_addr().unwrap();
        let stream = first(vec![silent, closed, open]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        let error = first(vec![closed, closed]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(first(Vec::new()).await.is_err());
    }
}
