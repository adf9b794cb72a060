//! `Debug` shows no secret and no personal data.

use essbasic_callback::{Received, Receiver};

use crate::sender::{KEY, TOKEN, message};
use crate::{key, now, read, receiver, token};

const PERSONAL: [&str; 6] =
    ["张三", "13800000001", "110101199001011234", "劳动合同", "a reason", "private"];

#[track_caller]
fn assert_redacted(shown: &str) {
    for text in PERSONAL {
        assert!(!shown.contains(text), "{text} in {shown}");
    }
}

#[test]
fn personal_data_is_redacted() {
    let contract = r#"{
        "FlowId": "flow", "FlowName": "劳动合同", "FlowDescription": "private", "UserData": "private",
        "FlowMessage": "a reason", "CcInfos": [{ "Name": "张三", "Mobile": "13800000001" }],
        "Approvers": [{ "ApproverName": "张三", "ApproverMobile": "13800000001",
            "ApproverIdCardNumber": "110101199001011234", "Nickname": "private" }],
        "Another": { "Name": "张三" }
    }"#;
    let text = serde_json::Value::String(contract.to_owned()).to_string();
    for (msg_type, data) in [
        ("FlowStatusChange", contract),
        ("FlowStatusChange", &text),
        ("DocumentFill", contract),
        ("Unknown", contract),
        ("OrgOpenTsignBiz", r#"{ "LegalName": "张三", "Other": "13800000001" }"#),
        ("OrgCertify", r#"{ "CertifyReason": "private", "Other": ["张三"] }"#),
        ("OrgAuth", r#"{ "Name": "张三" }"#),
        ("OperateSeal", r#"{ "Name": "张三" }"#),
        ("TemplateAdd", r#"{ "Name": "张三" }"#),
        ("OrgAuth", r#""张三""#),
        ("OrgAuth", r#"["张三"]"#),
        ("BillingUse", "13800000001"),
    ] {
        let text = message("the-id", msg_type, data);
        let read = read(&text);
        assert!(read.json().contains(data), "the JSON is not redacted");
        for shown in [format!("{read:?}"), format!("{read:#?}")] {
            assert_redacted(&shown);
            assert!(shown.contains("the-id"), "{shown}");
        }
        let open = Receiver::new(None, None);
        let received = open.receive(None, text.as_bytes(), now()).unwrap();
        assert_redacted(&format!("{received:?}"));
        let Received::New(delivery) = received else { panic!() };
        let (message, claim) = delivery.into_parts();
        assert_redacted(&format!("{claim:?} {message:?}"));
    }
}

#[test]
fn identifiers_and_field_names_are_shown() {
    let shown = format!(
        "{:?}",
        read(&message(
            "1",
            "FlowStatusChange",
            r#"{"FlowId":"flow","FlowCallbackStatus":4,"FlowName":"劳动合同","Fresh":"private"}"#
        ))
    );
    for text in ["FlowStatusChange", "\"flow\"", "Some(All)", "Some(***)", "{\"Fresh\"}"] {
        assert!(shown.contains(text), "{text} is not in {shown}");
    }
    let json = format!("{:?}", read(&message("1", "BillingUse", r#"{"B":"private","A":{"C":1}}"#)));
    assert!(json.contains(r#"data: {"A", "B"}"#), "{json}");
}

#[test]
fn secrets_are_redacted() {
    let shown = format!("{:?} {:?} {:#?}", token(), key(), receiver());
    for secret in [TOKEN, KEY, "CC23FB38", "test", "116, 101"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.starts_with("Token(***) CallbackKey(***) Receiver"), "{shown}");
}
