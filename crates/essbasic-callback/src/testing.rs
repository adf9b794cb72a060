//! Signed and encrypted callbacks, as the platform sends them, for tests of a receiving program.
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

use serde_json::{Value, json};

use crate::msg_type::{MsgType, MsgVersion};
pub use crate::sender::{Callback, Sender};

/// Returns a message as JSON.
pub fn message(msg_id: &str, msg_type: &MsgType, data: Value) -> String {
    json!({
        "MsgId": msg_id,
        "MsgType": msg_type.as_str(),
        "MsgVersion": MsgVersion::ThirdPartyApp.as_str(),
        "MsgData": data,
    })
    .to_string()
}
