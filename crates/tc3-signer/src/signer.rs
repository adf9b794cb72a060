use core::fmt;
use std::sync::{Mutex, PoisonError};

use hmac::Mac;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::canonical::{Request, contains, write_canonical, write_signed_headers};
use crate::error::SignError;
use crate::hash_writer::{HashWriter, Hex, Sink};
use crate::key::HmacSha256;
use crate::{ALGORITHM, Date, KeyChain, TERMINATOR};

/// Signer of requests with one pair of SecretId and SecretKey.
///
/// The derived key of each service is cached for the day, so a signature costs two hashes and one HMAC. The
/// secret key and the derived keys are zeroized when the signer is dropped; `Debug` shows none of them.
pub struct Signer {
    secret_id: String,
    secret_key: Zeroizing<String>,
    /// The keyed HMAC of each service in use, with its day.
    keys: Mutex<Vec<CachedKey>>,
}

struct CachedKey {
    service: Box<str>,
    date: Date,
    mac: HmacSha256,
}

/// Maximum number of services whose keys are cached. An unbounded cache would leak memory if service names come
/// from outside.
const CACHED_SERVICES: usize = 16;

impl Signer {
    /// Returns a signer for a pair of SecretId and SecretKey.
    pub fn new(secret_id: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            secret_id: secret_id.into(),
            secret_key: Zeroizing::new(secret_key.into()),
            keys: Mutex::new(Vec::new()),
        }
    }

    /// Returns the SecretId, which is not a secret.
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    /// Signs a request; returns the value of the `Authorization` header.
    ///
    /// `timestamp` is in seconds since the Unix epoch and must be the one sent as `X-TC-Timestamp`. The date in
    /// the signature is derived from it.
    ///
    /// # Errors
    /// Returns [`SignError`] if the request has no canonical form, or if the SecretId, service or timestamp is
    /// invalid.
    pub fn sign(
        &self,
        request: &Request<'_>,
        service: &str,
        timestamp: u64,
    ) -> Result<String, SignError> {
        let date = self.check(request, service, timestamp)?;
        let mut hash = Sha256::new();
        HashWriter::feed(&mut hash, |text| canonical(text, request));
        let hash = Hex::of(&hash.finalize().into());
        let mut mac = self.mac(date, service);
        HashWriter::feed(&mut mac, |text| {
            write_string_to_sign(text, timestamp, date, service, &hash);
        });
        let signature = Hex::of(&mac.finalize().into_bytes().into());
        Ok(self.authorization(request, date, service, &signature))
    }

    /// Returns every intermediate value of [`sign`](Self::sign), to find the first difference from another
    /// implementation.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn explain(
        &self,
        request: &Request<'_>,
        service: &str,
        timestamp: u64,
    ) -> Result<Explanation, SignError> {
        let date = self.check(request, service, timestamp)?;
        let mut canonical_request = String::new();
        canonical(&mut canonical_request, request);
        let hash = Hex::of(&Sha256::digest(&canonical_request).into());
        let mut string_to_sign = String::new();
        write_string_to_sign(&mut string_to_sign, timestamp, date, service, &hash);
        let mut mac = self.mac(date, service);
        mac.update(string_to_sign.as_bytes());
        let signature = Hex::of(&mac.finalize().into_bytes().into());
        Ok(Explanation {
            hashed_payload: Hex::of(&request.payload.hash()).as_str().to_owned(),
            canonical_request,
            hashed_canonical_request: hash.as_str().to_owned(),
            string_to_sign,
            authorization: self.authorization(request, date, service, &signature),
            signature: signature.as_str().to_owned(),
        })
    }

    fn check(
        &self,
        request: &Request<'_>,
        service: &str,
        timestamp: u64,
    ) -> Result<Date, SignError> {
        request.check()?;
        // Separators of the header and of the scope would make the signature ambiguous.
        let breaks = |text| contains(text, |b| !b.is_ascii_graphic() || matches!(b, b'/' | b','));
        if service.is_empty() || breaks(service) {
            return Err(SignError::Service);
        }
        if self.secret_id.is_empty() || breaks(&self.secret_id) {
            return Err(SignError::SecretId);
        }
        Date::of(timestamp).ok_or(SignError::Timestamp)
    }

    fn mac(&self, date: Date, service: &str) -> HmacSha256 {
        // After a panic under the lock, at most one entry is missing.
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.iter().find(|key| key.date == date && *key.service == *service) {
            return key.mac.clone();
        }
        let mac = KeyChain::derive(&self.secret_key, date, service).into_mac();
        keys.retain(|key| *key.service != *service);
        if keys.len() >= CACHED_SERVICES {
            keys.remove(0);
        }
        keys.push(CachedKey { service: service.into(), date, mac: mac.clone() });
        mac
    }

    fn authorization(
        &self,
        request: &Request<'_>,
        date: Date,
        service: &str,
        signature: &Hex,
    ) -> String {
        // Room for the scope, names and signature of a usual request, without a second allocation.
        let mut header = String::with_capacity(192 + self.secret_id.len() + service.len());
        header.put(ALGORITHM);
        header.put(" Credential=");
        header.put(&self.secret_id);
        header.put("/");
        write_scope(&mut header, date, service);
        header.put(", SignedHeaders=");
        write_signed_headers(&mut header, request.sorted().map(|(name, _)| name));
        header.put(", Signature=");
        header.put(signature.as_str());
        header
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Other characters may come from a SecretId and SecretKey pasted as one string.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let shown = match self.secret_id.bytes().all(is_plain) {
            true => self.secret_id.as_str(),
            false => "(invalid)",
        };
        f.debug_struct("Signer").field("secret_id", &shown).finish_non_exhaustive()
    }
}

/// Intermediate values of a signature, in the order of computation.
///
/// Contains the values of the signed headers, but neither the body nor a key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// Hexadecimal SHA-256 of the body, the last line of the canonical request.
    pub hashed_payload: String,
    /// Method, URI, query, headers, signed header names and hashed payload.
    pub canonical_request: String,
    /// Hexadecimal SHA-256 of the canonical request.
    pub hashed_canonical_request: String,
    /// Algorithm, timestamp, credential scope and hashed canonical request.
    pub string_to_sign: String,
    /// Hexadecimal HMAC-SHA256 of the string to sign.
    pub signature: String,
    /// The value of the `Authorization` header.
    pub authorization: String,
}

impl fmt::Debug for Explanation {
    /// Hides the signature, and the query and headers, which may contain parameters and a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("hashed_payload", &self.hashed_payload)
            .field("hashed_canonical_request", &self.hashed_canonical_request)
            .field("string_to_sign", &self.string_to_sign)
            .finish_non_exhaustive()
    }
}

fn canonical(sink: &mut impl Sink, request: &Request<'_>) {
    write_canonical(
        sink,
        [request.method, request.path, request.query],
        request.sorted(),
        &request.payload.hash(),
    );
}

pub(crate) fn write_string_to_sign(
    sink: &mut impl Sink,
    timestamp: u64,
    date: Date,
    service: &str,
    hashed_canonical_request: &Hex,
) {
    sink.put(ALGORITHM);
    sink.put("\n");
    put_number(sink, timestamp);
    sink.put("\n");
    write_scope(sink, date, service);
    sink.put("\n");
    sink.put(hashed_canonical_request.as_str());
}

fn write_scope(sink: &mut impl Sink, date: Date, service: &str) {
    for part in [date.as_str(), "/", service, "/", TERMINATOR] {
        sink.put(part);
    }
}

fn put_number(sink: &mut impl Sink, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    for (index, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        start = index;
        if number == 0 {
            break;
        }
    }
    let used = digits.get(start..).unwrap_or_default();
    sink.put(core::str::from_utf8(used).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    fn assert_zeroized<T: ZeroizeOnDrop>(_: &T) {}

    /// Compiles only if the field implements `ZeroizeOnDrop`.
    #[test]
    fn the_secret_key_is_wiped_when_dropped() {
        let Signer { secret_id: _, secret_key, keys: _ } = Signer::new("id", "key");
        assert_zeroized(&secret_key);
    }
}
