//! Callbacks from code that is not ours, good and bad.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

mod bounds;
mod hidden;
mod messages;
mod properties;
mod reasons;
mod repeats;
mod sender;
mod tampering;
mod vectors;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic_callback::{CallbackKey, Message, Received, Receiver, Refused, Token};

use sender::{KEY, TOKEN};

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn now() -> SystemTime {
    at(1_767_146_600)
}

fn token() -> Token {
    Token::new(TOKEN).unwrap()
}

fn key() -> CallbackKey {
    CallbackKey::new(KEY).unwrap()
}

/// Signed and encrypted.
fn receiver() -> Receiver {
    Receiver::new(token(), key())
}

fn accept(
    receiver: &Receiver,
    signature: Option<&str>,
    body: &[u8],
) -> Result<Option<Message>, Refused> {
    Ok(match receiver.receive(signature, body, now())? {
        Received::New(delivery) => Some(delivery.accept()),
        Received::Ping => None,
        other => panic!("{other:?}"),
    })
}

/// The message that this text is, where the receiver checks nothing.
fn read(text: &str) -> Message {
    accept(&Receiver::new(None, None), None, text.as_bytes()).unwrap().unwrap()
}

#[track_caller]
fn assert_refused(receiver: &Receiver, signature: Option<&str>, body: &[u8]) {
    let refused = receiver.receive(signature, body, now()).unwrap_err();
    // One error whatever was wrong: in text, in debug, as a value, and without a source that tells.
    assert_eq!(refused.to_string(), "the callback is refused");
    assert_eq!(format!("{refused:?} {refused:#?}"), "Refused Refused");
    assert!(std::error::Error::source(&refused).is_none());
}
