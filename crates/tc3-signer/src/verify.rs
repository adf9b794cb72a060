use core::fmt;

use hmac::Mac;
use sha2::{Digest, Sha256};

use crate::canonical::write_canonical;
use crate::hash_writer::{HashWriter, Hex};
use crate::signer::write_string_to_sign;
use crate::{Authorization, Date, KeyChain, Payload};

/// Maximum clock skew between a request's timestamp and the server, in seconds, in either direction.
pub const MAX_SKEW_SECONDS: u64 = 300;

/// A request as received by a server.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// The method of the request line.
    pub method: &'a str,
    /// The path of the request line, without the query.
    pub path: &'a str,
    /// The query of the request line, without the question mark.
    pub query: &'a str,
    /// Looks a header up by its lower-case name.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body, or [`Payload::Unsigned`] if the request has the header
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

/// Error of a signature that does not verify. [`Display`](fmt::Display) prints the failure, [`hint`](Self::hint)
/// returns the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The timestamp differs from `now` by more than [`MAX_SKEW_SECONDS`].
    Expired,
    /// The date of the credential scope is not the UTC date of the timestamp.
    Date,
    /// `content-type` or `host` is not among the signed headers.
    Unsigned(&'static str),
    /// The request lacks this signed header.
    MissingHeader(String),
    /// The signature differs: the key is wrong, or the request was changed after signing.
    Mismatch,
}

impl VerifyError {
    /// Returns the fix for the sender of the request, if one is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Expired => "set the clock of the sender, and sign each attempt again",
            Self::Date => "derive the date from the timestamp, in UTC",
            Self::Unsigned(_) => "add the header to the signed headers",
            Self::MissingHeader(_) => "check that no proxy removes the header",
            Self::Mismatch => {
                "check the SecretKey, and that no proxy changes body, host or content type"
            }
        })
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => write!(
                f,
                "the timestamp differs from the server's clock by more than {MAX_SKEW_SECONDS} seconds"
            ),
            Self::Date => {
                f.write_str("the date of the credential scope is not the UTC date of the timestamp")
            }
            Self::Unsigned(name) => write!(f, "the header {name} is not signed"),
            Self::MissingHeader(name) => write!(f, "the signed header {name} is missing"),
            Self::Mismatch => f.write_str("the signature does not match"),
        }
    }
}

impl std::error::Error for VerifyError {}

/// Verifies the signature of a request as the service does.
///
/// `now` is the server's clock in seconds since the Unix epoch. The signature is compared in constant time. The
/// caller must check that the service in the scope is the one called.
///
/// # Errors
/// Returns [`VerifyError`] with the first failed check. It never contains the expected signature.
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
    HashWriter::feed(&mut hash, |text| {
        let line = [request.method, request.path, request.query];
        write_canonical(text, line, headers.iter().copied(), &payload);
    });
    let hash = Hex::of(&hash.finalize().into());
    let mut mac = KeyChain::derive(secret_key, date, authorization.service).into_mac();
    HashWriter::feed(&mut mac, |text| {
        write_string_to_sign(text, request.timestamp, date, authorization.service, &hash);
    });
    mac.verify_slice(&authorization.signature_bytes()).map_err(|_| VerifyError::Mismatch)
}
