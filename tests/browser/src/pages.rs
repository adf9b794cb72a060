//! The pages in a representative state, for all tests and screenshots of every page.

use serde_json::{Value, json};

use crate::context::Context;

/// Names of the pages.
pub(crate) const PAGES: [&str; 11] = [
    "home",
    "search",
    "action",
    "object",
    "build",
    "call",
    "signature",
    "callback",
    "code",
    "emulator",
    "history",
];

/// Opens a page, and waits until it is complete.
pub(crate) async fn show(context: &Context, name: &str) {
    let page = &context.page;
    let flow = context.flow().await;
    let (route, shown) = match name {
        "home" => ("#/", ".groups li"),
        "search" => ("#/", ".groups li"),
        "action" => ("#/ChannelCreateFlowByFiles", "main table, main .fields, main dl"),
        "object" => ("#/FlowApproverInfo", "main h1"),
        "build" => ("#/ChannelCreateFlowByFiles?tab=call", "[data-testid=form] .form-row"),
        "call" => ("#/DescribeFlowDetailInfo?tab=call", "[data-testid=form]"),
        "signature" => ("#/signature?tab=compare", "[data-testid=signature-diff]"),
        "callback" => ("#/callback", "[data-testid=callback-result]"),
        "code" => ("#/DescribeFlowDetailInfo?tab=code", "[data-testid=snippet]"),
        "emulator" => ("#/emulator", "[data-testid=emulator] [data-flow]"),
        "history" => ("#/history", "[data-testid=history]"),
        other => panic!("{other}"),
    };
    // A new fragment, also if the page is open already.
    page.script("(() => { const search = document.querySelector('[data-testid=search]'); search.value = ''; search.dispatchEvent(new Event('input')); })()", Value::Null).await;
    page.go(route).await;
    page.shown(shown).await;
    match name {
        "search" => {
            page.fill("[data-testid=search]", "sign url").await;
            page.shown("[data-testid=results] [role=option]").await;
        }
        "call" => {
            page.request(&json!({"FlowIds": [flow]}).to_string()).await;
            send(context).await;
        }
        "signature" => signature(context).await,
        _ => {}
    }
    page.settle().await;
}

/// Sends the request of the page, and waits for its response.
pub(crate) async fn send(context: &Context) {
    let page = &context.page;
    page.click("[data-testid=send]:enabled").await;
    page.contains("[data-testid=response]", "Request").await;
}

/// Compares a signature of yesterday.
async fn signature(context: &Context) {
    let page = &context.page;
    let authorization = "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/essbasic/tc3_request, \
        SignedHeaders=content-type;host, Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168";
    page.paste("#signature-panel textarea", authorization).await;
    page.until("document.querySelector('[data-testid=signature-diff] .note')", json!(null)).await;
}
