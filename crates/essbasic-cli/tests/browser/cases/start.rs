//! Start of the page: token, mode and languages.

use std::rc::Rc;

use serde_json::json;

use crate::run::Context;

pub(crate) async fn the_token_leaves_the_address(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    let url = page.driver.current_url().await.unwrap();
    assert!(!url.as_str().contains(&context.emulated.token), "{url}");
    let stored = page.script("document.cookie + JSON.stringify(localStorage)", json!(null)).await;
    assert_eq!(stored, json!("{}"));
}
