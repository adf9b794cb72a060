//! Start of the page: token, mode and languages.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::context::Context;
use crate::process::Explorer;

pub(crate) async fn the_token_leaves_the_address(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    let token = &context.emulated.token;
    let url = page.driver.current_url().await.unwrap();
    assert!(!url.as_str().contains(token), "{url}");
    let stored = page.script("document.cookie + JSON.stringify({...localStorage}) + document.documentElement.outerHTML", json!(null)).await;
    assert!(!stored.as_str().unwrap().contains(token));
    // The entry of the browser's history was replaced too.
    page.go("#/history").await;
    page.driver.back().await.unwrap();
    let url = page.driver.current_url().await.unwrap();
    assert!(!url.as_str().contains(token), "{url}");
    // No address of any request contains it, because a fragment is not sent.
    page.driver.refresh().await.unwrap();
    page.shown("main h1").await;
    let names = page
        .script("JSON.stringify(performance.getEntries().map((entry) => entry.name))", json!(null))
        .await;
    assert!(!names.as_str().unwrap().contains(token), "{names}");
}

pub(crate) async fn without_token_nothing_is_shown(context: Rc<Context>) {
    let page = &context.page;
    context.expect("401").await;
    for address in ["/", "/#/DescribeFlowDetailInfo", "/#token=00000000000000000000000000000000"] {
        page.forget(&context.emulated).await;
        page.driver.goto(format!("{}{address}", context.emulated.origin)).await.unwrap();
        page.contains("main", "not authorized").await;
        let text = page.script("document.body.innerText", json!(null)).await;
        assert!(!text.as_str().unwrap().contains("FlowId"), "{address}: {text}");
    }
}

/// Badge, title and icon of each mode.
pub(crate) async fn the_mode_is_always_shown(context: Rc<Context>) {
    let page = &context.page;
    let keys = [("TENCENTCLOUD_SECRET_ID", "AKIDexample"), ("TENCENTCLOUD_SECRET_KEY", "example")];
    let explorers = [
        (Explorer::start(&[], &[]), "offline"),
        (Explorer::start(&["--test-environment"], &keys), "test"),
        (Explorer::start(&[], &keys), "production"),
    ];
    let mut shown = vec![mode(&context, &context.emulated, "emulator").await];
    for (explorer, name) in explorers {
        shown.push(mode(&context, &explorer, name).await);
        page.leave().await;
    }
    for part in 0..3 {
        let mut values: Vec<&str> = shown.iter().map(|mode| mode[part].as_str().unwrap()).collect();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), 4, "{shown:?}");
    }
}

/// Returns text and color of the badge, and the icon.
async fn mode(context: &Context, explorer: &Explorer, name: &str) -> [Value; 3] {
    assert_eq!(explorer.mode, name);
    let page = &context.page;
    page.open(explorer, "#/").await;
    let badge = page.shown("#mode").await.text().await.unwrap();
    assert_eq!(badge.to_lowercase(), name);
    let title = page.driver.title().await.unwrap();
    assert!(title.to_lowercase().contains(name), "{title}");
    let color = page
        .script("getComputedStyle(document.querySelector('#mode')).backgroundColor", json!(null))
        .await;
    let icon = page.script("document.querySelector('link[rel=icon]').href", json!(null)).await;
    [json!(badge), color, icon]
}

/// No text of a page is a key of the tables.
pub(crate) async fn every_page_has_two_languages(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    let script = "const done = arguments[0]; import('/assets/i18n-en.js').then((table) => done(Object.keys(Object.values(table)[0])));";
    let keys = page.driver.execute_async(script, Vec::<Value>::new()).await.unwrap().json().clone();
    assert!(keys.as_array().unwrap().len() > 100);
    let shown = "argument.filter((key) => key.includes('.') && document.body.innerText.split(/[^\\w.]+/).includes(key))";
    for language in ["en", "zh"] {
        page.language(language).await;
        for name in crate::pages::PAGES {
            crate::pages::show(&context, name).await;
            let found = page.script(shown, keys.clone()).await;
            assert_eq!(found, json!([]), "{name} in {language}");
            let chinese = page.script("/\\p{Script=Han}/u.test(document.querySelector('main h1').textContent + document.querySelector('nav').textContent)", json!(null)).await;
            assert_eq!(chinese, json!(language == "zh"), "{name} in {language}");
        }
    }
    page.language("en").await;
}
