//! Headers of API 3.0 requests and responses.

use std::time::{Duration, UNIX_EPOCH};

use tc3_transport::header::HeaderName;
use tc3_transport::{HeaderMap, HeaderValue, StatusCode, header};

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

/// Returns the time of a date, since the Unix epoch.
fn date(text: &str) -> Option<Duration> {
    httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()
}

/// Returns the server's time, since the Unix epoch.
pub fn server_time(headers: &HeaderMap) -> Option<Duration> {
    date(headers.get(header::DATE)?.to_str().ok()?)
}

/// Returns whether the response of a success is a stream of events.
pub(crate) fn is_event_stream(status: StatusCode, headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    status.is_success() && essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

/// The delay that `Retry-After` demands: the longest one of all its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RetryAfter {
    /// The longest delay that can be read.
    wait: Option<Duration>,
    /// True if a header is neither a number of seconds nor a date.
    is_unreadable: bool,
}

impl RetryAfter {
    /// Returns the delay; `None` without the header.
    pub(crate) fn of(headers: &HeaderMap, now: Now) -> Option<Self> {
        // Relative to the server's clock, which may differ from the local one.
        let server = server_time(headers).unwrap_or(now.unix);
        let values = headers.get_all(header::RETRY_AFTER).into_iter();
        let waits = values.map(|value| delay(value.to_str().ok()?.trim(), server));
        waits.fold(None, |longest, wait| {
            let Self { wait: other, is_unreadable } = longest.unwrap_or(Self::default());
            Some(Self { wait: wait.max(other), is_unreadable: is_unreadable || wait.is_none() })
        })
    }

    /// Returns the delay, which is at least `longest` if a header is unreadable: it is not absent.
    pub(crate) fn wait(self, longest: Duration) -> Duration {
        let least = if self.is_unreadable { longest } else { Duration::ZERO };
        self.wait.unwrap_or_default().max(least)
    }
}

fn delay(text: &str, server: Duration) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    Some(date(text)?.saturating_sub(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_retry_after_counts_and_an_unreadable_one_is_not_absent() {
        let longest = Duration::from_secs(5);
        let cases: [(&[&str], Option<u64>); 14] = [
            (&[], None),
            (&["7"], Some(7)),
            (&[" 7 "], Some(7)),
            (&["0"], Some(0)),
            (&["99999999999999999999"], Some(u64::MAX)),
            (&["30.0"], Some(5)),
            (&["120s"], Some(5)),
            (&["-1"], Some(5)),
            (&["+3"], Some(5)),
            (&[""], Some(5)),
            (&["3", "9"], Some(9)),
            (&["9", "soon", "3"], Some(9)),
            (&["Mon, 25 Feb 2019 10:00:08 GMT", "2"], Some(8)),
            (&["Mon, 25 Feb 2019 09:00:00 GMT"], Some(0)),
        ];
        let now = Now { unix: Duration::from_secs(1), monotonic: Duration::ZERO };
        for (values, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::DATE, "Mon, 25 Feb 2019 10:00:00 GMT".parse().unwrap());
            for value in values {
                headers.append(header::RETRY_AFTER, value.parse().unwrap());
            }
            let wait = RetryAfter::of(&headers, now).map(|after| after.wait(longest).as_secs());
            assert_eq!(wait, expected, "{values:?}");
        }
    }
}
