use core::fmt;

use hmac::Mac;
use sha2::{Digest, Sha256};

use crate::canonical::write_canonical;
use crate::signer::write_string_to_sign;
use crate::text::{Gathered, Hex};
use crate::{Authorization, Date, KeyChain, Payload};

/// How far a request's timestamp may lie from the server's clock, either way.
pub const MAX_SKEW_SECONDS: u64 = 300;

/// A request as a server received it.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// As on the request line.
    pub method: &'a str,
    /// As on the request line, without the query.
    pub path: &'a str,
    /// As on the request line, without the question mark.
    pub query: &'a str,
    /// Looks a header up by its lower-case name.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body, or [`Payload::Unsigned`] where the request says
    /// `X-TC-Content-SHA256: UNSIGNED-PAYLOAD`.
    pub payload: Payload<'a>,
    /// The value of `X-TC-Timestamp`.
    pub timestamp: u64,
}

impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("payload", &self.payload)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The timestamp lies more than [`MAX_SKEW_SECONDS`] from `now`.
    Expired,
    /// The date of the credential scope is not the timestamp's UTC day.
    Date,
    /// `content-type` or `host` is not among the signed headers.
    Unsigned(&'static str),
    /// This signed header is not in the request.
    MissingHeader(String),
    /// The signature is another one: a wrong key, or a request changed after signing.
    Mismatch,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => write!(
                f,
                "the timestamp lies more than {MAX_SKEW_SECONDS} seconds from the server's clock"
            ),
            Self::Date => f.write_str("the scope's date is not the timestamp's UTC day"),
            Self::Unsigned(name) => write!(f, "the header {name} must be signed"),
            Self::MissingHeader(name) => write!(f, "the signed header {name} is missing"),
            Self::Mismatch => f.write_str("the signature does not match"),
        }
    }
}

impl std::error::Error for VerifyError {}

/// Checks a request's signature the way the service does, from what was received alone.
///
/// `now` is the server's clock in seconds since the Unix epoch. The signature is compared in constant
/// time. Whether the service in the scope is the one called is the caller's to check.
///
/// # Errors
/// [`VerifyError`] says which check failed; it never holds the expected signature.
pub fn verify(
    authorization: &Authorization<'_>,
    secret_key: &str,
    request: &Received<'_>,
    now: u64,
) -> Result<(), VerifyError> {
    if request.timestamp.abs_diff(now) > MAX_SKEW_SECONDS {
        return Err(VerifyError::Expired);
    }
    let date = Date::of(request.timestamp).ok_or(VerifyError::Expired)?;
    if date.as_str() != authorization.date {
        return Err(VerifyError::Date);
    }
    for required in ["content-type", "host"] {
        if !authorization.signed_headers().any(|name| name == required) {
            return Err(VerifyError::Unsigned(required));
        }
    }
    let headers = authorization
        .signed_headers()
        .map(|name| match (request.header)(name) {
            Some(value) => Ok((name, value)),
            None => Err(VerifyError::MissingHeader(name.to_owned())),
        })
        .collect::<Result<Vec<_>, _>>()?;

    let mut hash = Sha256::new();
    let payload = request.payload.hash();
    Gathered::feed(&mut hash, |text| {
        let line = [request.method, request.path, request.query];
        write_canonical(text, line, headers.iter().copied(), &payload);
    });
    let hash = Hex::of(&hash.finalize().into());
    let mut mac = KeyChain::derive(secret_key, date, authorization.service).into_mac();
    Gathered::feed(&mut mac, |text| {
        write_string_to_sign(text, request.timestamp, date, authorization.service, &hash);
    });
    mac.verify_slice(&authorization.signature_bytes()).map_err(|_| VerifyError::Mismatch)
}
