//! Rejected requests of each modeled action, with their codes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::time::Duration;

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, Seed};
use essbasic_models::CATALOGUE;
use serde_json::{Value, json};

use crate::support::flows::{
    admin, code, contract, create, execute, file_info, get, organization, pdf, person, upload,
};
use crate::support::{self, FIRST, NOW, call, start};

/// Contract of another organization than that of the agent.
const FOREIGN: &str = "yDForeign";

/// Starts an emulator with a second organization that has a contract.
fn start_with_two_organizations() -> Emulator {
    let mut seed: Value = serde_json::from_str(include_str!("../assets/seed.json")).unwrap();
    seed["applications"][APP_ID]["organizations"]["org_other"] = json!({
        "operators": ["n9527"],
        "flows": [{ "id": FOREIGN, "name": "n", "status": "INIT", "parties": [{ "name": "p" }] }],
    });
    let seed = Seed::from_json(&seed.to_string()).unwrap();
    let builder = Emulator::builder().with_manual_clock(NOW).with_rate_limit(None);
    builder.with_seed(seed).start().unwrap()
}

/// Executes an action with one field of the body changed, and returns the code. The code must be documented for the
/// action, or common to all actions.
fn code_with(
    emulator: &Emulator,
    action: &str,
    body: &Value,
    pointer: &str,
    value: Value,
) -> String {
    let mut body = body.clone();
    match body.pointer_mut(pointer) {
        Some(field) => *field = value,
        None => {
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[field] = value;
        }
    }
    let code = code(emulator, action, body);
    let known = CATALOGUE.action(action).unwrap().errors.contains(&code.as_str());
    let common = ["success", "InvalidParameter", "MissingParameter", "UnsupportedOperation"];
    // The code is from an official sample.
    let sampled = action == "ModifyFlowDeadline" && code == "FailedOperation";
    assert!(known || common.contains(&code.as_str()) || sampled, "{action}: {code}");
    code
}

#[test]
fn rejects_invalid_uploads() {
    let emulator = start();
    let valid = file_info("a.pdf", &pdf("words"));
    let body = json!({ "BusinessType": "DOCUMENT", "FileInfos": [valid] });
    let code =
        |pointer: &str, value: Value| code_with(&emulator, "UploadFiles", &body, pointer, value);
    let invalid = "InvalidParameter";
    assert_eq!(code("/BusinessType", json!("DOCUMENT")), "success");
    assert_eq!(code("/BusinessType", json!("NOVEL")), invalid);
    assert_eq!(code("/BusinessType", json!("SEAL")), invalid);
    assert_eq!(code("/FileInfos", json!([])), invalid);
    assert_eq!(code("/FileInfos", json!(vec![valid.clone(); 20])), "success");
    assert_eq!(code("/FileInfos", json!(vec![valid.clone(); 21])), invalid);
    assert_eq!(code("/FileInfos/0/FileBody", json!("")), invalid);
    assert_eq!(code("/FileInfos/0/FileBody", json!("%%%")), invalid);
    assert_eq!(
        code("/FileInfos/0/FileBody", file_info("", b"PK\x03\x04")["FileBody"].clone()),
        invalid
    );
    assert_eq!(code("/FileInfos/0/FileName", json!("a.exe")), invalid);
    assert_eq!(code("/FileInfos/0/FileName", json!("a.PDF")), "success");
    assert_eq!(code("/FileInfos/0/FileName", json!("2023张三入职合同")), "success");
    assert_eq!(code("/FileInfos", json!([valid, file_info("a.docx", b"PK")])), invalid);
    assert_eq!(code("/FileInfos", json!([file_info("a.docx", b"PK")])), "success");
    let picture = file_info("a.png", &vec![0; (8 << 20) + 1]);
    assert_eq!(code("/FileInfos", json!([picture])), invalid);
    assert_eq!(code("/Deadline", json!(NOW)), invalid);
    assert_eq!(code("/Deadline", json!(NOW + 365 * 86_400 + 1)), invalid);
    assert_eq!(code("/Deadline", json!(NOW + 1)), "success");
    // One invalid file rejects all files.
    assert_eq!(code("/FileInfos", json!([valid, file_info("a.pdf", b"no")])), invalid);
}

#[test]
fn a_file_is_available_until_its_id_expires() {
    let emulator = start();
    let bytes = pdf("words");
    let files = json!({ "BusinessType": "DOCUMENT", "FileInfos": [file_info("a.pdf", &bytes)] });
    let response = execute(&emulator, "UploadFiles", files);
    assert_eq!(response["Deadline"], NOW + 3600);
    let url = response["FileUrls"][0].as_str().unwrap();
    assert_eq!(get(url), (200, bytes));
    let from_file = || {
        code(
            &emulator,
            "ChannelCreateFlowByFiles",
            contract(response["FileIds"][0].as_str().unwrap()),
        )
    };
    assert_eq!((from_file().as_str(), from_file().as_str()), ("success", "success"));
    emulator.advance(Duration::from_secs(300));
    assert_eq!(get(url).0, 403);
    emulator.advance(Duration::from_secs(3300));
    assert_eq!(from_file(), "ResourceNotFound.Resource");
}

/// Clients send `UploadFiles` to another host than other actions.
#[test]
fn accepts_the_upload_host() {
    let emulator = start();
    let files = json!({
        "Agent": support::agent(),
        "BusinessType": "DOCUMENT",
        "FileInfos": [file_info("a.pdf", &pdf("words"))],
    });
    let mut upload = call("UploadFiles", files);
    upload.signed_host = Some("file.ess.tencent.cn".into());
    upload.sent_host = upload.signed_host.clone();
    assert_eq!(upload.code(&emulator), "success");
}

#[test]
fn rejects_invalid_contracts_from_files() {
    let emulator = start_with_two_organizations();
    let body = contract(&upload(&emulator, &pdf("words")));
    let code = |pointer: &str, value: Value| {
        code_with(&emulator, "ChannelCreateFlowByFiles", &body, pointer, value)
    };
    assert_eq!(code("/FlowName", json!("很".repeat(200))), "success");
    assert_eq!(code("/FlowName", json!("很".repeat(201))), "InvalidParameter.FlowName");
    assert_eq!(code("/FlowName", json!("")), "InvalidParameter.FlowName");
    for name in ["租赁合同_2026", "A9", "〇㐀𠀀豈", "西瓜采购协议(16:18:47)", "a-b"]
    {
        assert_eq!(code("/FlowName", json!(name)), "success", "{name}");
    }
    for name in ["a b", "a.pdf", "合同（一）", "a/b", "a\nb", "é", "合同，", "１", "😀"]
    {
        assert_eq!(code("/FlowName", json!(name)), "InvalidParameter.FlowName", "{name}");
    }
    assert_eq!(code("/FlowType", json!("租赁合同_2026")), "success");
    assert_eq!(code("/FlowType", json!("lease contract")), "InvalidParameter.FlowType");
    let long = json!("x".repeat(1001));
    assert_eq!(code("/FlowDescription", long.clone()), "InvalidParameter.FlowDescription");
    assert_eq!(code("/FlowType", long.clone()), "InvalidParameter.FlowType");
    assert_eq!(code("/CustomerData", long), "InvalidParameter.CustomerData");
    assert_eq!(code("/CustomerData", json!("%")), "InvalidParameter.CustomerData");
    assert_eq!(code("/Deadline", json!(NOW)), "InvalidParameter.FlowDeadLine");
    assert_eq!(code("/Deadline", json!(-1)), "InvalidParameter.FlowDeadLine");
    assert_eq!(code("/FileIds", json!([])), "InvalidParameter.FlowFileIds");
    assert_eq!(code("/FileIds", json!(["a", "b"])), "InvalidParameter.FlowFileIds");
    assert_eq!(code("/FileIds", json!(["unknown"])), "ResourceNotFound.Resource");
    let word = json!({ "BusinessType": "DOCUMENT", "FileInfos": [file_info("a.docx", b"PK")] });
    let word = execute(&emulator, "UploadFiles", word)["FileIds"].take();
    assert_eq!(code("/FileIds", word), "InvalidParameter.FlowFileIds");
    for field in ["NeedPreview", "OpenDynamicSignFlow", "NeedSignReview"] {
        assert_eq!(code(&format!("/{field}"), json!(true)), "UnsupportedOperation");
        assert_eq!(code(&format!("/{field}"), json!(false)), "success");
    }
    let other_agent = json!({ "AppId": APP_ID, "ProxyOrganizationOpenId": "org_other", "ProxyOperator": { "OpenId": "n9527" } });
    assert_eq!(code("/Agent", other_agent), "OperationDenied.ErrNoResourceAccess");
}

#[test]
fn rejects_invalid_parties() {
    let emulator = start();
    let body = contract(&upload(&emulator, &pdf("words")));
    let code = |pointer: &str, value: Value| {
        code_with(&emulator, "ChannelCreateFlowByFiles", &body, pointer, value)
    };
    let party = person("张三", "13800000001");
    assert_eq!(code("/FlowApprovers", json!([])), "InvalidParameter.FlowApprovers");
    assert_eq!(code("/FlowApprovers", json!(vec![&party; 51])), "InvalidParameter.FlowApprovers");
    assert_eq!(
        code("/FlowApprovers", json!([party, party])),
        "InvalidParameter.BizApproverAlreadyExists"
    );
    assert_eq!(code("/FlowApprovers/0/ApproverType", json!("")), "InvalidParameter.ApproverType");
    assert_eq!(
        code("/FlowApprovers/0/ApproverType", json!("ROBOT")),
        "InvalidParameter.ApproverType"
    );
    assert_eq!(
        code("/FlowApprovers/0/ApproverType", json!("ENTERPRISESERVER")),
        "UnsupportedOperation"
    );
    assert_eq!(
        code("/FlowApprovers/0/ApproverOption", json!({ "FillType": 1 })),
        "UnsupportedOperation"
    );
    assert_eq!(code("/FlowApprovers/0/Name", json!("")), "InvalidParameter.Name");
    assert_eq!(code("/FlowApprovers/0/Name", json!(" 张三")), "InvalidParameter.Name");
    for mobile in ["", "1380000000", "+8613800000001", "23800000001", "1380000000x"] {
        assert_eq!(code("/FlowApprovers/0/Mobile", json!(mobile)), "InvalidParameter.Mobile");
    }
    assert_eq!(
        code("/FlowApprovers/0/SignComponents", json!([])),
        "MissingParameter.SignComponents"
    );
    let mut company = organization("李四", "13800000002", "公司");
    assert_eq!(code("/FlowApprovers/1", company.clone()), "success");
    company["OrganizationName"] = "".into();
    assert_eq!(code("/FlowApprovers/1", company), "InvalidParameter.OrganizationName");
    let employee = json!({
        "ApproverType": "ORGANIZATION", "OpenId": "n9527", "OrganizationOpenId": ORGANIZATION,
        "OrganizationName": "典子谦示例企业", "SignComponents": [{ "ComponentType": "SIGN_SEAL" }],
    });
    assert_eq!(code("/FlowApprovers/1", employee), "success");
    assert_eq!(code("/FlowApprovers/0/Deadline", json!(NOW)), "InvalidParameter.FlowDeadLine");
    let copies = json!([{ "Name": "张三", "Mobile": "13800000001" }]);
    assert_eq!(code("/CcInfos", copies), "OperationDenied.CcUserRepeat");
    let mut placed_by_signers = body.clone();
    placed_by_signers["FlowApprovers"][0]["SignComponents"] = json!([]);
    let code = code_with(
        &emulator,
        "ChannelCreateFlowByFiles",
        &placed_by_signers,
        "/SignBeanTag",
        json!(1),
    );
    assert_eq!(code, "success");
}

#[test]
fn rejects_invalid_contracts_from_templates() {
    let emulator = start();
    let info = json!({
        "FlowName": "n",
        "Deadline": 0,
        "TemplateId": format!("yDEmuTemplate{:019}", 3),
        "FlowApprovers": [person("张三", "13800000001"), person("李四", "13800000002")],
    });
    let body = json!({ "FlowInfos": [info] });
    let code = |pointer: &str, value: Value| {
        code_with(&emulator, "CreateFlowsByTemplates", &body, pointer, value)
    };
    assert_eq!(code("/FlowInfos", json!(vec![&info; 20])), "success");
    assert_eq!(code("/FlowInfos", json!(vec![&info; 21])), "LimitExceeded.CreateFlowNum");
    assert_eq!(code("/FlowInfos", json!([])), "InvalidParameter.FlowInfos");
    assert_eq!(code("/FlowInfos/0/TemplateId", json!("unknown")), "ResourceNotFound.Template");
    assert_eq!(code("/NeedPreview", json!(true)), "UnsupportedOperation");
    let message = |pointer: &str, value: Value| {
        let mut body = body.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[field] = value;
        let response = execute(&emulator, "CreateFlowsByTemplates", body);
        response["ErrorMessages"][0].as_str().unwrap().to_owned()
    };
    let field = json!([{ "ComponentName": "姓名", "ComponentValue": "x" }]);
    assert!(message("/FlowInfos/0/FormFields", field).contains("FormFields"));
    assert!(message("/FlowInfos/0/Deadline", json!(NOW)).contains("Deadline"));
    assert!(message("/FlowInfos/0/FlowApprovers", json!([])).contains("FlowApprovers"));
    for name in ["", "a b", "合同（一）"] {
        assert!(message("/FlowInfos/0/FlowName", json!(name)).contains("FlowName"), "{name}");
    }
    let templates = |fields: Value| support::flows::code(&emulator, "DescribeTemplates", fields);
    assert_eq!(templates(json!({ "ContentType": 2 })), "InvalidParameter.ContentType");
    assert_eq!(templates(json!({ "Limit": 101 })), "InvalidParameter");
    assert_eq!(templates(json!({ "WithPdfUrl": true })), "UnsupportedOperation");
    let total =
        |fields: Value| execute(&emulator, "DescribeTemplates", fields)["TotalCount"].take();
    assert_eq!(total(json!({ "TemplateId": "unknown" })), 0);
    let ids = [format!("yDEmuTemplate{:019}", 3), "unknown".to_owned()];
    assert_eq!(total(json!({ "TemplateIds": ids })), 1);
    let page = execute(&emulator, "DescribeTemplates", json!({ "Limit": 1, "Offset": 1 }));
    assert_eq!(
        (page["TotalCount"].as_u64(), page["Templates"].as_array().unwrap().len()),
        (Some(3), 1)
    );
    assert_eq!(total(json!({ "TemplateName": "保密" })), 1);
}

#[test]
fn rejects_invalid_requests_for_links() {
    let emulator = start_with_two_organizations();
    let flow = create(&emulator, json!({}));
    let body = json!({ "FlowIds": [flow] });
    let code =
        |pointer: &str, value: Value| code_with(&emulator, "CreateSignUrls", &body, pointer, value);
    assert_eq!(code("/GenerateType", json!("SOME")), "InvalidParameter.GenerateType");
    assert_eq!(code("/GenerateType", json!("FOLLOWER")), "UnsupportedOperation");
    assert_eq!(code("/GenerateType", json!("PERSON")), "MissingParameter");
    assert_eq!(code("/Endpoint", json!("PIGEON")), "InvalidParameter.EndPoint");
    assert_eq!(code("/FlowIds", json!([])), "MissingParameter.FlowIdsOrFlowGroupId");
    assert_eq!(code("/FlowIds", json!([flow, flow])), "InvalidParameter.FlowIds");
    let mut group = body.clone();
    group.as_object_mut().unwrap().remove("FlowIds");
    let of_group = code_with(&emulator, "CreateSignUrls", &group, "/FlowGroupId", json!("unknown"));
    assert_eq!(of_group, "ResourceNotFound.FlowGroup");
    let person = json!({
        "FlowIds": [flow, "unknown", FOREIGN, FIRST],
        "GenerateType": "PERSON",
        "Name": "李四",
        "Mobile": "13800000002",
    });
    let response = execute(&emulator, "CreateSignUrls", person);
    let created: Vec<bool> = response["SignUrlInfos"]
        .as_array()
        .unwrap()
        .iter()
        .zip(response["ErrorMessages"].as_array().unwrap())
        .map(|(info, error)| {
            assert_eq!(info["SignUrl"] == "", error != "");
            error == ""
        })
        .collect();
    assert_eq!(created, [true, false, false, false]);
    let path =
        execute(&emulator, "CreateSignUrls", json!({ "FlowIds": [flow], "Endpoint": "APP" }));
    assert!(path["SignUrlInfos"][0]["SignUrl"].as_str().unwrap().starts_with("/sign/"));

    let body = json!({ "FlowId": flow, "FlowApproverInfos": [{ "Name": "张三", "Mobile": "13800000001" }] });
    let code = |pointer: &str, value: Value| {
        code_with(&emulator, "ChannelCreateFlowSignUrl", &body, pointer, value)
    };
    assert_eq!(code("/FlowId", json!("unknown")), "ResourceNotFound.Flow");
    assert_eq!(code("/FlowId", json!(FOREIGN)), "OperationDenied");
    assert_eq!(code("/FlowId", json!(FIRST)), "OperationDenied");
    assert_eq!(code("/FlowApproverInfos/0/Name", json!("王五")), "ResourceNotFound");
    assert_eq!(code("/ExpiredOn", json!(60)), "InvalidParameter");
}

#[test]
fn rejects_invalid_cancellations() {
    let emulator = start_with_two_organizations();
    let flow = create(&emulator, json!({}));
    let body = json!({ "FlowId": flow });
    let code = |pointer: &str, value: Value| {
        code_with(&emulator, "ChannelCancelFlow", &body, pointer, value)
    };
    assert_eq!(code("/FlowId", json!("unknown")), "ResourceNotFound.Flow");
    assert_eq!(code("/FlowId", json!(FOREIGN)), "OperationDenied.Forbid");
    assert_eq!(code("/FlowId", json!(FIRST)), "OperationDenied.FlowHasTerminated");
    assert_eq!(code("/CancelMessage", json!("很".repeat(201))), "InvalidParameter.CancelReason");
    assert_eq!(code("/CancelMessage", json!("很".repeat(200))), "success");
    assert_eq!(code("/FlowId", json!(flow)), "OperationDenied.FlowHasTerminated");

    let body = json!({ "FlowIds": ["unknown"] });
    let code = |pointer: &str, value: Value| {
        code_with(&emulator, "ChannelBatchCancelFlows", &body, pointer, value)
    };
    assert_eq!(code("/FlowIds", json!([])), "InvalidParameter.ParamError");
    assert_eq!(code("/FlowIds", json!(vec!["f"; 101])), "InvalidParameter.ParamError");
    let long = json!("很".repeat(201));
    assert_eq!(code("/CancelMessage", long), "InvalidParameter.ParamError");
    let task = execute(&emulator, "ChannelBatchCancelFlows", body.clone())["TaskId"].take();
    let body = json!({ "TaskId": task });
    let code = |pointer: &str, value: Value| {
        code_with(&emulator, "DescribeCancelFlowsTask", &body, pointer, value)
    };
    assert_eq!(code("/CancelType", json!(0)), "success");
    assert_eq!(code("/CancelType", json!(1)), "ResourceNotFound");
    assert_eq!(code("/TaskId", json!("unknown")), "ResourceNotFound");
    let other_agent = json!({ "AppId": APP_ID, "ProxyOrganizationOpenId": "org_other", "ProxyOperator": { "OpenId": "n9527" } });
    assert_eq!(code("/Agent", other_agent), "ResourceNotFound");
}

#[test]
fn rejects_invalid_deadlines_and_reminders() {
    let emulator = start_with_two_organizations();
    let end = NOW + 1000;
    let mut approvers = contract("")["FlowApprovers"].take();
    approvers[0]["Deadline"] = (NOW + 100).into();
    approvers[1]["Deadline"] = (NOW + 500).into();
    let flow = create(&emulator, json!({ "Deadline": end, "FlowApprovers": approvers }));
    let detail = execute(&emulator, "DescribeFlowDetailInfo", json!({ "FlowIds": [flow] }));
    let recipient =
        |index: usize| detail["FlowInfo"][0]["FlowApproverInfos"][index]["RecipientId"].clone();
    let body = json!({ "FlowId": flow, "Deadline": end });
    let code = |pointer: &str, value: Value| {
        code_with(&emulator, "ModifyFlowDeadline", &body, pointer, value)
    };
    assert_eq!(code("/Deadline", json!(end)), "InvalidParameter.ParamError");
    assert_eq!(code("/Deadline", json!(-5)), "InvalidParameter.ParamError");
    assert_eq!(code("/Deadline", json!(end + 1)), "success");
    assert_eq!(code("/FlowId", json!("unknown")), "ResourceNotFound.Flow");
    assert_eq!(code("/FlowId", json!(FOREIGN)), "OperationDenied.NoFlowPermission");
    assert_eq!(code("/FlowId", json!(FIRST)), "FailedOperation");
    assert_eq!(code("/RecipientId", json!("unknown")), "InvalidParameter.ParamError");
    let of_party = |index: usize, deadline: u64| {
        let body = json!({ "FlowId": flow, "RecipientId": recipient(index), "Deadline": deadline });
        support::flows::code(&emulator, "ModifyFlowDeadline", body)
    };
    assert_eq!(of_party(0, NOW + 501), "InvalidParameter.ParamError");
    assert_eq!(of_party(1, end + 1), "InvalidParameter.ParamError");
    assert_eq!(of_party(0, NOW + 200), "success");
    emulator.advance(Duration::from_secs(100));
    assert_eq!(admin(&emulator, "sign", &json!({ "flow": flow }).to_string()).0, 200);
    assert_eq!(of_party(0, NOW + 300), "FailedOperation");
    emulator.advance(Duration::from_secs(400));
    assert_eq!(admin(&emulator, "sign", &json!({ "flow": flow }).to_string()).0, 409);
    assert_eq!(of_party(1, NOW + 600), "FailedOperation");

    let mut grouped = NewFlow::new(APP_ID, ORGANIZATION, "grouped");
    grouped.group = Some("g".into());
    emulator.create_flow(grouped);
    assert_eq!(code("/FlowId", json!("grouped")), "UnsupportedOperation");

    let remind =
        |ids: Value| code_with(&emulator, "ChannelCreateFlowReminds", &json!({}), "/FlowIds", ids);
    assert_eq!(remind(json!([])), "InvalidParameterValue");
    assert_eq!(remind(json!(vec!["f"; 101])), "InvalidParameterValue");
    assert_eq!(remind(json!(vec!["f"; 100])), "success");
}

/// The names of contracts, groups, types and codes, in actions without a model too.
#[test]
fn names_of_every_action_have_the_characters_of_the_reference() {
    let emulator = start();
    let agent = support::agent();
    let file = json!({ "FileIds": ["f"], "FlowName": "a", "FlowType": "b", "FlowApprovers": [{}] });
    let files =
        json!({ "Agent": agent, "FlowFileInfos": [file.clone(), file], "FlowGroupName": "a" });
    let flow = json!({ "FlowName": "a", "Deadline": NOW + 1000, "TemplateId": "t" });
    let flows = json!({ "Agent": agent, "FlowInfos": [flow.clone(), flow], "FlowGroupName": "a" });
    let code = json!({ "Agent": agent, "TemplateId": "t", "FlowName": "a", "QrCodeName": "a" });
    for (action, body, pointers) in [
        (
            "ChannelCreateFlowGroupByFiles",
            files,
            &["/FlowGroupName", "/FlowFileInfos/1/FlowName", "/FlowFileInfos/0/FlowType"][..],
        ),
        (
            "ChannelCreateFlowGroupByTemplates",
            flows,
            &["/FlowGroupName", "/FlowInfos/1/FlowName", "/FlowInfos/0/FlowType"],
        ),
        ("ChannelCreateMultiFlowSignQRCode", code, &["/FlowName", "/QrCodeName"]),
    ] {
        for pointer in pointers {
            let code = |name: &str| code_with(&emulator, action, &body, pointer, json!(name));
            assert_eq!(code("西瓜采购协议(16:18:47)"), "success", "{action} {pointer}");
            for name in ["a b", "合同（一）", "a\nb", "😀"] {
                let code = code(name);
                assert!(code.starts_with("InvalidParameter"), "{action} {pointer} {name}: {code}");
            }
        }
    }
}
