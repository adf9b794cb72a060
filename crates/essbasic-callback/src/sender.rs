//! Signed and encrypted callbacks, as the platform sends them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::key::CallbackKey;
use crate::token::Token;

/// A sender of callbacks with the platform's token and key.
#[derive(Debug, Clone)]
pub struct Sender {
    token: Option<Token>,
    key: Option<CallbackKey>,
}

/// The signature and body of one callback, to be posted.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Callback {
    /// The value of the header [`Content-Signature`](crate::SIGNATURE_HEADER); `None` without a token.
    pub signature: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl core::fmt::Debug for Callback {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Callback").finish_non_exhaustive()
    }
}

impl Sender {
    /// Returns a sender that signs if there is a token, and encrypts if there is a key.
    pub fn new(token: impl Into<Option<Token>>, key: impl Into<Option<CallbackKey>>) -> Self {
        Self { token: token.into(), key: key.into() }
    }

    /// Returns a callback with this message. The string is not checked, so it may be any text.
    pub fn send(&self, message: &str) -> Callback {
        let body = match &self.key {
            Some(key) => {
                let ciphertext = STANDARD.encode(key.encrypt(message.as_bytes()));
                format!("{{\"encrypt\":\"{ciphertext}\"}}")
            }
            None => message.to_owned(),
        };
        self.sign(body.into_bytes())
    }

    /// Returns a ping, as the console sends it.
    pub fn ping(&self) -> Callback {
        self.sign(b"{}".to_vec())
    }

    fn sign(&self, body: Vec<u8>) -> Callback {
        Callback { signature: self.token.as_ref().map(|token| token.sign(&body)), body }
    }
}
