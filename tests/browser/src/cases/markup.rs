//! Text from the service, the emulator and the user is never markup.

use std::rc::Rc;

use serde_json::json;

use crate::context::Context;
use crate::process::Explorer;
use crate::support::server::{Answer, Seen, Server, answer};

/// Calls `executed` if it becomes an element, in text, in an attribute, or as an address.
const MARKUP: &str =
    r#"'"><img src=x onerror=executed(1)><svg onload=executed(2)><script>executed(3)</script>"#;

/// Addresses, searches, requests with their faults, and all inputs of the tools.
pub(crate) async fn text_of_the_user_stays_text(context: Rc<Context>) {
    let page = &context.page;
    for status in ["404", "422", "400", "cannot be parsed"] {
        context.expect(status).await;
    }
    page.open(&context.emulated, "#/").await;
    page.fill("[data-testid=search]", "<img").await;
    page.paste("[data-testid=search]", MARKUP).await;
    page.contains("#search-panel", "<img").await;
    harmless(&context, "search").await;
    for route in [
        format!("#/{MARKUP}"),
        "#/DescribeFlowDetailInfo?tab=<img src=x onerror=executed(4)>".to_owned(),
    ] {
        let script = "document.querySelector('main > .page').setAttribute('data-old', ''), location.hash = argument";
        page.script(script, json!(route)).await;
        page.until("!document.querySelector('main > [data-old]')", json!(null)).await;
        harmless(&context, &route).await;
    }
    page.go("#/DescribeFlowDetailInfo?tab=call").await;
    let body = json!({"FlowIds": [MARKUP], "FlowGroupId": 1, MARKUP: MARKUP}).to_string();
    page.request(&body).await;
    page.click(".status-button").await;
    page.contains("[data-testid=violations]", "FlowGroupId").await;
    page.click("[data-testid=preview-button]").await;
    page.contains("[data-testid=preview]", "<img").await;
    harmless(&context, "request").await;
    page.request(MARKUP).await;
    page.until("document.querySelector('#json-problem').textContent", json!(null)).await;
    harmless(&context, "syntax").await;
    page.request(&json!({"FlowIds": [MARKUP]}).to_string()).await;
    page.tab("code").await;
    page.contains("[data-testid=snippet]", "<img").await;
    harmless(&context, "code").await;
    for route in ["#/signature", "#/signature?tab=compare", "#/callback", "#/emulator"] {
        page.go(route).await;
        page.settle().await;
        let fill = "(() => {
            document.querySelectorAll('main details').forEach((node) => { node.open = true; });
            const inputs = [...document.querySelectorAll('main input:not([type=checkbox]):not([type=file]), main textarea')];
            for (const input of inputs) {
                input.value = argument;
                input.dispatchEvent(new Event('input', {bubbles: true}));
                input.dispatchEvent(new Event('change', {bubbles: true}));
            }
            document.querySelector('main button[type=submit]')?.click();
            return inputs.length;
        })()";
        let filled = page.script(fill, json!(MARKUP)).await;
        assert!(filled.as_u64().unwrap() > 1, "{route}: {filled}");
        page.settle().await;
        harmless(&context, route).await;
    }
}

/// Reasons of the emulator.
pub(crate) async fn text_of_the_emulator_stays_text(context: Rc<Context>) {
    let page = &context.page;
    let flow = context.new_flow("markup");
    let reject = json!({"flow": flow, "reason": MARKUP});
    let (status, rejected) = context.emulated.api("/api/emulator/reject", Some(&reject), &[]);
    assert_eq!(status, 200, "{rejected}");
    page.open(&context.emulated, "#/emulator").await;
    page.contains(&format!("[data-flow={flow}]"), "<img").await;
    harmless(&context, "emulator").await;
}

/// Responds with markup in every string: a contract, an error, links, and a body that is not JSON.
fn hostile(seen: &Seen, _: std::net::SocketAddr) -> Answer {
    let content = match &*seen.body {
        body if body.contains("error") => {
            json!({"Error": {"Code": MARKUP, "Message": MARKUP}, "RequestId": MARKUP})
        }
        body if body.contains("twice") => {
            let text = json!({"Response": {"FlowInfo": MARKUP, "RequestId": MARKUP}}).to_string();
            return answer(200, "application/json", text.replace("FlowInfo", "RequestId"));
        }
        body if body.contains("html") => return answer(200, "text/html", MARKUP),
        _ => json!({
            "FlowInfo": [{"FlowId": MARKUP, "FlowName": MARKUP, MARKUP: MARKUP}],
            "FlowResourceUrlInfos": [{"FlowId": MARKUP, "ResourceUrlInfos": [
                {"Url": "javascript:executed(5)", "Name": MARKUP, "Type": "PDF"},
                {"Url": format!("http://example.com/{MARKUP}.pdf"), "Name": MARKUP, "Type": "PDF"},
            ]}],
            "RequestId": MARKUP,
        }),
    };
    let response = answer(200, "application/json", json!({"Response": content}).to_string());
    response.with_header("x-markup", MARKUP)
}

pub(crate) async fn text_of_the_service_stays_text(context: Rc<Context>) {
    let page = &context.page;
    for status in ["422", "502", "403"] {
        context.expect(status).await;
    }
    let service = Server::start(hostile);
    let keys = [("TENCENTCLOUD_SECRET_ID", "AKIDexample"), ("TENCENTCLOUD_SECRET_KEY", "example")];
    let explorer = Explorer::start(&["--endpoint", &service.url()], &keys);
    assert_eq!(explorer.mode, "production");
    for (route, id) in [
        ("#/DescribeFlowDetailInfo?tab=call", "yDone"),
        ("#/DescribeFlowDetailInfo?tab=call", "error"),
        ("#/DescribeFlowDetailInfo?tab=call", "html"),
        ("#/DescribeFlowDetailInfo?tab=call", "twice"),
        ("#/DescribeResourceUrlsByFlows?tab=call", "yDone"),
    ] {
        page.open(&explorer, route).await;
        page.request(&json!({"FlowIds": [id]}).to_string()).await;
        page.click("[data-testid=send]:enabled").await;
        page.contains("[data-testid=response]", "<img").await;
        harmless(&context, &format!("{route} {id}")).await;
        for tab in ["raw", "headers"] {
            page.tab(tab).await;
            harmless(&context, &format!("{route} {id} {tab}")).await;
        }
    }
    // The address of a script has no button, and a file of another host is refused.
    page.tab("tree").await;
    let script = "[...document.querySelectorAll('[data-testid=response] .tree-leaf')]
        .filter((leaf) => leaf.querySelector('.tree-key')?.textContent === 'Url')
        .map((leaf) => leaf.querySelectorAll('[data-testid=pdf]').length)";
    assert_eq!(page.script(script, json!(null)).await, json!([0, 1]));
    let before = page.driver.windows().await.unwrap();
    page.click("[data-testid=pdf]").await;
    page.shown("#toasts > *").await;
    harmless(&context, "file").await;
    page.close_others(&before).await;
    page.go("#/history").await;
    page.shown("[data-testid=history] li").await;
    page.script(
        "document.querySelectorAll('details').forEach((node) => { node.open = true; })",
        json!(null),
    )
    .await;
    page.contains("[data-testid=history]", "<img").await;
    harmless(&context, "history").await;
    page.leave().await;
}

/// Asserts that no element was made from the markup, and that nothing was executed.
async fn harmless(context: &Context, place: &str) {
    let made = "document.querySelectorAll('[onerror], [onload], img[src=x], main script, a[href^=javascript]').length";
    assert_eq!(context.page.script(made, json!(null)).await, json!(0), "{place}");
    assert_eq!(context.page.executed().await, Vec::<String>::new(), "{place}");
}
