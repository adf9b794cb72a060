//! Text from the service, the emulator and the user is never markup.

use std::rc::Rc;

use serde_json::json;

use crate::run::Context;

/// Calls `executed` if it becomes an element, in text, in an attribute, or as an address.
const MARKUP: &str =
    r#"'"><img src=x onerror=executed(1)><svg onload=executed(2)><script>executed(3)</script>"#;

/// Contract names, messages, requests, responses, searches, addresses and all inputs of the tools.
pub(crate) async fn markup_stays_text(context: Rc<Context>) {
    let page = &context.page;
    for text in ["404", "422", "400", "502"] {
        context.expect(text).await;
    }
    let explorer = &context.emulated;
    let flow = context.new_flow(MARKUP);
    let cancel = json!({"FlowId": flow, "CancelMessage": MARKUP});
    let _ = explorer.api(
        "/api/call/ChannelCancelFlow",
        Some(&cancel),
        &[("x-confirm-action", "ChannelCancelFlow")],
    );
    page.open(explorer, "#/").await;
    page.fill("[data-testid=search]", "<img").await;
    page.paste("[data-testid=search]", MARKUP).await;
    page.contains("#search-panel", "<img").await;
    harmless(&context, "search").await;
    let address = format!("#/{}", MARKUP.replace('%', "%25"));
    page.go(&address).await;
    page.shown("main h1").await;
    harmless(&context, "address").await;
    page.go("#/DescribeFlowDetailInfo?tab=%3Cimg%20src=x%20onerror=executed(4)%3E").await;
    page.contains("main h1", "DescribeFlowDetailInfo").await;
    harmless(&context, "tab").await;

    // Values and names of a request, its faults, and an error of the service.
    page.go("#/DescribeFlowDetailInfo?tab=call").await;
    let body = json!({"FlowIds": [MARKUP], "FlowGroupId": MARKUP, MARKUP: MARKUP}).to_string();
    page.paste("[data-testid=json]", &body).await;
    page.shown(".status-button").await;
    page.click(".status-button").await;
    page.shown("[data-testid=violations]").await;
    page.click("[data-testid=preview-button]").await;
    page.contains("[data-testid=preview]", "<img").await;
    page.click("[data-testid=send]").await;
    page.until("document.querySelector('[data-testid=response]')?.checkVisibility()", json!(null))
        .await;
    harmless(&context, "request").await;
    page.paste("[data-testid=json]", MARKUP).await;
    page.until("document.querySelector('#json-problem')?.textContent", json!(null)).await;
    harmless(&context, "syntax").await;

    // A response: the name of the contract.
    page.paste("[data-testid=json]", &json!({"FlowIds": [flow]}).to_string()).await;
    page.click("[data-testid=send]:enabled").await;
    page.contains("[data-testid=response]", "<img").await;
    page.tab("raw").await;
    page.contains("[data-testid=raw]", "<img").await;
    harmless(&context, "response").await;
    page.go("#/history").await;
    page.shown("[data-testid=history] li").await;
    page.script(
        "document.querySelectorAll('details').forEach((node) => { node.open = true; })",
        json!(null),
    )
    .await;
    page.contains("[data-testid=history]", "<img").await;
    harmless(&context, "history").await;

    page.go("#/emulator").await;
    page.contains("[data-testid=emulator]", "<img").await;
    harmless(&context, "emulator").await;
    page.go("#/DescribeFlowDetailInfo?tab=call").await;
    page.paste("[data-testid=json]", &json!({"FlowIds": [MARKUP]}).to_string()).await;
    page.tab("code").await;
    page.contains("[data-testid=snippet]", "<img").await;
    harmless(&context, "code").await;

    // Every input of the tools.
    for route in ["#/signature", "#/signature?tab=compare", "#/callback", "#/emulator"] {
        page.go("#/").await;
        page.shown(".groups").await;
        page.go(route).await;
        page.shown("main h1").await;
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

/// Asserts that no element was made from the markup, and that nothing was executed.
async fn harmless(context: &Context, place: &str) {
    let made = context
        .page
        .script(
            "document.querySelectorAll('[onerror], [onload], img[src=x], main script').length",
            json!(null),
        )
        .await;
    assert_eq!(made, json!(0), "{place}");
    assert_eq!(context.page.executed().await, Vec::<String>::new(), "{place}");
}
