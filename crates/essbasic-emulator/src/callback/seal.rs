//! Encryption and signature of messages.

use std::io;

use aes::Aes256;
use bytes::Bytes;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tc3_api::Base64;

use super::config::Callback;
use crate::limits;

/// Keys of messages, each optional.
pub(super) struct Seal {
    key: Option<[u8; 32]>,
    token: Option<String>,
}

/// Encrypted and signed body.
#[derive(Clone)]
pub(super) struct Sealed {
    pub(super) body: Bytes,
    /// Value of the `Content-Signature` header.
    pub(super) signature: Option<String>,
}

impl Seal {
    /// Returns the keys of a callback.
    ///
    /// # Errors
    /// Returns an error of kind [`io::ErrorKind::InvalidInput`] if the token is empty, or if the key does not have
    /// 32 bytes.
    pub(super) fn of(callback: &Callback) -> io::Result<Self> {
        if callback.token.as_deref() == Some("") {
            return Err(limits::invalid("the token of callbacks is empty"));
        }
        Self::new(callback.key.as_deref(), callback.token.as_deref())
            .ok_or_else(|| limits::invalid("the CallbackKey does not have 32 bytes"))
    }

    /// Returns `None` if the key does not have 32 bytes.
    fn new(key: Option<&str>, token: Option<&str>) -> Option<Self> {
        let key = key.map(|key| key.as_bytes().try_into()).transpose().ok()?;
        Some(Self { key, token: token.map(str::to_owned) })
    }

    /// Encrypts a message and signs the result.
    pub(super) fn message(&self, message: &Value) -> Sealed {
        let plain = message.to_string();
        self.sign(match &self.key {
            Some(key) => json!({ "encrypt": encrypt(key, plain.as_bytes()) }).to_string(),
            None => plain,
        })
    }

    /// Returns a ping, which is never encrypted.
    pub(super) fn ping(&self) -> Sealed {
        self.sign("{}".to_owned())
    }

    fn sign(&self, body: String) -> Sealed {
        let mac = |token: &String| {
            let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).ok()?;
            mac.update(body.as_bytes());
            let hex =
                mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            Some(["sha256=".to_owned(), hex].concat())
        };
        let signature = self.token.as_ref().and_then(mac);
        Sealed { body: body.into(), signature }
    }
}

fn encrypt(key: &[u8; 32], plain: &[u8]) -> Base64 {
    let iv: [u8; 16] = core::array::from_fn(|index| key.get(index).copied().unwrap_or_default());
    let cipher = cbc::Encryptor::<Aes256>::new(&(*key).into(), &iv.into());
    Base64::encode(cipher.encrypt_padded_vec::<Pkcs7>(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "CC23FB38AE1D47B09D939CFBAE64195F";

    #[test]
    fn encrypts_and_signs_the_sample_of_the_service() {
        let plain = concat!(
            r#"{"MsgId":"yDtKOUUckpfzn1drUP8YGQwIiomArVih","MsgType":"TemplateAdd","#,
            r#""MsgVersion":"CustomApp","MsgData":{"OrganizationId":"yDwJvUUckpk5rwf8Uxh4PcT1e3NS5wQn","#,
            r#""OperatorUserId":"yDwJCUUckpk0y11sUxGkg4n1WsBQNkIp","#,
            r#""TemplateId":"yDtKOUUckpfzdllkUuSHDA1uMECpNeoa","TemplateName":"sale-v1","#,
            r#""CreateTime":1767146542}}"#,
        );
        let sealed = encrypt(KEY.as_bytes().try_into().unwrap(), plain.as_bytes());
        let expected = concat!(
            "VV/zit1H66SsjoJ/yy6ezfESfFGjaoMCDElrlnnPf75bD6yWyRYnvLs+DJh8nR1+DOhtRKClQeLM69rBScm2nlS6Ncxq",
            "AHm9aIlvl4dbp+OxVOmEwWb9nRV4l889u89RwV6BHtNpiwQN5x/e7f3Q1X6feX+zK78Sh3sP81KSIn7kEyrZSXlShJoY",
            "/mauraMiOldmMDzZ1AtiJ8nQ3S8L9W/WLoqgfeR8QnbsPkVYecuTdQAuA991C5ohw3OGTkaW5NiEVrRZ+EVi8OmacM6H",
            "uPZ0AWArQ1CE30d1PnWBwKXqLHdxqI8Jzk4DVC8ICDSjvuGiHJbupiFjo/f8IDHoJn96GPIed5mNBsZtFoHTqcTgn82n",
            "fzYBTZ4ExjFF4ONhgou2uvgXUwaT+2a/rVKRkYGQnoaB1R1kMEsUD8pYxcE=",
        );
        assert_eq!(sealed.as_str(), expected);
        let seal = Seal::new(Some(KEY), Some("test-token")).unwrap();
        let signed = seal.sign(format!(r#"{{"encrypt":"{expected}"}}"#));
        assert_eq!(
            signed.signature.as_deref(),
            Some("sha256=ca6e1640307c6768055cd5a2817a95be14f756b54d3febde65b0a0cf86676937")
        );
    }

    #[test]
    fn does_not_change_a_message_without_key_and_token() {
        let seal = Seal::new(None, None).unwrap();
        let sealed = seal.message(&json!({ "MsgId": "a" }));
        assert_eq!((&sealed.body[..], sealed.signature), (&br#"{"MsgId":"a"}"#[..], None));
        assert!(Seal::new(Some("short"), None).is_none());
    }
}
