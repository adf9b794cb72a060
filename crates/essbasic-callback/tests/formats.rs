//! Messages and their data are unchanged after a round trip through each format of serde that describes itself.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fmt::Debug;

use essbasic_callback::{
    CallbackType, FlowCallbackStatus, Message, MessageData, MsgType, MsgVersion, Personal,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One message of each kind of data, without white space and with fields in an order that is not alphabetical.
const MESSAGES: [&str; 11] = [
    r#"{"MsgType":"FlowStatusChange","MsgId":"1","MsgVersion":"ThirdPartyApp","More":[[],{}],"MsgData":{
       "FlowId":"f","DocumentId":"d","TemplateId":"t","CallbackType":"sign","FlowName":"合同",
       "FlowDescription":"a\n\"b\"","FlowType":"type","FlowMessage":"message","FlowCallbackStatus":4,
       "FlowCallbackShowStatus":"ALL","UserData":"data","Operate":"finish","Unordered":true,
       "CreateOn":1767146542,"UpdatedOn":1767146542000,"DeadLine":-1,"OccurTime":1767146543,
       "CcInfos":[{"Mobile":"13800000000"}],"Approvers":[{"ApproverName":"张三","ApproverMobile":"1",
       "ApproverIdCardNumber":"2","UserId":"u"},{}],"Zeta":{"B":1.0,"A":[1,-1,0.5]},"Eta":false}}"#,
    r#"{"MsgId":"2","MsgType":"FlowStatusChange","MsgData":{"FlowId":"f","CallbackType":"other","FlowCallbackStatus":7}}"#,
    r#"{"MsgId":"3","MsgType":"OrgAuth","MsgData":{"ApplicationId":"a","AuthSuccess":false,"ProxyOrganizationOpenId":"o"}}"#,
    r#"{"MsgId":"4","MsgType":"OrgOpenTsignBiz","MsgData":{"ProxyAppId":"p","USCC":"9","LegalName":"张三","OpenSuccess":true}}"#,
    r#"{"MsgId":"5","MsgType":"OrgCertify","MsgData":{"OperateTime":"1767146542","CertifyReason":"r","OperateSuccess":false}}"#,
    r#"{"MsgId":"6","MsgType":"OperateSeal","MsgData":{"SealId":"s","Operate":"Create","Other":[{"A":1}]}}"#,
    r#"{"MsgId":"7","MsgType":"TemplateAdd","MsgData":{"TemplateId":"t","TemplateName":"n","CreateTime":1767146542}}"#,
    r#"{"MsgId":"8","MsgType":"BillingUse","MsgData":{"N":9223372036854775807,"M":-9223372036854775808,"F":0.5,"T":true}}"#,
    r#"{"MsgId":"9","MsgType":"BillingUse","MsgData":["a",[],{}]}"#,
    r#"{"MsgId":"10","MsgType":"Unknown","MsgData":"text"}"#,
    r#"{"MsgId":"11","MsgType":"OrgAuth","MsgData":"{\"ApplicationId\":\"a\"}"}"#,
];

/// Messages with values that TOML cannot represent.
const NOT_TOML: [&str; 3] = [
    r#"{"MsgId":"1","MsgType":"BillingUse","MsgData":{"N":null,"M":18446744073709551615}}"#,
    r#"{"MsgId":"2","MsgType":"FlowStatusChange","MsgData":{"FlowId":"f","FlowName":null,"CcInfos":[null]}}"#,
    r#"{"MsgId":"3","MsgType":"OrgAuth","MsgData":null}"#,
];

fn message(json: &str) -> Message {
    let json: String = json.lines().map(str::trim_start).collect();
    Message::from_json(json).unwrap()
}

/// Returns the value after a round trip through each format that keeps the order of fields.
fn ordered<T: Serialize + DeserializeOwned>(value: &T) -> Vec<(&'static str, T)> {
    let json = serde_json::to_string(value).unwrap();
    let pretty = serde_json::to_vec_pretty(value).unwrap();
    let yaml = serde_norway::to_string(value).unwrap();
    let ron = ron::to_string(value).unwrap();
    let positional = rmp_serde::to_vec(value).unwrap();
    let named = rmp_serde::to_vec_named(value).unwrap();
    let mut cbor = Vec::new();
    ciborium::into_writer(value, &mut cbor).unwrap();
    vec![
        ("JSON", serde_json::from_str(&json).unwrap()),
        ("JSON from a slice", serde_json::from_slice(&pretty).unwrap()),
        ("JSON from a reader", serde_json::from_reader(pretty.as_slice()).unwrap()),
        ("YAML", serde_norway::from_str(&yaml).unwrap()),
        ("RON", ron::from_str(&ron).unwrap()),
        ("MessagePack", rmp_serde::from_slice(&positional).unwrap()),
        ("MessagePack with names", rmp_serde::from_slice(&named).unwrap()),
        ("MessagePack from a reader", rmp_serde::from_read(named.as_slice()).unwrap()),
        ("CBOR", ciborium::from_reader(cbor.as_slice()).unwrap()),
    ]
}

fn via_value<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_value(serde_json::to_value(value).unwrap()).unwrap()
}

fn via_toml<T: Serialize + DeserializeOwned>(value: &T) -> T {
    toml::from_str(&toml::to_string(value).unwrap()).unwrap()
}

fn assert_round_trips<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    for (format, read) in ordered(value) {
        assert_eq!(&read, value, "{format}");
    }
}

/// Asserts that two messages are equal, except for the order of fields in their JSON.
#[track_caller]
fn assert_equivalent(read: &Message, sent: &Message) {
    assert_eq!((&read.msg_id, &read.msg_type), (&sent.msg_id, &sent.msg_type));
    assert_eq!((&read.msg_version, &read.data), (&sent.msg_version, &sent.data));
    let parse = |message: &Message| serde_json::from_str::<Value>(message.json()).unwrap();
    assert_eq!(parse(read), parse(sent));
}

#[test]
fn messages_are_unchanged_by_formats_that_keep_the_order_of_fields() {
    for json in MESSAGES.iter().chain(&NOT_TOML) {
        assert_round_trips(&message(json));
    }
}

#[test]
fn messages_are_equivalent_after_formats_that_sort_fields() {
    for json in MESSAGES.iter().chain(&NOT_TOML) {
        let sent = message(json);
        assert_equivalent(&via_value(&sent), &sent);
    }
    for json in MESSAGES {
        let sent = message(json);
        assert_equivalent(&via_toml(&sent), &sent);
    }
    for json in NOT_TOML {
        assert!(toml::to_string(&message(json)).is_err(), "{json}");
    }
}

#[test]
fn data_is_unchanged_by_every_format() {
    for json in MESSAGES.iter().chain(&NOT_TOML) {
        let data = message(json).data;
        assert_round_trips(&data);
        assert_eq!(via_value(&data), data);
        match data {
            MessageData::FlowStatusChange(data) => assert_round_trips(&data),
            MessageData::OrgAuth(data) => assert_round_trips(&data),
            MessageData::OrgOpenTsignBiz(data) => assert_round_trips(&data),
            MessageData::OrgCertify(data) => assert_round_trips(&data),
            MessageData::OperateSeal(data) => assert_round_trips(&data),
            MessageData::Template(data) => assert_round_trips(&data),
            MessageData::Json(data) => assert_round_trips(&data),
            _ => unreachable!("all variants are listed"),
        }
    }
    for json in MESSAGES {
        let data = message(json).data;
        if !matches!(data, MessageData::Json(_)) {
            assert_eq!(via_toml(&data), data);
        }
    }
}

#[test]
fn data_is_serialized_as_the_platform_sends_it() {
    let sent = message(MESSAGES[0]);
    let MessageData::FlowStatusChange(flow) = &sent.data else { unreachable!() };
    let received: Value = serde_json::from_str(sent.json()).unwrap();
    assert_eq!(serde_json::to_value(flow).unwrap(), received["MsgData"]);
    assert_eq!(serde_json::to_string(&sent).unwrap(), sent.json());
}

#[test]
fn value_types_are_unchanged_by_every_format() {
    assert_round_trips(&vec![MsgType::FlowStatusChange, MsgType::from("other")]);
    assert_round_trips(&vec![MsgVersion::CustomApp, MsgVersion::from("")]);
    assert_round_trips(&vec![CallbackType::Sign, CallbackType::from("other")]);
    assert_round_trips(&vec![FlowCallbackStatus::All, FlowCallbackStatus::Unknown(-7)]);
    assert_round_trips(&Personal::from("张三".to_owned()));
    assert_round_trips(&Some(Personal::from(String::new())));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    attempts: u32,
    message: Message,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct FlatJob {
    attempts: u32,
    #[serde(flatten)]
    message: Message,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Callback { message: Message },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Callback(Box<Message>),
}

#[test]
fn messages_can_be_fields_of_other_types() {
    for json in MESSAGES.iter().chain(&NOT_TOML) {
        assert_round_trips(&Job { attempts: 1, message: message(json) });
        assert_round_trips(&FlatJob { attempts: 1, message: message(json) });
        assert_round_trips(&Tagged::Callback { message: message(json) });
        assert_round_trips(&Untagged::Callback(Box::new(message(json))));
    }
    assert_round_trips(&Untagged::Number(1));
}

#[test]
fn values_that_are_not_messages_are_errors() {
    for (json, error) in [
        ("{}", "it has no MsgId and MsgType"),
        (r#"{"MsgId":"","MsgType":"OrgAuth"}"#, "it has no MsgId and MsgType"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        (r#""{}""#, "not a JSON object"),
    ] {
        let refused = serde_json::from_str::<Message>(json).unwrap_err();
        assert!(refused.to_string().contains(error), "{refused}");
    }
}

/// A number beyond the range of a float becomes a string with its digits.
#[test]
fn numbers_of_any_size_can_be_serialized() {
    let message = Message::from_json(
        r#"{"MsgId":"1","MsgType":"BillingUse","MsgData":1e999,"More":[-1e400]}"#,
    );
    let json = serde_json::to_value(message.unwrap()).unwrap();
    let expected = serde_json::json!({
        "MsgId": "1", "MsgType": "BillingUse", "MsgData": "1e999", "More": ["-1e400"],
    });
    assert_eq!(json, expected);
    serde_json::from_value::<Message>(json).unwrap();
}

#[test]
fn messages_with_deeply_nested_fields_are_refused() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let message =
        |depth| format!(r#"{{"MsgId":"1","MsgType":"OrgAuth","More":{}}}"#, nested(depth));
    let read = Message::from_json(message(126)).unwrap();
    serde_json::to_string(&read).unwrap();
    assert!(Message::from_json(message(127)).is_err());
}
