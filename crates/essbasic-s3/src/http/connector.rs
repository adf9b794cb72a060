//! The HTTP client of `object_store` over an [`Http`].

use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use tc3_transport::{Method, Request, StatusCode, TransportError, TransportErrorKind};

use super::Http;
use super::completion::completion_status;

/// Maximum size of a response, in bytes. Objects are read in parts of 4 MiB; other responses have a few hundred bytes.
const MAX_RESPONSE_BYTES: usize = 5 << 20;

/// Timeout of a request, including the response: a part of 8 MiB at 30 KB per second. The read timeout of the transport
/// ends a request without any response earlier.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

/// HTTP client of a store.
#[derive(Clone)]
pub(crate) struct Connector(Arc<dyn Http>);

impl Connector {
    pub(crate) fn new(http: impl Http) -> Self {
        Self(Arc::new(http))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (method, headers) = (parts.method, parts.headers);
        let (timeout, is_post) = (Some(REQUEST_TIMEOUT), method == Method::POST);
        let request = Request { method, headers, body, timeout, ..Request::get(parts.uri) };
        let exchange = self.0.exchange(request, MAX_RESPONSE_BYTES).await.map_err(failed)?;
        let mut response = HttpResponse::new(HttpResponseBody::from(String::new()));
        *response.status_mut() = match is_post && exchange.status == StatusCode::OK {
            true => completion_status(&exchange.body),
            false => exchange.status,
        };
        *response.headers_mut() = exchange.headers;
        *response.body_mut() = exchange.body.into();
        Ok(response)
    }
}

fn failed(error: TransportError) -> HttpError {
    let kind = match error.kind() {
        TransportErrorKind::Resolve | TransportErrorKind::Connect => HttpErrorKind::Connect,
        TransportErrorKind::Timeout => HttpErrorKind::Timeout,
        TransportErrorKind::Interrupted => HttpErrorKind::Interrupted,
        TransportErrorKind::Malformed | TransportErrorKind::BodyTooLarge => HttpErrorKind::Decode,
        _ => HttpErrorKind::Unknown,
    };
    // Without the source, which would be shown instead of kind and detail.
    HttpError::new(kind, std::io::Error::other(error.to_string()))
}
