//! Connecting for hyper: name resolution, TCP, tunnels through a proxy, TLS.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::Poll;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, Uri, header};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsConnector;

use super::connection::{self, Connection, Message, Stream};
use super::socket::Socket;
use crate::address::only_public;
use crate::hyper_error::{find, last_cause};
use crate::request_body::RequestBody;
use crate::route::{Route, bare_host, is_https, port};
use crate::{ProxyUrl, TransportError, TransportErrorKind as Kind, tls_error};

/// Delay before the next address is tried in parallel (RFC 8305).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

pub(super) struct Connector {
    tls: TlsConnector,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(tls: ClientConfig, timeout: Duration) -> Self {
        Self { tls: Arc::new(tls).into(), timeout }
    }

    /// Connects for requests of this route.
    pub(super) async fn connect(
        &self,
        route: &Route,
        public_only: bool,
        deadline: Option<Instant>,
    ) -> Result<Connection, TransportError> {
        let connect_deadline = Instant::now().checked_add(self.timeout);
        let Some(until) = connect_deadline.into_iter().chain(deadline).min() else {
            return self.establish(route, public_only).await;
        };
        match timeout_at(until, self.establish(route, public_only)).await {
            Ok(result) => result,
            // No byte of the request was sent, even if the deadline of the exchange has expired.
            Err(_) => Err(route.error(Kind::Connect, "timed out")),
        }
    }

    async fn establish(
        &self,
        route: &Route,
        public_only: bool,
    ) -> Result<Connection, TransportError> {
        let target = &route.target;
        let stream = match &route.proxy {
            None => {
                let stream = dial(route.dialed(), route, public_only).await?;
                self.encrypt(stream, target, route).await?
            }
            Some(proxy) => {
                // The proxy resolves the name and must refuse addresses that are not public.
                let stream = dial(proxy.uri(), route, false).await?;
                let stream = self.encrypt(stream, proxy.uri(), route).await?;
                if route.is_tunnel() {
                    let stream = tunnel(stream, proxy, route).await?;
                    self.encrypt(stream, target, route).await?
                } else {
                    stream
                }
            }
        };
        Connection::new(stream)
            .await
            .map_err(|error| route.error(Kind::Connect, last_cause(&error)))
    }

    /// Performs the TLS handshake if the scheme is https.
    async fn encrypt(
        &self,
        stream: Box<dyn Stream>,
        to: &Uri,
        route: &Route,
    ) -> Result<Box<dyn Stream>, TransportError> {
        if !is_https(to) {
            return Ok(stream);
        }
        let name = ServerName::try_from(bare_host(to))
            .map_err(|_| route.error(Kind::Tls, "the host name cannot be in a certificate"))?;
        match self.tls.connect(name.to_owned(), stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(match find::<rustls::Error>(&error) {
                Some(error) => route.error(Kind::Tls, tls_error::describe(error)),
                None => route.error(Kind::Connect, error),
            }),
        }
    }
}

async fn dial(
    to: &Uri,
    route: &Route,
    public_only: bool,
) -> Result<Box<dyn Stream>, TransportError> {
    let failed = |kind, error: &dyn std::fmt::Display| match route.proxy {
        Some(_) => route.proxy_error(kind, error),
        None => route.error(kind, error),
    };
    let found = tokio::net::lookup_host((bare_host(to), port(to))).await;
    let found = found.map_err(|error| failed(Kind::Resolve, &error))?;
    let found = if public_only {
        only_public(found).map_err(|why| route.error(Kind::NotPublic, why))?
    } else {
        found.collect()
    };
    if found.is_empty() {
        return Err(failed(Kind::Resolve, &"the name has no address"));
    }
    let stream = connect_any(found).await.map_err(|error| failed(Kind::Connect, &error))?;
    // A request is written in one piece, so Nagle's algorithm would only delay it.
    stream.set_nodelay(true).map_err(|error| route.error(Kind::Connect, error))?;
    Ok(Box::new(Socket::new(stream)))
}

/// Connects to the first address that accepts, and tries the next one after a delay.
async fn connect_any(found: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = interleave(found).into_iter().peekable();
    let mut racing: Vec<Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>> = Vec::new();
    let mut delay = pin!(sleep(Duration::ZERO));
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
            if more && (next || delay.as_mut().poll(cx).is_ready()) {
                racing.extend(
                    waiting.next().map(|address| Box::pin(TcpStream::connect(address)) as _),
                );
                delay.as_mut().reset(Instant::now() + ATTEMPT_DELAY);
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

/// Returns the addresses in the order of the resolver, with the two families alternating. If one family is unreachable,
/// the other is tried early.
fn interleave(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let preferred = found.first().is_some_and(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == preferred);
    let longest = one.len().max(other.len());
    (0..longest).flat_map(|index| [one.get(index), other.get(index)]).flatten().copied().collect()
}

/// Opens a tunnel to the target through the proxy.
async fn tunnel(
    stream: Box<dyn Stream>,
    proxy: &ProxyUrl,
    route: &Route,
) -> Result<Box<dyn Stream>, TransportError> {
    let refused = |why: String| route.error(Kind::Proxy, why);
    let host = format!("{}:{}", route.dialed().host().unwrap_or_default(), port(route.dialed()));
    let mut message = Message::new(RequestBody::new(Bytes::new(), None, None));
    *message.method_mut() = Method::CONNECT;
    *message.uri_mut() =
        host.parse().map_err(|_| refused("the target is not a valid host".to_owned()))?;
    let headers = message.headers_mut();
    headers.extend(HeaderValue::try_from(host).ok().map(|host| (header::HOST, host)));
    headers.extend(authorization(proxy).map(|value| (header::PROXY_AUTHORIZATION, value)));

    let (status, stream) =
        connection::tunnel(stream, message).await.map_err(|error| refused(last_cause(&error)))?;
    if !status.is_success() {
        return Err(route.refused_tunnel(status.as_u16()));
    }
    stream.ok_or_else(|| refused("the proxy sent data after its response".to_owned()))
}

/// Returns the value of the `Proxy-Authorization` header.
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
    fn address_families_alternate() {
        let parse = |addresses: &[&str]| -> Vec<SocketAddr> {
            addresses.iter().map(|address| address.parse().unwrap()).collect()
        };
        let found = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "[::4]:1", "2.2.2.2:1"]);
        let tried = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1", "[::4]:1"];
        assert_eq!(interleave(found), parse(&tried));
        assert_eq!(interleave(Vec::new()), []);
    }

    /// The first address does not accept within the delay, and nothing listens on the second.
    #[tokio::test]
    async fn an_unreachable_address_does_not_delay_the_next() {
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
        let stream = connect_any(vec![silent, closed, open]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        let error = connect_any(vec![closed, closed]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect_any(Vec::new()).await.is_err());
    }
}
