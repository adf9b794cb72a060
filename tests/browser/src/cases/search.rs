//! Search, links to pages, and the browser's history.

use std::rc::Rc;

use serde_json::json;
use thirtyfour::prelude::*;

use crate::context::Context;

const OPTION: &str = "[data-testid=results] [role=option]";

pub(crate) async fn results_follow_the_query(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    for (query, expected) in [
        ("describeflowdetail", "DescribeFlowDetailInfo"),
        ("download pdf", "DescribeResourceUrlsByFlows"),
        ("\u{6a21}\u{677f}", "DescribeTemplates"),
        ("FlowStatus", "FlowStatus"),
        ("ResourceNotFound", "ResourceNotFound"),
        ("ApproverMobile", "ApproverMobile"),
    ] {
        page.fill("[data-testid=search]", query).await;
        page.until(
            "document.querySelector('[data-testid=search]').value === argument",
            json!(query),
        )
        .await;
        page.contains(OPTION, expected).await;
    }
    page.fill("[data-testid=search]", "zzzzqqqq").await;
    page.contains("#search-panel", "zzzzqqqq").await;
}

pub(crate) async fn kinds_select_results(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    page.fill("[data-testid=search]", "flow").await;
    page.shown(OPTION).await;
    let kinds = "new Set([...document.querySelectorAll('[data-testid=results] .search-kind')].map((node) => node.textContent)).size";
    let filters = page.driver.find_all(By::Css(".search-filter")).await.unwrap();
    assert!(filters.len() > 3, "{}", filters.len());
    page.until(&format!("{kinds} > 1"), json!(null)).await;
    for index in 2..=filters.len() {
        page.click(&format!(".search-filter:nth-child({index})")).await;
        page.until(&format!("document.querySelector('.search-filter:nth-child({index})')?.ariaPressed === 'true' && {kinds} === 1"), json!(null)).await;
    }
}

/// With `/`, arrows, Enter and Escape.
pub(crate) async fn the_keyboard_searches(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/").await;
    page.shown("main h1").await;
    page.keys("/").await;
    page.until("document.activeElement.dataset.testid === 'search'", json!(null)).await;
    page.keys("DescribeFlow").await;
    page.until(&format!("document.querySelectorAll('{OPTION}').length > 2"), json!(null)).await;
    let selected = "document.querySelector('[role=option][aria-selected=true] .search-name')?.firstChild && document.querySelector('[role=option][aria-selected=true]').id";
    let first = page.until(selected, json!(null)).await;
    page.keys(Key::Down + "").await;
    page.until(&format!("(({selected}) !== argument)"), first.clone()).await;
    let active = page
        .script("document.activeElement.getAttribute('aria-activedescendant')", json!(null))
        .await;
    assert_ne!(active, first);
    page.keys(Key::Up + "").await;
    page.until(&format!("(({selected}) === argument)"), first).await;
    page.keys(Key::Enter + "").await;
    page.until("location.hash.startsWith('#/DescribeFlow')", json!(null)).await;
    page.contains("main h1", "DescribeFlow").await;
    page.keys("/").await;
    page.keys("seal").await;
    page.shown(OPTION).await;
    page.keys(Key::Escape + "").await;
    page.until("document.querySelector('#search-panel').hidden", json!(null)).await;
}

/// Each name has an address, which survives a reload, and the browser's history.
pub(crate) async fn names_have_addresses(context: Rc<Context>) {
    let page = &context.page;
    page.open(&context.emulated, "#/ChannelCreateFlowByFiles").await;
    let names =
        ["ChannelCreateFlowByFiles", "FlowApproverInfo", "FailedOperation", "DescribeTemplates"];
    for name in names {
        page.go(&format!("#/{name}")).await;
        page.contains("main h1", name).await;
    }
    page.driver.refresh().await.unwrap();
    page.contains("main h1", "DescribeTemplates").await;
    for name in ["FailedOperation", "FlowApproverInfo"] {
        page.driver.back().await.unwrap();
        page.contains("main h1", name).await;
    }
    page.driver.forward().await.unwrap();
    page.contains("main h1", "FailedOperation").await;
    let title = page
        .until("document.title.includes('FailedOperation') && document.title", json!(null))
        .await;
    assert!(title.as_str().unwrap().contains("Emulator"), "{title}");
    // A name that does not exist has a suggestion.
    context.expect("404").await;
    page.go("#/DescribeTemplate").await;
    page.contains("main", "DescribeTemplates").await;
}
