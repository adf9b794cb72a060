//! The async transport on reqwest.

use core::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};

use crate::address::{NotPublic, only_public};
use crate::config::bounded;
use crate::fault::{answer_kind, find, last_cause};
use crate::route::{Proxies, Route};
use crate::{
    AsyncBody, AsyncChunks, AsyncTransport, ProxyUrl, Request, Response, TransportConfig,
    TransportError, TransportErrorKind as Kind, tls,
};

/// Sends requests with reqwest, on tokio. Connections are kept and shared between clones.
///
/// - [`read_timeout`](TransportConfig::read_timeout) covers connecting and sending too, until the
///   headers are there.
/// - Where a kept connection turns out closed before any byte of the request was written, the request
///   goes out on another one. It is never written twice.
#[derive(Clone)]
pub struct ReqwestTransport {
    /// Connects directly.
    client: Client,
    /// Those that connect through a proxy, always: the route decides, not the client.
    proxied: Arc<[(ProxyUrl, Client)]>,
    /// Connects directly, and to public addresses alone. A connection of the other's, which may lead
    /// anywhere, is none of its.
    public: Client,
    proxies: Arc<Proxies>,
}

impl ReqwestTransport {
    /// A transport with rustls and the system's certificate authorities.
    ///
    /// # Errors
    /// Returns an error if an extra root is unusable. An unusable proxy in the environment fails the
    /// requests that need it.
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
        let public = build(direct().dns_resolver(Arc::new(PublicOnly)))?;
        let proxied = proxies.usable().into_iter().map(|url| {
            let client = build(direct().proxy(through(url)?))?;
            Ok((url.clone(), client))
        });
        let proxied = proxied.collect::<Result<_, TransportError>>()?;
        Ok(Self { client: build(direct())?, proxied, public, proxies })
    }

    /// Whose connections a request may go over. Through a proxy, it is the proxy that resolves.
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
                .ok_or_else(|| route.error(Kind::Proxy, "it is not configured")),
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

/// Resolves as the system does, and keeps what is public.
struct PublicOnly;

impl Resolve for PublicOnly {
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
        request.say_empty_length();
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
    /// `None` once it failed: reqwest would report an end then.
    response: Option<reqwest::Response>,
    route: Route,
}

#[async_trait]
impl AsyncChunks for Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let Some(response) = &mut self.response else {
            return Err(self.route.error(Kind::Interrupted, "the body broke off before"));
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
        // The type of a proxy's refusal is private. It is the last cause, unlike a proxy that could not
        // be reached.
        let refused = last.starts_with("tunnel error");
        return route.error(if refused { Kind::Proxy } else { Kind::Connect }, last);
    }
    if error.is_timeout() {
        return route.error(Kind::Timeout, "the answer");
    }
    route.error(answer_kind(&error), last)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::TcpListener;

    use super::*;
    use crate::{Proxy, Request};

    /// A name may resolve to anything, and to another thing the next time: what counts is where the
    /// connection would go. `localhost` stands for such a name; as a name it is refused before.
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
