//! Bodies that come encrypted, read and answered by the service's description alone: nothing of the
//! client is used here.

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

/// A cipher that platform and service can agree on, both in CBC with PKCS#7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cipher {
    /// AES, with a key of 16, 24 or 32 bytes.
    Aes,
    /// SM4, with a key of 16 bytes.
    Sm4,
}

/// What was agreed on.
pub(crate) struct Agreement {
    pub(crate) cipher: Cipher,
    pub(crate) key: Vec<u8>,
    pub(crate) hmac_key: Vec<u8>,
}

impl Agreement {
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

    /// The action and the body that the carrying body holds.
    pub(crate) fn open(&self, carrier: &Value) -> Result<(String, Vec<u8>), ApiError> {
        let text = |member: &str| carrier.get(member).and_then(Value::as_str).unwrap_or_default();
        let bytes = |member: &str| Base64::from_encoded(text(member)).decode().unwrap_or_default();
        let (iv, data) = (bytes("IV"), bytes("EncryptedData"));
        let refused = |member| {
            let message = format!("The parameter `{member}` is not what the agreed keys give.");
            ApiError::new("InvalidParameter", message)
        };
        self.mac(&iv, &data)
            .and_then(|mac| mac.verify_slice(&bytes("EncryptionSignature")).ok())
            .ok_or_else(|| refused("EncryptionSignature"))?;
        let body = self.decrypt(&iv, &data).ok_or_else(|| refused("EncryptedData"))?;
        Ok((text("RequestAction").to_owned(), body))
    }

    /// The carrying answer around a whole answer.
    pub(crate) fn seal(&self, answer: &[u8]) -> Result<Value, ApiError> {
        let iv = fastrand::u128(..).to_be_bytes();
        let sealed = self.encrypt(&iv, answer).and_then(|data| {
            let signature = self.mac(&iv, &data)?.finalize().into_bytes();
            Some([Base64::encode(iv), Base64::encode(data), Base64::encode(signature)])
        });
        let wrong_key = || ApiError::new("InternalError", "The emulator's key has a wrong length.");
        let [iv, data, signature] = sealed.ok_or_else(wrong_key)?;
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
