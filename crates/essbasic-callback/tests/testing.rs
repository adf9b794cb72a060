//! The module `testing` makes the same callbacks as the independent sender of these tests.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

#[path = "receiving/sender.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod sender;

use std::time::SystemTime;

use essbasic_callback::testing::{Callback, Sender, message};
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
        let (body, signature) = sender::send(&text);
        prop_assert_eq!(callback.signature, Some(signature));
        prop_assert_eq!(callback.body, body);
    }
}

#[test]
fn a_receiver_accepts_every_combination_of_token_and_key() {
    for (is_signed, is_encrypted) in [(true, true), (true, false), (false, true), (false, false)] {
        let (token, key) = (is_signed.then(token), is_encrypted.then(key));
        let receiver = Receiver::new(token.clone(), key.clone());
        let sender = Sender::new(token, key);
        let text = message("id", &MsgType::QuitJob, json!({ "A": 1 }));
        let callback = sender.send(&text);
        assert_eq!(callback.signature.is_some(), is_signed);
        let receive = |callback: &Callback| {
            let now = SystemTime::UNIX_EPOCH;
            receiver.receive(callback.signature.as_deref(), &callback.body, now).unwrap()
        };
        let Received::New(delivery) = receive(&callback) else { panic!("it is not new") };
        let message = delivery.accept();
        assert_eq!((message.json(), &message.msg_type), (&*text, &MsgType::QuitJob));
        assert!(matches!(receive(&callback), Received::Duplicate { .. }));
        assert!(matches!(receive(&sender.ping()), Received::Ping));
        assert_eq!(format!("{callback:?}"), "Callback { .. }");
    }
}
