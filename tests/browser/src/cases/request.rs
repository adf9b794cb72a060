//! Requests: built, checked, shown and sent.

use std::rc::Rc;

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::context::{Context, contract};
use crate::pages;

const JSON: &str = "[data-testid=json]";
const RESPONSE: &str = "[data-testid=response]";

/// Returns the request of the editor.
async fn request(context: &Context) -> Value {
    let text = context.page.script("document.querySelector(argument).value", json!(JSON)).await;
    serde_json::from_str(text.as_str().unwrap()).unwrap_or(Value::Null)
}

pub(crate) async fn form_and_json_follow_each_other(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/DescribeTemplates?tab=call").await;
    page.request(r#"{"Agent":{"AppId":"a"},"TemplateName":"one","Limit":20}"#).await;
    page.until("document.querySelector('[data-path=TemplateName]')?.value === 'one'", json!(null))
        .await;
    page.fill("[data-path=TemplateName]", "two").await;
    page.fill("[data-path=Limit]", "7").await;
    page.until("(() => { try { return JSON.parse(document.querySelector(argument).value).Limit === 7; } catch { return false; } })()", json!(JSON)).await;
    let built = request(&context).await;
    assert_eq!(built, json!({"Agent": {"AppId": "a"}, "TemplateName": "two", "Limit": 7}));
    // A syntax error keeps the form, and names its line.
    page.request("{\n  \"Limit\": oops\n}").await;
    page.contains("#json-problem", "2").await;
    // Integers of 64 bits keep their digits.
    page.request(r#"{"Limit": 20, "Offset": 9007199254740993}"#).await;
    page.fill("[data-path=Limit]", "8").await;
    page.until("document.querySelector(argument).value.includes('8') && document.querySelector(argument).value.includes('9007199254740993')", json!(JSON)).await;
    // All fields, then only the required ones.
    page.open(&context.emulated, "#/ChannelCreateFlowByFiles?tab=call").await;
    page.click("[data-testid=fill-all]").await;
    page.until(
        "Object.keys(JSON.parse(document.querySelector(argument).value)).length > 10",
        json!(JSON),
    )
    .await;
    page.click("[data-testid=fill-required]").await;
    page.until(
        "Object.keys(JSON.parse(document.querySelector(argument).value)).length < 6",
        json!(JSON),
    )
    .await;
}

/// As of the admin page of `essbasic-server`.
pub(crate) async fn a_link_fills_the_request(context: Rc<Context>) {
    let page = &context.page;
    let given = json!({"FlowIds": ["yDlinked"]});
    let query = "tab=call&request=%7B%22FlowIds%22%3A%5B%22yDlinked%22%5D%7D";
    page.open(&context.emulated, &format!("#/DescribeFlowDetailInfo?{query}")).await;
    page.until("document.querySelector(argument)?.value.includes('yDlinked')", json!(JSON)).await;
    let built = request(&context).await;
    assert_eq!(built["FlowIds"], given["FlowIds"]);
    assert!(built["Agent"].is_object(), "{built}");
    // What is typed later is kept.
    page.request(r#"{"FlowIds": ["yDtyped"]}"#).await;
    page.tab("code").await;
    page.contains("[data-testid=snippet]", "yDtyped").await;
    page.tab("call").await;
    page.until("document.querySelector(argument)?.value.includes('yDtyped')", json!(JSON)).await;
    // Anything but an object is ignored.
    for other in ["%5B1%5D", "%7B", "", "7"] {
        page.go(&format!("#/DescribeTemplates?tab=call&request={other}")).await;
        page.until("document.querySelector(argument)?.value.startsWith('{')", json!(JSON)).await;
    }
}

pub(crate) async fn faults_are_shown_next_to_the_field(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/DescribeFlowDetailInfo?tab=call").await;
    page.request(r#"{"FlowIds": ["one", 2], "FlowGroupId": null, "Unknown": 1}"#).await;
    page.until("[...document.querySelectorAll('[data-problem]')].some((node) => node.dataset.problem.startsWith('FlowIds') && node.textContent)", json!(null)).await;
    page.click(".status-button").await;
    page.contains("[data-testid=violations]", "FlowIds").await;
    // Repaired in the form, while typing.
    let ids: Vec<String> = (0..101).map(|id| format!("yD{id}")).collect();
    page.request(&json!({ "FlowIds": ids }).to_string()).await;
    page.contains("[data-testid=violations]", "100").await;
    page.request(&json!({ "FlowIds": ["yDone"] }).to_string()).await;
    page.shown(".build-status .success").await;
    // A log line.
    page.request(r#"2026-01-01 DEBUG request: {"FlowIds":["yDlog"]} status=200"#).await;
    page.click("[data-testid=extract]").await;
    page.until("document.querySelector(argument).value.trimStart().startsWith('{')", json!(JSON))
        .await;
    assert_eq!(request(&context).await, json!({"FlowIds": ["yDlog"]}));
}

pub(crate) async fn a_read_is_shown_and_sent(context: Rc<Context>) {
    let page = &context.page;
    let flow = context.flow().await;
    page.open(&context.emulated, "#/DescribeFlowDetailInfo?tab=call").await;
    page.request(&json!({ "FlowIds": [flow] }).to_string()).await;
    page.click("[data-testid=preview-button]").await;
    let preview = page.contains("[data-testid=preview]", "TC3-HMAC-SHA256").await;
    for part in ["POST", "X-TC-Action", "DescribeFlowDetailInfo", "Signature=***", &flow] {
        assert!(preview.to_lowercase().contains(&part.to_lowercase()), "{part}: {preview}");
    }
    pages::send(&context).await;
    let response = page.contains(RESPONSE, &flow).await;
    assert!(response.contains("200") && response.contains("FlowStatus"), "{response}");
    page.tab("raw").await;
    page.contains("[data-testid=raw]", &flow).await;
    page.tab("headers").await;
    page.contains(RESPONSE, "content-type").await;
    // An error of the service has its code and a hint.
    page.request("{}").await;
    page.click("[data-testid=send]").await;
    page.until("document.querySelector('[data-testid=response] .danger')", json!(null)).await;
    page.go("#/history").await;
    let history = page.contains("[data-testid=history]", "DescribeFlowDetailInfo").await;
    assert!(!history.contains("EMULATORSECRETKEY"));
    // The request of an earlier call is opened again.
    page.click("[data-testid=history] li:nth-child(2) .history-row button").await;
    page.until(
        "document.querySelector(argument[0])?.value.includes(argument[1])",
        json!([JSON, flow]),
    )
    .await;
}

pub(crate) async fn a_write_needs_the_name(context: Rc<Context>) {
    let page = &context.page;
    let flow = context.new_flow("to_be_cancelled");
    page.open(&context.emulated, "#/ChannelCancelFlow?tab=call").await;
    page.request(&json!({ "FlowId": flow, "CancelMessage": "no" }).to_string()).await;
    let sent = || context.emulated.api("/api/history", None, &[]).1["history"][0]["action"].clone();
    page.click("[data-testid=send]").await;
    let confirm = page.shown("[data-testid=confirm-send]").await;
    assert!(!confirm.is_enabled().await.unwrap());
    page.fill("[data-testid=confirm]", "ChannelCancelFlows").await;
    assert!(!confirm.is_enabled().await.unwrap());
    page.keys(Key::Escape + "").await;
    page.until("!document.querySelector('dialog[open]')", json!(null)).await;
    assert_ne!(sent(), "ChannelCancelFlow");
    page.click("[data-testid=send]").await;
    page.fill("[data-testid=confirm]", "ChannelCancelFlow").await;
    page.click("[data-testid=confirm-send]:enabled").await;
    page.shown("[data-testid=response] .success").await;
    assert_eq!(sent(), "ChannelCancelFlow");
}

/// The whole way of a contract, by the page alone.
pub(crate) async fn a_contract_is_created_signed_and_opened(context: Rc<Context>) {
    let page = &context.page;
    // The files of Chromium's own viewer of PDFs.
    context.expect("request to chrome").await;
    page.open(&context.emulated, "#/").await;
    page.keys("/").await;
    page.keys("CreateFlowsByTemplates").await;
    page.contains("[data-testid=results] [role=option]:first-child", "CreateFlowsByTemplates")
        .await;
    page.keys(Key::Enter + "").await;
    page.tab("call").await;
    page.request(&contract("Browser").to_string()).await;
    page.shown(".build-status .success").await;
    page.click("[data-testid=send]").await;
    page.fill("[data-testid=confirm]", "CreateFlowsByTemplates").await;
    page.click("[data-testid=confirm-send]:enabled").await;
    page.contains(RESPONSE, "FlowIds").await;
    let history = context.emulated.api("/api/history", None, &[]).1;
    let flow = history["history"][0]["response"]["FlowIds"][0].as_str().unwrap().to_owned();
    page.go("#/emulator").await;
    let row = format!("[data-flow={flow}]");
    page.contains(&row, "Browser").await;
    for party in 0..2 {
        page.click(&format!("{row} [data-action=sign{party}]")).await;
        page.until(
            "!document.querySelector(argument)",
            json!(format!("{row} [data-action=sign{party}]")),
        )
        .await;
    }
    page.go("#/DescribeResourceUrlsByFlows?tab=call").await;
    page.request(&json!({ "FlowIds": [flow] }).to_string()).await;
    pages::send(&context).await;
    // Reading must not depend on a viewer, which headless browsers lack.
    page.script("(() => { window.opened = []; const create = URL.createObjectURL; URL.createObjectURL = (blob) => { const url = create.call(URL, blob); window.opened.push(blob); return url; }; })()", json!(null)).await;
    let before = page.driver.windows().await.unwrap();
    page.click("[data-testid=pdf]").await;
    page.until("window.opened.length === 1", json!(null)).await;
    let script = "const done = arguments[0]; window.opened[0].text().then((text) => done([window.opened[0].type, text.slice(0, 5)]));";
    let pdf = page.driver.execute_async(script, Vec::<Value>::new()).await.unwrap();
    assert_eq!(*pdf.json(), json!(["application/pdf", "%PDF-"]));
    page.close_others(&before).await;
}
