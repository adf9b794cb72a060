//! The async transport on reqwest.

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    AsyncBody, AsyncChunks, AsyncTransport, Proxy, Request, Response, TransportConfig,
    TransportError, TransportErrorKind,
};

/// Sends requests with reqwest. Connections are kept and shared.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// A transport with rustls.
    ///
    /// # Errors
    /// Where the proxy's URL or an extra root is unusable.
    pub fn new(config: &TransportConfig) -> Result<Self, TransportError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout);
        builder = match &config.proxy {
            Proxy::Environment => builder,
            Proxy::None => builder.no_proxy(),
            Proxy::Url(url) => builder.proxy(
                reqwest::Proxy::all(url.to_string())
                    .map_err(|_| TransportError::new(TransportErrorKind::Proxy))?,
            ),
        };
        let client = builder.build().map_err(classify)?;
        Ok(Self { client })
    }
}

#[async_trait]
impl AsyncTransport for ReqwestTransport {
    async fn send(&self, request: Request) -> Result<Response<AsyncBody>, TransportError> {
        let url: reqwest::Url = request
            .uri
            .to_string()
            .parse()
            .map_err(|_| TransportError::new(TransportErrorKind::Request))?;
        let mut builder =
            self.client.request(request.method, url).headers(request.headers).body(request.body);
        if let Some(timeout) = request.timeout {
            builder = builder.timeout(timeout);
        }
        let response = builder.send().await.map_err(classify)?;
        Ok(Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: AsyncBody::stream(Chunks(response)),
        })
    }
}

struct Chunks(reqwest::Response);

#[async_trait]
impl AsyncChunks for Chunks {
    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.0.chunk().await.map_err(classify)
    }
}

fn classify(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let kind = if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_builder() {
        TransportErrorKind::Request
    } else {
        TransportErrorKind::Interrupted
    };
    let mut last: &dyn std::error::Error = &error;
    while let Some(source) = last.source() {
        last = source;
    }
    TransportError::new(kind).with_detail(last.to_string())
}
