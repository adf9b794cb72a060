//! Callbacks of Tencent e-sign (电子签): verifies and decrypts what the platform posts, and returns each message
//! once, typed.
//!
//! [`Receiver`] takes the signature header and the body of a request, and the current time. It opens no socket,
//! depends on no framework and reads no clock, so it works with any server. The feature `tower` adds
//! `CallbackService`, for axum, hyper and others.
//!
//! ```
//! use std::time::SystemTime;
//! use essbasic_callback::{CallbackKey, MessageData, Received, Receiver, Token};
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
//!         Err(_refused) => 400,
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
//! The window is in the memory of one process. Behind a load balancer or after a restart, a duplicate can be new.
//! To exclude that, use a store that rejects a `MsgId` it already has, or pass the `MsgId`s that were handled before
//! to [`Receiver::remember`] after a restart.
//!
//! # Protection by token and key
//! - The token signs: `Content-Signature: sha256=` and the HMAC-SHA256 of the raw body. It authenticates the sender.
//!   It covers no time, so callbacks can be replayed: see [`Receiver::with_max_age`].
//! - The key encrypts: AES-256-CBC with PKCS#7 padding, with the first half of the key as IV. It hides messages, but
//!   does not authenticate them: parts of a message can be modified in transit without detection. Set both.
//!
//! The error of every failed check is [`Refused`], with the same `Display` and `Debug`. [`Refused::reason`] returns
//! the check, for a log.
//!
//! # Limits
//! `MsgId`, `MsgType` and `MsgVersion` have at most [`MAX_ID_BYTES`]. Data with a longer identifier, a name of more
//! than 1 KiB or more than 1,000 parties is kept as [`MessageData::Json`]. `Debug` shows 32 field names of an object.
//!
//! # Sources
//! The facts are from the platform's public developer pages; the encryption is tested with a vector of the vendor's
//! own callback dispatcher (`tencentess/tsign-callback-dispatcher`). The third-party variant of the message about a
//! contract is not documented publicly. It is read leniently, and unknown fields are kept.
//!
//! # Features
//! - `serde` (default): [`Message`], [`MessageData`] and all data types implement `Serialize` and `Deserialize`.
//! - `tower`: `CallbackService`.
//! - `test-util`: `testing`, signed and encrypted callbacks for tests.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod data;
mod dedup;
mod error;
mod field;
#[cfg(feature = "tower")]
mod handler_error;
#[cfg(feature = "serde")]
mod json_tree;
mod key;
mod message;
mod msg_type;
mod open_enum;
mod receiver;
mod redacted;
#[cfg(feature = "tower")]
mod service;
#[cfg(feature = "test-util")]
pub mod testing;
mod timestamp;
mod token;

pub use data::{
    Approver, CallbackType, FlowCallbackStatus, FlowOperate, FlowShowStatus, FlowStatusChange,
    MessageData, OperateSeal, OrgAuth, OrgCertify, OrgOpenTsignBiz, SealOperate, Template,
};
pub use dedup::Claim;
pub use error::{KeyError, RefusalReason, Refused};
pub use field::MAX_ID_BYTES;
#[cfg(feature = "tower")]
pub use handler_error::HandlerError;
pub use key::CallbackKey;
pub use message::Message;
pub use msg_type::{MsgType, MsgVersion};
pub use receiver::{Delivery, Received, Receiver};
pub use redacted::{Json, OtherFields, Personal};
#[cfg(feature = "tower")]
pub use service::CallbackService;
pub use token::{SIGNATURE_HEADER, Token};
