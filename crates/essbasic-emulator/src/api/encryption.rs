//! Encrypted calls.
//!
//! The module follows the service's description and uses no code of the SDK's client, so that tests compare two
//! independent implementations.

use std::io;

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use sm4::Sm4;
use tc3_api::Base64;

use crate::error::ApiError;
use crate::limits::invalid;

/// Cipher of encrypted calls, in CBC mode with PKCS#7 padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cipher {
    /// AES, with a key of 16, 24 or 32 bytes.
    Aes,
    /// SM4, with a key of 16 bytes.
    Sm4,
}

/// Name of the outer action of encrypted calls.
pub(crate) const ENCRYPTED_CALL: &str = "CreateRequestWithEncryption";

/// Cipher and keys of encrypted calls.
pub(crate) struct Encryption {
    pub(crate) cipher: Cipher,
    pub(crate) key: Vec<u8>,
    pub(crate) hmac_key: Vec<u8>,
}

impl Encryption {
    /// Checks the lengths of the keys.
    pub(crate) fn check(&self) -> io::Result<()> {
        let (name, allowed, lengths): (_, &[usize], _) = match self.cipher {
            Cipher::Aes => ("AES", &[16, 24, 32], "16, 24 or 32"),
            Cipher::Sm4 => ("SM4", &[16], "16"),
        };
        if !allowed.contains(&self.key.len()) {
            let length = self.key.len();
            return Err(invalid(format!("{name} key of {length} bytes; expected {lengths} bytes")));
        }
        match self.hmac_key.is_empty() {
            true => Err(invalid("the HMAC key of encrypted calls is empty")),
            false => Ok(()),
        }
    }

    /// Verifies and decrypts an outer call, and returns the action and the body of the inner call.
    pub(super) fn decrypt_call(&self, outer: &Value) -> Result<(String, Vec<u8>), ApiError> {
        let text = |field: &str| outer.get(field).and_then(Value::as_str).unwrap_or_default();
        let bytes = |field: &str| Base64::from_encoded(text(field)).decode().unwrap_or_default();
        let (iv, data) = (bytes("IV"), bytes("EncryptedData"));
        let mismatch = |field| {
            let message = format!("The parameter `{field}` does not match the configured keys.");
            ApiError::new("InvalidParameter", message)
        };
        self.mac(&iv, &data)
            .and_then(|mac| mac.verify_slice(&bytes("EncryptionSignature")).ok())
            .ok_or_else(|| mismatch("EncryptionSignature"))?;
        let body = self.decrypt(&iv, &data).ok_or_else(|| mismatch("EncryptedData"))?;
        Ok((text("RequestAction").to_owned(), body))
    }

    /// Encrypts and signs the response of an inner call, and returns the fields of the outer response.
    pub(super) fn encrypt_response(&self, response: &[u8]) -> Result<Value, ApiError> {
        let iv = fastrand::u128(..).to_be_bytes();
        let encrypted = self.encrypt(&iv, response).and_then(|data| {
            let signature = self.mac(&iv, &data)?.finalize().into_bytes();
            Some([Base64::encode(iv), Base64::encode(data), Base64::encode(signature)])
        });
        let wrong_key =
            || ApiError::new("InternalError", "A key of the emulator has a wrong length.");
        let [iv, data, signature] = encrypted.ok_or_else(wrong_key)?;
        Ok(json!({ "IV": iv, "EncryptedData": data, "EncryptionSignature": signature }))
    }

    fn mac(&self, iv: &[u8], data: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.hmac_key).ok()?;
        mac.update(iv);
        mac.update(data);
        Some(mac)
    }

    fn decrypt(&self, iv: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        fn run<C: KeyIvInit + BlockModeDecrypt>(k: &[u8], iv: &[u8], t: &[u8]) -> Option<Vec<u8>> {
            C::new_from_slices(k, iv).ok()?.decrypt_padded_vec::<Pkcs7>(t).ok()
        }
        match (self.cipher, self.key.len()) {
            (Cipher::Sm4, _) => run::<cbc::Decryptor<Sm4>>(&self.key, iv, data),
            (Cipher::Aes, 16) => run::<cbc::Decryptor<Aes128>>(&self.key, iv, data),
            (Cipher::Aes, 24) => run::<cbc::Decryptor<Aes192>>(&self.key, iv, data),
            (Cipher::Aes, _) => run::<cbc::Decryptor<Aes256>>(&self.key, iv, data),
        }
    }

    fn encrypt(&self, iv: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        fn run<C: KeyIvInit + BlockModeEncrypt>(k: &[u8], iv: &[u8], t: &[u8]) -> Option<Vec<u8>> {
            Some(C::new_from_slices(k, iv).ok()?.encrypt_padded_vec::<Pkcs7>(t))
        }
        match (self.cipher, self.key.len()) {
            (Cipher::Sm4, _) => run::<cbc::Encryptor<Sm4>>(&self.key, iv, text),
            (Cipher::Aes, 16) => run::<cbc::Encryptor<Aes128>>(&self.key, iv, text),
            (Cipher::Aes, 24) => run::<cbc::Encryptor<Aes192>>(&self.key, iv, text),
            (Cipher::Aes, _) => run::<cbc::Encryptor<Aes256>>(&self.key, iv, text),
        }
    }
}
