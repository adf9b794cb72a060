//! Limits of identifiers and names, and of the `Debug` output.

use essbasic_callback::{MAX_ID_BYTES, Message, MessageData, MsgType};
use serde_json::{Value, json};

use crate::read;
use crate::sender::message;

const HUGE: usize = 900_000;

#[test]
fn an_id_of_a_message_has_at_most_256_bytes() {
    assert_eq!(MAX_ID_BYTES, 256);
    for (id, accepted) in [
        ("i".repeat(256), true),
        ("i".repeat(257), false),
        ("签".repeat(85), true),
        ("签".repeat(86), false),
        ("i".repeat(HUGE), false),
    ] {
        for field in ["MsgId", "MsgType", "MsgVersion"] {
            let mut sent =
                json!({ "MsgId": "1", "MsgType": "OrgAuth", "MsgVersion": "ThirdPartyApp" });
            sent[field] = json!(id);
            let read = Message::from_json(sent.to_string());
            assert_eq!(read.is_ok(), accepted, "{field} of {} bytes", id.len());
        }
    }
}

/// Covers each string field that `Debug` shows.
#[test]
fn data_with_a_longer_id_stays_untyped() {
    let contract = |field: &str, value: Value| {
        let mut data = json!({ "FlowId": "f" });
        data[field] = value;
        data
    };
    let mut cases = Vec::new();
    for field in
        ["FlowId", "DocumentId", "TemplateId", "CallbackType", "FlowCallbackShowStatus", "Operate"]
    {
        cases.push(("FlowStatusChange", field, 256));
    }
    cases.push(("FlowStatusChange", "FlowType", 1024));
    for field in ["ApplicationId", "ProxyOrganizationOpenId", "ProxyOperatorOpenId"] {
        for kind in ["OrgAuth", "OrgOpenTsignBiz", "OperateSeal"] {
            cases.push((kind, field, 256));
        }
    }
    cases.extend([
        ("OrgOpenTsignBiz", "ProxyAppId", 256),
        ("OrgOpenTsignBiz", "OrganizationName", 1024),
        ("OrgCertify", "ApplicationId", 256),
        ("OrgCertify", "ProxyOrganizationOpenId", 256),
        ("OrgCertify", "OperateTime", 256),
        ("OperateSeal", "AuthorizedOperatorOpenId", 256),
        ("OperateSeal", "SealId", 256),
        ("OperateSeal", "Operate", 256),
        ("TemplateAdd", "OrganizationId", 256),
        ("TemplateAdd", "OperatorUserId", 256),
        ("TemplateAdd", "TemplateId", 256),
        ("TemplateAdd", "TemplateName", 1024),
    ]);
    for (kind, field, max) in cases {
        for (length, typed) in [(max, true), (max + 1, false), (HUGE, false)] {
            let data = contract(field, json!("x".repeat(length)));
            let read = read(&message("1", kind, &data.to_string()));
            let is_json = matches!(read.data, MessageData::Json(_));
            assert_eq!(!is_json, typed, "{kind}.{field} of {length} bytes");
            assert!(format!("{read:?}").len() < 4_096, "{kind}.{field} of {length} bytes");
            assert!(read.flow_id().is_none_or(|id| id.len() <= 256), "{kind}.{field}");
            assert_eq!(read.json().len(), message("1", kind, &data.to_string()).len());
        }
    }
}

#[test]
fn the_debug_output_is_bounded() {
    let many: Value = (0..50_000).map(|n| (format!("f{n}"), json!(1))).collect();
    let long = json!({ "n".repeat(HUGE): 1 });
    let wide = json!({ "签".repeat(100_000): 1 });
    for (case, kind, data) in [
        (
            "parties",
            "FlowStatusChange",
            json!({ "FlowId": "f", "Approvers": vec![json!({}); 200_000] }),
        ),
        (
            "copies",
            "FlowStatusChange",
            json!({ "FlowId": "f", "CcInfos": vec![json!({}); 200_000] }),
        ),
        ("fields of a party", "FlowStatusChange", json!({ "FlowId": "f", "Approvers": [many] })),
        ("fields", "FlowStatusChange", {
            let mut all = many.clone();
            all["FlowId"] = json!("f");
            all
        }),
        ("fields of JSON", "BillingUse", many.clone()),
        ("a long name", "OrgAuth", long.clone()),
        ("a long name in JSON", "BillingUse", long),
        ("a wide name in JSON", "BillingUse", wide),
    ] {
        let read = read(&message("1", kind, &data.to_string()));
        for shown in [format!("{read:?}"), format!("{read:#?}")] {
            assert!(shown.len() < 10_000, "{case}: {} bytes", shown.len());
        }
    }
    let few = read(&message("1", "BillingUse", r#"{"B":1,"A":2}"#));
    assert!(format!("{few:?}").contains(r#"data: {"A", "B"}"#));
    // A contract with 1,000 parties is typed.
    let parties = json!({ "FlowId": "f", "Approvers": vec![json!({}); 1_000] });
    let large = read(&message("1", "FlowStatusChange", &parties.to_string()));
    assert_eq!(large.msg_type, MsgType::FlowStatusChange);
    assert!(matches!(large.data, MessageData::FlowStatusChange(_)));
}
