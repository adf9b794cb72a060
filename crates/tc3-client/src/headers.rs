//! Headers of a call: names of the service's own, values to send, and times received.

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
pub(crate) const TIMESTAMP: HeaderName = HeaderName::from_static("x-tc-timestamp");
pub(crate) const TOKEN: HeaderName = HeaderName::from_static("x-tc-token");
pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-tc-version");

pub(crate) fn header_value(what: &str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| {
        Error::new(ErrorKind::Request, format!("the {what} holds a character that no header can"))
    })
}

fn http_date(headers: &HeaderMap, name: HeaderName) -> Option<Duration> {
    let text = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()
}

pub(crate) fn server_time(headers: &HeaderMap) -> Option<Duration> {
    http_date(headers, header::DATE)
}

pub(crate) fn retry_after(headers: &HeaderMap, now: Now) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok();
    seconds.map(Duration::from_secs).or_else(|| {
        // Against the server's own clock, which may not be ours.
        let server = server_time(headers).unwrap_or(now.unix);
        Some(http_date(headers, header::RETRY_AFTER)?.saturating_sub(server))
    })
}
