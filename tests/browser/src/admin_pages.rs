//! The pages of `essbasic-server` in a representative state.

use crate::context::Context;
use crate::process::until;
use crate::server::Server;

/// Names of the pages.
pub(crate) const PAGES: [&str; 7] =
    ["overview", "contracts", "contract", "messages", "message", "forwards", "add"];

/// Waits until the server has archived a contract and received a message.
pub(crate) async fn archived(server: &Server) {
    until("a contract is archived", async || {
        let status = server.api("/api/status");
        let done = status["contracts"]["done"].as_i64().unwrap();
        let messages = server.api("/api/messages?limit=1");
        (done > 0 && messages["messages"][0].is_object()).then_some(())
    })
    .await;
}

/// Opens a page of the loaded document, and waits until it is complete.
pub(crate) async fn show(context: &Context, server: &Server, name: &str) {
    let page = &context.page;
    let first = |path: &str, list: &str, key: &str| {
        let found = server.api(path);
        found[list][0][key].as_str().map(str::to_owned).unwrap_or_else(|| panic!("{path}: {found}"))
    };
    let (route, shown) = match name {
        "overview" => ("#/".to_owned(), "[data-testid=replicas] [data-worker]"),
        "contracts" => ("#/contracts".to_owned(), "[data-testid=contracts] [data-contract]"),
        "contract" => {
            let flow = first("/api/contracts?state=done&limit=1", "contracts", "flow_id");
            (format!("#/contract?id={flow}"), "[data-testid=timeline] [data-kind]")
        }
        "messages" => ("#/messages".to_owned(), "[data-testid=messages] [data-message]"),
        "message" => {
            let id = first("/api/messages?limit=1", "messages", "id");
            (format!("#/message?id={id}"), "main h1")
        }
        "forwards" => ("#/forwards".to_owned(), "main h1"),
        "add" => ("#/add".to_owned(), "[data-testid=ids]"),
        other => panic!("{other}"),
    };
    page.go(&route).await;
    page.shown(shown).await;
    page.script("window.scrollTo(0, 0)", serde_json::Value::Null).await;
}
