//! Typed data is decoded leniently, and no message is lost because of its data.

use essbasic_callback::{
    CallbackType, FlowCallbackStatus, FlowOperate, FlowShowStatus, Message, MessageData, MsgType,
    MsgVersion, OperateSeal, OrgAuth, OrgCertify, OrgOpenTsignBiz, Personal, SealOperate,
};
use serde_json::{Value, json};

use crate::sender::message;
use crate::{at, read};

fn data(msg_type: &str, data: &Value) -> MessageData {
    let message = read(&message("1", msg_type, &data.to_string()));
    if data.is_object() {
        // An object in a string is decoded in the same way.
        let in_string = Value::String(data.to_string()).to_string();
        assert_eq!(read(&self::message("1", msg_type, &in_string)).data, message.data);
    }
    assert_eq!(Message::from_json(message.json()).unwrap(), message);
    message.data
}

fn content(text: &Option<Personal>) -> &str {
    text.as_ref().unwrap().as_str()
}

#[test]
fn all_fields_of_a_contract_are_decoded() {
    let sent = json!({
        "FlowId": "flow",
        "DocumentId": "document",
        "TemplateId": "template",
        "CallbackType": "sign",
        "FlowName": "name",
        "FlowDescription": "description",
        "FlowType": "type",
        "FlowMessage": "message",
        "FlowCallbackStatus": 4,
        "FlowCallbackShowStatus": "ALL",
        "UserData": "user data",
        "Operate": "finish",
        "Unordered": true,
        "CreateOn": 1_767_146_542,
        "UpdatedOn": 1_767_146_542_000_i64,
        "DeadLine": 0,
        "OccurTime": "1767146543",
        "CcInfos": [{ "Mobile": "13800000000" }],
        "Approvers": [
            {
                "ApproverName": "张三",
                "ApproverMobile": "13800000001",
                "ApproverIdCardNumber": "110101199001011234",
                "UserId": "user",
            },
            {},
        ],
        "SomethingNew": { "A": [1] },
    });
    let MessageData::FlowStatusChange(flow) = data("FlowStatusChange", &sent) else { panic!() };
    assert_eq!((&*flow.flow_id, &*flow.document_id), ("flow", "document"));
    assert_eq!((&*flow.template_id, &*flow.flow_type), ("template", "type"));
    assert_eq!(flow.callback_type, Some(CallbackType::Sign));
    assert_eq!(flow.flow_callback_status, Some(FlowCallbackStatus::All));
    assert_eq!(flow.flow_callback_show_status, Some(FlowShowStatus::All));
    assert_eq!(flow.operate, Some(FlowOperate::Finish));
    assert_eq!(
        (content(&flow.flow_name), content(&flow.flow_description)),
        ("name", "description")
    );
    assert_eq!((content(&flow.flow_message), content(&flow.user_data)), ("message", "user data"));
    assert_eq!(flow.unordered, Some(true));
    assert_eq!(flow.created_at(), Some(at(1_767_146_542)));
    assert_eq!(flow.updated_at(), Some(at(1_767_146_542)));
    assert_eq!(flow.occurred_at(), Some(at(1_767_146_543)));
    assert_eq!(flow.deadline(), None);
    assert_eq!(flow.cc_infos[0].get("Mobile"), Some(&json!("13800000000")));
    assert_eq!(flow.approvers.len(), 2);
    assert_eq!(content(&flow.approvers[0].approver_name), "张三");
    assert_eq!(content(&flow.approvers[0].approver_mobile), "13800000001");
    assert_eq!(content(&flow.approvers[0].approver_id_card_number), "110101199001011234");
    assert_eq!(flow.approvers[0].other.get("UserId"), Some(&json!("user")));
    assert_eq!(flow.approvers[1].approver_name, None);
    assert_eq!(flow.other.get("SomethingNew"), Some(&sent["SomethingNew"]));
    assert_eq!(flow.other.len(), 1);
}

#[test]
fn statuses_are_decoded_from_numbers_and_strings() {
    use FlowCallbackStatus as Status;
    for (number, status, is_final) in [
        (1, Status::Init, false),
        (2, Status::Part, false),
        (3, Status::Reject, true),
        (4, Status::All, true),
        (5, Status::Deadline, true),
        (6, Status::Cancel, true),
        (8, Status::ToFill, false),
        (16, Status::Invalid, true),
        (21, Status::Relieved, true),
        (7, Status::Unknown(7), false),
        (0, Status::Unknown(0), false),
        (-1, Status::Unknown(-1), false),
    ] {
        assert_eq!(Status::from(number), status);
        assert_eq!((status.as_i64(), status.is_final()), (number, is_final));
        for sent in [json!(number), json!(number.to_string())] {
            let sent = json!({ "FlowId": "f", "FlowCallbackStatus": sent });
            let MessageData::FlowStatusChange(flow) = data("FlowStatusChange", &sent) else {
                panic!()
            };
            assert_eq!(flow.flow_callback_status, Some(status));
        }
    }
    let names = |known: &[FlowOperate]| known.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        names(FlowOperate::KNOWN),
        ["start", "sign", "reject", "cancel", "finish", "deadline", "fill"]
    );
    assert_eq!(CallbackType::from("other"), CallbackType::Unknown("other".into()));
}

#[test]
fn missing_fields_and_other_types_are_accepted() {
    let nulls = json!({
        "FlowId": 17, "FlowName": null, "CallbackType": "", "FlowCallbackStatus": null,
        "Operate": "other", "Unordered": 1, "CreateOn": "", "UpdatedOn": -5, "DeadLine": null,
        "CcInfos": null, "Approvers": null,
    });
    let MessageData::FlowStatusChange(flow) = data("FlowStatusChange", &nulls) else { panic!() };
    assert_eq!((&*flow.flow_id, &flow.flow_name, &flow.callback_type), ("17", &None, &None));
    assert_eq!((flow.flow_callback_status, flow.unordered), (None, Some(true)));
    assert_eq!(flow.operate, Some(FlowOperate::Unknown("other".into())));
    assert_eq!((flow.created_at(), flow.updated_at()), (None, None));
    assert!(flow.cc_infos.is_empty() && flow.approvers.is_empty() && flow.other.is_empty());
    let bare = json!({ "FlowId": "f" });
    assert!(matches!(data("FlowStatusChange", &bare), MessageData::FlowStatusChange(_)));
}

#[test]
fn data_that_does_not_match_its_type_is_kept_as_json() {
    for (msg_type, sent) in [
        ("FlowStatusChange", json!({})),
        ("FlowStatusChange", json!({ "FlowId": "" })),
        ("FlowStatusChange", json!({ "FlowId": "f", "Approvers": {} })),
        ("FlowStatusChange", json!({ "FlowId": "f", "Approvers": [[]] })),
        ("FlowStatusChange", json!({ "FlowId": "f", "CreateOn": u64::MAX })),
        ("FlowStatusChange", json!({ "FlowId": "f", "FlowCallbackStatus": "done" })),
        ("FlowStatusChange", json!({ "FlowId": ["f"] })),
        ("OrgAuth", json!(["a", "b", "c", true])),
        ("OrgAuth", json!({ "AuthSuccess": "other" })),
        ("OperateSeal", json!(null)),
        ("OrgCertify", json!(1.5)),
        ("TemplateAdd", json!({ "CreateTime": "today" })),
        ("BillingUse", json!({ "FlowId": "f" })),
        ("SomethingNew", json!([1, { "A": null }])),
    ] {
        let MessageData::Json(kept) = data(msg_type, &sent) else { panic!("{msg_type} {sent}") };
        assert_eq!(*kept, sent);
    }
    // A string is unwrapped only if it contains an object.
    for sent in ["text", "[1]", "\"{}\"", "{", "{}{}"] {
        let read = read(&message("1", "OrgAuth", &json!(sent).to_string()));
        let MessageData::Json(kept) = read.data else { panic!("{sent}") };
        assert_eq!(*kept, json!(sent));
    }
}

#[test]
fn all_fields_of_the_other_types_are_decoded() {
    let ids = json!({
        "ApplicationId": "app", "ProxyOrganizationOpenId": "organization",
        "ProxyOperatorOpenId": "operator", "New": 1,
    });
    let with = |more: Value| {
        let mut all = ids.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };

    let MessageData::OrgAuth(OrgAuth {
        application_id,
        proxy_organization_open_id,
        proxy_operator_open_id,
        auth_success,
        other,
        ..
    }) = data("OrgAuth", &with(json!({ "AuthSuccess": true })))
    else {
        panic!()
    };
    assert_eq!((&*application_id, &*proxy_organization_open_id), ("app", "organization"));
    assert_eq!((&*proxy_operator_open_id, auth_success), ("operator", Some(true)));
    assert_eq!(other.into_map(), *json!({ "New": 1 }).as_object().unwrap());

    let opened = with(json!({
        "ProxyAppId": "proxy", "OpenSuccess": false, "OrganizationName": "典子谦示例企业",
        "USCC": "91440300", "LegalName": "张三",
    }));
    let MessageData::OrgOpenTsignBiz(OrgOpenTsignBiz {
        proxy_app_id,
        open_success,
        organization_name,
        uscc,
        legal_name,
        other,
        ..
    }) = data("OrgOpenTsignBiz", &opened)
    else {
        panic!()
    };
    assert_eq!((&*proxy_app_id, open_success), ("proxy", Some(false)));
    assert_eq!((&*organization_name, content(&uscc)), ("典子谦示例企业", "91440300"));
    assert_eq!((content(&legal_name), other.len()), ("张三", 1));

    for (time, expected) in [
        (json!(1_767_146_542), Some(at(1_767_146_542))),
        (json!("1767146542"), Some(at(1_767_146_542))),
        (json!("2025-12-31 10:02:22"), None),
    ] {
        let sent = json!({ "OperateSuccess": true, "CertifyReason": "r", "OperateTime": time });
        let MessageData::OrgCertify(certified @ OrgCertify { .. }) =
            data("OrgCertify", &with(sent))
        else {
            panic!()
        };
        assert_eq!(certified.operate_success, Some(true));
        assert_eq!(content(&certified.certify_reason), "r");
        assert_eq!(certified.operated_at(), expected);
    }

    for (operate, expected) in [
        ("Create", SealOperate::Create),
        ("Delete", SealOperate::Delete),
        ("Disable", SealOperate::Disable),
        ("Enable", SealOperate::Enable),
        ("Valid", SealOperate::Valid),
        ("Invalid", SealOperate::Invalid),
        ("Other", SealOperate::Unknown("Other".into())),
    ] {
        let sent = with(json!({
            "SealId": "seal", "AuthorizedOperatorOpenId": "authorized", "Operate": operate,
        }));
        let MessageData::OperateSeal(OperateSeal {
            seal_id,
            authorized_operator_open_id,
            operate,
            ..
        }) = data("OperateSeal", &sent)
        else {
            panic!()
        };
        assert_eq!((&*seal_id, &*authorized_operator_open_id), ("seal", "authorized"));
        assert_eq!(operate, Some(expected));
    }

    for msg_type in ["TemplateAdd", "TemplateUpdate", "TemplateDelete", "TemplateAvailable"] {
        let sent = json!({ "TemplateId": "template" });
        let MessageData::Template(template) = data(msg_type, &sent) else { panic!() };
        assert_eq!(template.template_id, "template");
    }
}

#[test]
fn the_envelope_is_decoded_leniently() {
    let read = read(r#"{"MsgId":12,"MsgType":"OrgAuth","More":[[]]}"#);
    assert_eq!((&*read.msg_id, &read.msg_type), ("12", &MsgType::OrgAuth));
    assert_eq!(read.msg_version, MsgVersion::Unknown(String::new()));
    assert!(matches!(&read.data, MessageData::Json(data) if data.is_null()));
    assert_eq!(read.json(), r#"{"MsgId":12,"MsgType":"OrgAuth","More":[[]]}"#);
}

/// A number beyond the range of a float does not refuse the message, at any place.
#[test]
fn numbers_of_any_size_are_accepted() {
    let digits = "1".repeat(500);
    for number in ["1e400", "-1E+400", "1e-400", "1e99999999999999999999", &*digits] {
        let kept = match number {
            "1e-400" => json!(0.0),
            _ => json!(number),
        };
        let text = message("1", "BillingUse", number);
        let MessageData::Json(data) = read(&text).data else { panic!("{number}") };
        assert_eq!(*data, kept);
        assert_eq!(read(&text).json(), text);

        let typed =
            read(&message("1", "FlowStatusChange", &format!(r#"{{"FlowId":"f","N":[{number}]}}"#)));
        let MessageData::FlowStatusChange(flow) = typed.data else { panic!("{number}") };
        assert_eq!(flow.other["N"], json!([kept]));

        let in_field = format!(r#"{{"FlowId":"f","OccurTime":{number}}}"#);
        let in_field = read(&message("1", "FlowStatusChange", &in_field));
        assert_eq!(in_field.flow_id(), Some("f"));

        let in_string = json!(format!(r#"{{"FlowId":"f","N":{number}}}"#)).to_string();
        assert_eq!(read(&message("1", "FlowStatusChange", &in_string)).flow_id(), Some("f"));

        let unread = format!(r#"{{"More":{number},"MsgId":"1","MsgType":"OrgAuth"}}"#);
        assert_eq!(read(&unread).msg_id, "1");
        let as_id = format!(r#"{{"MsgId":{number},"MsgType":"OrgAuth"}}"#);
        let is_short = number.len() <= 256;
        assert_eq!(Message::from_json(as_id).is_ok_and(|read| read.msg_id == number), is_short);
    }
}

#[test]
fn the_flow_id_is_found_in_untyped_data() {
    for (msg_type, data, expected) in [
        ("FlowStatusChange", r#"{"FlowId":"f"}"#, Some("f")),
        ("DocumentFill", r#"{"FlowId":"f"}"#, Some("f")),
        ("Unknown", r#""{\"FlowId\":\"f\"}""#, Some("f")),
        ("DocumentFill", r#"{"FlowId":""}"#, None),
        ("DocumentFill", r#"{"FlowId":1}"#, None),
        ("DocumentFill", "[]", None),
        ("OrgAuth", r#"{"FlowId":"f"}"#, None),
    ] {
        assert_eq!(read(&message("1", msg_type, data)).flow_id(), expected, "{msg_type} {data}");
    }
}
