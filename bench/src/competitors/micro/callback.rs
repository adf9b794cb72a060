//! The reception of a callback, next to the cryptography alone and to hand-written code.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::SystemTime;

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use essbasic_callback::testing::Sender;
use essbasic_callback::{CallbackKey, Receiver, Token, Verified};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::Sha256;

use super::Sides;

const TOKEN: &str = "TokenTokenTokenTokenTokenTokenTo";
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Compares the reception of messages about a contract with one and with 50 parties.
pub(super) fn run(sides: &Sides) {
    for (name, parties) in [("callback, 1 party", 1), ("callback, 50 parties", 50)] {
        compare(sides, name, &message(parties));
    }
}

fn compare(sides: &Sides, name: &str, message: &str) {
    let token = Token::new(TOKEN).unwrap();
    let key = CallbackKey::new(KEY).unwrap();
    let callback = Sender::new(token.clone(), key.clone()).send(message);
    let receiver = Receiver::new(token, key);
    let (signature, body) = (callback.signature.unwrap(), callback.body);
    let now = SystemTime::now();
    let expected: [u8; 32] = mac(&body).finalize().into_bytes().into();
    let ciphertext = STANDARD.decode(encrypted(&body).encrypt.as_bytes()).unwrap();
    let ours = || {
        let verified = receiver.verify(Some(&signature), black_box(&body), now).unwrap();
        assert!(matches!(black_box(verified), Verified::Message { .. }));
    };
    sides.compare(name, ours, "HMAC and AES of the same bytes", || {
        mac(black_box(&body)).verify_slice(&expected).unwrap();
        black_box(decryptor().decrypt_padded_vec::<NoPadding>(&ciphertext).unwrap());
    });
    sides.compare(&format!("{name}, typed"), ours, "serde_json, derived, by hand", || {
        mac(black_box(&body)).verify_slice(&expected).unwrap();
        let ciphertext = STANDARD.decode(encrypted(&body).encrypt.as_bytes()).unwrap();
        let json = decryptor().decrypt_padded_vec::<Pkcs7>(&ciphertext).unwrap();
        black_box(serde_json::from_slice::<Message>(&json).unwrap());
        black_box(json);
    });
}

fn mac(body: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(TOKEN.as_bytes()).unwrap().chain_update(body)
}

fn decryptor() -> cbc::Decryptor<Aes256> {
    let (key, iv) = (KEY.as_bytes(), KEY.as_bytes().first_chunk::<16>().unwrap());
    cbc::Decryptor::<Aes256>::new_from_slices(key, iv).unwrap()
}

fn encrypted(body: &[u8]) -> Encrypted<'_> {
    serde_json::from_slice(body).unwrap()
}

#[derive(Deserialize)]
struct Encrypted<'a> {
    #[serde(borrow)]
    encrypt: Cow<'a, str>,
}

/// A message by serde's derives, with the fields that a type does not declare, as this SDK keeps them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "decoded and dropped")]
struct Message {
    msg_id: String,
    msg_type: String,
    msg_version: String,
    msg_data: Flow,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
#[allow(dead_code, reason = "decoded and dropped")]
struct Flow {
    flow_id: String,
    document_id: String,
    callback_type: String,
    flow_callback_status: i64,
    operate: String,
    flow_name: String,
    flow_description: String,
    flow_type: String,
    flow_message: String,
    user_data: String,
    unordered: bool,
    create_on: i64,
    updated_on: i64,
    dead_line: i64,
    occur_time: i64,
    approvers: Vec<Approver>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
#[allow(dead_code, reason = "decoded and dropped")]
struct Approver {
    approver_name: String,
    approver_mobile: String,
    approver_id_card_number: String,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// Returns a message about a contract, as the platform sends it.
fn message(parties: usize) -> String {
    let approvers: Vec<Value> = (0..parties)
        .map(|index| {
            serde_json::json!({
                "ApproverName": "张三",
                "ApproverMobile": format!("138{index:08}"),
                "SignId": format!("yDwivUUckpor6wtoUuogwQHCAB{index:06}"),
                "ApproveCallbackStatus": 3,
                "ApproveTime": 1_700_000_000,
            })
        })
        .collect();
    let data = serde_json::json!({
            "ApplicationId": "yDwhxUUckp3gl8j5UuFX33LSNozpRsbi",
            "ProxyOrganizationOpenId": "org_dianziqian",
            "FlowId": "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ",
            "DocumentId": "yDwivUUckpor6wtoUuogwQHCAB0ES0pR",
            "CallbackType": "sign",
            "FlowName": "房屋租赁合同",
            "FlowType": "租赁",
            "FlowDescription": "",
            "FlowCallbackStatus": 4,
            "FlowMessage": "",
            "Unordered": true,
            "CreateOn": 1_700_000_000,
            "UpdatedOn": 1_700_000_100,
            "DeadLine": 1_800_000_000,
            "OccurTime": 1_700_000_100,
            "UserData": "order 42",
            "Operate": "sign",
            "Approvers": approvers,
    });
    // In the platform's order.
    format!(
        "{{\"MsgId\":\"yDtKOUUckpfzn1drUP8YGQwIiomArVih\",\"MsgType\":\"FlowStatusChange\",\
         \"MsgVersion\":\"ThirdPartyApp\",\"MsgData\":{data}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_receive_the_same_message() {
        let json = message(2);
        let flow = serde_json::from_str::<Message>(&json).unwrap().msg_data;
        let essbasic_callback::MessageData::FlowStatusChange(typed) =
            essbasic_callback::Message::from_json(json).unwrap().data
        else {
            panic!("another type")
        };
        assert_eq!((typed.flow_id, typed.occur_time), (flow.flow_id, flow.occur_time));
        assert_eq!((typed.approvers.len(), flow.approvers.len()), (2, 2));
    }
}
