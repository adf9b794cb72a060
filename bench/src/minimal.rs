//! Baseline of the signer: the `Authorization` header by sha2 and hmac, with a cached key of the day.
//!
//! It validates nothing and does not erase keys.

use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use tc3_signer::Date;

use crate::{SECRET_ID, SECRET_KEY, SERVICE};

/// Signer of one service with the signed headers `content-type;host;x-tc-action`.
#[derive(Clone)]
pub struct Signer {
    /// The number of days since the epoch, and the date.
    day: (u64, String),
    key: Hmac<Sha256>,
}

fn mac_with_key(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).unwrap()
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    mac_with_key(key).chain_update(text).finalize().into_bytes().into()
}

fn hex(bytes: [u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

impl Signer {
    /// Creates a signer with the key of the timestamp's day.
    pub fn new(timestamp: u64) -> Self {
        let date = Date::of(timestamp).unwrap().as_str().to_owned();
        let key = mac(format!("TC3{SECRET_KEY}").as_bytes(), &date);
        let key = mac(&mac(&key, SERVICE), "tc3_request");
        Self { day: (timestamp / 86_400, date), key: mac_with_key(&key) }
    }

    /// Returns the header; `action` must be in lower case.
    pub fn sign(&mut self, host: &str, action: &str, body: &[u8], timestamp: u64) -> String {
        if self.day.0 != timestamp / 86_400 {
            *self = Self::new(timestamp);
        }
        let date = self.day.1.as_str();
        let request = Sha256::new()
            .chain_update("POST\n/\n\ncontent-type:application/json\nhost:")
            .chain_update(host)
            .chain_update("\nx-tc-action:")
            .chain_update(action)
            .chain_update("\n\ncontent-type;host;x-tc-action\n")
            .chain_update(hex(Sha256::digest(body).into()));
        let signature = self
            .key
            .clone()
            .chain_update(format!("TC3-HMAC-SHA256\n{timestamp}\n{date}/{SERVICE}/tc3_request\n"))
            .chain_update(hex(request.finalize().into()));
        let signature = hex(signature.finalize().into_bytes().into());
        format!(
            "TC3-HMAC-SHA256 Credential={SECRET_ID}/{date}/{SERVICE}/tc3_request, \
             SignedHeaders=content-type;host;x-tc-action, Signature={}",
            core::str::from_utf8(&signature).unwrap_or_default()
        )
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ACTION;

    #[test]
    fn its_signatures_equal_those_of_the_signer() {
        let ours = tc3_signer::Signer::new(SECRET_ID, SECRET_KEY);
        let mut minimal = Signer::new(0);
        for (timestamp, length) in [(0, 0), (1_700_000_000, 256), (1_700_086_400, 2048)] {
            let body = vec![b'x'; length];
            let request = tc3_signer::Request::post("127.0.0.1:8080", ACTION, &body);
            let action = ACTION.to_lowercase();
            assert_eq!(
                minimal.sign("127.0.0.1:8080", &action, &body, timestamp),
                ours.sign(&request, SERVICE, timestamp).unwrap()
            );
        }
    }
}
