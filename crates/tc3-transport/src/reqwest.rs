//! The async transport on reqwest.

use core::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};

use crate::address::{NotPublic, only_public};
use crate::config::bounded;
use crate::hyper_error::{exchange_kind, find, last_cause};
use crate::route::{Proxies, Route};
use crate::{
    AsyncBody, AsyncChunks, AsyncTransport, ProxyUrl, Request, Response, TransportConfig,
    TransportError, TransportErrorKind as Kind, tls,
};

/// An async transport on reqwest and tokio. Connections are kept alive and shared between clones.
///
/// - [`read_timeout`](TransportConfig::read_timeout) also limits connecting and sending, until the headers are
///   received.
/// - If an idle connection is closed before any byte of the request is written, the request is sent on another one. It
///   is never written twice.
#[derive(Clone)]
pub struct ReqwestTransport {
    /// Connects directly.
    client: Client,
    /// Clients that always use their proxy; the route selects the client.
    proxied: Arc<[(ProxyUrl, Client)]>,
    /// Connects directly, and only to public addresses. It has its own pool, because connections of the other client may
    /// lead to private addresses.
    public: Client,
    proxies: Arc<Proxies>,
}

impl ReqwestTransport {
    /// Returns a transport with rustls and the system's certificate authorities.
    ///
    /// # Errors
    /// Returns an error if an extra root is invalid. An invalid proxy in the environment fails the requests that need it.
    pub fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        let proxies = Arc::new(Proxies::new(&config.proxy));
        let tls = tls::client_config(&config.extra_roots_pem)?;
        let direct = || {
            Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .no_proxy()
                .connect_timeout(bounded(config.connect_timeout))
                .read_timeout(bounded(config.read_timeout))
                .pool_idle_timeout(crate::config::IDLE_TIMEOUT)
        };
        let public = build(direct().dns_resolver(Arc::new(PublicResolver)))?;
        let proxied = proxies.valid().into_iter().map(|url| {
            let client = build(direct().proxy(through(url)?))?;
            Ok((url.clone(), client))
        });
        let proxied = proxied.collect::<Result<_, TransportError>>()?;
        Ok(Self { client: build(direct())?, proxied, public, proxies })
    }

    /// Returns the client for a request. A proxy resolves names itself.
    fn client_for(&self, public_only: bool, route: &Route) -> Result<&Client, TransportError> {
        if public_only {
            route.check_public()?;
        }
        match &route.proxy {
            None if public_only => Ok(&self.public),
            None => Ok(&self.client),
            Some(proxy) => self
                .proxied
                .iter()
                .find_map(|(url, client)| (url == proxy).then_some(client))
                .ok_or_else(|| route.error(Kind::Proxy, "the proxy is not configured")),
        }
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
    builder.build().map_err(|error| {
        TransportError::new(Kind::Other).with_detail(error.without_url().to_string())
    })
}

/// Resolver of the system that returns only public addresses.
struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(only_public(found)?.into_iter()) as Addrs)
        })
    }
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
        let client = self.client_for(request.public_only, &route)?;
        let url: Url = request
            .uri
            .to_string()
            .parse()
            .map_err(|_| route.error(Kind::Request, "reqwest refuses the URI"))?;
        request.set_empty_length();
        let mut builder =
            client.request(request.method, url).headers(request.headers).body(request.body);
        if let Some(timeout) = request.timeout {
            builder = builder.timeout(bounded(timeout));
        }
        let mut response = builder.send().await.map_err(|error| classify(error, &route))?;
        Ok(Response {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: AsyncBody::stream(Chunks { response: Some(response), route }),
        })
    }
}

struct Chunks {
    /// `None` after a failure, because reqwest would report the end of the body.
    response: Option<reqwest::Response>,
    route: Route,
}

#[async_trait]
impl AsyncChunks for Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let Some(response) = &mut self.response else {
            return Err(self.route.error(Kind::Interrupted, "the body was interrupted before"));
        };
        match response.chunk().await {
            Ok(chunk) => Ok(chunk),
            Err(error) => {
                self.response = None;
                Err(classify(error, &self.route))
            }
        }
    }
}

fn classify(error: reqwest::Error, route: &Route) -> TransportError {
    let error = error.without_url();
    let last = last_cause(&error);
    if error.is_builder() {
        return route.error(Kind::Request, last);
    }
    if let Some(why) = find::<NotPublic>(&error) {
        return route.error(Kind::NotPublic, why);
    }
    if error.is_dns() {
        return route.error(Kind::Resolve, last);
    }
    if error.is_connect() {
        if let Some(error) = find::<rustls::Error>(&error) {
            return route.error(Kind::Tls, tls::describe(error));
        }
        if error.is_timeout() {
            return route.error(Kind::Connect, "timed out");
        }
        // The error type of a refusal by a proxy is private. It is the last cause, unlike that of an unreachable proxy.
        let refused = last.starts_with("tunnel error");
        return route.error(if refused { Kind::Proxy } else { Kind::Connect }, last);
    }
    if error.is_timeout() {
        return route.error(Kind::Timeout, "the response is incomplete");
    }
    route.error(exchange_kind(&error), last)
}

#[cfg(test)]
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
        let client = transport.client_for(true, &route("http://files.example/")).unwrap();
        let error = client.get(&url).send().await.unwrap_err();
        let route = route(&url);
        let error = classify(error, &route);
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
