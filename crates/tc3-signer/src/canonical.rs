use core::fmt;

use sha2::{Digest, Sha256};

use crate::key::HmacSha256;
use crate::{SignError, UNSIGNED_PAYLOAD};

/// A request to be signed.
///
/// `content-type` and `host` are always signed. The action is too, unless
/// [left out](Self::without_action).
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `POST` or `GET`.
    pub method: &'a str,
    /// The canonical URI. The API has one: `/`.
    pub path: &'a str,
    /// The query as it is sent, without the question mark; empty for `POST`.
    pub query: &'a str,
    /// The value of `Content-Type`, for multipart with its boundary.
    pub content_type: &'a str,
    /// The value of `Host`, with the port where the endpoint has one.
    pub host: &'a str,
    /// The value of `X-TC-Action`; `None` leaves it unsigned.
    pub action: Option<&'a str>,
    /// Further headers to sign.
    pub extra: &'a [(&'a str, &'a str)],
    /// The body.
    pub payload: Payload<'a>,
}

/// What of the body goes into the signature.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// The body's bytes.
    Signed(&'a [u8]),
    /// Nothing: the request carries `X-TC-Content-SHA256: UNSIGNED-PAYLOAD`.
    Unsigned,
}

impl<'a> Request<'a> {
    /// A JSON call: `POST /` with `Content-Type: application/json` and the action signed.
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
    /// Whoever captures such a request can replay it, within the five minutes that the server
    /// accepts, against another action that understands the same body.
    #[must_use]
    pub const fn without_action(mut self) -> Self {
        self.action = None;
        self
    }

    fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        [("content-type", self.content_type), ("host", self.host)]
            .into_iter()
            .chain(self.action.map(|action| ("x-tc-action", action)))
            .chain(self.extra.iter().copied())
    }

    /// The signed headers in canonical order. Repeatedly picking the next name needs no memory, and
    /// there are two to four of them.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        let request = *self;
        let mut last: Option<&str> = None;
        core::iter::from_fn(move || {
            let next = request
                .headers()
                .filter(|(name, _)| last.is_none_or(|last| compare(name, last).is_gt()))
                .min_by(|(a, _), (b, _)| compare(a, b))?;
            last = Some(next.0);
            Some(next)
        })
    }

    /// What the canonical form cannot hold without becoming another request's.
    pub(crate) fn check(&self) -> Result<(), SignError> {
        for (index, (name, value)) in self.headers().enumerate() {
            if !name.bytes().all(is_token) || name.is_empty() {
                return Err(SignError::HeaderName);
            }
            if value.bytes().any(|byte| byte.is_ascii_control()) {
                return Err(SignError::HeaderValue(name.to_ascii_lowercase()));
            }
            if self.headers().take(index).any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Err(SignError::RepeatedHeader(name.to_ascii_lowercase()));
            }
        }
        let breaks = |text: &str| text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ');
        if breaks(self.method) || breaks(self.path) || breaks(self.query) {
            return Err(SignError::RequestLine);
        }
        Ok(())
    }
}

impl fmt::Debug for Request<'_> {
    /// Shows no payload, no query and no values of further headers: they may be personal or secret.
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

/// Names in ASCII order, whatever case they were given in.
fn compare(a: &str, b: &str) -> core::cmp::Ordering {
    a.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(b.bytes().map(|b| b.to_ascii_lowercase()))
}

pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Where canonical text goes: into a hash, or into a string that explains it.
pub(crate) trait Sink {
    fn put(&mut self, text: &str);
}

impl Sink for Sha256 {
    fn put(&mut self, text: &str) {
        self.update(text);
    }
}

impl Sink for HmacSha256 {
    fn put(&mut self, text: &str) {
        hmac::Mac::update(self, text.as_bytes());
    }
}

impl Sink for String {
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Writes the canonical request; `headers` in the order in which they are signed.
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
        put_lower(sink, name);
        sink.put(":");
        put_lower(sink, value.trim_ascii());
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
        put_lower(sink, name);
    }
}

/// ASCII lower case, in runs: most headers are lower case already, or but for a letter or two.
fn put_lower(sink: &mut impl Sink, text: &str) {
    for run in text.split_inclusive(|c: char| c.is_ascii_uppercase()) {
        let mut chars = run.chars();
        match chars.next_back() {
            Some(last) if last.is_ascii_uppercase() => {
                sink.put(chars.as_str());
                sink.put(last.to_ascii_lowercase().encode_utf8(&mut [0; 4]));
            }
            _ => sink.put(run),
        }
    }
}

/// 32 bytes in lower-case hexadecimal, on the stack.
pub(crate) struct Hex([u8; 64]);

impl Hex {
    pub(crate) fn of(bytes: &[u8; 32]) -> Self {
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(bytes) {
            let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            if let [high, low] = pair {
                *high = digit(byte >> 4);
                *low = digit(byte & 15);
            }
        }
        Self(hex)
    }

    pub(crate) fn as_str(&self) -> &str {
        // Hexadecimal digits only, by construction.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}
