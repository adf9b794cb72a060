//! The reason of a refusal, for the receiver's own log.

use std::time::Duration;

use essbasic_callback::{CallbackKey, MAX_ID_BYTES, Receiver, RefusalReason, Token};

use crate::sender::{self, KEY, TOKEN};
use crate::{assert_refused, key, now, receiver, token};

#[test]
fn each_failed_check_has_its_reason() {
    use RefusalReason::{
        IdTooLong, MalformedSignature, NoKey, NoSignature, NotEncrypted, NotJson, NotMessage,
        TooLarge, TooOld, WrongKey, WrongToken,
    };
    let sign = |body: &[u8]| Some(sender::signature(TOKEN.as_bytes(), body));
    let plain = sender::message("id", "OrgAuth", "{}").into_bytes();
    let (sealed, signature) = sender::send(&sender::message("id", "OrgAuth", "{}"));
    let encrypted = |text: &str| sender::send(text).0;
    let long = "i".repeat(MAX_ID_BYTES + 1);
    let old = sender::message("id", "FlowStatusChange", r#"{"FlowId":"f","OccurTime":1}"#);
    let other_key = || CallbackKey::new(KEY.replace('C', "D")).unwrap();
    let signed = || Receiver::new(token(), None);
    let open = || Receiver::new(None, None);
    for (case, receiver, signature, body, reason) in [
        ("large", receiver().with_max_body_bytes(9), sign(&sealed), sealed.clone(), TooLarge),
        ("unsigned", receiver(), None, sealed.clone(), NoSignature),
        ("another scheme", receiver(), Some("sha1=00".into()), sealed.clone(), MalformedSignature),
        (
            "another token",
            Receiver::new(Token::new("x").unwrap(), key()),
            sign(&sealed),
            sealed.clone(),
            WrongToken,
        ),
        ("changed", receiver(), Some(signature), [&sealed[..], b" "].concat(), WrongToken),
        ("plain", receiver(), sign(&plain), plain.clone(), NotEncrypted),
        ("garbage", receiver(), sign(b"hello"), b"hello".to_vec(), NotEncrypted),
        (
            "another key",
            Receiver::new(token(), other_key()),
            sign(&sealed),
            sealed.clone(),
            WrongKey,
        ),
        ("encrypted, no key", signed(), sign(&sealed), sealed.clone(), NoKey),
        (
            "encrypted garbage",
            receiver(),
            sign(&encrypted("{\"a\"")),
            encrypted("{\"a\""),
            WrongKey,
        ),
        (
            "encrypted, no id",
            receiver(),
            sign(&encrypted(r#"{"a":1}"#)),
            encrypted(r#"{"a":1}"#),
            NotMessage,
        ),
        ("not JSON", open(), None, b"hello".to_vec(), NotJson),
        ("an array", open(), None, b"[1]".to_vec(), NotJson),
        ("no id", open(), None, br#"{"MsgType":"OrgAuth"}"#.to_vec(), NotMessage),
        ("empty id", open(), None, sender::message("", "OrgAuth", "{}").into_bytes(), NotMessage),
        ("long id", open(), None, sender::message(&long, "OrgAuth", "{}").into_bytes(), IdTooLong),
        ("long type", open(), None, sender::message("id", &long, "{}").into_bytes(), IdTooLong),
        ("old", open().with_max_age(Duration::from_secs(60)), None, old.into_bytes(), TooOld),
    ] {
        assert_refused(&receiver, signature.as_deref(), &body);
        let refused = receiver.receive(signature.as_deref(), &body, now()).unwrap_err();
        assert_eq!(refused.reason(), reason, "{case}");
        assert!(!reason.to_string().is_empty());
    }
}

/// A wrong key yields random bytes, whose padding is sometimes valid. The reason must not depend on it.
#[test]
fn the_reason_of_a_wrong_key_does_not_depend_on_the_padding() {
    let message = sender::message("id", "OrgAuth", "{}");
    let wrong_padding = {
        let mut blocks = sender::padded(message.as_bytes());
        *blocks.last_mut().unwrap() = 0;
        blocks
    };
    for blocks in [wrong_padding, sender::padded(b"no JSON"), vec![0; 32]] {
        let body = sender::body(&sender::encrypt(KEY, &blocks));
        let refused = Receiver::new(None, key()).receive(None, &body, now()).unwrap_err();
        assert_eq!(refused.reason(), RefusalReason::WrongKey);
    }
}
