//! Arbitrary input never panics, and every message that is sent is received unchanged.

use essbasic_callback::{Message, MsgType, Received, Receiver};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::sender::{self, KEY, TOKEN};
use crate::{key, now, read, receiver, token};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{1,20}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("FlowId".to_owned()),
        Just("Approvers".to_owned()),
        Just("CcInfos".to_owned()),
        Just("FlowCallbackStatus".to_owned()),
        Just("OccurTime".to_owned()),
        Just("CreateTime".to_owned()),
        Just("OperateTime".to_owned()),
        any::<String>(),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A name without control characters, which are refused.
const NAME: &str = r"\P{Cc}+";

fn any_msg_type() -> impl Strategy<Value = String> {
    prop_oneof![(0..MsgType::KNOWN.len()).prop_map(|index| MsgType::KNOWN[index].to_string()), NAME,]
}

proptest! {
    #[test]
    fn arbitrary_bodies_are_refused(body: Vec<u8>, signature: Option<String>) {
        for (token, key) in [(true, true), (true, false), (false, true), (false, false)] {
            let receiver = Receiver::new(token.then(crate::token), key.then(crate::key));
            let received = receiver.receive(signature.as_deref(), &body, now());
            prop_assert!(received.is_err());
        }
    }

    #[test]
    fn arbitrary_plaintexts_are_decoded_or_refused(text: Vec<u8>) {
        let body = sender::body(&sender::encrypt(KEY, &sender::padded(&text)));
        let signature = sender::signature(TOKEN.as_bytes(), &body);
        let _ = receiver().receive(Some(&signature), &body, now());
    }

    #[test]
    fn arbitrary_ciphertexts_are_refused(text: Vec<u8>) {
        let body = sender::body(&text);
        prop_assert!(Receiver::new(None, key()).receive(None, &body, now()).is_err());
    }

    #[test]
    fn arbitrary_data_is_received_unchanged(id in NAME, msg_type in any_msg_type(), data in any_json()) {
        let sent = json!({ "MsgId": id, "MsgType": msg_type, "MsgData": data }).to_string();
        let (body, signature) = sender::send(&sent);
        let received = receiver().receive(Some(&signature), &body, now()).unwrap();
        let Received::New(delivery) = received else { panic!("{received:?}") };
        let message = delivery.accept();
        prop_assert_eq!((&message.msg_id, message.msg_type.as_str()), (&id, &*msg_type));
        prop_assert_eq!(message.json(), &sent);
        let _ = (format!("{message:?}"), message.flow_id());
        prop_assert_eq!(Message::from_json(message.json()).unwrap(), message);
    }

    #[test]
    fn control_characters_are_refused(field in 0_usize..3, control in r"\p{Cc}", name in NAME) {
        let field = ["MsgId", "MsgType", "MsgVersion"][field];
        let mut sent = json!({ "MsgId": "1", "MsgType": "OrgAuth", "MsgData": {} });
        sent[field] = json!(format!("{name}{control}"));
        prop_assert!(Message::from_json(sent.to_string()).is_err());
        sent[field] = json!(name);
        prop_assert!(Message::from_json(sent.to_string()).is_ok());
    }

    #[test]
    fn unsigned_messages_are_refused(data in any_json()) {
        let body = sender::message("1", "OrgAuth", &data.to_string());
        prop_assert!(Receiver::new(token(), None).receive(None, body.as_bytes(), now()).is_err());
        prop_assert_eq!(read(&body).msg_type, MsgType::OrgAuth);
    }

    #[test]
    fn any_text_can_be_parsed_without_a_panic(text in any::<String>()) {
        let _ = Message::from_json(text);
    }
}
