//! Contracts from the upload to the download.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::time::Duration;

use essbasic_emulator::Emulator;
use essbasic_models::CATALOGUE;
use serde_json::{Value, json};
use tc3_catalogue::validation::structural_violations;
use tc3_catalogue::{FieldMeta, JsonType};

use crate::support::flows::{
    COMPOSED, admin, code, contract, create, download, execute, file_info, get, organization, pdf,
    person, status, statuses, upload,
};
use crate::support::{self, NOW, start};

fn text(pdf: &[u8]) -> String {
    lopdf::Document::load_mem(pdf).unwrap().extract_text(&[1]).unwrap()
}

#[test]
fn signs_an_uploaded_pdf() {
    let emulator = start();
    let original = pdf("our own words");
    let file = upload(&emulator, &original);
    let created = execute(&emulator, "ChannelCreateFlowByFiles", contract(&file));
    let flow = created["FlowId"].as_str().unwrap();
    assert_eq!(flow.len(), 32);
    assert_eq!(created["Approvers"].as_array().unwrap().len(), 2);
    assert_eq!(status(&emulator, flow), "INIT");
    assert_eq!(download(&emulator, flow), original, "unsigned");

    let links = execute(&emulator, "CreateSignUrls", json!({ "FlowIds": [flow] }));
    assert_eq!(links["ErrorMessages"], json!(["", ""]));
    let link = |index: usize| links["SignUrlInfos"][index]["SignUrl"].as_str().unwrap();
    assert_eq!(links["SignUrlInfos"][0]["SignId"], created["Approvers"][0]["SignId"]);
    assert_eq!(get(link(1)).0, 409, "the first party must sign first");
    assert_eq!(get(link(0)).0, 200);
    assert_eq!(status(&emulator, flow), "PART");
    assert_eq!(download(&emulator, flow), original, "the signature is not composed yet");
    emulator.advance(COMPOSED);
    let half = download(&emulator, flow);
    assert_eq!(get(link(1)).0, 200);
    assert_eq!(status(&emulator, flow), "ALL");
    assert_eq!(get(link(1)).0, 409, "a party signs once");
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
fn signs_a_contract_from_a_template() {
    let emulator = start();
    let templates = execute(&emulator, "DescribeTemplates", json!({}))["Templates"].take();
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
    let created = execute(&emulator, "CreateFlowsByTemplates", infos);
    let messages: Vec<bool> =
        created["ErrorMessages"].as_array().unwrap().iter().map(|text| text == "").collect();
    assert_eq!(messages, [true, false, false], "{created}");
    assert_eq!((&created["FlowIds"][1], &created["FlowIds"][2]), (&json!(""), &json!("")));
    let flow = created["FlowIds"][0].as_str().unwrap();
    let recipient = &created["FlowApprovers"][0]["Approvers"][1]["RecipientId"];
    assert_eq!(recipient, &template["Recipients"][1]["RecipientId"]);

    let detail = execute(&emulator, "DescribeFlowDetailInfo", json!({ "FlowIds": [flow] }));
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
fn enforces_the_order_of_signing_unless_unordered() {
    let emulator = start();
    let sign = |flow: &str, party: usize| {
        admin(&emulator, "sign", &json!({ "flow": flow, "party": party }).to_string()).0
    };
    let ordered = create(&emulator, json!({}));
    assert_eq!(sign(&ordered, 1), 409);
    assert_eq!(statuses(&emulator, &ordered), ("INIT".into(), vec!["PENDING".into(); 2]));
    assert_eq!([sign(&ordered, 0), sign(&ordered, 0), sign(&ordered, 1)], [200, 409, 200]);
    let unordered = create(&emulator, json!({ "Unordered": true }));
    assert_eq!(sign(&unordered, 1), 200);
    let expected = ("PART".to_owned(), vec!["PENDING".to_owned(), "ACCEPT".to_owned()]);
    assert_eq!(statuses(&emulator, &unordered), expected);
    assert_eq!([sign(&unordered, 2), sign(&unordered, 0)], [409, 200]);
    assert_eq!(status(&emulator, &unordered), "ALL");
}

#[test]
fn a_contract_ends_once() {
    let emulator = start();
    let detail = |flow: &str| {
        execute(&emulator, "DescribeFlowDetailInfo", json!({ "FlowIds": [flow] }))["FlowInfo"][0]
            .take()
    };
    let arguments = |flow: &str| json!({ "flow": flow, "reason": "价格不对" }).to_string();
    for (command, status, party) in [
        ("reject", "REJECT", "REJECT"),
        ("cancel", "CANCEL", "CANCEL"),
        ("expire", "DEADLINE", "DEADLINE"),
        ("invalidate", "INVALID", "STOP"),
    ] {
        let flow = create(&emulator, json!({}));
        assert_eq!(admin(&emulator, command, &arguments(&flow)).0, 200);
        let detail = detail(&flow);
        assert_eq!(detail["FlowStatus"], status);
        let reason = if command == "expire" { "" } else { "价格不对" };
        assert_eq!(detail["FlowMessage"], reason);
        assert_eq!(detail["FlowApproverInfos"][0]["ApproveStatus"], party);
        for again in ["sign", "reject", "cancel", "expire", "invalidate", "relieve"] {
            assert_eq!(
                admin(&emulator, again, &arguments(&flow)).0,
                409,
                "{again} after {command}"
            );
        }
    }
    let flow = create(&emulator, json!({}));
    for _ in 0..2 {
        assert_eq!(admin(&emulator, "sign", &json!({ "flow": flow }).to_string()).0, 200);
    }
    assert_eq!(admin(&emulator, "cancel", &arguments(&flow)).0, 409);
    assert_eq!(admin(&emulator, "relieve", &arguments(&flow)).0, 200);
    assert_eq!(detail(&flow)["FlowStatus"], "RELIEVED");
}

#[test]
fn a_contract_expires_at_its_deadline_unless_extended() {
    let emulator = start();
    let now = emulator.now().as_secs();
    let short = json!({ "Deadline": now + 60 });
    let (extended, expired) = (create(&emulator, short.clone()), create(&emulator, short));
    let later = json!({ "FlowId": extended, "Deadline": now + 120 });
    assert_eq!(code(&emulator, "ModifyFlowDeadline", later), "success");
    emulator.advance(Duration::from_secs(60));
    assert_eq!(
        (status(&emulator, &extended), status(&emulator, &expired)),
        ("INIT".into(), "DEADLINE".into())
    );
    assert_eq!(admin(&emulator, "sign", &json!({ "flow": expired }).to_string()).0, 409);
    let too_late = json!({ "FlowId": expired, "Deadline": now + 1000 });
    assert_eq!(code(&emulator, "ModifyFlowDeadline", too_late), "FailedOperation");
    emulator.advance(Duration::from_secs(60));
    assert_eq!(status(&emulator, &extended), "DEADLINE");
}

#[test]
fn a_link_signs_until_it_expires_and_a_preview_does_not_sign() {
    let emulator = start();
    let flow = create(&emulator, json!({}));
    let link = |fields: Value| {
        let mut body = json!({ "FlowId": flow });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let response = execute(&emulator, "ChannelCreateFlowSignUrl", body);
        response["FlowApproverUrlInfos"][0]["SignUrl"].as_str().unwrap().to_owned()
    };
    let signer = json!([{ "Name": "张三", "Mobile": "13800000001" }]);
    let preview = link(json!({}));
    let preview_of_signer = link(json!({ "FlowApproverInfos": signer, "UrlType": 1 }));
    let default_link = link(json!({ "FlowApproverInfos": signer }));
    let long_link = link(json!({ "FlowApproverInfos": signer, "ExpiredOn": 3600 }));
    assert_eq!((get(&preview).0, get(&preview_of_signer).0), (200, 200));
    support::http().head(&default_link).call().unwrap();
    assert_eq!(status(&emulator, &flow), "INIT");
    assert_eq!(
        get(&default_link.replace("-1-", "-2-")).0,
        403,
        "the number of the party is authenticated"
    );
    emulator.advance(Duration::from_secs(1800));
    assert_eq!(get(&default_link).0, 403);
    let response: Value = serde_json::from_slice(&get(&long_link).1).unwrap();
    assert_eq!(response, json!({ "flow": flow, "party": 0, "status": "PART" }));
}

#[test]
fn cancels_many_contracts_and_reports_the_task_later() {
    let emulator = start();
    let (first, second) = (create(&emulator, json!({})), create(&emulator, json!({})));
    let ids = [first.as_str(), "unknown", support::FIRST, second.as_str()];
    let created = execute(&emulator, "ChannelBatchCancelFlows", json!({ "FlowIds": ids }));
    let messages: Vec<bool> =
        created["FailMessages"].as_array().unwrap().iter().map(|text| text == "").collect();
    assert_eq!(messages, [true, false, false, true]);
    assert_eq!(
        (status(&emulator, &first), status(&emulator, &second)),
        ("CANCEL".into(), "CANCEL".into())
    );
    let duplicate = json!({ "FlowIds": ids });
    assert_eq!(code(&emulator, "ChannelBatchCancelFlows", duplicate), "InvalidParameter.DupTask");
    let task =
        || execute(&emulator, "DescribeCancelFlowsTask", json!({ "TaskId": created["TaskId"] }));
    assert_eq!(task()["TaskStatus"], "PROCESSING");
    emulator.advance(Duration::from_secs(1));
    let ended = task();
    assert_eq!(ended["TaskStatus"], "END");
    assert_eq!(ended["SuccessFlowIds"], json!([first, second]));
    assert_eq!(ended["FailureFlows"][1]["FlowId"], support::FIRST);
    assert_eq!(ended["FailureFlows"][1]["FlowName"], "合同");
    let third = json!({ "FlowIds": [create(&emulator, json!({}))] });
    assert_eq!(execute(&emulator, "ChannelBatchCancelFlows", third)["FailMessages"], json!([]));
}

/// Uploads a document, and returns the fields of a request for its conversion.
fn conversion(emulator: &Emulator) -> Value {
    let files =
        json!({ "BusinessType": "DOCUMENT", "FileInfos": [file_info("lease.docx", b"words")] });
    let uploaded = execute(emulator, "UploadFiles", files);
    json!({ "ResourceType": "docx", "ResourceName": "lease.docx", "ResourceId": uploaded["FileIds"][0] })
}

#[test]
fn converts_an_uploaded_document_for_a_contract() {
    let emulator = start();
    let convert = conversion(&emulator);
    let created = execute(&emulator, "CreateFileConvertTask", convert.clone());
    let task =
        || execute(&emulator, "DescribeFileConvertTask", json!({ "TaskId": created["TaskId"] }));
    assert_eq!((&task()["TaskStatus"], &task()["ResourceId"]), (&json!(4), &json!("")));
    emulator.advance(Duration::from_secs(1));
    let ended = task();
    assert_eq!(ended["TaskStatus"], 8);
    let file = contract(ended["ResourceId"].as_str().unwrap());
    assert_eq!(code(&emulator, "ChannelCreateFlowByFiles", file), "success");
    for (resource, expected) in [
        (json!("unknown"), "InvalidParameter.InvalidId"),
        // It is a PDF already.
        (ended["ResourceId"].clone(), "InvalidParameter.InvalidId"),
        (convert["ResourceId"].clone(), "success"),
    ] {
        let mut convert = convert.clone();
        convert["ResourceId"] = resource;
        assert_eq!(code(&emulator, "CreateFileConvertTask", convert), expected);
    }
    let unknown = json!({ "TaskId": "unknown" });
    assert_eq!(code(&emulator, "DescribeFileConvertTask", unknown), "InvalidParameter.ParamError");
}

#[test]
fn reminds_each_party_once() {
    let emulator = start();
    let flow = create(&emulator, json!({ "Unordered": true }));
    emulator.sign(&flow, Some("李四")).unwrap();
    let remind = || {
        let ids = json!({ "FlowIds": [flow, support::FIRST, "unknown"] });
        let records = execute(&emulator, "ChannelCreateFlowReminds", ids);
        records["RemindFlowRecords"].as_array().unwrap().clone()
    };
    let first = remind();
    assert_eq!(first[0]["RemindMessage"], "签署人 张三: 催办成功；");
    let can: Vec<_> = first.iter().map(|record| record["CanRemind"].as_bool().unwrap()).collect();
    assert_eq!(can, [true, false, false]);
    assert_eq!(remind()[0]["RemindMessage"], "签署人 张三: 此签署人已催办过；");
}

#[test]
fn modeled_responses_have_the_described_shape_and_every_field() {
    let emulator = start();
    let flow = create(&emulator, json!({}));
    let open =
        create(&emulator, json!({ "CcInfos": [{ "Name": "王五", "Mobile": "13800000009" }] }));
    let task =
        execute(&emulator, "ChannelBatchCancelFlows", json!({ "FlowIds": [flow, "unknown"] }));
    let convert = conversion(&emulator);
    let converted = execute(&emulator, "CreateFileConvertTask", convert.clone());
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
    for (action, fields) in [
        ("UploadFiles", files),
        ("CreateFileConvertTask", convert),
        ("DescribeFileConvertTask", json!({ "TaskId": converted["TaskId"] })),
        ("ChannelCreateFlowByFiles", from_file),
        ("CreateFlowsByTemplates", from_template),
        ("DescribeTemplates", json!({})),
        ("DescribeTemplates", json!({ "ContentType": 1 })),
        ("CreateSignUrls", json!({ "FlowIds": [open] })),
        ("ChannelCreateFlowSignUrl", json!({ "FlowId": open })),
        ("ChannelCreateFlowReminds", json!({ "FlowIds": [open] })),
        ("ModifyFlowDeadline", json!({ "FlowId": open, "Deadline": 1_900_000_000 })),
        ("DescribeFlowDetailInfo", json!({ "FlowIds": [open, flow] })),
        ("ChannelBatchCancelFlows", json!({ "FlowIds": ["unknown"] })),
        ("DescribeCancelFlowsTask", json!({ "TaskId": task["TaskId"] })),
        ("ChannelCancelFlow", json!({ "FlowId": open })),
    ] {
        let response = execute(&emulator, action, fields);
        assert_eq!(response["Error"], Value::Null, "{action}: {response}");
        let described = CATALOGUE.action(action).unwrap().response;
        assert_eq!(structural_violations(&response, described), [], "{action}: {response}");
        assert_eq!(
            missing_fields(&response, JsonType::Object(described)),
            [""; 0],
            "{action}: {response}"
        );
    }
}

/// Returns the names of missing fields, except objects.
fn missing_fields(response: &Value, ty: JsonType) -> Vec<&'static str> {
    match ty {
        JsonType::Object(object) => {
            let missing = |field: &FieldMeta| match (response.get(field.name), field.ty) {
                (Some(value), ty) => missing_fields(value, ty),
                (None, JsonType::Object(_)) => Vec::new(),
                (None, _) => vec![field.name],
            };
            object.fields.iter().flat_map(missing).collect()
        }
        JsonType::List(element) => response
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|value| missing_fields(value, *element))
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_size_of_all_uploads_is_limited() {
    let file = pdf("words");
    let limit = 2 * file.len() + 1;
    let builder = Emulator::builder().with_manual_clock(NOW).with_max_stored_bytes(limit);
    let emulator = builder.start().unwrap();
    let upload = |count: usize| {
        let infos = vec![file_info("a.pdf", &file); count];
        let files = json!({ "BusinessType": "DOCUMENT", "FileInfos": infos });
        execute(&emulator, "UploadFiles", files)
    };
    let refused = |response: Value| {
        assert_eq!(response["Error"]["Code"], "FailedOperation", "{response}");
        let message = response["Error"]["Message"].as_str().unwrap();
        assert!(message.contains(&format!("at most {limit} bytes")), "{message}");
    };
    refused(upload(3));
    let id = upload(1)["FileIds"][0].as_str().unwrap().to_owned();
    refused(upload(2));
    assert_eq!(upload(1)["TotalCount"], 1);
    refused(upload(1));
    let created = execute(&emulator, "ChannelCreateFlowByFiles", contract(&id));
    // The contract still has its file after the id has expired.
    emulator.advance(Duration::from_secs(3601));
    refused(upload(2));
    assert_eq!(upload(1)["TotalCount"], 1);
    assert_eq!(download(&emulator, created["FlowId"].as_str().unwrap()), file);
}
