//! Callbacks: unsigned ones are refused, signed ones are parsed or refused, and a message is new once.

#![no_main]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arbitrary::Unstructured;
use essbasic_callback::testing::Sender;
use essbasic_callback::{CallbackKey, Message, Received, Receiver, Refused, Token};
use fuzz::mutate;
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use tc3_api::Base64;

/// A message about a contract, and one whose data is a string.
const MESSAGES: [&str; 2] =
    [include_str!("../seeds/callback/contract.json"), include_str!("../seeds/callback/text.json")];

fuzz_target!(|data: &[u8]| {
    check_all(data);
    let mut u = Unstructured::new(data);
    let message = u.choose(&MESSAGES).map(|json| serde_json::from_str(json).unwrap());
    if let Ok(message) = message.and_then(|message| mutate(message, &mut u)) {
        check_all(message.to_string().as_bytes());
    }
});

fn check_all(data: &[u8]) {
    let token = Token::new("a token").unwrap();
    let key = CallbackKey::new("0123456789abcdef0123456789abcdef").unwrap();
    let age = Duration::from_secs(60);
    let receiver = || Receiver::new(token.clone(), key.clone()).with_max_age(age);
    let text = String::from_utf8_lossy(data);

    // Unsigned, and with a signature from the input: neither is a message.
    assert!(matches!(
        receiver().receive(None, data, now()),
        Ok(Received::Ping) | Err(Refused { .. })
    ));
    let (signature, body) = text.split_once('\n').unwrap_or((&text, ""));
    assert!(receiver().receive(Some(signature), body.as_bytes(), now()).is_err());

    // Signed and not encrypted.
    let signer = Sender::new(token.clone(), None);
    let signed = signer.send(&text);
    receive_message(&Receiver::new(token.clone(), None), signed.signature.as_deref(), &signed.body);
    receive_message(&receiver(), signed.signature.as_deref(), &signed.body);
    let mut changed = signed.body.clone();
    if let Some(byte) = changed.last_mut() {
        *byte ^= 1;
        assert!(receiver().receive(signed.signature.as_deref(), &changed, now()).is_err());
    }

    // Signed, with the input as ciphertext: it decrypts to arbitrary bytes with arbitrary padding.
    let encrypted = signer.send(&json!({ "encrypt": Base64::encode(data) }).to_string());
    receive_message(&receiver(), encrypted.signature.as_deref(), &encrypted.body);
    let bare = signer.send(Base64::encode(data).as_str());
    receive_message(&receiver(), bare.signature.as_deref(), &bare.body);

    // Signed and encrypted, as the platform does.
    let sent = Sender::new(token.clone(), key.clone()).send(&text);
    receive_message(&receiver(), sent.signature.as_deref(), &sent.body);
    let plain = Receiver::new(None, None);
    assert_eq!(
        receive_message(&plain, None, text.as_bytes()),
        receive_message(&Receiver::new(token, key), sent.signature.as_deref(), &sent.body)
    );
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// Receives a callback, and returns its message, if there is one.
fn receive_message(receiver: &Receiver, signature: Option<&str>, body: &[u8]) -> Option<Message> {
    let verified = receiver.verify(signature, body, now());
    let receive = || receiver.receive(signature, body, now());
    assert_eq!(verified.is_ok(), receive().is_ok());
    let Ok(Received::New(delivery)) = receive() else { return None };
    assert!(matches!(receive(), Ok(Received::InFlight { .. })));
    drop(delivery);
    let Ok(Received::New(delivery)) = receive() else {
        panic!("a dropped delivery is not new again")
    };
    let message = delivery.accept();
    assert!(matches!(receive(), Ok(Received::Duplicate { msg_id }) if msg_id == message.msg_id));
    assert_eq!(Message::from_json(message.json()), Ok(message.clone()));
    assert!(message.flow_id() != Some(""));
    let _ = format!("{message:?}");
    Some(message)
}
