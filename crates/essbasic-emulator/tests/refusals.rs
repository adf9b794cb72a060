//! What each action of a contract's life refuses, and with which code.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[allow(dead_code, clippy::indexing_slicing, reason = "each test file uses its part of it")]
mod support;

use std::time::Duration;

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, Seed};
use essbasic_models::CATALOGUE;
use serde_json::{Value, json};
use support::life::{
    act, begin, code, contract, control, file_info, get, organization, pdf, person, upload,
};
use support::{FIRST, NOW, call, start};

/// Ids of the second organisation, which the tests' agent does not act for.
const THEIRS: &str = "yDTheirs";

/// An emulator with another organisation and a contract of it.
fn shared() -> Emulator {
    let mut seed: Value = serde_json::from_str(include_str!("../assets/seed.json")).unwrap();
    seed["applications"][APP_ID]["organizations"]["org_other"] = json!({
        "operators": ["n9527"],
        "flows": [{ "id": THEIRS, "name": "n", "status": "INIT", "parties": [{ "name": "p" }] }],
    });
    let seed = Seed::from_json(&seed.to_string()).unwrap();
    let builder = Emulator::builder().manual_clock(NOW).rate_limit(None);
    builder.seed(seed).start().unwrap()
}

/// The code of an action with one member of its body changed. It must be one that the action is known
/// to answer with, or one that any action has.
fn changed(emulator: &Emulator, action: &str, body: &Value, pointer: &str, value: Value) -> String {
    let mut body = body.clone();
    match body.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[member] = value;
        }
    }
    let code = code(emulator, action, body);
    let known = CATALOGUE.action(action).unwrap().errors.contains(&code.as_str());
    let common = ["success", "InvalidParameter", "MissingParameter", "UnsupportedOperation"];
    // The official sample of a contract that can't be extended any more has it.
    let sampled = action == "ModifyFlowDeadline" && code == "FailedOperation";
    assert!(known || common.contains(&code.as_str()) || sampled, "{action}: {code}");
    code
}

#[test]
fn files_that_are_not_taken() {
    let emulator = start();
    let good = file_info("a.pdf", &pdf("words"));
    let body = json!({ "BusinessType": "DOCUMENT", "FileInfos": [good] });
    let code =
        |pointer: &str, value: Value| changed(&emulator, "UploadFiles", &body, pointer, value);
    let refused = "InvalidParameter";
    assert_eq!(code("/BusinessType", json!("DOCUMENT")), "success");
    assert_eq!(code("/BusinessType", json!("NOVEL")), refused);
    assert_eq!(code("/BusinessType", json!("SEAL")), refused);
    assert_eq!(code("/FileInfos", json!([])), refused);
    assert_eq!(code("/FileInfos", json!(vec![good.clone(); 20])), "success");
    assert_eq!(code("/FileInfos", json!(vec![good.clone(); 21])), refused);
    assert_eq!(code("/FileInfos/0/FileBody", json!("")), refused);
    assert_eq!(code("/FileInfos/0/FileBody", json!("%%%")), refused);
    assert_eq!(
        code("/FileInfos/0/FileBody", file_info("", b"PK\x03\x04")["FileBody"].clone()),
        refused
    );
    assert_eq!(code("/FileInfos/0/FileName", json!("a.exe")), refused);
    assert_eq!(code("/FileInfos/0/FileName", json!("a.PDF")), "success");
    assert_eq!(code("/FileInfos/0/FileName", json!("2023张三入职合同")), "success");
    assert_eq!(code("/FileInfos", json!([good, file_info("a.docx", b"PK")])), refused);
    assert_eq!(code("/FileInfos", json!([file_info("a.docx", b"PK")])), "success");
    let picture = file_info("a.png", &vec![0; (8 << 20) + 1]);
    assert_eq!(code("/FileInfos", json!([picture])), refused);
    assert_eq!(code("/Deadline", json!(NOW)), refused);
    assert_eq!(code("/Deadline", json!(NOW + 365 * 86_400 + 1)), refused);
    assert_eq!(code("/Deadline", json!(NOW + 1)), "success");
    // One that fails keeps the others out.
    assert_eq!(code("/FileInfos", json!([good, file_info("a.pdf", b"no")])), refused);
}

#[test]
fn a_file_is_there_as_long_as_its_id_works() {
    let emulator = start();
    let bytes = pdf("words");
    let files = json!({ "BusinessType": "DOCUMENT", "FileInfos": [file_info("a.pdf", &bytes)] });
    let answer = act(&emulator, "UploadFiles", files);
    assert_eq!(answer["Deadline"], NOW + 3600);
    let url = answer["FileUrls"][0].as_str().unwrap();
    assert_eq!(get(url), (200, bytes));
    let from_file = || {
        code(
            &emulator,
            "ChannelCreateFlowByFiles",
            contract(answer["FileIds"][0].as_str().unwrap()),
        )
    };
    assert_eq!((from_file().as_str(), from_file().as_str()), ("success", "success"));
    emulator.advance(Duration::from_secs(300));
    assert_eq!(get(url).0, 403);
    emulator.advance(Duration::from_secs(3300));
    assert_eq!(from_file(), "ResourceNotFound.Resource");
}

/// Its clients call another host than all others; the emulator is behind both names.
#[test]
fn the_file_host_is_answered_too() {
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
fn contracts_that_are_not_made_from_files() {
    let emulator = shared();
    let body = contract(&upload(&emulator, &pdf("words")));
    let code = |pointer: &str, value: Value| {
        changed(&emulator, "ChannelCreateFlowByFiles", &body, pointer, value)
    };
    assert_eq!(code("/FlowName", json!("很".repeat(200))), "success");
    assert_eq!(code("/FlowName", json!("很".repeat(201))), "InvalidParameter.FlowName");
    assert_eq!(code("/FlowName", json!("")), "InvalidParameter.FlowName");
    let long = json!("x".repeat(1001));
    assert_eq!(code("/FlowDescription", long.clone()), "InvalidParameter.FlowDescription");
    assert_eq!(code("/FlowType", long.clone()), "InvalidParameter.FlowType");
    assert_eq!(code("/CustomerData", long), "InvalidParameter.CustomerData");
    assert_eq!(code("/CustomerData", json!("%")), "InvalidParameter.CustomerData");
    assert_eq!(code("/Deadline", json!(NOW)), "InvalidParameter.FlowDeadLine");
    assert_eq!(code("/Deadline", json!(-1)), "InvalidParameter.FlowDeadLine");
    assert_eq!(code("/FileIds", json!([])), "InvalidParameter.FlowFileIds");
    assert_eq!(code("/FileIds", json!(["a", "b"])), "InvalidParameter.FlowFileIds");
    assert_eq!(code("/FileIds", json!(["nobodys"])), "ResourceNotFound.Resource");
    let word = json!({ "BusinessType": "DOCUMENT", "FileInfos": [file_info("a.docx", b"PK")] });
    let word = act(&emulator, "UploadFiles", word)["FileIds"].take();
    assert_eq!(code("/FileIds", word), "InvalidParameter.FlowFileIds");
    for member in ["NeedPreview", "OpenDynamicSignFlow", "NeedSignReview"] {
        assert_eq!(code(&format!("/{member}"), json!(true)), "UnsupportedOperation");
        assert_eq!(code(&format!("/{member}"), json!(false)), "success");
    }
    let theirs = json!({ "AppId": APP_ID, "ProxyOrganizationOpenId": "org_other", "ProxyOperator": { "OpenId": "n9527" } });
    assert_eq!(code("/Agent", theirs), "OperationDenied.ErrNoResourceAccess");
}

#[test]
fn parties_that_are_none() {
    let emulator = start();
    let body = contract(&upload(&emulator, &pdf("words")));
    let code = |pointer: &str, value: Value| {
        changed(&emulator, "ChannelCreateFlowByFiles", &body, pointer, value)
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
    let mut slots_by_signers = body.clone();
    slots_by_signers["FlowApprovers"][0]["SignComponents"] = json!([]);
    let code =
        changed(&emulator, "ChannelCreateFlowByFiles", &slots_by_signers, "/SignBeanTag", json!(1));
    assert_eq!(code, "success");
}

#[test]
fn contracts_that_are_not_made_from_templates() {
    let emulator = start();
    let info = json!({
        "FlowName": "n",
        "Deadline": 0,
        "TemplateId": format!("yDEmuTemplate{:019}", 3),
        "FlowApprovers": [person("张三", "13800000001"), person("李四", "13800000002")],
    });
    let body = json!({ "FlowInfos": [info] });
    let code = |pointer: &str, value: Value| {
        changed(&emulator, "CreateFlowsByTemplates", &body, pointer, value)
    };
    assert_eq!(code("/FlowInfos", json!(vec![&info; 20])), "success");
    assert_eq!(code("/FlowInfos", json!(vec![&info; 21])), "LimitExceeded.CreateFlowNum");
    assert_eq!(code("/FlowInfos", json!([])), "InvalidParameter.FlowInfos");
    assert_eq!(code("/FlowInfos/0/TemplateId", json!("nobodys")), "ResourceNotFound.Template");
    assert_eq!(code("/NeedPreview", json!(true)), "UnsupportedOperation");
    let message = |pointer: &str, value: Value| {
        let mut body = body.clone();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[member] = value;
        let answer = act(&emulator, "CreateFlowsByTemplates", body);
        answer["ErrorMessages"][0].as_str().unwrap().to_owned()
    };
    let field = json!([{ "ComponentName": "姓名", "ComponentValue": "x" }]);
    assert!(message("/FlowInfos/0/FormFields", field).contains("FormFields"));
    assert!(message("/FlowInfos/0/Deadline", json!(NOW)).contains("Deadline"));
    assert!(message("/FlowInfos/0/FlowApprovers", json!([])).contains("FlowApprovers"));
    let templates = |members: Value| support::life::code(&emulator, "DescribeTemplates", members);
    assert_eq!(templates(json!({ "ContentType": 2 })), "InvalidParameter.ContentType");
    assert_eq!(templates(json!({ "Limit": 101 })), "InvalidParameter");
    assert_eq!(templates(json!({ "WithPdfUrl": true })), "UnsupportedOperation");
    let total = |members: Value| act(&emulator, "DescribeTemplates", members)["TotalCount"].take();
    assert_eq!(total(json!({ "TemplateId": "nobodys" })), 0);
    let ids = [format!("yDEmuTemplate{:019}", 3), "nobodys".to_owned()];
    assert_eq!(total(json!({ "TemplateIds": ids })), 1);
    let page = act(&emulator, "DescribeTemplates", json!({ "Limit": 1, "Offset": 1 }));
    assert_eq!(
        (page["TotalCount"].as_u64(), page["Templates"].as_array().unwrap().len()),
        (Some(3), 1)
    );
    assert_eq!(total(json!({ "TemplateName": "保密" })), 1);
}

#[test]
fn links_that_are_not_made() {
    let emulator = shared();
    let flow = begin(&emulator, json!({}));
    let body = json!({ "FlowIds": [flow] });
    let code =
        |pointer: &str, value: Value| changed(&emulator, "CreateSignUrls", &body, pointer, value);
    assert_eq!(code("/GenerateType", json!("SOME")), "InvalidParameter.GenerateType");
    assert_eq!(code("/GenerateType", json!("FOLLOWER")), "UnsupportedOperation");
    assert_eq!(code("/GenerateType", json!("PERSON")), "MissingParameter");
    assert_eq!(code("/Endpoint", json!("PIGEON")), "InvalidParameter.EndPoint");
    assert_eq!(code("/FlowIds", json!([])), "MissingParameter.FlowIdsOrFlowGroupId");
    assert_eq!(code("/FlowIds", json!([flow, flow])), "InvalidParameter.FlowIds");
    let mut group = body.clone();
    group.as_object_mut().unwrap().remove("FlowIds");
    let of_group = changed(&emulator, "CreateSignUrls", &group, "/FlowGroupId", json!("nobodys"));
    assert_eq!(of_group, "ResourceNotFound.FlowGroup");
    let person = json!({
        "FlowIds": [flow, "nobodys", THEIRS, FIRST],
        "GenerateType": "PERSON",
        "Name": "李四",
        "Mobile": "13800000002",
    });
    let answer = act(&emulator, "CreateSignUrls", person);
    let made: Vec<bool> = answer["SignUrlInfos"]
        .as_array()
        .unwrap()
        .iter()
        .zip(answer["ErrorMessages"].as_array().unwrap())
        .map(|(info, error)| {
            assert_eq!(info["SignUrl"] == "", error != "");
            error == ""
        })
        .collect();
    assert_eq!(made, [true, false, false, false]);
    let path = act(&emulator, "CreateSignUrls", json!({ "FlowIds": [flow], "Endpoint": "APP" }));
    assert!(path["SignUrlInfos"][0]["SignUrl"].as_str().unwrap().starts_with("/sign/"));

    let body = json!({ "FlowId": flow, "FlowApproverInfos": [{ "Name": "张三", "Mobile": "13800000001" }] });
    let code = |pointer: &str, value: Value| {
        changed(&emulator, "ChannelCreateFlowSignUrl", &body, pointer, value)
    };
    assert_eq!(code("/FlowId", json!("nobodys")), "ResourceNotFound.Flow");
    assert_eq!(code("/FlowId", json!(THEIRS)), "OperationDenied");
    assert_eq!(code("/FlowId", json!(FIRST)), "OperationDenied");
    assert_eq!(code("/FlowApproverInfos/0/Name", json!("王五")), "ResourceNotFound");
    assert_eq!(code("/ExpiredOn", json!(60)), "InvalidParameter");
}

#[test]
fn contracts_that_are_not_withdrawn() {
    let emulator = shared();
    let flow = begin(&emulator, json!({}));
    let body = json!({ "FlowId": flow });
    let code = |pointer: &str, value: Value| {
        changed(&emulator, "ChannelCancelFlow", &body, pointer, value)
    };
    assert_eq!(code("/FlowId", json!("nobodys")), "ResourceNotFound.Flow");
    assert_eq!(code("/FlowId", json!(THEIRS)), "OperationDenied.Forbid");
    assert_eq!(code("/FlowId", json!(FIRST)), "OperationDenied.FlowHasTerminated");
    assert_eq!(code("/CancelMessage", json!("很".repeat(201))), "InvalidParameter.CancelReason");
    assert_eq!(code("/CancelMessage", json!("很".repeat(200))), "success");
    assert_eq!(code("/FlowId", json!(flow)), "OperationDenied.FlowHasTerminated");

    let body = json!({ "FlowIds": ["nobodys"] });
    let code = |pointer: &str, value: Value| {
        changed(&emulator, "ChannelBatchCancelFlows", &body, pointer, value)
    };
    assert_eq!(code("/FlowIds", json!([])), "InvalidParameter.ParamError");
    assert_eq!(code("/FlowIds", json!(vec!["f"; 101])), "InvalidParameter.ParamError");
    let long = json!("很".repeat(201));
    assert_eq!(code("/CancelMessage", long), "InvalidParameter.ParamError");
    let task = act(&emulator, "ChannelBatchCancelFlows", body.clone())["TaskId"].take();
    let body = json!({ "TaskId": task });
    let code = |pointer: &str, value: Value| {
        changed(&emulator, "DescribeCancelFlowsTask", &body, pointer, value)
    };
    assert_eq!(code("/CancelType", json!(0)), "success");
    assert_eq!(code("/CancelType", json!(1)), "ResourceNotFound");
    assert_eq!(code("/TaskId", json!("nobodys")), "ResourceNotFound");
    let theirs = json!({ "AppId": APP_ID, "ProxyOrganizationOpenId": "org_other", "ProxyOperator": { "OpenId": "n9527" } });
    assert_eq!(code("/Agent", theirs), "ResourceNotFound");
}

#[test]
fn deadlines_that_are_not_moved_and_reminders_that_are_not_sent() {
    let emulator = shared();
    let end = NOW + 1000;
    let mut approvers = contract("")["FlowApprovers"].take();
    approvers[0]["Deadline"] = (NOW + 100).into();
    approvers[1]["Deadline"] = (NOW + 500).into();
    let flow = begin(&emulator, json!({ "Deadline": end, "FlowApprovers": approvers }));
    let detail = act(&emulator, "DescribeFlowDetailInfo", json!({ "FlowIds": [flow] }));
    let recipient =
        |index: usize| detail["FlowInfo"][0]["FlowApproverInfos"][index]["RecipientId"].clone();
    let body = json!({ "FlowId": flow, "Deadline": end });
    let code = |pointer: &str, value: Value| {
        changed(&emulator, "ModifyFlowDeadline", &body, pointer, value)
    };
    assert_eq!(code("/Deadline", json!(end)), "InvalidParameter.ParamError");
    assert_eq!(code("/Deadline", json!(-5)), "InvalidParameter.ParamError");
    assert_eq!(code("/Deadline", json!(end + 1)), "success");
    assert_eq!(code("/FlowId", json!("nobodys")), "ResourceNotFound.Flow");
    assert_eq!(code("/FlowId", json!(THEIRS)), "OperationDenied.NoFlowPermission");
    assert_eq!(code("/FlowId", json!(FIRST)), "FailedOperation");
    assert_eq!(code("/RecipientId", json!("nobodys")), "InvalidParameter.ParamError");
    let of_party = |index: usize, deadline: u64| {
        let body = json!({ "FlowId": flow, "RecipientId": recipient(index), "Deadline": deadline });
        support::life::code(&emulator, "ModifyFlowDeadline", body)
    };
    assert_eq!(of_party(0, NOW + 501), "InvalidParameter.ParamError");
    assert_eq!(of_party(1, end + 1), "InvalidParameter.ParamError");
    assert_eq!(of_party(0, NOW + 200), "success");
    emulator.advance(Duration::from_secs(100));
    assert_eq!(control(&emulator, "sign", &json!({ "flow": flow }).to_string()).0, 200);
    assert_eq!(of_party(0, NOW + 300), "FailedOperation");
    emulator.advance(Duration::from_secs(400));
    assert_eq!(control(&emulator, "sign", &json!({ "flow": flow }).to_string()).0, 409);
    assert_eq!(of_party(1, NOW + 600), "FailedOperation");

    let mut grouped = NewFlow::new(APP_ID, ORGANIZATION, "grouped");
    grouped.group = Some("g".into());
    emulator.create_flow(grouped);
    assert_eq!(code("/FlowId", json!("grouped")), "UnsupportedOperation");

    let remind =
        |ids: Value| changed(&emulator, "ChannelCreateFlowReminds", &json!({}), "/FlowIds", ids);
    assert_eq!(remind(json!([])), "InvalidParameterValue");
    assert_eq!(remind(json!(vec!["f"; 101])), "InvalidParameterValue");
    assert_eq!(remind(json!(vec!["f"; 100])), "success");
}
