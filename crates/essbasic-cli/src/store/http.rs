//! HTTP of a store, over the transport of the calls.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use essbasic::object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use essbasic::object_store::{self, ClientOptions};
use essbasic::transport::{
    BlockingTransport, Method, Request, StatusCode, TransportError, TransportErrorKind,
};
use http_body_util::BodyExt;

use crate::in_flight::Counted;

/// Maximum size of a response, in bytes. Objects are read in parts of 4 MiB; other responses have a few hundred bytes.
const LONGEST_ANSWER: usize = 5 << 20;

/// Timeout of a request, including the response: a part of 8 MiB at 30 KB per second. The read timeout of the transport
/// ends a request without any response earlier.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

/// HTTP of the store, over the transport of the calls: with the same proxy and trust anchors.
#[derive(Debug, Clone)]
pub(super) struct Http(pub(super) Arc<Counted>);

impl HttpConnector for Http {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Http {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (method, headers) = (parts.method, parts.headers);
        let (timeout, is_post) = (Some(REQUEST_TIMEOUT), method == Method::POST);
        let request = Request { method, headers, body, timeout, ..Request::get(parts.uri) };
        let transport = Arc::clone(&self.0);
        let exchange = move || {
            let answer = transport.send(request)?;
            let body = answer.body.collect(LONGEST_ANSWER)?;
            let mut response = HttpResponse::new(HttpResponseBody::from(String::new()));
            *response.status_mut() = match is_post && answer.status == StatusCode::OK {
                true => completion_status(&body),
                false => answer.status,
            };
            *response.headers_mut() = answer.headers;
            *response.body_mut() = body.into();
            Ok(response)
        };
        match tokio::task::spawn_blocking(exchange).await {
            Ok(exchange) => exchange.map_err(failed),
            Err(error) => Err(HttpError::new(HttpErrorKind::Unknown, error)),
        }
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

/// Returns the status of a response 200 to the start or completion of a multipart upload.
///
/// S3 sends the status of a completion before it has ended: an error is then in the body of a response 200.
/// `object_store` recognizes only two of these errors, and describes the others as invalid responses.
fn completion_status(body: &[u8]) -> StatusCode {
    let text = String::from_utf8_lossy(body.get(..1024.min(body.len())).unwrap_or_default());
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = match text.strip_prefix("<?xml").and_then(|text| text.split_once("?>")) {
        Some((_, root)) => root.trim_start(),
        None => text,
    };
    if !text.starts_with("<Error>") && !text.starts_with("<Error ") {
        return StatusCode::OK;
    }
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    match code.map_or("", |(code, _)| code.trim()) {
        "AccessDenied" => StatusCode::FORBIDDEN,
        "NoSuchBucket" | "NoSuchUpload" => StatusCode::NOT_FOUND,
        "InternalError" | "RequestTimeout" | "ServiceUnavailable" | "SlowDown" | "" => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_response_200_has_its_status() {
        for (body, status) in [
            ("<CompleteMultipartUploadResult><ETag>t</ETag></CompleteMultipartUploadResult>", 200),
            ("<InitiateMultipartUploadResult/>", 200),
            ("", 200),
            ("<Errors/>", 200),
            ("<Error><Code>InternalError</Code></Error>", 503),
            ("<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code></Error>", 503),
            ("\u{feff} \r\n<Error><Code>SlowDown</Code></Error>", 503),
            ("<Error xmlns=\"x\"><Message>m</Message><Code> RequestTimeout </Code></Error>", 503),
            ("<Error></Error>", 503),
            ("<Error><Code>AccessDenied</Code></Error>", 403),
            ("<Error><Code>NoSuchUpload</Code></Error>", 404),
            ("<Error><Code>InvalidPart</Code></Error>", 400),
            ("<Error><Code>EntityTooSmall</Code></Error>", 400),
        ] {
            assert_eq!(completion_status(body.as_bytes()).as_u16(), status, "{body}");
        }
    }
}
