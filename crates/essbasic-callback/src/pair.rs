//! A pair of token and key: verification and decryption of one callback.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::{RefusalReason, Refused};
use crate::key::{BLOCK_BYTES, CallbackKey};
use crate::message::Message;
use crate::token::Token;

/// The token and the key of one configuration of the platform's console.
#[derive(Debug)]
pub(crate) struct Pair {
    token: Option<Token>,
    key: Option<CallbackKey>,
}

/// The object around the ciphertext of an encrypted callback.
#[derive(Deserialize)]
struct Encrypted<'a> {
    #[serde(borrow)]
    encrypt: Cow<'a, str>,
}

impl Pair {
    pub(crate) fn new(token: Option<Token>, key: Option<CallbackKey>) -> Self {
        Self { token, key }
    }

    /// Returns the message, verified and decrypted; `None` for a ping.
    pub(crate) fn open(
        &self,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Option<Message>, Refused> {
        if let Some(token) = &self.token {
            token.verify(signature, body)?;
        }
        let Some(key) = &self.key else {
            return parse(body).map_err(|refused| match is_encrypted(body) {
                true => Refused(RefusalReason::NoKey),
                false => refused,
            });
        };
        if is_ping(body) {
            return Ok(None);
        }
        let ciphertext = ciphertext(body).ok_or(Refused(RefusalReason::NotEncrypted))?;
        let decrypted = key.decrypt(&ciphertext).ok_or(Refused(RefusalReason::WrongKey))?;
        // Parsed before the padding is checked, so that neither response nor timing distinguishes the two.
        match parse(decrypted.plaintext()) {
            Err(Refused(RefusalReason::NotJson)) => Err(Refused(RefusalReason::WrongKey)),
            _ if !decrypted.is_padding_valid => Err(Refused(RefusalReason::WrongKey)),
            parsed => parsed,
        }
    }
}

/// Returns whether the plaintext is `{}`, with or without white space.
pub(crate) fn is_ping(plaintext: &[u8]) -> bool {
    plaintext.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(b"{}")
}

/// Parses a plaintext; `None` is a ping.
fn parse(plaintext: &[u8]) -> Result<Option<Message>, Refused> {
    if is_ping(plaintext) {
        return Ok(None);
    }
    let json = str::from_utf8(plaintext).map_err(|_| Refused(RefusalReason::NotJson))?;
    Message::from_json(json).map(Some)
}

/// Returns whether the body has one of the forms of an encrypted callback.
fn is_encrypted(body: &[u8]) -> bool {
    encrypted_object(body).is_some() || bare(body).is_some()
}

/// Returns the ciphertext of an object with the field `encrypt`, or of a body that is only Base64.
fn ciphertext(body: &[u8]) -> Option<Vec<u8>> {
    match encrypted_object(body) {
        Some(Encrypted { encrypt }) => STANDARD.decode(encrypt.as_bytes()).ok(),
        None => bare(body),
    }
}

fn encrypted_object(body: &[u8]) -> Option<Encrypted<'_>> {
    // serde accepts an array with the values of a struct's fields, too.
    body.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(body).ok()).flatten()
}

/// Decodes the older form of encrypted callbacks, whose body is the Base64 of whole blocks.
fn bare(body: &[u8]) -> Option<Vec<u8>> {
    let ciphertext = STANDARD.decode(body.trim_ascii()).ok()?;
    (!ciphertext.is_empty() && ciphertext.len().is_multiple_of(BLOCK_BYTES)).then_some(ciphertext)
}
