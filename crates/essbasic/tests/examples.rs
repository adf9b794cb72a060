//! Runs the examples against the emulator.

#![allow(clippy::unwrap_used, reason = "tests panic on failure")]

#[allow(dead_code, unreachable_pub, reason = "a test uses a part of the example")]
#[path = "../examples/archive_many.rs"]
mod archive_many;
#[allow(dead_code, unreachable_pub, reason = "a test uses a part of the example")]
#[path = "../examples/axum_service.rs"]
mod axum_service;
#[allow(dead_code, unreachable_pub, reason = "a test uses a part of the example")]
#[path = "../examples/download_one.rs"]
mod download_one;
#[allow(dead_code, unreachable_pub, reason = "a test uses a part of the example")]
#[path = "../examples/start_from_template.rs"]
mod start_from_template;

use std::time::Duration;

use essbasic::FlowStatus;
use essbasic_callback::testing::{Sender, message};
use essbasic_callback::{MsgType, Receiver, Token};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, OPERATOR, ORGANIZATION};

use crate::support::{config, the_agent};

#[tokio::test]
async fn downloads_a_signed_contract_and_reports_an_unsigned_one() {
    let emulator = Emulator::builder().start().unwrap();
    let client = essbasic::Client::new(config(&emulator), the_agent()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let flow = emulator.completed_flows().remove(0);
    let files = download_one::download(&client, &flow, folder.path()).await.unwrap();
    assert!(files.iter().all(|path| path.is_file()) && !files.is_empty());
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "yDwRefused"));
    emulator.reject("yDwRefused", None, "价格不对").unwrap();
    let error = download_one::download(&client, "yDwRefused", folder.path()).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("REJECT") && !error.contains("价格不对"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_contracts_and_receives_callbacks() {
    let emulator = Emulator::builder().start().unwrap();
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "yDwOpen"));
    let client = essbasic::Client::new(config(&emulator), the_agent()).unwrap();
    let token = Token::new("a token").unwrap();
    let app = axum_service::app(client, Receiver::new(token.clone(), None));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let http = reqwest::Client::new();

    let flow = emulator.completed_flows().remove(0);
    let pdf = http.get(format!("{base}/contracts/{flow}/pdf")).send().await.unwrap();
    assert_eq!(pdf.status(), 200);
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let name = pdf.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; filename*=UTF-8''%") && name.ends_with(".pdf"), "{name}");
    let length = pdf.content_length().unwrap();
    let pdf = pdf.bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() as u64 == length);
    for (id, status) in [("unknown", 404), ("yDwOpen", 409)] {
        let response = http.get(format!("{base}/contracts/{id}/pdf")).send().await.unwrap();
        assert_eq!(response.status(), status, "{id}");
    }

    // The callback ends the wait: without it, the next poll is a minute later than the timeout.
    let polls = || emulator.stats().calls["DescribeFlowDetailInfo"];
    let before = polls();
    let wait = http.get(format!("{base}/contracts/yDwOpen/signed")).send();
    let wait = tokio::spawn(wait);
    while polls() == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let data = serde_json::json!({ "FlowId": "yDwOpen", "FlowCallbackStatus": 4 });
    let message = message("id-1", &MsgType::FlowStatusChange, data);
    let callback = Sender::new(token, None).send(&message);
    let mut post = http.post(format!("{base}/callback")).body(callback.body);
    post = post.header("Content-Signature", callback.signature.unwrap());
    assert_eq!(post.send().await.unwrap().status(), 200);
    assert_eq!(wait.await.unwrap().unwrap().text().await.unwrap(), "true");
    assert_eq!(polls(), before + 1);
}

#[test]
fn a_second_archive_run_downloads_nothing() {
    let emulator = Emulator::builder().start().unwrap();
    let client = essbasic::blocking::Client::new(config(&emulator), the_agent()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ids, archive) = (folder.path().join("ids.txt"), folder.path().join("archive"));
    let flows = emulator.completed_flows();
    std::fs::write(&ids, flows.join("\n")).unwrap();
    for _ in 0..2 {
        assert!(archive_many::archive(&client, &ids, &archive).unwrap());
        let downloads = emulator.stats().downloads;
        assert!(downloads.len() == flows.len() && downloads.values().all(|count| *count == 1));
    }
    std::fs::write(&ids, "unknown").unwrap();
    assert!(!archive_many::archive(&client, &ids, &archive).unwrap());
}

#[tokio::test]
async fn creates_a_contract_from_a_template() {
    let emulator = Emulator::builder().start().unwrap();
    let client = essbasic::Client::new(config(&emulator), the_agent()).unwrap();
    let ours = ["典子谦示例企业", ORGANIZATION, OPERATOR];
    let theirs = ["张三", "13800000001"];
    let template = "yDEmuTemplate0000000000000000001";
    let (flow, links) = start_from_template::offer(&client, template, ours, theirs).await.unwrap();
    assert_eq!(links.len(), 2);
    let info = client.details([&flow]).await.unwrap().remove(0).unwrap();
    assert_eq!(info.flow_status, FlowStatus::Init);
    assert!(start_from_template::offer(&client, "unknown", ours, theirs).await.is_err());
}
