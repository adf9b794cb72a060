use core::fmt;

use sha2::{Digest, Sha256};

use crate::UNSIGNED_PAYLOAD;
use crate::error::SignError;
use crate::hash_writer::{Hex, Sink};

/// A request to sign.
///
/// `content-type` and `host` are always signed. The action is signed unless [excluded](Self::without_action).
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The path as sent, percent-encoded; `/` for most actions.
    pub path: &'a str,
    /// The query as sent, without the question mark; usually empty for `POST`.
    pub query: &'a str,
    /// The value of `Content-Type`; for multipart it includes the boundary.
    pub content_type: &'a str,
    /// The value of `Host`, with the port if the endpoint has one.
    pub host: &'a str,
    /// The value of `X-TC-Action`; `None` leaves it unsigned.
    pub action: Option<&'a str>,
    /// Additional headers to sign.
    pub extra: &'a [(&'a str, &'a str)],
    /// The body.
    pub payload: Payload<'a>,
}

/// The part of a body that is signed.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// The whole body.
    Signed(&'a [u8]),
    /// No part of it; the request has the header `X-TC-Content-SHA256: UNSIGNED-PAYLOAD`.
    Unsigned,
}

impl<'a> Request<'a> {
    /// Returns a JSON request: `POST /` with `Content-Type: application/json` and the action signed.
    pub const fn post(host: &'a str, action: &'a str, body: &'a [u8]) -> Self {
        Self {
            method: "POST",
            path: "/",
            query: "",
            content_type: "application/json",
            host,
            action: Some(action),
            extra: &[],
            payload: Payload::Signed(body),
        }
    }

    /// Signs only `content-type;host`, as the official SDKs do.
    ///
    /// An attacker who captures such a request can replay it against another action that accepts the same body,
    /// for the five minutes in which the server accepts the timestamp.
    #[must_use]
    pub const fn without_action(mut self) -> Self {
        self.action = None;
        self
    }

    /// Returns a header to sign. The usual headers come first, in the order of their names.
    fn header(&self, index: usize) -> Option<(&'a str, &'a str)> {
        match (index, self.action) {
            (0, _) => Some(("content-type", self.content_type)),
            (1, _) => Some(("host", self.host)),
            (2, Some(action)) => Some(("x-tc-action", action)),
            _ => self.extra.get(index - self.usual()).copied(),
        }
    }

    /// Returns the number of headers before the additional ones.
    fn usual(&self) -> usize {
        2 + usize::from(self.action.is_some())
    }

    fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        (0..).map_while(|index| self.header(index))
    }

    /// Returns the signed headers in canonical order. Selecting the next name each time needs no allocation, and
    /// there are usually three or four headers.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        let mut last: Option<&str> = None;
        (0..).map_while(move |index| {
            if self.extra.is_empty() {
                return self.header(index);
            }
            let next = self
                .headers()
                .filter(|(name, _)| match last {
                    Some(last) => compare(name, last).is_gt(),
                    None => true,
                })
                .min_by(|(a, _), (b, _)| compare(a, b))?;
            last = Some(next.0);
            Some(next)
        })
    }

    /// Rejects a request whose canonical form could also be that of another request.
    pub(crate) fn check(&self) -> Result<(), SignError> {
        for (name, value) in self.headers() {
            if contains(value, |byte| byte.is_ascii_control()) {
                return Err(SignError::HeaderValue(name.to_ascii_lowercase()));
            }
        }
        let usual = self.usual();
        for (index, (name, _)) in self.extra.iter().enumerate() {
            if !name.bytes().all(is_token) || name.is_empty() {
                return Err(SignError::HeaderName);
            }
            let mut before = (0..usual + index).filter_map(|index| self.header(index));
            if before.any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Err(SignError::DuplicateHeader(name.to_ascii_lowercase()));
            }
        }
        let breaks = |text: &str| contains(text, |byte| byte.is_ascii_control() || byte == b' ');
        if breaks(self.method) || breaks(self.path) || breaks(self.query) {
            return Err(SignError::RequestLine);
        }
        Ok(())
    }
}

impl fmt::Debug for Request<'_> {
    /// Hides the payload, the query and the values of additional headers, which may be personal or secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("host", &self.host)
            .field("content_type", &self.content_type)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(bytes) => write!(f, "Signed({} bytes)", bytes.len()),
            Self::Unsigned => f.write_str("Unsigned"),
        }
    }
}

impl Payload<'_> {
    pub(crate) fn hash(&self) -> [u8; 32] {
        match self {
            Self::Signed(bytes) => Sha256::digest(bytes),
            Self::Unsigned => Sha256::digest(UNSIGNED_PAYLOAD),
        }
        .into()
    }
}

/// Returns whether the text contains a matching byte. Without an early exit, the loop is vectorized.
pub(crate) fn contains(text: &str, is_match: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(false, |found, byte| found | is_match(byte))
}

/// Compares names in ASCII order, ignoring case.
fn compare(a: &str, b: &str) -> core::cmp::Ordering {
    a.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(b.bytes().map(|b| b.to_ascii_lowercase()))
}

pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Writes the canonical request; `headers` are in signing order.
pub(crate) fn write_canonical<'h>(
    sink: &mut impl Sink,
    [method, path, query]: [&str; 3],
    headers: impl Iterator<Item = (&'h str, &'h str)> + Clone,
    payload_hash: &[u8; 32],
) {
    for line in [method, path, query] {
        sink.put(line);
        sink.put("\n");
    }
    for (name, value) in headers.clone() {
        sink.put_lower(name);
        sink.put(":");
        sink.put_lower(value.trim_ascii());
        sink.put("\n");
    }
    sink.put("\n");
    write_signed_headers(sink, headers.map(|(name, _)| name));
    sink.put("\n");
    sink.put(Hex::of(payload_hash).as_str());
}

pub(crate) fn write_signed_headers<'h>(sink: &mut impl Sink, names: impl Iterator<Item = &'h str>) {
    for (index, name) in names.enumerate() {
        if index > 0 {
            sink.put(";");
        }
        sink.put_lower(name);
    }
}
