//! The async transport on hyper.

mod body;
mod connect;
mod connection;
mod pool;
mod socket;
mod timeouts;

use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::uri;
use http::{HeaderValue, StatusCode, Uri, header};
use tokio::time::Instant;

use self::body::{Chunks, Open, State};
use self::connect::Connector;
use self::connection::{Message, SendError};
use self::pool::{Key, Pool};
use self::timeouts::Timeouts;
use crate::config::bounded;
use crate::gzip::{Decoder, accept_gzip};
use crate::hyper_error::{exchange_kind, last_cause};
use crate::request_body::{Expectation, RequestBody};
use crate::route::{Proxies, Route, host_header};
use crate::{
    AsyncBody, AsyncTransport, Request, Response, TransportConfig, TransportError,
    TransportErrorKind as Kind, tls,
};

/// Maximum wait for the response 100 to the headers of a request with a large body.
const CONTINUE_TIMEOUT: Duration = Duration::from_secs(1);

/// An async transport on hyper and tokio. Connections are kept alive and shared between clones.
///
/// Compared to `ReqwestTransport`, it has fewer dependencies and less overhead per call.
///
/// - A connection is polled by the future or body that uses it; no task is spawned. A body that is not read stops its
///   connection, and a body that is dropped before its end closes it.
/// - [`read_timeout`](TransportConfig::read_timeout) also limits sending, until the headers are received.
/// - A body above 1 MiB is sent with `Expect: 100-continue`, after the response 100 or one second. A response that arrives
///   while it is sent ends the request.
/// - All addresses of a host are tried, a quarter of a second apart, until one accepts.
/// - If an idle connection is closed before any byte of the request is written, the request is sent on another one. It
///   is never written twice.
#[derive(Clone)]
pub struct HyperTransport {
    shared: Arc<Shared>,
}

struct Shared {
    connector: Connector,
    pool: Pool,
    proxies: Proxies,
    read_timeout: Duration,
}

impl HyperTransport {
    /// Returns a transport with rustls and the system's certificate authorities. The [crate's documentation](crate#tls)
    /// states which provider it uses.
    ///
    /// # Errors
    /// Returns an error if there is no TLS provider, or if an extra root is invalid. An invalid proxy in the environment
    /// fails the requests that need it.
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
        let connector = Connector::new(tls, bounded(config.connect_timeout));
        let read_timeout = bounded(config.read_timeout);
        Self {
            shared: Arc::new(Shared { connector, pool: Pool::default(), proxies, read_timeout }),
        }
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl AsyncTransport for HyperTransport {
    async fn send(&self, request: Request) -> Result<Response<AsyncBody>, TransportError> {
        request.watch_gate();
        let shared = &self.shared;
        let deadline = request.timeout.map(|timeout| Instant::now() + bounded(timeout));
        let is_streamed = request.streamed_body;
        let route = shared.proxies.route(&request)?;
        if request.public_only {
            route.check_public()?;
        }
        let key = key(&route, request.public_only)?;
        if request.new_connection {
            shared.pool.clear(&key);
        }
        let (mut message, expectation) = message(request, &route)?;
        loop {
            let idle = shared.pool.take(&key).await;
            let is_reused = idle.is_some();
            let mut connection = match idle {
                Some(connection) => connection,
                None => shared.connector.connect(&route, key.public_only, deadline).await?,
            };
            let mut timeouts = Timeouts::new(deadline, shared.read_timeout);
            let response = match connection.send(message, &mut timeouts).await {
                Ok(response) => response,
                Err(SendError::Unsent(unsent, _)) if is_reused => {
                    message = *unsent;
                    continue;
                }
                Err(SendError::Unsent(_, error)) => {
                    return Err(route.error(Kind::Connect, last_cause(&error)));
                }
                Err(SendError::Failed(error)) => {
                    return Err(route.error(exchange_kind(&error), last_cause(&error)));
                }
                Err(SendError::Timeout) => return Err(timed_out(&route)),
            };
            let (mut parts, body) = response.into_parts();
            route.check_forwarded(parts.status)?;
            if let Some(expectation) = &expectation {
                expectation.answer(parts.status);
            }
            if is_streamed {
                timeouts.remove_deadline();
            }
            let decoder = Decoder::new(&mut parts.headers);
            let state = State::Open(Box::new(Open { connection, body, timeouts, decoder }));
            let shared = Arc::clone(shared);
            return Ok(Response {
                status: parts.status,
                headers: parts.headers,
                body: AsyncBody::stream(Chunks { state, shared, key, route }),
            });
        }
    }
}

fn timed_out(route: &Route) -> TransportError {
    route.error(Kind::Timeout, "the response is incomplete")
}

fn key(route: &Route, public_only: bool) -> Result<Key, TransportError> {
    let target = &route.target;
    let (Some(scheme), Some(authority)) = (target.scheme(), target.authority()) else {
        return Err(route.error(Kind::Request, "the URI is not absolute"));
    };
    Ok(Key {
        scheme: scheme.clone(),
        authority: authority.clone(),
        address: route.address.clone(),
        proxy: route.proxy.clone(),
        public_only: public_only && route.proxy.is_none(),
    })
}

/// Returns the request as sent on the wire, with the expectation of a large body.
fn message(
    mut request: Request,
    route: &Route,
) -> Result<(Message, Option<Expectation>), TransportError> {
    request.set_empty_length();
    let mut headers = request.headers;
    if !headers.contains_key(header::HOST) {
        headers.insert(header::HOST, host_header(&request.uri, route)?);
    }
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    accept_gzip(&mut headers);
    let uri = match &route.proxy {
        Some(proxy) if !route.is_tunnel() => {
            headers.extend(
                connect::authorization(proxy).map(|value| (header::PROXY_AUTHORIZATION, value)),
            );
            request.uri
        }
        _ => path(request.uri, route)?,
    };
    let expectation = Expectation::of(&request.body, &mut headers, CONTINUE_TIMEOUT);
    let body = RequestBody::new(request.body, request.gate, expectation.clone());
    let mut message = Message::new(body);
    if let Some(expectation) = expectation.clone() {
        hyper::ext::on_informational(&mut message, move |response| {
            if response.status() == StatusCode::CONTINUE {
                expectation.accept();
            }
        });
    }
    *message.method_mut() = request.method;
    *message.uri_mut() = uri;
    *message.headers_mut() = headers;
    Ok((message, expectation))
}

/// Returns the target of a request on a direct connection.
fn path(uri: Uri, route: &Route) -> Result<Uri, TransportError> {
    let mut parts = uri::Parts::default();
    parts.path_and_query = uri.into_parts().path_and_query;
    Uri::from_parts(parts).map_err(|_| route.error(Kind::Request, "the URI has no path"))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::TcpListener;

    use super::*;
    use crate::Proxy;

    /// As the test of the transport on reqwest.
    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let config = TransportConfig::default().with_proxy(Proxy::None);
        let transport = HyperTransport::new(&config).unwrap();
        let url = format!("http://localhost:{}/?linkkey", listener.local_addr().unwrap().port());
        let route = transport.shared.proxies.route(&Request::get(url.parse().unwrap())).unwrap();
        let error = transport.shared.connector.connect(&route, true, None).await.err().unwrap();
        assert_eq!(error.kind(), Kind::NotPublic, "{error}");
        assert!(error.to_string().contains("localhost:") && !error.to_string().contains("linkkey"));
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);

        let mut request = Request::get(url.parse().unwrap());
        request.public_only = true;
        let error = transport.send(request).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotPublic, "{error}");
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
