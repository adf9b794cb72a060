use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Date, TERMINATOR};

pub(crate) type HmacSha256 = Hmac<Sha256>;

/// The chain of keys from a secret key to the one that signs; wiped when dropped.
///
/// The last is the same for a whole day and service. All three are secrets: `Debug` hides them.
pub struct KeyChain {
    date: Zeroizing<[u8; 32]>,
    service: Zeroizing<[u8; 32]>,
    signing: Zeroizing<[u8; 32]>,
}

impl KeyChain {
    /// Derives the chain for a day and a service.
    pub fn derive(secret_key: &str, date: Date, service: &str) -> Self {
        let first = Zeroizing::new([b"TC3", secret_key.as_bytes()].concat());
        let date = Zeroizing::new(mac(&first, date.as_str().as_bytes()));
        let service = Zeroizing::new(mac(date.as_slice(), service.as_bytes()));
        let signing = Zeroizing::new(mac(service.as_slice(), TERMINATOR.as_bytes()));
        Self { date, service, signing }
    }

    /// HMAC of the date under `TC3` + secret key.
    pub fn date(&self) -> &[u8; 32] {
        &self.date
    }

    /// HMAC of the service under the date key.
    pub fn service(&self) -> &[u8; 32] {
        &self.service
    }

    /// HMAC of `tc3_request` under the service key: the key that signs.
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
        // HMAC takes keys of any length: this arm has no value to be made of.
        Err(_) => unreachable!("HMAC refused a key by its length"),
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

    fn wiped<T: ZeroizeOnDrop>(_: &T) {}

    /// It compiles only if they are.
    #[test]
    fn derived_keys_are_wiped_when_dropped() {
        let KeyChain { date, service, signing } =
            KeyChain::derive("key", Date::of(0).unwrap(), "essbasic");
        wiped(&date);
        wiped(&service);
        wiped(&signing);
        // A keyed HMAC is two hashes that were fed the key.
        wiped(&<Sha256 as CoreProxy>::Core::default());
    }
}
