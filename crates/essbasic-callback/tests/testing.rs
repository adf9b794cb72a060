//! What `testing` makes is what a sender written from the facts makes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[path = "receiving/sender.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod sender;

use std::time::SystemTime;

use essbasic_callback::testing::{Sender, message};
use essbasic_callback::{CallbackKey, MsgType, Received, Receiver, Token};
use proptest::prelude::*;
use serde_json::json;

fn token() -> Token {
    Token::new(sender::TOKEN).unwrap()
}

fn key() -> CallbackKey {
    CallbackKey::new(sender::KEY).unwrap()
}

proptest! {
    #[test]
    fn both_senders_agree(text: String) {
        let callback = Sender::new(token(), key()).send(&text);
        let (body, signature) = sender::seal(&text);
        prop_assert_eq!(callback.signature, Some(signature));
        prop_assert_eq!(callback.body, body);
    }
}

#[test]
fn every_combination_is_received() {
    for (signs, encrypts) in [(true, true), (true, false), (false, true), (false, false)] {
        let (token, key) = (signs.then(token), encrypts.then(key));
        let receiver = Receiver::new(token.clone(), key.clone());
        let sender = Sender::new(token, key);
        let text = message("id", &MsgType::QuitJob, json!({ "A": 1 }));
        let callback = sender.send(&text);
        assert_eq!(callback.signature.is_some(), signs);
        let receive = |callback: &essbasic_callback::testing::Callback| {
            let now = SystemTime::UNIX_EPOCH;
            receiver.receive(callback.signature.as_deref(), &callback.body, now).unwrap()
        };
        let Received::New(delivery) = receive(&callback) else { panic!("it is new") };
        let message = delivery.accept();
        assert_eq!((message.json(), &message.msg_type), (&*text, &MsgType::QuitJob));
        assert!(matches!(receive(&callback), Received::Duplicate { .. }));
        assert!(matches!(receive(&sender.probe()), Received::Ping));
        assert_eq!(format!("{callback:?}"), "Callback { .. }");
    }
}
