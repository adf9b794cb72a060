//! Headers of API 3.0 requests and responses.

use std::time::{Duration, UNIX_EPOCH};

use tc3_transport::header::HeaderName;
use tc3_transport::{HeaderMap, HeaderValue, header};

use crate::error::{Error, ErrorKind};
use crate::time::Now;

pub(crate) const ACTION: HeaderName = HeaderName::from_static("x-tc-action");
pub(crate) const CLIENT: HeaderName = HeaderName::from_static("x-tc-requestclient");
pub(crate) const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-tc-content-sha256");
pub(crate) const LANGUAGE: HeaderName = HeaderName::from_static("x-tc-language");
pub(crate) const REGION: HeaderName = HeaderName::from_static("x-tc-region");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-tc-requestid");
pub(crate) const TIMESTAMP: HeaderName = HeaderName::from_static("x-tc-timestamp");
pub(crate) const TOKEN: HeaderName = HeaderName::from_static("x-tc-token");
pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-tc-version");

/// Headers that the client or the transport sets, in addition to `X-TC-*`.
const RESERVED: [HeaderName; 18] = [
    header::ACCEPT_ENCODING,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::RANGE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Returns whether a header of the caller would replace one of the client or of the transport.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    name.as_str().starts_with("x-tc-") || RESERVED.contains(name)
}

/// Converts `value` to a header value. The error contains `name` and not the value.
pub(crate) fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| {
        let message = format!("invalid {name}: it contains a character that a header cannot have");
        Error::new(ErrorKind::Request, message)
    })
}

fn http_date(headers: &HeaderMap, name: HeaderName) -> Option<Duration> {
    let text = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()
}

/// Returns the server's time, since the Unix epoch.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<Duration> {
    http_date(headers, header::DATE)
}

/// Returns the delay of `Retry-After`.
pub(crate) fn retry_after(headers: &HeaderMap, now: Now) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok();
    seconds.map(Duration::from_secs).or_else(|| {
        // Relative to the server's clock, which may differ from the local one.
        let server = server_time(headers).unwrap_or(now.unix);
        Some(http_date(headers, header::RETRY_AFTER)?.saturating_sub(server))
    })
}
