use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{KeyError, RefusalReason, Refused};

/// Name of the HTTP header with the signature.
pub const SIGNATURE_HEADER: &str = "Content-Signature";

/// Prefix of the header's value.
const SIGNATURE_PREFIX: &str = "sha256=";

/// The token that signs callbacks, as set in the platform's console. Zeroed when dropped.
#[derive(Clone)]
pub struct Token(Zeroizing<Vec<u8>>);

impl Token {
    /// Returns the token with these bytes.
    ///
    /// # Errors
    /// Returns [`KeyError`] if the token is empty, since anyone could sign with it.
    pub fn new(token: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        match token.as_ref() {
            [] => Err(KeyError("invalid token: empty")),
            token => Ok(Self(Zeroizing::new(token.to_vec()))),
        }
    }

    /// Verifies that the header's value is the signature of exactly these bytes. Compares in constant time.
    pub(crate) fn verify(&self, signature: Option<&str>, body: &[u8]) -> Result<(), Refused> {
        let value = signature.ok_or(Refused(RefusalReason::NoSignature))?;
        let hex = value
            .strip_prefix(SIGNATURE_PREFIX)
            .ok_or(Refused(RefusalReason::MalformedSignature))?;
        let signature = from_lower_hex(hex).ok_or(Refused(RefusalReason::MalformedSignature))?;
        self.mac(body)?.verify_slice(&signature).map_err(|_| Refused(RefusalReason::WrongToken))
    }

    /// Returns the header's value for a body.
    #[cfg(feature = "sender")]
    pub(crate) fn sign(&self, body: &[u8]) -> String {
        let bytes = self.mac(body).map(|mac| mac.finalize().into_bytes());
        bytes
            .iter()
            .flatten()
            .fold(SIGNATURE_PREFIX.to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Returns the HMAC of a body. HMAC accepts keys of any length, so this does not fail.
    fn mac(&self, body: &[u8]) -> Result<Hmac<Sha256>, Refused> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .map_err(|_| Refused(RefusalReason::WrongToken))?;
        mac.update(body);
        Ok(mac)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Decodes 32 bytes from lower-case hex, the only form that the platform sends.
fn from_lower_hex(hex: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    fn assert_zeroized<T: ZeroizeOnDrop>(_: &T) {}

    /// The assertion is the trait bound: otherwise this does not compile.
    #[test]
    fn the_token_is_zeroed_when_dropped() {
        let Token(bytes) = Token::new("token").unwrap();
        assert_zeroized(&bytes);
    }
}
