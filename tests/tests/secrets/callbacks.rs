//! Valid, forged and invalid callbacks.

use std::time::{Duration, SystemTime};

use essbasic_callback::testing::{Callback, Sender, message};
use essbasic_callback::{
    CallbackKey, MemoryStore, MsgType, Received, Receiver, Token, Verified, handle_once_blocking,
};
use serde_json::{Value, json};

use crate::log::Log;
use crate::workflows::{CONTRACT, ID_NUMBER, PERSON, PHONE, REASON};

pub(crate) const TOKEN: &str = "the-token-of-callbacks";
pub(crate) const KEY: &str = "the-32-byte-key-of-the-callbacks";

fn personal() -> Value {
    json!({
        "FlowId": "a flow", "FlowName": CONTRACT, "FlowMessage": REASON, "FlowCallbackStatus": 3,
        "UserData": PERSON, "Name": PERSON, "ApproverName": PERSON, "Mobile": PHONE, "OperatorMobile": PHONE,
        "IdCardNumber": ID_NUMBER, "LegalName": PERSON, "USCC": ID_NUMBER,
        "Approvers": [{"Name": PERSON, "Mobile": PHONE, "ApproveMessage": REASON}],
        "ApproverList": [{"ApproverName": PERSON, "ApproverMobile": PHONE}],
        "Url": "https://file.ess.tencent.cn/file/a?hkey=SECRET", "SignUrl": "https://q.cn/a?hkey=SECRET",
    })
}

fn receive(log: &Log, receiver: &Receiver, signature: Option<&str>, body: &[u8]) {
    let received = receiver.receive(signature, body, SystemTime::now());
    log.debug(&received);
    log.result(received.as_ref().map(|_| ()));
    if let Ok(Received::New(delivery)) = received {
        log.debug(&delivery);
        log.debug(delivery.accept());
    }
}

/// Handles a message with a store, by a handler that fails.
fn handle(log: &Log, receiver: &Receiver, signature: Option<&str>, body: &[u8]) {
    let verified = receiver.verify(signature, body, SystemTime::now());
    log.debug(&verified);
    if let Ok(Verified::Message { message, .. }) = verified {
        let store = MemoryStore::default();
        let lease = Duration::from_secs(60);
        let fail = |_| Err("the handler fails");
        log.debug(handle_once_blocking(&store, message, lease, SystemTime::now(), fail));
        log.debug(&store);
    }
}

pub(crate) fn drive(log: &Log) {
    let (token, key) = (Token::new(TOKEN).unwrap(), CallbackKey::new(KEY).unwrap());
    log.debug((&token, &key));
    log.result(CallbackKey::new(&KEY[1..]));
    let sender = Sender::new(token.clone(), key.clone());
    let receiver = Receiver::new(token, key);
    log.debug((&sender, &receiver));
    for (index, kind) in MsgType::KNOWN.iter().enumerate() {
        for data in [personal(), json!(PERSON), json!([PHONE]), json!({"FlowId": {"Name": PERSON}})]
        {
            let text = message(&format!("{index}"), kind, data);
            let callback = sender.send(&text);
            log.debug(&callback);
            let Callback { signature, body, .. } = callback;
            handle(log, &receiver, signature.as_deref(), &body);
            receive(log, &receiver, signature.as_deref(), &body);
        }
    }
    // Signed with another token, encrypted with another key, and not a message at all.
    let other =
        Sender::new(Token::new("another").unwrap(), CallbackKey::new("k".repeat(32)).unwrap());
    let forged = other.send(&message("forged", &MsgType::FlowStatusChange, personal()));
    receive(log, &receiver, forged.signature.as_deref(), &forged.body);
    let plain =
        Sender::new(Token::new(TOKEN).unwrap(), None).send(&format!("{{\"Name\": \"{PERSON}\""));
    receive(log, &receiver, plain.signature.as_deref(), &plain.body);
    receive(
        log,
        &Receiver::new(Token::new(TOKEN).unwrap(), None),
        plain.signature.as_deref(),
        &plain.body,
    );
    receive(log, &receiver, None, &plain.body);
}
