//! Callbacks of Tencent e-sign (电子签): verifies and decrypts what the platform posts, and returns each message
//! once, typed.
//!
//! [`Receiver`] takes the signature header and the body of a request, and the current time. It opens no socket,
//! depends on no framework and reads no clock, so it works with any server. The feature `tower` adds
//! `CallbackService`, for axum, hyper and others.
//!
//! ```
//! use std::time::SystemTime;
//! use essbasic_callback::{CallbackKey, MessageData, Received, Receiver, Refused, Token};
//!
//! # fn store(_: &str) -> std::io::Result<()> { Ok(()) }
//! /// Returns the status of the response.
//! fn handle(receiver: &Receiver, signature: Option<&str>, body: &[u8]) -> u16 {
//!     match receiver.receive(signature, body, SystemTime::now()) {
//!         Ok(Received::New(delivery)) => {
//!             if let MessageData::FlowStatusChange(flow) = &delivery.message().data {
//!                 println!("{} is {:?} now", flow.flow_id, flow.flow_callback_status);
//!             }
//!             if store(delivery.message().json()).is_err() {
//!                 // The delivery is dropped without `accept`: the next one is new again.
//!                 return 503;
//!             }
//!             delivery.accept();
//!             200
//!         }
//!         Ok(Received::Ping | Received::Duplicate { .. }) => 200,
//!         Ok(Received::InFlight { .. }) => 503,
//!         Err(_refused) => Refused::STATUS,
//!     }
//! }
//!
//! let token = Token::new("the token of the platform's console")?;
//! let key = CallbackKey::new("CC23FB38AE1D47B09D939CFBAE64195F")?;
//! let receiver = Receiver::new(token, key);
//! assert_eq!(handle(&receiver, None, b"{}"), 200);
//! assert_eq!(handle(&receiver, None, br#"{"encrypt":"AAAA"}"#), 400);
//! # Ok::<(), essbasic_callback::KeyError>(())
//! ```
//!
//! # Acknowledge first
//! The platform expects a fast response. Store the message durably, accept it and respond with 200; process it
//! afterwards. [`Message::json`] returns the text to store, and [`Message::from_json`] reads it.
//!
//! # Duplicates
//! A message may be delivered several times, with the same `MsgId`. Within the
//! [de-duplication window](Receiver::with_dedup_window) it is handled once. Later deliveries are a
//! [`Received::Duplicate`], to be acknowledged. Deliveries during the handling of the first are
//! [`Received::InFlight`]: respond with 503.
//!
//! The window is in the memory of one process. After a restart, pass the `MsgId`s that were handled before to
//! [`Receiver::remember`]. Several processes behind a load balancer share a [`MessageStore`]:
//! - [`Receiver::verify`] verifies and decrypts without the window.
//! - [`handle_once`] and [`handle_once_blocking`] claim a message with a lease, call a handler, and commit. A message is
//!   handled by one process at a time, and by another if that process ends before the commit.
//!
//! # Protection by token and key
//! - The token signs: `Content-Signature: sha256=` and the HMAC-SHA256 of the raw body. It authenticates the sender.
//!   It covers no time, so callbacks can be replayed: see [`Receiver::with_max_age`].
//! - The key encrypts: AES-256-CBC with PKCS#7 padding, with the first half of the key as IV. It hides messages, but
//!   does not authenticate them: parts of a message can be modified in transit without detection. Set both.
//!
//! The error of every failed check is [`Refused`], with the same `Display` and `Debug`. Respond with the same status
//! and body. [`Refused::reason`] returns the check, for a log.
//!
//! While a token or key is changed, a receiver accepts the old and the new pair: [`Receiver::with_pair`].
//!
//! # Limits
//! `MsgId`, `MsgType` and `MsgVersion` have at most [`MAX_ID_BYTES`]. Data with a longer identifier, a name of more
//! than 1 KiB or more than 1,000 parties is kept as [`MessageData::Json`]. `Debug` shows 32 field names of an object.
//!
//! # Sources
//! The facts are from the platform's public developer pages; the encryption is tested with a vector of the vendor's
//! own callback dispatcher (`tencentess/tsign-callback-dispatcher`). The third-party variant of the message about a
//! contract is not documented publicly. It is read leniently, and unknown fields are kept. Encrypted bodies are
//! `{"encrypt": "<Base64>"}`, or in the older form only the Base64.
//!
//! # Features
//! - `serde` (default): [`Message`], [`MessageData`] and all data types implement `Serialize` and `Deserialize`.
//! - `http`: `Receiver::receive_from` and `Receiver::verify_from`, by the headers of a request.
//! - `tower`: `CallbackService`.
//! - `sender`: `Sender`, which signs and encrypts messages as the platform does, for a program that forwards them.
//! - `test-util`: `testing`, signed and encrypted callbacks for tests.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod data;
mod error;
mod field;
mod handler_error;
#[cfg(feature = "http")]
mod headers;
mod json_tree;
mod key;
mod memory_store;
mod message;
mod msg_type;
mod once;
mod open_enum;
mod pair;
mod receiver;
mod redacted;
#[cfg(feature = "sender")]
mod sender;
#[cfg(feature = "tower")]
mod service;
mod store;
#[cfg(feature = "test-util")]
pub mod testing;
mod timestamp;
mod token;

pub use data::{
    Approver, CallbackType, FlowCallbackStatus, FlowOperate, FlowShowStatus, FlowStatusChange,
    MessageData, OperateSeal, OrgAuth, OrgCertify, OrgOpenTsignBiz, SealOperate, Template,
};
pub use error::{KeyError, RefusalReason, Refused};
pub use field::MAX_ID_BYTES;
pub use handler_error::HandlerError;
pub use key::CallbackKey;
pub use memory_store::{Claim, MemoryStore};
pub use message::Message;
pub use msg_type::{MsgType, MsgVersion};
pub use once::{Outcome, handle_once, handle_once_blocking};
pub use receiver::{Delivery, Received, Receiver, Verified};
pub use redacted::{Json, OtherFields, Personal};
#[cfg(feature = "sender")]
pub use sender::{Callback, Sender};
#[cfg(feature = "tower")]
pub use service::{CallbackService, MatchedPair};
pub use store::{
    BlockingMessageStore, BoxError, Claimed, Committed, Lease, MessageStore, StoreError,
};
pub use token::{SIGNATURE_HEADER, Token};
