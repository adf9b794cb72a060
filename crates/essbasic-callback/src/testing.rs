//! Callbacks as the platform sends them, for the tests of a program that receives them.
//!
//! ```
//! use std::time::SystemTime;
//! use essbasic_callback::testing::{self, Sender};
//! use essbasic_callback::{CallbackKey, MsgType, Received, Receiver, Token};
//! use serde_json::json;
//!
//! let token = Token::new("a token")?;
//! let key = CallbackKey::new("0123456789abcdef0123456789abcdef")?;
//! let receiver = Receiver::new(token.clone(), key.clone());
//! let data = json!({ "FlowId": "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ", "FlowCallbackStatus": 4 });
//! let callback = Sender::new(token, key).send(&testing::message("id-1", &MsgType::FlowStatusChange, data));
//!
//! let received = receiver.receive(callback.signature.as_deref(), &callback.body, SystemTime::now())?;
//! assert!(matches!(received, Received::New(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::{CallbackKey, MsgType, MsgVersion, Token};

/// The platform's side of a token and a key.
#[derive(Debug, Clone)]
pub struct Sender {
    token: Option<Token>,
    key: Option<CallbackKey>,
}

/// One callback: what to post.
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
    /// Signs if there is a token, encrypts if there is a key.
    pub fn new(token: impl Into<Option<Token>>, key: impl Into<Option<CallbackKey>>) -> Self {
        Self { token: token.into(), key: key.into() }
    }

    /// A callback with this text for a message, whatever it is.
    pub fn send(&self, message: &str) -> Callback {
        let body = match &self.key {
            Some(key) => {
                let text = STANDARD.encode(key.encrypt(message.as_bytes()));
                json!({ "encrypt": text }).to_string()
            }
            None => message.to_owned(),
        };
        self.sign(body.into_bytes())
    }

    /// The platform's probe.
    pub fn probe(&self) -> Callback {
        self.sign(b"{}".to_vec())
    }

    fn sign(&self, body: Vec<u8>) -> Callback {
        Callback { signature: self.token.as_ref().map(|token| token.sign(&body)), body }
    }
}

/// A message's text.
pub fn message(msg_id: &str, msg_type: &MsgType, data: Value) -> String {
    json!({
        "MsgId": msg_id,
        "MsgType": msg_type.as_str(),
        "MsgVersion": MsgVersion::ThirdPartyApp.as_str(),
        "MsgData": data,
    })
    .to_string()
}
