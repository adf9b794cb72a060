//! The admin page of `essbasic-server`: what it shows.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::admin_pages::{PAGES, archived, show};
use crate::context::Context;
use crate::process::until;
use crate::server::Server;
use crate::site::Site as _;
use crate::{axe, page::Page};

/// Returns the number of a tile.
async fn tile(page: &Page, name: &str) -> i64 {
    // In one step, because a refresh replaces elements.
    let text = "document.querySelector(`[data-testid=tile-${argument}] .tile-value`)?.innerText";
    let text = page.until(text, json!(name)).await;
    text.as_str().unwrap().replace(',', "").parse().unwrap()
}

pub(crate) async fn the_token_leaves_the_address(context: Rc<Context>) {
    let (page, server) = (&context.page, context.emulated_server().await);
    page.open(server, "#/").await;
    let shown = page
        .script("location.href + document.cookie + JSON.stringify({...localStorage}) + document.documentElement.outerHTML", json!(null))
        .await;
    assert!(!shown.as_str().unwrap().contains(server.token()));
    // Another tab has no token.
    context.expect("401").await;
    page.forget(server).await;
    page.driver.goto(format!("{}/#/contracts", server.origin())).await.unwrap();
    page.contains("main", "not authorized").await;
    page.leave().await;
}

/// The numbers follow the ledger, without a reload and without losing the focus.
pub(crate) async fn the_overview_follows_the_ledger(context: Rc<Context>) {
    let (page, server) = (&context.page, context.emulated_server().await);
    page.open(server, "#/").await;
    page.until("document.querySelector('[data-testid=state] [data-tone=success]')", json!(null))
        .await;
    page.until(
        "document.querySelector('#mode').textContent === 'Ready' && document.title === 'Overview · essbasic server'",
        json!(null),
    )
    .await;
    page.script("(document.querySelector('[data-testid=tile-done]').focus(), document.querySelector('h1').mark = 1)", json!(null)).await;
    let before = tile(page, "done").await;
    until("more contracts are archived", async || {
        (tile(page, "done").await > before).then_some(())
    })
    .await;
    let kept = page
        .script(
            "[document.activeElement.dataset.testid, document.querySelector('h1').mark]",
            json!(null),
        )
        .await;
    assert_eq!(kept, json!(["tile-done", 1]));
    page.contains("[data-testid=rate]", "DescribeResourceUrlsByFlows").await;
    page.contains("[data-testid=replicas]", "this one").await;
    // Without contracts that need a decision, there is no list of them.
    assert_eq!(
        page.script("document.querySelector('[data-testid=dead]').children.length", json!(null))
            .await,
        json!(0)
    );
}

pub(crate) async fn contracts_are_found_and_have_evidence(context: Rc<Context>) {
    let (page, server) = (&context.page, context.emulated_server().await);
    archived(server).await;
    page.open(server, "#/contracts").await;
    page.click("[data-state=done]").await;
    page.until("location.hash === '#/contracts?state=done'", json!(null)).await;
    let list = server.api("/api/contracts?state=done&limit=1");
    let flow = list["contracts"][0]["flow_id"].as_str().unwrap().to_owned();
    page.fill("[data-testid=prefix]", &flow).await;
    let only = "[...document.querySelectorAll('[data-contract]')].map((row) => row.dataset.contract).join() === argument";
    page.until(only, json!(flow)).await;
    page.fill("[data-testid=prefix]", "zzz").await;
    page.contains("main", "No contract matches").await;
    // The search of the bar opens the only contract with a prefix.
    page.keys("/").await;
    page.fill("[data-testid=search]", &flow).await;
    page.keys(thirtyfour::Key::Enter + "").await;
    page.shown("[data-testid=timeline] [data-kind=archived]").await;
    let detail = server.api(&format!("/api/contracts/{flow}"));
    let sha256 = detail["files"][0]["sha256"].as_str().unwrap().to_owned();
    page.contains("[data-testid=files]", &sha256).await;
    page.contains("main", detail["request_id"].as_str().unwrap()).await;
    // The Explorer, if it is mounted, describes the contract.
    if server.api("/api/status")["explorer"].is_string() {
        page.click("[data-testid=in-explorer]").await;
        page.until(
            "document.querySelector('[data-testid=json]')?.value.includes(argument)",
            json!(flow),
        )
        .await;
        // It leads back to the admin page.
        page.contains("#mode", "EMULATOR").await;
        page.click("[data-testid=admin]").await;
        page.shown("[data-testid=tile-dead]").await;
    }
}

pub(crate) async fn the_page_has_two_languages(context: Rc<Context>) {
    let (page, server) = (&context.page, context.emulated_server().await);
    archived(server).await;
    page.open(server, "#/").await;
    let script = "const done = arguments[0]; import('/assets/i18n-en.js').then((table) => done(Object.keys(Object.values(table)[0])));";
    let keys = page.driver.execute_async(script, Vec::<Value>::new()).await.unwrap().json().clone();
    assert!(keys.as_array().unwrap().len() > 100);
    let shown = "argument.filter((key) => key.includes('.') && document.body.innerText.split(/[^\\w.]+/).includes(key))";
    for language in ["zh", "en"] {
        page.language(language).await;
        for name in PAGES {
            show(&context, server, name).await;
            assert_eq!(page.script(shown, keys.clone()).await, json!([]), "{name} in {language}");
            let has_chinese = "/\\p{Script=Han}/u.test(document.querySelector('main').innerText)";
            let has_chinese = page.script(has_chinese, json!(null)).await;
            assert_eq!(has_chinese, json!(language == "zh"), "{name} in {language}");
        }
    }
}

pub(crate) async fn axe_reports_no_serious_fault(context: Rc<Context>) {
    let Some(source) = context.axe.clone() else {
        println!("SKIPPED: axe-core is not installed; run `.ci/explorer tools`");
        return;
    };
    let (page, server) = (&context.page, context.emulated_server().await);
    archived(server).await;
    page.open(server, "#/").await;
    axe::install(page, &source).await;
    let mut faults = Vec::new();
    for name in PAGES {
        show(&context, server, name).await;
        faults.extend(axe::faults(page, name).await);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// No page scrolls sideways at a width of 390 pixels.
pub(crate) async fn narrow_screens_show_everything(context: Rc<Context>) {
    let (page, server) = (&context.page, context.emulated_server().await);
    archived(server).await;
    page.open(server, "#/").await;
    page.size(390, 844).await;
    let mut faults = Vec::new();
    for name in PAGES {
        show(&context, server, name).await;
        let found = axe::wide(page).await;
        if found != json!([]) {
            faults.push(format!("{name}: {found}"));
        }
    }
    page.size(1280, 900).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The page shows that its server is gone, and keeps what it knows.
pub(crate) async fn a_server_that_is_gone_is_shown(context: Rc<Context>) {
    let page = &context.page;
    let server = Server::configured(true);
    page.open(&server, "#/").await;
    page.shown("[data-testid=tile-open]").await;
    context.expect("ERR_CONNECTION_REFUSED").await;
    context.expect("ERR_CONNECTION_RESET").await;
    context.expect("ERR_EMPTY_RESPONSE").await;
    drop(server);
    page.contains("[data-testid=alarm]", "does not respond").await;
    page.contains("#mode", "NO RESPONSE").await;
    page.shown("[data-testid=tile-open]").await;
    page.leave().await;
}
