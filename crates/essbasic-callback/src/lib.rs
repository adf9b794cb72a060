//! Callbacks of Tencent e-sign (电子签): whatever the platform posts to your address, verified, decrypted,
//! typed, and each message once.
//!
//! [`Receiver`] takes the header and the bytes of a request, and the time, and says what came. It opens no
//! socket, knows no framework and reads no clock; any server will do. The feature `tower` has
//! `CallbackService`, for axum, hyper and others.
//!
//! ```
//! use std::time::SystemTime;
//! use essbasic_callback::{CallbackKey, MessageData, Received, Receiver, Token};
//!
//! # fn store(_: &str) -> std::io::Result<()> { Ok(()) }
//! /// The status to answer with.
//! fn answer(receiver: &Receiver, signature: Option<&str>, body: &[u8]) -> u16 {
//!     match receiver.receive(signature, body, SystemTime::now()) {
//!         Ok(Received::New(delivery)) => {
//!             if let MessageData::FlowStatusChange(flow) = &delivery.message().data {
//!                 println!("{} is {:?} now", flow.flow_id, flow.flow_callback_status);
//!             }
//!             if store(delivery.message().json()).is_err() {
//!                 // Dropped without having been accepted: the next delivery is new again.
//!                 return 503;
//!             }
//!             delivery.accept();
//!             200
//!         }
//!         Ok(Received::Ping | Received::Duplicate { .. }) => 200,
//!         Ok(Received::InProgress { .. }) => 503,
//!         Err(_refused) => 400,
//!     }
//! }
//!
//! let token = Token::new("the token of the platform's console")?;
//! let key = CallbackKey::new("CC23FB38AE1D47B09D939CFBAE64195F")?;
//! let receiver = Receiver::new(token, key);
//! assert_eq!(answer(&receiver, None, b"{}"), 200);
//! assert_eq!(answer(&receiver, None, br#"{"encrypt":"AAAA"}"#), 400);
//! # Ok::<(), essbasic_callback::KeyError>(())
//! ```
//!
//! # Acknowledge first
//! The platform wants an answer soon: put the message where it is not lost, accept it, answer 200, and
//! work on it afterwards. [`Message::json`] is what to store, [`Message::from_json`] reads it again.
//!
//! # Repeats
//! A message may come several times; its `MsgId` stays the same. Within the
//! [window](Receiver::with_window) it is handled once: later deliveries are a [`Received::Duplicate`], to be
//! acknowledged, and those that come while the first is being handled are [`Received::InProgress`], to be
//! sent again. The memory is one process's own: behind a load balancer, or over a restart, a repeat can be
//! new. Where that must not happen, let the store that takes the message refuse a `MsgId` it has, or tell
//! the receiver after a restart what was handled before ([`Receiver::remember`]).
//!
//! # What token and key protect
//! - The token signs: `Content-Signature: sha256=` and the HMAC-SHA256 of the raw body. It proves who sent a
//!   callback. It covers no time: see [`Receiver::with_max_age`] about recordings.
//! - The key encrypts: AES-256-CBC with PKCS#7 padding, the IV being the key's first half. It hides
//!   messages and proves nothing: who can change what comes can change parts of a message unseen. Set both.
//!
//! Whatever fails, the error is [`Refused`], the same in text and `Debug`; [`Refused::reason`] is for a log.
//!
//! # Bounds
//! `MsgId`, `MsgType` and `MsgVersion` have at most [`MAX_ID_BYTES`]. Data with a longer identifier, a name of more
//! than 1 KiB or more than 1,000 parties is kept as [`MessageData::Json`]. `Debug` shows 32 field names of an object.
//!
//! # Where the facts are from
//! The platform's public developer pages, and for the encryption a test vector of the vendor's own callback
//! dispatcher (`tencentess/tsign-callback-dispatcher`). The third-party variant of a contract's message was
//! not seen published; it is read leniently, and what is not known is kept.
//!
//! # Features
//! None by default. `tower`: `CallbackService`. `test-util`: `testing`, signed and encrypted callbacks for
//! your tests.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod bounds;
mod data;
mod error;
mod hidden;
mod key;
mod message;
mod msg_type;
mod open_set;
mod receiver;
#[cfg(feature = "tower")]
mod service;
#[cfg(feature = "test-util")]
pub mod testing;
mod token;
mod window;

pub use bounds::MAX_ID_BYTES;
pub use data::{
    Approver, CallbackType, FlowCallbackStatus, FlowOperate, FlowShowStatus, FlowStatusChange,
    MessageData, OperateSeal, OrgAuth, OrgCertify, OrgOpenTsignBiz, SealOperate, Template,
};
pub use error::{KeyError, RefusalReason, Refused};
pub use hidden::{Json, Members, Personal};
pub use key::CallbackKey;
pub use message::Message;
pub use msg_type::{MsgType, MsgVersion};
pub use receiver::{Delivery, Received, Receiver};
#[cfg(feature = "tower")]
pub use service::{CallbackService, HandlerError};
pub use token::{SIGNATURE_HEADER, Token};
pub use window::Claim;
