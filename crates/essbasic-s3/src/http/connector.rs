//! The HTTP client of `object_store` over an [`Http`].

use core::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use tc3_client::__private::server_time;
use tc3_transport::{
    Bytes, HeaderMap, Method, Request, StatusCode, TransportError, TransportErrorKind,
};

use super::Http;
use super::completion::completion_status;

/// Maximum size of a response, in bytes. Objects are read in parts of 4 MiB; other responses have a few hundred bytes.
const MAX_RESPONSE_BYTES: usize = 5 << 20;

/// Timeout of a request, including the response: a part of 8 MiB at 30 KB per second. The read timeout of the transport
/// ends a request without any response earlier.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

/// HTTP client of a store.
#[derive(Clone)]
pub(crate) struct Connector {
    http: Arc<dyn Http>,
    /// True if a connection broke. The next request opens a new one, because idle ones may be broken too.
    is_broken: Arc<AtomicBool>,
}

impl Connector {
    pub(crate) fn new(http: impl Http) -> Self {
        Self { http: Arc::new(http), is_broken: Arc::default() }
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
        let (is_head, new_connection) =
            (method == Method::HEAD, self.is_broken.swap(false, Ordering::Relaxed));
        let request =
            Request { method, headers, body, timeout, new_connection, ..Request::get(parts.uri) };
        let exchange = self.http.exchange(request, MAX_RESPONSE_BYTES).await;
        let exchange = exchange.map_err(|error| {
            if !error.kind().never_sent() {
                self.is_broken.store(true, Ordering::Relaxed);
            }
            failed(error)
        })?;
        let body = match is_head && is_skewed(exchange.status, &exchange.headers) {
            true => Bytes::from_static(SKEWED),
            false => exchange.body,
        };
        let mut response = HttpResponse::new(HttpResponseBody::from(String::new()));
        *response.status_mut() = match is_post && exchange.status == StatusCode::OK {
            true => completion_status(&body),
            false => exchange.status,
        };
        *response.headers_mut() = exchange.headers;
        *response.body_mut() = body.into();
        Ok(response)
    }
}

/// The body of an error that a response to `HEAD` cannot have.
const SKEWED: &[u8] = b"<Error><Code>RequestTimeTooSkewed</Code></Error>";

/// Maximum difference of the clocks that S3 accepts.
const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

/// Returns whether a store has refused a request because of the clock of this machine, judged by the store's time.
fn is_skewed(status: StatusCode, headers: &HeaderMap) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    status == StatusCode::FORBIDDEN
        && server_time(headers).is_some_and(|server| server.abs_diff(now) > MAX_SKEW)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_by_the_clock_is_recognized_without_a_body() {
        for (status, date, expected) in [
            (403, "Tue, 14 Nov 2023 22:13:20 GMT", true),
            (403, "Tue, 14 Nov 2090 22:13:20 GMT", true),
            (404, "Tue, 14 Nov 2023 22:13:20 GMT", false),
            (403, "", false),
            (403, "yesterday", false),
        ] {
            let mut headers = HeaderMap::new();
            if !date.is_empty() {
                headers.insert("date", date.parse().unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(is_skewed(status, &headers), expected, "{status} {date}");
        }
    }
}
