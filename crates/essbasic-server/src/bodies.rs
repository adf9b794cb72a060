//! Encryption of stored message bodies.
//!
//! AES-256-GCM with a random nonce. The ID of the message is authenticated with it, so bodies cannot be exchanged in the store.

use std::fmt;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::config::{ConfigError, Secret};

/// Length of a nonce, in bytes.
const NONCE_BYTES: usize = 12;

/// Encrypts and decrypts bodies.
pub(crate) struct Bodies(Aes256Gcm);

/// A body that cannot be encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// The system has no random numbers.
    NoRandom,
    /// Another key encrypted the body, or it was modified.
    WrongKey,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRandom => "the system has no random numbers; retry later",
            Self::WrongKey => "the body was encrypted with another key, or modified; set messages.body_key_file to the key of that time",
        })
    }
}

impl std::error::Error for BodyError {}

impl Bodies {
    /// Reads the key of `messages.body_key_file`.
    ///
    /// # Errors
    /// Returns an error if the key is not 32 bytes, in hexadecimal or Base64.
    pub(crate) fn new(key: &Secret) -> Result<Self, ConfigError> {
        let expected = || {
            ConfigError::new(
                "messages.body_key_file: invalid key; expected 32 bytes in hexadecimal or Base64, as from: openssl rand -hex 32",
            )
        };
        let text = key.expose();
        let bytes = Zeroizing::new(match text.len() {
            64 => hexadecimal(text).ok_or_else(expected)?,
            _ => STANDARD.decode(text).map_err(|_| expected())?,
        });
        Aes256Gcm::new_from_slice(&bytes).map(Self).map_err(|_| expected())
    }

    /// Encrypts the body of a message.
    ///
    /// # Errors
    /// Returns [`BodyError::NoRandom`] if the system has no random numbers.
    pub(crate) fn seal(&self, message_id: &str, body: &[u8]) -> Result<Vec<u8>, BodyError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| BodyError::NoRandom)?;
        let payload = Payload { msg: body, aad: message_id.as_bytes() };
        let sealed =
            self.0.encrypt(&Nonce::from(nonce), payload).map_err(|_| BodyError::NoRandom)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts the body of a message.
    ///
    /// # Errors
    /// Returns [`BodyError::WrongKey`] if the body was encrypted with another key or for another message, or modified.
    pub(crate) fn open(&self, message_id: &str, stored: &[u8]) -> Result<Vec<u8>, BodyError> {
        let (nonce, sealed) = stored.split_first_chunk().ok_or(BodyError::WrongKey)?;
        let nonce: &[u8; NONCE_BYTES] = nonce;
        let payload = Payload { msg: sealed, aad: message_id.as_bytes() };
        self.0.decrypt(&Nonce::from(*nonce), payload).map_err(|_| BodyError::WrongKey)
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(key: &str) -> Result<Bodies, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, key).unwrap();
        Bodies::new(&Secret::read("k", &path).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn bodies_are_bound_to_their_key_and_message() {
        let bodies = bodies(&"0f".repeat(32)).unwrap();
        let stored = bodies.seal("m1", b"secret body").unwrap();
        assert_eq!(bodies.open("m1", &stored).unwrap(), b"secret body");
        assert_ne!(bodies.seal("m1", b"secret body").unwrap(), stored, "random nonce");
        assert!(!stored.windows(6).any(|part| part == b"secret"));
        let other = super::tests::bodies(&"0e".repeat(32)).unwrap();
        let mut modified = stored.clone();
        *modified.last_mut().unwrap() ^= 1;
        for (bodies, id, body) in [
            (&other, "m1", &stored[..]),
            (&bodies, "m2", &stored),
            (&bodies, "m1", &modified),
            (&bodies, "m1", &stored[..11]),
            (&bodies, "m1", &stored[..20]),
            (&bodies, "m1", b""),
        ] {
            assert_eq!(bodies.open(id, body), Err(BodyError::WrongKey));
        }
    }

    #[test]
    fn keys_have_32_bytes() {
        let same = bodies(&STANDARD.encode([15; 32])).unwrap();
        let stored = bodies(&"0f".repeat(32)).unwrap().seal("m", b"x").unwrap();
        assert_eq!(same.open("m", &stored).unwrap(), b"x");
        for bad in
            ["0f", &"0g".repeat(32), &"0f".repeat(31), &"é".repeat(32), &STANDARD.encode([0; 31])]
        {
            let error = bodies(bad).err().unwrap();
            assert!(
                error.starts_with("messages.body_key_file: invalid key") && !error.contains(bad)
            );
        }
    }
}
