//! The admin page of `essbasic-server`: what it changes.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::context::Context;
use crate::process::until;
use crate::server::Server;

/// IDs that the service does not know.
const UNKNOWN: [&str; 2] = ["yDUnknown0000000000000000000001", "yDUnknown0000000000000000000002"];

/// Adds contracts with the page, and waits until the unknown ones are dead.
pub(crate) async fn contracts_are_added(context: Rc<Context>) {
    let (page, server) = (&context.page, context.configured_server().await);
    let known = server.completed().remove(0);
    page.open(server, "#/add").await;
    page.shown("[data-testid=add]:disabled").await;
    // Lines that are not IDs are named, and nothing is sent.
    let too_long = "x".repeat(129);
    let text =
        format!("{known}\nPlease archive these contracts:\n\n.hidden\n{too_long}\n{}", UNKNOWN[0]);
    page.paste("[data-testid=ids]", &text).await;
    let lines = "[...document.querySelectorAll('[data-testid=invalid] [data-line]')].map((line) => line.dataset.line).join()";
    page.until(&format!("{lines} === '2,4,5'"), json!(null)).await;
    page.contains("[data-testid=invalid]", "Please archive these contracts:").await;
    page.shown("[data-testid=add]:disabled").await;
    let text = format!("{known}, {}\r\n {} ;\"{known}\",\n\n", UNKNOWN[0], UNKNOWN[1]);
    page.paste("[data-testid=ids]", &text).await;
    page.click("[data-testid=add]:enabled").await;
    page.shown("[data-testid=results] [data-summary=added]").await;
    let added = page
        .script("[...document.querySelectorAll('[data-result=added]')].map((row) => row.querySelector('a').textContent).sort()", json!(null))
        .await;
    let mut expected = vec![known.as_str(), UNKNOWN[0], UNKNOWN[1]];
    expected.sort_unstable();
    assert_eq!(added, json!(expected));
    page.click("[data-testid=add]:enabled").await;
    page.until("document.querySelectorAll('[data-result=known]').length === 3", json!(null)).await;
    // The one that the service knows is archived.
    page.go(&format!("#/contract?id={known}")).await;
    page.shown("[data-testid=timeline] [data-kind=archived]").await;
}

pub(crate) async fn dead_contracts_are_retried_and_dropped(context: Rc<Context>) {
    let (page, server) = (&context.page, context.configured_server().await);
    add_unknown(&context, server).await;
    page.open(server, "#/").await;
    page.contains("[data-testid=state] [data-tone=danger]", "2 contracts need your decision").await;
    // All with one reason, from the overview.
    page.click("[data-reason=not_found] [data-testid=retry-all]").await;
    page.click("[data-testid=confirm]").await;
    page.contains("#toasts", "2 contracts are due again").await;
    for flow in UNKNOWN {
        retried(server, flow, 1).await;
    }
    // One, from its page.
    page.go("#/contracts?state=dead").await;
    page.click(&format!("[data-contract={}] a", UNKNOWN[0])).await;
    page.contains("[data-testid=reason]", "Not found").await;
    page.contains("[data-testid=files]", "No files were stored").await;
    page.contains("main .facts", "Last request ID").await;
    page.contains("main .facts", "Attempts").await;
    page.click("[data-testid=retry]").await;
    page.click("[data-testid=confirm]").await;
    retried(server, UNKNOWN[0], 2).await;
    page.shown("[data-testid=timeline] [data-kind=retried]").await;
    // A drop is typed.
    page.shown("[data-testid=retry]").await;
    page.click("[data-testid=drop]").await;
    page.shown("[data-testid=confirm]:disabled").await;
    page.fill("[data-testid=confirm-text]", "000000").await;
    page.shown("[data-testid=confirm]:disabled").await;
    page.fill("[data-testid=confirm-text]", &UNKNOWN[0][UNKNOWN[0].len() - 6..]).await;
    page.click("[data-testid=confirm]:enabled").await;
    page.shown("[data-testid=contract-state] [data-code=dropped]").await;
    page.until("!document.querySelector('[data-testid=retry], [data-testid=drop]')", json!(null))
        .await;
}

/// Waits until a contract has been retried `times` times and is dead again.
async fn retried(server: &Server, flow: &str, times: usize) {
    until("the contract is dead again", async || {
        let detail = server.api(&format!("/api/contracts/{flow}"));
        let events = detail["events"].as_array().unwrap();
        let retries = events.iter().filter(|event| event["kind"] == "retried").count();
        (retries == times && detail["state"] == "dead").then_some(())
    })
    .await;
}

/// Adds the unknown contracts, unless another case has, and waits until they are dead.
async fn add_unknown(context: &Context, server: &Server) {
    let page = &context.page;
    page.open(server, "#/add").await;
    page.paste("[data-testid=ids]", &UNKNOWN.join("\n")).await;
    page.click("[data-testid=add]:enabled").await;
    page.shown("[data-testid=results] [data-result]").await;
    for flow in UNKNOWN {
        retried(server, flow, 0).await;
    }
}

pub(crate) async fn a_message_is_replayed(context: Rc<Context>) {
    let (page, server) = (&context.page, context.configured_server().await);
    let flow = server.completed().remove(1);
    server.post_signed("browser-message-1", &flow);
    until("the message is forwarded", async || (server.forwarded().len() == 1).then_some(())).await;
    page.open(server, &format!("#/messages?flow_id={flow}")).await;
    page.click("[data-testid=messages] [data-message] .main-cell a").await;
    page.shown("[data-testid=forwards] [data-code=delivered]").await;
    page.click("[data-testid=replay]").await;
    until("the message is replayed", async || (server.forwarded().len() == 2).then_some(())).await;
    page.until(
        "document.querySelectorAll('[data-testid=forwards] [data-code=delivered]').length === 2",
        json!(null),
    )
    .await;
    page.go("#/forwards").await;
    page.shown("[data-target=billing] [data-code=ok]").await;
    // Its contract was archived, although nobody added it.
    page.go(&format!("#/contract?id={flow}")).await;
    page.shown("[data-testid=timeline] [data-kind=archived]").await;
}

/// The overview leads to dead forwards and replays them all.
pub(crate) async fn dead_forwards_are_found_and_replayed(context: Rc<Context>) {
    let page = &context.page;
    let is_working = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&is_working);
    let status = move || if shared.load(Ordering::SeqCst) { 200 } else { 500 };
    let server = Server::forwarding(true, status);
    let flow = server.completed().remove(0);
    server.post_signed("browser-message-1", &flow);
    until("the forward is dead", async || {
        (server.api("/api/status")["forward_dead"] == 1).then_some(())
    })
    .await;
    page.open(&server, "#/").await;
    let note = "[data-testid=state] [data-tone=danger]";
    page.contains(note, "1 forward to billing is dead").await;
    page.click("[data-testid=state] a[href*='dead=true']").await;
    page.contains("[data-testid=messages] [data-testid=dead-forwards]", "1 dead forward").await;
    assert_eq!(
        page.shown("[data-testid=target]").await.prop("value").await.unwrap().unwrap(),
        "billing"
    );
    page.click("[data-testid=messages] [data-message] .main-cell a").await;
    page.contains("[data-testid=forwards]", "Target failed").await;
    page.contains("[data-testid=forwards]", "500").await;
    is_working.store(true, Ordering::SeqCst);
    page.go("#/forwards").await;
    page.click("[data-target=billing] [data-testid=replay-all]").await;
    page.click("[data-testid=confirm]").await;
    page.contains("#toasts", "1 message will be sent again").await;
    page.go("#/").await;
    page.until("document.querySelector('[data-testid=state] [data-tone=success]')", json!(null))
        .await;
    page.go("#/messages?dead=true").await;
    page.contains("main", "No message matches").await;
    page.leave().await;
}

/// Without `writable`, the page changes nothing.
pub(crate) async fn a_read_only_page_has_no_buttons(context: Rc<Context>) {
    let page = &context.page;
    let server = Server::configured(false);
    server.post_signed("browser-message-1", UNKNOWN[0]);
    until("the contract is dead", async || {
        (server.api("/api/status")["contracts"]["dead"] == 1).then_some(())
    })
    .await;
    page.open(&server, "#/").await;
    page.shown("[data-testid=dead] [data-reason]").await;
    let changes = "document.querySelector('[data-testid=retry-all], [data-testid=retry], [data-testid=drop], [data-testid=replay], [data-testid=add]')";
    for route in ["#/", "#/contracts?state=dead&reason=not_found", "#/add"] {
        page.go(route).await;
        page.settle().await;
        assert_eq!(page.script(changes, json!(null)).await, json!(null), "{route}");
    }
    page.contains("main", "read-only").await;
    page.go("#/messages").await;
    page.click("[data-testid=messages] .main-cell a").await;
    page.shown("[data-testid=forwards]").await;
    assert_eq!(page.script(changes, json!(null)).await, json!(null), "message");
    page.go(&format!("#/contract?id={}", UNKNOWN[0])).await;
    page.contains("[data-testid=reason]", "Not found").await;
    assert_eq!(page.script(changes, json!(null)).await, json!(null), "contract");
    assert!(!page.shown("#side").await.text().await.unwrap().contains("Add"));
    page.leave().await;
}
