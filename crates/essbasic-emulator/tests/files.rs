//! Downloads: lifetime of links, and files that an independent library reads as PDF.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::time::Duration;

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION};

use crate::support::{self, FIRST, http, start, urls};

fn link(emulator: &Emulator, flow: &str) -> String {
    let mut call = urls(&[flow]);
    call.timestamp = emulator.now().as_secs();
    let response = call.response(emulator);
    response["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"].as_str().unwrap().to_owned()
}

fn get(url: &str) -> (u16, Vec<u8>) {
    let mut response = http().get(url).call().unwrap();
    let status = response.status().as_u16();
    (status, response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap())
}

fn text(pdf: &[u8]) -> String {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    assert_eq!(pages, [1, 2, 3]);
    // Lines are wrapped at the page width.
    document.extract_text(&pages).unwrap().replace('\n', "")
}

#[test]
fn a_file_is_a_pdf_with_readable_chinese_text() {
    let emulator = start();
    let (status, pdf) = get(&link(&emulator, FIRST));
    assert_eq!(status, 200);
    let text = text(&pdf);
    for expected in [FIRST, "合同编号", "典子谦", "全部签署完成", "第 3 页，共 3 页", "第一条"]
    {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert_eq!(emulator.stats().downloads[FIRST], 1);
    assert_eq!(emulator.file(FIRST).unwrap(), pdf);
    assert_eq!(emulator.file("unknown"), None);
    assert_eq!(emulator.stats().downloads[FIRST], 1, "not a download");
}

#[test]
fn a_link_expires_after_five_minutes_and_is_valid_for_one_file() {
    let emulator = start();
    let url = link(&emulator, FIRST);
    emulator.advance(Duration::from_secs(299));
    assert_eq!(get(&url).0, 200);
    emulator.advance(Duration::from_secs(1));
    let (status, body) = get(&url);
    assert_eq!(status, 403);
    assert!(String::from_utf8(body).unwrap().contains("RequestHasExpired"));
    let fresh = link(&emulator, FIRST);
    assert_eq!(get(&fresh).0, 200);
    assert_eq!(get(&fresh.replace("hkey=", "hkey=1")).0, 403);
    assert_eq!(get(fresh.split('?').next().unwrap()).0, 403);
    assert_eq!(get(&fresh.replace(FIRST, "other")).0, 403);
    assert_eq!(get(&format!("{}/nothing", emulator.endpoint())).0, 404);
}

#[test]
fn a_head_request_returns_the_length_and_is_not_counted() {
    let emulator = start();
    let url = link(&emulator, FIRST);
    let mut head = http().head(&url).call().unwrap();
    assert_eq!(head.headers()["content-type"], "application/pdf");
    let length = head.headers()["content-length"].to_str().unwrap().to_owned();
    assert!(head.body_mut().read_to_vec().unwrap().is_empty());
    assert!(emulator.stats().downloads.is_empty());
    assert_eq!(get(&url).1.len().to_string(), length);
}

#[test]
fn a_link_created_before_the_composition_returns_the_unsigned_file() {
    let emulator = start();
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "new"));
    emulator.sign("new", None).unwrap();
    emulator.sign("new", None).unwrap();
    let early = link(&emulator, "new");
    emulator.advance(Duration::from_secs(3));
    assert!(text(&get(&early).1).contains("未完成：2 方待签署"));
    assert!(text(&get(&link(&emulator, "new")).1).contains("全部签署完成"));
}

#[test]
fn files_are_reproducible_and_have_the_minimum_size() {
    let emulator = Emulator::builder()
        .with_manual_clock(support::NOW)
        .with_min_pdf_bytes(300_000)
        .start()
        .unwrap();
    let (_, once) = get(&link(&emulator, FIRST));
    let (_, again) = get(&link(&emulator, FIRST));
    assert_eq!(once, again);
    assert!((300_000..310_000).contains(&once.len()), "{}", once.len());
    assert!(text(&once).contains("全部签署完成"));
}

#[test]
fn any_title_results_in_a_valid_file() {
    let emulator = start();
    for name in ["", "a\u{0}b\n", "龘靐齉爩", "😀", &"很".repeat(100), "(((\\"] {
        let mut flow = NewFlow::new(APP_ID, ORGANIZATION, "odd");
        flow.name = name.into();
        emulator.create_flow(flow);
        assert!(text(&get(&link(&emulator, "odd")).1).contains("合同编号"), "{name:?}");
    }
}
