//! Parts of files, asked for by `Range`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[allow(dead_code, clippy::indexing_slicing, reason = "each test file uses its part of it")]
mod support;

use essbasic_emulator::Emulator;
use serde_json::json;
use support::life::{act, file_info, pdf};
use support::{FIRST, http, start, urls};
use ureq::http::Response;

struct Answer {
    status: u16,
    range: Option<String>,
    tag: Option<String>,
    body: Vec<u8>,
}

fn send(method: &str, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = http().run(request.body(()).unwrap()).unwrap();
    let header = |response: &Response<ureq::Body>, name: &str| {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let (range, tag) = (header(&response, "content-range"), header(&response, "etag"));
    if response.status().is_success() {
        assert_eq!(header(&response, "accept-ranges").as_deref(), Some("bytes"));
    }
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
    Answer { status, range, tag, body }
}

fn link(emulator: &Emulator) -> String {
    let answer = urls(&[FIRST]).answer(emulator);
    answer["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"].as_str().unwrap().to_owned()
}

fn uploaded(emulator: &Emulator) -> String {
    let file = file_info("a.pdf", &pdf("a part of it"));
    let files = json!({ "BusinessType": "DOCUMENT", "FileInfos": [file] });
    act(emulator, "UploadFiles", files)["FileUrls"][0].as_str().unwrap().to_owned()
}

#[test]
fn parts_of_a_file_come_as_from_an_object_store() {
    let emulator = start();
    for url in [link(&emulator), uploaded(&emulator)] {
        let whole = send("GET", &url, &[]);
        assert_eq!((whole.status, &whole.range), (200, &None));
        let (file, tag) = (&whole.body, whole.tag.as_deref().unwrap());
        assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        let length = file.len();
        let last = length - 1;
        let past = format!("bytes={length}-");
        for (range, status, expected, part) in [
            ("bytes=0-9", 206, format!("bytes 0-9/{length}"), 0..10),
            ("bytes=5-", 206, format!("bytes 5-{last}/{length}"), 5..length),
            ("bytes=-7", 206, format!("bytes {}-{last}/{length}", length - 7), length - 7..length),
            (&past, 416, format!("bytes */{length}"), 0..0),
        ] {
            let answer = send("GET", &url, &[("range", range)]);
            assert_eq!((answer.status, answer.range.as_deref()), (status, Some(&*expected)));
            match status {
                206 => {
                    assert_eq!(answer.body, file[part]);
                    assert_eq!(answer.tag.as_deref(), Some(tag));
                }
                _ => assert!(String::from_utf8(answer.body).unwrap().contains("InvalidRange")),
            }
        }
        for range in ["bytes=9-0", "bytes=0-1,3-4", "lines=0-1", "bytes"] {
            let answer = send("GET", &url, &[("range", range)]);
            assert_eq!((answer.status, &answer.body), (200, file), "{range}");
        }
        for (known, status) in
            [(tag, 206), ("\"another\"", 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)]
        {
            let answer = send("GET", &url, &[("range", "bytes=0-0"), ("if-range", known)]);
            assert_eq!(answer.status, status, "{known}");
        }
        let head = send("HEAD", &url, &[("range", "bytes=0-0")]);
        assert_eq!((head.status, head.tag.as_deref()), (200, Some(tag)));
    }
    // Those without a valid range and with another tag, and the first: of one contract.
    assert_eq!(emulator.stats().downloads[FIRST], 7);
    assert_eq!(emulator.stats().rejected["416"], 2);
}

#[test]
fn another_file_has_another_tag() {
    let emulator = start();
    let tag = |flow: &str| {
        let answer = urls(&[flow]).answer(&emulator);
        let url = &answer["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"];
        send("GET", url.as_str().unwrap(), &[]).tag.unwrap()
    };
    assert_eq!(tag(FIRST), tag(FIRST));
    assert_ne!(tag(FIRST), tag(support::SECOND));
}
