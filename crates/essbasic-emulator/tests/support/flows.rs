//! Requests of a contract's life cycle.

use std::time::Duration;

use essbasic_emulator::Emulator;
use lopdf::dictionary;
use serde_json::{Value, json};
use tc3_api::Base64;

use super::{agent, call, http, urls};

/// Returns a PDF with this text, written by an independent library.
pub(crate) fn pdf(text: &str) -> Vec<u8> {
    let mut document = lopdf::Document::with_version("1.5");
    let pages = document.new_object_id();
    let font = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Courier",
    });
    let content = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
    let content = lopdf::Stream::new(lopdf::Dictionary::new(), content.into_bytes());
    let content = document.add_object(content);
    let page = document.add_object(dictionary! {
        "Type" => "Page",
        "Parent" => pages,
        "Contents" => content,
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    document.objects.insert(
        pages,
        lopdf::Object::Dictionary(dictionary! {
            "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1,
        }),
    );
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// Executes an action at the time of the emulator, and returns the response.
pub(crate) fn execute(emulator: &Emulator, action: &str, fields: Value) -> Value {
    let mut body = json!({ "Agent": agent() });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    let mut call = call(action, body);
    call.timestamp = emulator.now().as_secs();
    call.response(emulator)
}

/// Executes an action, and returns the error code or `success`.
pub(crate) fn code(emulator: &Emulator, action: &str, fields: Value) -> String {
    execute(emulator, action, fields)["Error"]["Code"].as_str().unwrap_or("success").to_owned()
}

pub(crate) fn file_info(name: &str, bytes: &[u8]) -> Value {
    json!({ "FileName": name, "FileBody": Base64::encode(bytes).as_str() })
}

/// Uploads a file, and returns its id.
pub(crate) fn upload(emulator: &Emulator, bytes: &[u8]) -> String {
    let files = json!({ "BusinessType": "DOCUMENT", "FileInfos": [file_info("合同.pdf", bytes)] });
    let response = execute(emulator, "UploadFiles", files);
    response["FileIds"][0].as_str().unwrap().to_owned()
}

pub(crate) fn person(name: &str, mobile: &str) -> Value {
    json!({
        "ApproverType": "PERSON",
        "Name": name,
        "Mobile": mobile,
        "SignComponents": [{ "ComponentType": "SIGN_SIGNATURE" }],
    })
}

pub(crate) fn organization(name: &str, mobile: &str, company: &str) -> Value {
    let mut party = person(name, mobile);
    party["ApproverType"] = "ORGANIZATION".into();
    party["OrganizationName"] = company.into();
    party["NotChannelOrganization"] = true.into();
    party
}

/// Returns the request for a contract of two persons from an uploaded file.
pub(crate) fn contract(file: &str) -> Value {
    json!({
        "FlowName": "合作协议",
        "FileIds": [file],
        "FlowApprovers": [person("张三", "13800000001"), person("李四", "13800000002")],
    })
}

/// Creates that contract with changed fields, and returns its id.
pub(crate) fn create(emulator: &Emulator, changes: Value) -> String {
    let mut contract = contract(&upload(emulator, &pdf("words")));
    for (name, value) in changes.as_object().unwrap() {
        contract[name] = value.clone();
    }
    let response = execute(emulator, "ChannelCreateFlowByFiles", contract);
    response["FlowId"].as_str().unwrap().to_owned()
}

/// Returns the `FlowStatus` and each `ApproveStatus`.
pub(crate) fn statuses(emulator: &Emulator, flow: &str) -> (String, Vec<String>) {
    let response = execute(emulator, "DescribeFlowDetailInfo", json!({ "FlowIds": [flow] }));
    let info = &response["FlowInfo"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let approvers = info["FlowApproverInfos"].as_array().unwrap();
    (text(&info["FlowStatus"]), approvers.iter().map(|one| text(&one["ApproveStatus"])).collect())
}

pub(crate) fn status(emulator: &Emulator, flow: &str) -> String {
    statuses(emulator, flow).0
}

/// Downloads the current file of a contract.
pub(crate) fn download(emulator: &Emulator, flow: &str) -> Vec<u8> {
    let mut call = urls(&[flow]);
    call.timestamp = emulator.now().as_secs();
    let response = call.response(emulator);
    let url = response["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"].as_str().unwrap();
    get(url).1
}

pub(crate) fn get(url: &str) -> (u16, Vec<u8>) {
    let mut response = http().get(url).call().unwrap();
    let status = response.status().as_u16();
    (status, response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap())
}

/// Sends a command to the administration.
pub(crate) fn admin(emulator: &Emulator, command: &str, body: &str) -> (u16, String) {
    let url = format!("{}/_emulator/{command}", emulator.endpoint());
    let mut response = http().post(&url).send(body).unwrap();
    let status = response.status().as_u16();
    (status, response.body_mut().read_to_string().unwrap())
}

pub(crate) const COMPOSED: Duration = Duration::from_secs(3);
