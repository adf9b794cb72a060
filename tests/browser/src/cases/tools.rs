//! Signatures, callbacks, code and the emulator.

use std::rc::Rc;

use essbasic_emulator::{SECRET_ID, SECRET_KEY};
use serde_json::{Value, json};

use crate::context::Context;
use crate::support::server::{Server, answer};

const DIFFERENCE: &str = "[data-testid=signature-diff]";

/// Returns the fields of a signature, and its `authorization` by the keys of the emulator.
fn signed(context: &Context, timestamp: i64) -> Value {
    let body = json!({"FlowIds": ["yDone"]});
    let preview = context.emulated.api("/api/preview/DescribeFlowDetailInfo", Some(&body), &[]).1;
    let headers = preview["headers"].as_array().unwrap();
    let content_type = headers.iter().find(|header| header[0] == "content-type").unwrap();
    let request = json!({
        "secret_id": SECRET_ID, "secret_key": SECRET_KEY, "service": "essbasic", "host": "127.0.0.1",
        "action": "DescribeFlowDetailInfo", "timestamp": timestamp, "method": "POST", "path": "/",
        "content_type": content_type[1], "payload": "{\"FlowIds\":[\"yDone\"]}",
    });
    let (status, signed) = context.emulated.api("/api/sign", Some(&request), &[]);
    assert_eq!(status, 200, "{signed}");
    signed["authorization"].clone()
}

/// A signature of another day, of another host, and of another body.
pub(crate) async fn a_wrong_signature_is_explained(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/signature?tab=compare").await;
    page.shown(DIFFERENCE).await;
    let now = 1_767_225_600;
    let valid = signed(&context, now);
    page.input("Timestamp (X-TC-Timestamp)", &now.to_string()).await;
    page.input("Host", "127.0.0.1").await;
    page.input("Body", "{\"FlowIds\":[\"yDone\"]}").await;
    page.input("Authorization to explain", valid.as_str().unwrap()).await;
    page.shown(&format!("{DIFFERENCE} .success")).await;
    let yesterday = signed(&context, now - 86_400);
    page.input("Authorization to explain", yesterday.as_str().unwrap()).await;
    page.contains(DIFFERENCE, "2025-12-31").await;
    page.input("Authorization to explain", valid.as_str().unwrap()).await;
    page.shown(&format!("{DIFFERENCE} .success")).await;
    page.input("Host", "localhost").await;
    page.shown(&format!("{DIFFERENCE} .danger")).await;
}

pub(crate) async fn a_callback_is_decrypted(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/callback").await;
    page.shown("[data-testid=callback-result]").await;
    page.click(".tool-inputs > .row:last-child button:last-child").await;
    page.shown("[data-testid=callback-result] .success").await;
    // A changed byte.
    page.fill("input[placeholder^=sha256]", "sha256=00").await;
    page.click(".tool-inputs button[type=submit]").await;
    page.shown("[data-testid=callback-result] .danger").await;
    // Nothing of it is kept.
    page.go("#/").await;
    page.shown(".groups").await;
    let stored = page
        .script(
            "JSON.stringify({...sessionStorage}) + JSON.stringify({...localStorage})",
            json!(null),
        )
        .await;
    assert!(!stored.as_str().unwrap().contains("CC23FB38"), "{stored}");
}

pub(crate) async fn code_has_five_languages(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/DescribeFlowDetailInfo?tab=call").await;
    page.request(r#"{"FlowIds": ["yDcode"]}"#).await;
    page.tab("code").await;
    for language in ["rust-async", "rust-blocking", "essbasic", "curl", "python"] {
        page.click(&format!("[data-testid=code-{language}]")).await;
        let code = page.contains("[data-testid=snippet]", "yDcode").await;
        assert!(!code.contains(SECRET_KEY), "{code}");
    }
}

pub(crate) async fn the_emulator_is_controlled(context: Rc<Context>) {
    let page = &context.page;
    let names = ["panel_sign", "panel_reject", "panel_cancel", "panel_expire"];
    let flows = names.map(|name| context.new_flow(name));
    page.open(&context.emulated, "#/emulator").await;
    let actions = ["sign0", "reject0", "cancel", "expire"];
    let statuses = ["PART", "REJECT", "CANCEL", "DEADLINE"];
    for ((flow, action), status) in flows.iter().zip(actions).zip(statuses) {
        page.click(&format!("[data-flow={flow}] [data-action={action}]")).await;
        page.until(
            "document.querySelector(argument)",
            json!(format!("[data-flow={flow}] .badge[title={status}]")),
        )
        .await;
    }
    // A test callback to a server on this machine.
    let receiver = Server::start(|_, _| answer(200, "text/plain", "ok"));
    let section = "[aria-labelledby=emulator-callbacks]";
    page.click(&format!("{section} summary")).await;
    page.fill(&format!("{section} input[type=url]"), &receiver.url()).await;
    page.click(&format!("{section} button[type=submit]")).await;
    page.shown("[data-testid=callback-delivery] .success").await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].line.starts_with("POST "), "{seen:?}");
}
