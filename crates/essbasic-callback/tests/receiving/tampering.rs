//! Modified callbacks are refused, each with the same error.

use essbasic_callback::{CallbackKey, Receiver, Token};

use crate::sender::{self, KEY, TOKEN};
use crate::{accept, assert_refused, key, receiver, token};

/// Returns the body and signature of a genuine callback.
fn genuine() -> (Vec<u8>, String) {
    sender::send(&sender::message("id", "FlowStatusChange", r#"{"FlowId":"f"}"#))
}

/// Asserts that a body with a valid signature is refused, so for another reason than the signature.
#[track_caller]
fn assert_refused_if_signed(body: &[u8]) {
    assert_refused(&receiver(), Some(&sender::signature(TOKEN.as_bytes(), body)), body);
}

#[test]
fn every_change_of_a_byte_of_the_body_is_refused() {
    let (body, signature) = genuine();
    let receiver = receiver();
    for position in 0..body.len() {
        for flip in 1..=255 {
            let mut body = body.clone();
            body[position] ^= flip;
            assert_refused(&receiver, Some(&signature), &body);
        }
    }
    assert!(accept(&receiver, Some(&signature), &body).unwrap().is_some());
}

#[test]
fn every_change_of_a_byte_of_the_signature_is_refused() {
    let (body, signature) = genuine();
    let receiver = receiver();
    for position in 0..signature.len() {
        for other in (0..=127_u8).filter(|other| *other != signature.as_bytes()[position]) {
            let mut bytes = signature.clone().into_bytes();
            bytes[position] = other;
            assert_refused(&receiver, Some(&String::from_utf8(bytes).unwrap()), &body);
        }
    }
}

#[test]
fn malformed_signatures_are_refused() {
    let (body, signature) = genuine();
    let receiver = receiver();
    let hex = signature.strip_prefix("sha256=").unwrap();
    for length in 0..signature.len() {
        assert_refused(&receiver, Some(&signature[..length]), &body);
    }
    for other in [
        hex.to_owned(),
        format!("{signature}0"),
        format!("{signature}00"),
        format!("{signature}\n"),
        format!(" {signature}"),
        format!("{signature}, {signature}"),
        format!("sha256={signature}"),
        format!("SHA256={hex}"),
        format!("sha1={hex}"),
        format!("sha256={}", hex.to_uppercase()),
        format!("sha256={}", "签".repeat(32)),
        format!("sha256=+{}", &hex[1..]),
        "sha256=".to_owned(),
    ] {
        assert_refused(&receiver, Some(&other), &body);
    }
    assert_refused(&receiver, None, &body);
}

#[test]
fn truncated_and_extended_bodies_are_refused() {
    let (body, signature) = genuine();
    let receiver = receiver();
    for length in 0..body.len() {
        assert_refused(&receiver, Some(&signature), &body[..length]);
        assert_refused_if_signed(&body[..length]);
    }
    for tail in ["x", "{}", "\0", r#"{"encrypt":"AAAA"}"#] {
        let longer = [&body, tail.as_bytes()].concat();
        assert_refused(&receiver, Some(&signature), &longer);
        assert_refused_if_signed(&longer);
    }
    // White space does not change the JSON, but the signed bytes.
    assert_refused(&receiver, Some(&signature), &[&body[..], b" "].concat());
}

/// The bodies are signed, so that the ciphertext is decrypted; it is truncated to each number of bytes.
#[test]
fn truncated_ciphertexts_are_refused() {
    // The last block is only padding, so the truncated plaintext would be valid JSON.
    let mut message = sender::message("id", "OrgAuth", "{}");
    message.push_str(&" ".repeat(16 - message.len() % 16));
    let encrypted = sender::encrypt(KEY, &sender::padded(message.as_bytes()));
    for length in 0..encrypted.len() {
        assert_refused_if_signed(&sender::body(&encrypted[..length]));
    }
    let twice = [&encrypted[..], &encrypted[..]].concat();
    assert_refused_if_signed(&sender::body(&twice));
}

#[test]
fn invalid_padding_of_a_valid_message_is_refused() {
    let message = sender::message("id", "OrgAuth", "{}");
    for wrong in [0, 17, 32, 255_u8] {
        let mut blocks = sender::padded(message.as_bytes());
        *blocks.last_mut().unwrap() = wrong;
        assert_refused_if_signed(&sender::body(&sender::encrypt(KEY, &blocks)));
    }
    // With spaces in place of the padding, the whole plaintext would be valid JSON.
    let mut spaces = message.clone().into_bytes();
    spaces.resize(spaces.len().next_multiple_of(16), b' ');
    assert_refused_if_signed(&sender::body(&sender::encrypt(KEY, &spaces)));
    let mut uneven = sender::padded(message.as_bytes());
    let length = usize::from(*uneven.last().unwrap());
    assert!(length > 2, "the padding is too short to have a middle");
    let first = uneven.len() - length;
    uneven[first] ^= 1;
    assert_refused_if_signed(&sender::body(&sender::encrypt(KEY, &uneven)));
}

/// Without a token, callbacks are not authenticated, and a modified ciphertext may be accepted. The message then
/// differs from the original, and the receiver does not panic.
#[test]
fn every_change_of_a_bit_of_an_unsigned_ciphertext_is_refused_or_changes_the_message() {
    let text = sender::message("id", "FlowStatusChange", r#"{"FlowId":"f"}"#);
    let encrypted = sender::encrypt(KEY, &sender::padded(text.as_bytes()));
    let mut refused = 0;
    for position in 0..encrypted.len() {
        for bit in 0..8 {
            let mut changed = encrypted.clone();
            changed[position] ^= 1 << bit;
            match accept(&Receiver::new(None, key()), None, &sender::body(&changed)) {
                Ok(message) => assert_ne!(message.unwrap().json(), text),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused * 10 > encrypted.len() * 8 * 9, "{refused}");
}

#[test]
fn other_keys_and_tokens_are_refused() {
    let (body, signature) = genuine();
    for position in 0..32 {
        let mut other = KEY.as_bytes().to_vec();
        other[position] ^= 1;
        let other = CallbackKey::new(other).unwrap();
        assert_refused(&Receiver::new(token(), other), Some(&signature), &body);
    }
    for other in ["test-toke", "test-token ", "Test-token", "x"] {
        let other = Token::new(other).unwrap();
        assert_refused(&Receiver::new(other, key()), Some(&signature), &body);
    }
    // A signature made with the key in place of the token.
    let by_key = sender::signature(KEY.as_bytes(), &body);
    assert_refused(&receiver(), Some(&by_key), &body);
}

#[test]
fn unsigned_and_unencrypted_callbacks_are_refused() {
    let message = sender::message("id", "OrgAuth", "{}");
    let signature = sender::signature(TOKEN.as_bytes(), message.as_bytes());
    // Not encrypted although a key is set, signed or not.
    assert_refused(&receiver(), Some(&signature), message.as_bytes());
    assert_refused(&Receiver::new(None, key()), None, message.as_bytes());
    // Unsigned although a token is set, encrypted or not.
    assert_refused(&receiver(), None, &genuine().0);
    assert_refused(&Receiver::new(token(), None), None, message.as_bytes());
    // Encrypted although no key is set.
    assert_refused(&Receiver::new(token(), None), Some(&genuine().1), &genuine().0);
    assert!(Token::new("").is_err());
    for key in ["", "short", &format!("{KEY}0"), "签".repeat(11).as_str()] {
        assert!(CallbackKey::new(key).is_err());
    }
}

#[test]
fn signed_bodies_without_a_ciphertext_are_refused() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "[]",
        "null",
        "\"\"",
        "0",
        "{}x",
        r#"{"encrypt":null}"#,
        r#"{"encrypt":""}"#,
        r#"{"encrypt":1}"#,
        r#"{"encrypt":{}}"#,
        r#"{"encrypt":["AAAA"]}"#,
        r#"{"encrypt":"AAAA"}"#,
        r#"{"encrypt":"===="}"#,
        r#"{"encrypt":"AAAAAAAAAAAAAAAAAAAAAA"}"#,
        r#"{"encrypt":"AAAAAAAAAAAAAAAAAAAAAA=="}"#,
        r#"{"Encrypt":"AAAAAAAAAAAAAAAAAAAAAA=="}"#,
        r#"{"encrypt":"AAAAAAAAAAAAAAAAAAAAAA==","encrypt":"AAAAAAAAAAAAAAAAAAAAAA=="}"#,
        r#"["AAAAAAAAAAAAAAAAAAAAAA=="]"#,
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        r#""AAAAAAAAAAAAAAAAAAAAAA==""#,
    ] {
        assert_refused_if_signed(text.as_bytes());
    }
    assert_refused_if_signed(b"\xff\xfe{\0}\0");
    let (body, _) = genuine();
    let array = String::from_utf8(body).unwrap().replace(r#"{"encrypt":"#, "[").replace('}', "]");
    assert_refused_if_signed(array.as_bytes());
    // Only canonical Base64 is accepted.
    let (body, _) = genuine();
    let text = String::from_utf8(body).unwrap();
    for other in [
        text.replace("\":\"", "\":\" "),
        text.replace("\":\"", "\":\"\\n"),
        text.replace('=', ""),
        text.replace('+', "-").replace('/', "_").replace("\"}", "=\"}"),
    ] {
        assert_refused_if_signed(other.as_bytes());
    }
}

#[test]
fn signed_and_encrypted_plaintexts_without_a_message_are_refused() {
    for text in [
        "",
        "null",
        "[]",
        "\"{}\"",
        r#"["1","OrgAuth","ThirdPartyApp",{}]"#,
        r#"{"MsgId":"1"}"#,
        r#"{"MsgType":"OrgAuth"}"#,
        r#"{"MsgId":"","MsgType":"OrgAuth","MsgData":{}}"#,
        r#"{"MsgId":null,"MsgType":"OrgAuth","MsgData":{}}"#,
        r#"{"MsgId":{},"MsgType":"OrgAuth","MsgData":{}}"#,
        r#"{"MsgId":"1","MsgType":"","MsgData":{}}"#,
        r#"{"MsgId":"1","MsgId":"2","MsgType":"OrgAuth"}"#,
        r#"{"MsgId":"1","MsgType":"OrgAuth"}{}"#,
        r#"{"MsgId":"1","MsgType":"OrgAuth","MsgData":1e}"#,
        r#"{"MsgId":"1","MsgType":"OrgAuth","MsgData":{},"MsgData":{}}"#,
        r#"{"encrypt":"AAAAAAAAAAAAAAAAAAAAAA=="}"#,
        // Version 1 of callbacks, which has no `MsgId`.
        r#"{"FlowId":"f","FlowCallbackStatus":4}"#,
    ] {
        let (body, signature) = sender::send(text);
        assert_refused(&receiver(), Some(&signature), &body);
        assert_refused(&Receiver::new(None, None), None, text.as_bytes());
    }
    let broken = sender::body(&sender::encrypt(KEY, &sender::padded(b"{\"MsgId\":\"\xff\"}")));
    assert_refused_if_signed(&broken);
}

#[test]
fn large_and_deeply_nested_bodies_are_refused() {
    let (body, signature) = genuine();
    let exact = receiver().with_max_body_bytes(body.len());
    assert!(accept(&exact, Some(&signature), &body).unwrap().is_some());
    assert_refused(&receiver().with_max_body_bytes(body.len() - 1), Some(&signature), &body);
    assert_eq!(receiver().max_body_bytes(), 1 << 20);

    let open = Receiver::new(None, None);
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let message = |id: &str, data: &str| sender::message(id, "OrgAuth", data).into_bytes();
    assert!(accept(&open, None, &message("1", &nested(126))).unwrap().is_some());
    for depth in [127, 1_000, 400_000] {
        assert_refused(&open, None, &message("2", &nested(depth)));
        assert_refused(&open, None, nested(depth).as_bytes());
        assert_refused(&open, None, "{\"a\":".repeat(depth.min(200_000)).as_bytes());
    }
    // Brackets in a string are not nesting.
    let text = format!("\"{}\"", nested(400_000));
    assert!(accept(&open, None, &message("3", &text)).unwrap().is_some());
}
