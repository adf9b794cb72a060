//! Several pairs of token and key, of which each callback must match one.

use essbasic_callback::{CallbackKey, Received, Receiver, RefusalReason, Refused, Token, Verified};

use crate::sender::{self, KEY};
use crate::{accept, now};

const OTHER_KEY: &str = "0123456789abcdef0123456789abcdef";

fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

fn key(text: &str) -> CallbackKey {
    CallbackKey::new(text).unwrap()
}

/// Returns the body and signature of a callback, signed and encrypted with these secrets.
fn send(token: Option<&str>, key: Option<&str>) -> (Vec<u8>, Option<String>) {
    let message = sender::message("id", "OrgAuth", "{}");
    let body = match key {
        Some(key) => sender::body(&sender::encrypt(key, &sender::padded(message.as_bytes()))),
        None => message.into_bytes(),
    };
    let signature = token.map(|token| sender::signature(token.as_bytes(), &body));
    (body, signature)
}

fn verify(
    receiver: &Receiver,
    callback: &(Vec<u8>, Option<String>),
) -> Result<usize, RefusalReason> {
    match receiver.verify(callback.1.as_deref(), &callback.0, now()) {
        Ok(Verified::Message { message, pair, .. }) => {
            assert_eq!(message.msg_id, "id");
            Ok(pair)
        }
        Ok(Verified::Ping) => panic!("a message is not a ping"),
        Err(refused) => Err(refused.reason()),
    }
}

/// A rotation of both secrets: every combination of token and key against every combination of pairs.
#[test]
fn a_callback_must_match_one_pair_completely() {
    let receiver = Receiver::new(token("new"), key(KEY)).with_pair(token("old"), key(OTHER_KEY));
    for (case, expected) in [
        (send(Some("new"), Some(KEY)), Ok(0)),
        (send(Some("old"), Some(OTHER_KEY)), Ok(1)),
        // The token of one pair with the key of the other.
        (send(Some("new"), Some(OTHER_KEY)), Err(RefusalReason::WrongKey)),
        (send(Some("old"), Some(KEY)), Err(RefusalReason::WrongKey)),
        (send(Some("third"), Some(KEY)), Err(RefusalReason::WrongToken)),
        (send(Some("new"), None), Err(RefusalReason::NotEncrypted)),
        (send(Some("old"), None), Err(RefusalReason::NotEncrypted)),
        (send(None, Some(KEY)), Err(RefusalReason::NoSignature)),
        (send(None, None), Err(RefusalReason::NoSignature)),
    ] {
        assert_eq!(verify(&receiver, &case), expected);
    }
}

#[test]
fn the_reason_is_that_of_the_pair_whose_checks_got_furthest() {
    // In both orders, so that it does not depend on the first pair.
    let newer = Receiver::new(token("a"), None).with_pair(token("b"), key(KEY));
    let older = Receiver::new(token("b"), key(KEY)).with_pair(token("a"), None);
    for receiver in [newer, older] {
        for (case, reason) in [
            (send(Some("c"), None), RefusalReason::WrongToken),
            (send(Some("a"), Some(KEY)), RefusalReason::NoKey),
            (send(Some("b"), None), RefusalReason::NotEncrypted),
            (send(Some("b"), Some(OTHER_KEY)), RefusalReason::WrongKey),
        ] {
            assert_eq!(verify(&receiver, &case), Err(reason));
        }
    }
}

#[test]
fn a_delivery_names_its_pair_and_a_message_is_new_once_for_all_pairs() {
    let receiver = Receiver::new(token("a"), key(KEY))
        .with_pair(token("b"), key(KEY))
        .with_pair(token("c"), None);
    let (body, signature) = send(Some("b"), Some(KEY));
    let received = receiver.receive(signature.as_deref(), &body, now()).unwrap();
    let Received::New(delivery) = received else { panic!("{received:?}") };
    assert_eq!(delivery.pair(), 1);
    delivery.accept();
    let (body, signature) = send(Some("c"), None);
    let received = receiver.receive(signature.as_deref(), &body, now()).unwrap();
    assert!(matches!(received, Received::Duplicate { .. }));
    let shown = format!("{receiver:?}");
    assert!(!shown.contains(KEY) && !shown.contains("\"b\""), "{shown}");
}

#[test]
fn a_signed_ping_must_match_a_pair_and_an_unsigned_one_need_not() {
    let receiver = Receiver::new(token("a"), None).with_pair(token("b"), key(KEY));
    for signer in ["a", "b"] {
        let signature = sender::signature(signer.as_bytes(), b"{}");
        assert!(accept(&receiver, Some(&signature), b"{}").unwrap().is_none());
    }
    assert!(accept(&receiver, None, b"{}").unwrap().is_none());
    let other = sender::signature(b"c", b"{}");
    assert!(receiver.verify(Some(&other), b"{}", now()).is_err());
}

/// The form of callbacks whose body is only the Base64 of the ciphertext.
#[test]
fn a_body_of_only_base64_is_accepted() {
    let message = sender::message("id", "OrgAuth", "{}");
    let object = sender::body(&sender::encrypt(KEY, &sender::padded(message.as_bytes())));
    let text: serde_json::Value = serde_json::from_slice(&object).unwrap();
    let bare = text["encrypt"].as_str().unwrap();
    let signed = |body: &str| Some(sender::signature(b"a", body.as_bytes()));
    let receiver = Receiver::new(token("a"), key(KEY));
    for body in [bare.to_owned(), format!("{bare}\n"), format!(" {bare}\r\n")] {
        let case = (body.clone().into_bytes(), signed(&body));
        assert_eq!(verify(&receiver, &case), Ok(0), "{body:?}");
        let unsigned = Receiver::new(None, key(KEY));
        assert_eq!(verify(&unsigned, &(body.clone().into_bytes(), None)), Ok(0));
        let no_key = Receiver::new(token("a"), None);
        assert_eq!(verify(&no_key, &case), Err(RefusalReason::NoKey));
        let forged = (body.into_bytes(), signed("another body"));
        assert_eq!(verify(&receiver, &forged), Err(RefusalReason::WrongToken));
    }
    let (start, end) = bare.split_at(20);
    for body in [
        format!("{start}\n{end}"),
        bare.trim_end_matches('=').to_owned(),
        bare.replace('+', "-").replace('/', "_") + "=",
        format!("\"{bare}\""),
        start.to_owned(),
    ] {
        let case = (body.clone().into_bytes(), signed(&body));
        assert!(verify(&receiver, &case).is_err(), "{body:?}");
    }
    // A ping in this form.
    let ping = sender::body(&sender::encrypt(KEY, &sender::padded(b"{}")));
    let ping: serde_json::Value = serde_json::from_slice(&ping).unwrap();
    let ping = ping["encrypt"].as_str().unwrap();
    let received = receiver.verify(signed(ping).as_deref(), ping.as_bytes(), now());
    assert!(matches!(received, Ok(Verified::Ping)));
}

#[test]
fn a_verified_message_is_not_remembered() {
    let receiver = Receiver::new(token("a"), None);
    let case = send(Some("a"), None);
    for _ in 0..3 {
        assert_eq!(verify(&receiver, &case), Ok(0));
    }
    let received = receiver.receive(case.1.as_deref(), &case.0, now());
    assert!(matches!(received, Ok(Received::New(_))));
    let old = Receiver::new(None, None).with_max_age(std::time::Duration::from_secs(60));
    let text = sender::message("id", "DocumentFill", r#"{"OccurTime":1}"#);
    let refused = old.verify(None, text.as_bytes(), now()).map(|_| ());
    assert_eq!(refused.map_err(Refused::reason), Err(RefusalReason::TooOld));
}
