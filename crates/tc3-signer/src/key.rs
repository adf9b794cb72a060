use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Date, TERMINATOR};

pub(crate) type HmacSha256 = Hmac<Sha256>;

/// Chain of keys derived from a secret key, up to the signing key; zeroized when dropped.
///
/// The signing key is the same for a whole day and service. All three keys are secrets; `Debug` hides them.
pub struct KeyChain {
    date: Zeroizing<[u8; 32]>,
    service: Zeroizing<[u8; 32]>,
    signing: Zeroizing<[u8; 32]>,
}

impl KeyChain {
    /// Derives the keys of a day and a service.
    pub fn derive(secret_key: &str, date: Date, service: &str) -> Self {
        let first = Zeroizing::new([b"TC3", secret_key.as_bytes()].concat());
        let date = Zeroizing::new(mac(&first, date.as_str().as_bytes()));
        let service = Zeroizing::new(mac(date.as_slice(), service.as_bytes()));
        let signing = Zeroizing::new(mac(service.as_slice(), TERMINATOR.as_bytes()));
        Self { date, service, signing }
    }

    /// Returns the HMAC of the date under `TC3` + secret key.
    pub fn date(&self) -> &[u8; 32] {
        &self.date
    }

    /// Returns the HMAC of the service under the date key.
    pub fn service(&self) -> &[u8; 32] {
        &self.service
    }

    /// Returns the signing key, the HMAC of `tc3_request` under the service key.
    pub fn signing(&self) -> &[u8; 32] {
        &self.signing
    }

    pub(crate) fn into_mac(self) -> HmacSha256 {
        keyed(self.signing.as_slice())
    }
}

impl fmt::Debug for KeyChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyChain(***)")
    }
}

fn keyed(key: &[u8]) -> HmacSha256 {
    match HmacSha256::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC accepts keys of any length"),
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use hmac::digest::block_api::CoreProxy;
    use zeroize::ZeroizeOnDrop;

    use super::*;

    fn assert_zeroized<T: ZeroizeOnDrop>(_: &T) {}

    /// Compiles only if the fields implement `ZeroizeOnDrop`.
    #[test]
    fn derived_keys_are_wiped_when_dropped() {
        let KeyChain { date, service, signing } =
            KeyChain::derive("key", Date::of(0).unwrap(), "essbasic");
        assert_zeroized(&date);
        assert_zeroized(&service);
        assert_zeroized(&signing);
        // A keyed HMAC consists of two hashes that have absorbed the key.
        assert_zeroized(&<Sha256 as CoreProxy>::Core::default());
    }
}
