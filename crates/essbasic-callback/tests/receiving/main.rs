//! Genuine and forged callbacks, from a sender that does not use the crate's code.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

mod duplicates;
mod limits;
mod messages;
mod pairs;
mod properties;
mod redaction;
mod refusal_reasons;
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

/// Returns a receiver of signed and encrypted callbacks.
fn receiver() -> Receiver {
    Receiver::new(token(), key())
}

/// Receives a callback and accepts its message; `None` is a ping.
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

/// Returns the message of a body, from a receiver without token and key.
fn read(text: &str) -> Message {
    accept(&Receiver::new(None, None), None, text.as_bytes()).unwrap().unwrap()
}

#[track_caller]
fn assert_refused(receiver: &Receiver, signature: Option<&str>, body: &[u8]) {
    let refused = receiver.receive(signature, body, now()).unwrap_err();
    // The error is the same for every failed check, and has no source.
    assert_eq!(refused.to_string(), "the callback is refused");
    assert_eq!(format!("{refused:?} {refused:#?}"), "Refused Refused");
    assert!(std::error::Error::source(&refused).is_none());
}
