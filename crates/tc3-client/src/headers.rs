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
