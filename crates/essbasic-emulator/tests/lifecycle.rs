//! Contracts from the upload to the download, as a platform sees them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[allow(dead_code, clippy::indexing_slicing, reason = "each test file uses its part of it")]
mod support;

use std::time::Duration;

use essbasic_models::CATALOGUE;
use serde_json::{Value, json};
use support::life::{
    COMPOSED, act, begin, code, contract, control, download, file_info, get, organization, pdf,
    person, standing, status, upload,
};
use support::start;
use tc3_catalogue::validation::misshapen;
use tc3_catalogue::{JsonType, MemberMeta};

fn text(pdf: &[u8]) -> String {
    lopdf::Document::load_mem(pdf).unwrap().extract_text(&[1]).unwrap()
}

#[test]
fn from_an_uploaded_pdf_to_the_signed_one() {
    let emulator = start();
    let original = pdf("our own words");
    let file = upload(&emulator, &original);
    let made = act(&emulator, "ChannelCreateFlowByFiles", contract(&file));
    let flow = made["FlowId"].as_str().unwrap();
    assert_eq!(flow.len(), 32);
    assert_eq!(made["Approvers"].as_array().unwrap().len(), 2);
    assert_eq!(status(&emulator, flow), "INIT");
    assert_eq!(download(&emulator, flow), original, "nobody has signed");

    let links = act(&emulator, "CreateSignUrls", json!({ "FlowIds": [flow] }));
    assert_eq!(links["ErrorMessages"], json!(["", ""]));
    let link = |index: usize| links["SignUrlInfos"][index]["SignUrl"].as_str().unwrap();
    assert_eq!(links["SignUrlInfos"][0]["SignId"], made["Approvers"][0]["SignId"]);
    assert_eq!(get(link(1)).0, 409, "it is not the second one's turn");
    assert_eq!(get(link(0)).0, 200);
    assert_eq!(status(&emulator, flow), "PART");
    assert_eq!(download(&emulator, flow), original, "the signature is not composed yet");
    emulator.advance(COMPOSED);
    let half = download(&emulator, flow);
    assert_eq!(get(link(1)).0, 200);
    assert_eq!(status(&emulator, flow), "ALL");
    assert_eq!(get(link(1)).0, 409, "nobody signs twice");
    emulator.advance(COMPOSED);

    let signed = download(&emulator, flow);
    assert!(half.starts_with(&original) && signed.starts_with(&half[..half.len() - 20]));
    let note = String::from_utf8_lossy(&signed[original.len()..]).into_owned();
    assert!(note.contains("signed by party 1 of 2 on 2023-11-14"), "{note}");
    assert!(note.contains("signed by party 2 of 2") && note.ends_with("%%EOF\n"), "{note}");
    for file in [&original, &half, &signed] {
        assert!(text(file).contains("our own words"));
    }
    assert_eq!(download(&emulator, flow), signed);
}

#[test]
fn from_a_template_to_the_signed_file() {
    let emulator = start();
    let templates = act(&emulator, "DescribeTemplates", json!({}))["Templates"].take();
    let template = &templates[0];
    assert_eq!(templates.as_array().unwrap().len(), 3);
    let info = json!({
        "FlowName": "张三的劳动合同",
        "Deadline": 0,
        "TemplateId": template["TemplateId"],
        "CustomerData": "ZGF0YQ==",
        "FormFields": [{ "ComponentName": "姓名", "ComponentValue": "张三" }],
        "FlowApprovers": [
            organization("典子谦", "13800000000", "典子谦示例企业"),
            person("张三", "13800000001"),
        ],
    });
    let mut wrong_order = info.clone();
    wrong_order["FlowApprovers"].as_array_mut().unwrap().reverse();
    let mut unfilled = info.clone();
    unfilled["FormFields"] = json!([]);
    let infos = json!({ "FlowInfos": [info, wrong_order, unfilled] });
    let made = act(&emulator, "CreateFlowsByTemplates", infos);
    let messages: Vec<bool> =
        made["ErrorMessages"].as_array().unwrap().iter().map(|text| text == "").collect();
    assert_eq!(messages, [true, false, false], "{made}");
    assert_eq!((&made["FlowIds"][1], &made["FlowIds"][2]), (&json!(""), &json!("")));
    let flow = made["FlowIds"][0].as_str().unwrap();
    let recipient = &made["FlowApprovers"][0]["Approvers"][1]["RecipientId"];
    assert_eq!(recipient, &template["Recipients"][1]["RecipientId"]);

    let detail = act(&emulator, "DescribeFlowDetailInfo", json!({ "FlowIds": [flow] }));
    let detail = &detail["FlowInfo"][0];
    assert_eq!(detail["TemplateId"], template["TemplateId"]);
    assert_eq!(detail["CustomData"], "ZGF0YQ==");
    assert_eq!(detail["FlowApproverInfos"][1]["ApproverRoleName"], "乙方");
    emulator.sign(flow, None).unwrap();
    emulator.sign(flow, None).unwrap();
    emulator.advance(COMPOSED);
    let document = lopdf::Document::load_mem(&download(&emulator, flow)).unwrap();
    let text = document.extract_text(&[1, 2, 3]).unwrap().replace('\n', "");
    assert!(text.contains("姓名：张三") && text.contains("全部签署完成"), "{text}");
}

#[test]
fn the_order_of_signing_holds_unless_there_is_none() {
    let emulator = start();
    let sign = |flow: &str, party: usize| {
        control(&emulator, "sign", &json!({ "flow": flow, "party": party }).to_string()).0
    };
    let ordered = begin(&emulator, json!({}));
    assert_eq!(sign(&ordered, 1), 409);
    assert_eq!(standing(&emulator, &ordered), ("INIT".into(), vec!["PENDING".into(); 2]));
    assert_eq!([sign(&ordered, 0), sign(&ordered, 0), sign(&ordered, 1)], [200, 409, 200]);
    let unordered = begin(&emulator, json!({ "Unordered": true }));
    assert_eq!(sign(&unordered, 1), 200);
    let expected = ("PART".to_owned(), vec!["PENDING".to_owned(), "ACCEPT".to_owned()]);
    assert_eq!(standing(&emulator, &unordered), expected);
    assert_eq!([sign(&unordered, 2), sign(&unordered, 0)], [409, 200]);
    assert_eq!(status(&emulator, &unordered), "ALL");
}

#[test]
fn a_contract_ends_in_each_way_once() {
    let emulator = start();
    let detail = |flow: &str| {
        act(&emulator, "DescribeFlowDetailInfo", json!({ "FlowIds": [flow] }))["FlowInfo"][0].take()
    };
    let order = |flow: &str| json!({ "flow": flow, "reason": "价格不对" }).to_string();
    for (command, status, party) in [
        ("reject", "REJECT", "REJECT"),
        ("cancel", "CANCEL", "CANCEL"),
        ("expire", "DEADLINE", "DEADLINE"),
        ("invalidate", "INVALID", "STOP"),
    ] {
        let flow = begin(&emulator, json!({}));
        assert_eq!(control(&emulator, command, &order(&flow)).0, 200);
        let detail = detail(&flow);
        assert_eq!(detail["FlowStatus"], status);
        let reason = if command == "expire" { "" } else { "价格不对" };
        assert_eq!(detail["FlowMessage"], reason);
        assert_eq!(detail["FlowApproverInfos"][0]["ApproveStatus"], party);
        for again in ["sign", "reject", "cancel", "expire", "invalidate", "relieve"] {
            assert_eq!(control(&emulator, again, &order(&flow)).0, 409, "{again} after {command}");
        }
    }
    let flow = begin(&emulator, json!({}));
    for _ in 0..2 {
        assert_eq!(control(&emulator, "sign", &json!({ "flow": flow }).to_string()).0, 200);
    }
    assert_eq!(control(&emulator, "cancel", &order(&flow)).0, 409);
    assert_eq!(control(&emulator, "relieve", &order(&flow)).0, 200);
    assert_eq!(detail(&flow)["FlowStatus"], "RELIEVED");
}

#[test]
fn the_deadline_ends_a_contract_unless_it_was_moved() {
    let emulator = start();
    let now = emulator.now().as_secs();
    let short = json!({ "Deadline": now + 60 });
    let (moved, left) = (begin(&emulator, short.clone()), begin(&emulator, short));
    let later = json!({ "FlowId": moved, "Deadline": now + 120 });
    assert_eq!(code(&emulator, "ModifyFlowDeadline", later), "success");
    emulator.advance(Duration::from_secs(60));
    assert_eq!(
        (status(&emulator, &moved), status(&emulator, &left)),
        ("INIT".into(), "DEADLINE".into())
    );
    assert_eq!(control(&emulator, "sign", &json!({ "flow": left }).to_string()).0, 409);
    let too_late = json!({ "FlowId": left, "Deadline": now + 1000 });
    assert_eq!(code(&emulator, "ModifyFlowDeadline", too_late), "FailedOperation");
    emulator.advance(Duration::from_secs(60));
    assert_eq!(status(&emulator, &moved), "DEADLINE");
}

#[test]
fn a_link_signs_until_it_dies_and_a_look_signs_nothing() {
    let emulator = start();
    let flow = begin(&emulator, json!({}));
    let link = |members: Value| {
        let mut body = json!({ "FlowId": flow });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = act(&emulator, "ChannelCreateFlowSignUrl", body);
        answer["FlowApproverUrlInfos"][0]["SignUrl"].as_str().unwrap().to_owned()
    };
    let signer = json!([{ "Name": "张三", "Mobile": "13800000001" }]);
    let preview = link(json!({}));
    let looks = link(json!({ "FlowApproverInfos": signer, "UrlType": 1 }));
    let signs = link(json!({ "FlowApproverInfos": signer }));
    let lasts = link(json!({ "FlowApproverInfos": signer, "ExpiredOn": 3600 }));
    assert_eq!((get(&preview).0, get(&looks).0), (200, 200));
    support::http().head(&signs).call().unwrap();
    assert_eq!(status(&emulator, &flow), "INIT");
    assert_eq!(get(&signs.replace("-1-", "-2-")).0, 403, "nobody makes a link for another");
    emulator.advance(Duration::from_secs(1800));
    assert_eq!(get(&signs).0, 403);
    let answer: Value = serde_json::from_slice(&get(&lasts).1).unwrap();
    assert_eq!(answer, json!({ "flow": flow, "party": 0, "status": "PART" }));
}

#[test]
fn many_are_withdrawn_and_the_task_tells_of_it_later() {
    let emulator = start();
    let (first, second) = (begin(&emulator, json!({})), begin(&emulator, json!({})));
    let ids = [first.as_str(), "nobodys", support::FIRST, second.as_str()];
    let made = act(&emulator, "ChannelBatchCancelFlows", json!({ "FlowIds": ids }));
    let messages: Vec<bool> =
        made["FailMessages"].as_array().unwrap().iter().map(|text| text == "").collect();
    assert_eq!(messages, [true, false, false, true]);
    assert_eq!(
        (status(&emulator, &first), status(&emulator, &second)),
        ("CANCEL".into(), "CANCEL".into())
    );
    let repeat = json!({ "FlowIds": ids });
    assert_eq!(code(&emulator, "ChannelBatchCancelFlows", repeat), "InvalidParameter.DupTask");
    let task = || act(&emulator, "DescribeCancelFlowsTask", json!({ "TaskId": made["TaskId"] }));
    assert_eq!(task()["TaskStatus"], "PROCESSING");
    emulator.advance(Duration::from_secs(1));
    let ended = task();
    assert_eq!(ended["TaskStatus"], "END");
    assert_eq!(ended["SuccessFlowIds"], json!([first, second]));
    assert_eq!(ended["FailureFlows"][1]["FlowId"], support::FIRST);
    assert_eq!(ended["FailureFlows"][1]["FlowName"], "合同");
    let third = json!({ "FlowIds": [begin(&emulator, json!({}))] });
    assert_eq!(act(&emulator, "ChannelBatchCancelFlows", third)["FailMessages"], json!([]));
}

#[test]
fn signers_are_reminded_once() {
    let emulator = start();
    let flow = begin(&emulator, json!({ "Unordered": true }));
    emulator.sign(&flow, Some("李四")).unwrap();
    let remind = || {
        let ids = json!({ "FlowIds": [flow, support::FIRST, "nobodys"] });
        let records = act(&emulator, "ChannelCreateFlowReminds", ids);
        records["RemindFlowRecords"].as_array().unwrap().clone()
    };
    let first = remind();
    assert_eq!(first[0]["RemindMessage"], "签署人 张三: 催办成功；");
    let can: Vec<_> = first.iter().map(|record| record["CanRemind"].as_bool().unwrap()).collect();
    assert_eq!(can, [true, false, false]);
    assert_eq!(remind()[0]["RemindMessage"], "签署人 张三: 此签署人已催办过；");
}

/// Whatever a modelled action answers is what its description says.
#[test]
fn answers_have_the_described_shape() {
    let emulator = start();
    let flow = begin(&emulator, json!({}));
    let open =
        begin(&emulator, json!({ "CcInfos": [{ "Name": "王五", "Mobile": "13800000009" }] }));
    let task = act(&emulator, "ChannelBatchCancelFlows", json!({ "FlowIds": [flow, "nobodys"] }));
    emulator.advance(Duration::from_secs(1));
    let file = file_info("a.pdf", &pdf("words"));
    let files = json!({ "BusinessType": "DOCUMENT", "FileInfos": [file.clone(), file] });
    let from_file = contract(&upload(&emulator, &pdf("words")));
    let from_template = json!({ "FlowInfos": [{
        "FlowName": "n",
        "Deadline": 0,
        "TemplateId": format!("yDEmuTemplate{:019}", 3),
        "FlowApprovers": [person("张三", "13800000001"), person("李四", "13800000002")],
    }] });
    for (action, members) in [
        ("UploadFiles", files),
        ("ChannelCreateFlowByFiles", from_file),
        ("CreateFlowsByTemplates", from_template),
        ("DescribeTemplates", json!({})),
        ("DescribeTemplates", json!({ "ContentType": 1 })),
        ("CreateSignUrls", json!({ "FlowIds": [open] })),
        ("ChannelCreateFlowSignUrl", json!({ "FlowId": open })),
        ("ChannelCreateFlowReminds", json!({ "FlowIds": [open] })),
        ("ModifyFlowDeadline", json!({ "FlowId": open, "Deadline": 1_900_000_000 })),
        ("DescribeFlowDetailInfo", json!({ "FlowIds": [open, flow] })),
        ("ChannelBatchCancelFlows", json!({ "FlowIds": ["nobodys"] })),
        ("DescribeCancelFlowsTask", json!({ "TaskId": task["TaskId"] })),
        ("ChannelCancelFlow", json!({ "FlowId": open })),
    ] {
        let answer = act(&emulator, action, members);
        assert_eq!(answer["Error"], Value::Null, "{action}: {answer}");
        let described = CATALOGUE.action(action).unwrap().response;
        assert_eq!(misshapen(&answer, described), [], "{action}: {answer}");
        assert_eq!(lacking(&answer, JsonType::Object(described)), [""; 0], "{action}: {answer}");
    }
}

/// The members that an answer leaves out, objects aside.
fn lacking(answer: &Value, ty: JsonType) -> Vec<&'static str> {
    match ty {
        JsonType::Object(object) => {
            let lacking = |member: &MemberMeta| match (answer.get(member.name), member.ty) {
                (Some(value), ty) => lacking(value, ty),
                (None, JsonType::Object(_)) => Vec::new(),
                (None, _) => vec![member.name],
            };
            object.members.iter().flat_map(lacking).collect()
        }
        JsonType::List(element) => {
            answer.as_array().unwrap().iter().flat_map(|value| lacking(value, *element)).collect()
        }
        _ => Vec::new(),
    }
}
