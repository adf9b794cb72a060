//! Range requests for files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use essbasic_emulator::Emulator;
use serde_json::json;
use ureq::http::Response;

use crate::support::flows::{execute, file_info, pdf};
use crate::support::{self, FIRST, http, start, urls};

struct RangeResponse {
    status: u16,
    range: Option<String>,
    tag: Option<String>,
    body: Vec<u8>,
}

fn send(method: &str, url: &str, headers: &[(&str, &str)]) -> RangeResponse {
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
    RangeResponse { status, range, tag, body }
}

fn link(emulator: &Emulator) -> String {
    let response = urls(&[FIRST]).response(emulator);
    response["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"].as_str().unwrap().to_owned()
}

fn upload_link(emulator: &Emulator) -> String {
    let file = file_info("a.pdf", &pdf("a part of it"));
    let files = json!({ "BusinessType": "DOCUMENT", "FileInfos": [file] });
    execute(emulator, "UploadFiles", files)["FileUrls"][0].as_str().unwrap().to_owned()
}

#[test]
fn serves_ranges_as_an_object_store() {
    let emulator = start();
    for url in [link(&emulator), upload_link(&emulator)] {
        let whole = send("GET", &url, &[]);
        assert_eq!((whole.status, &whole.range), (200, &None));
        let (file, tag) = (&whole.body, whole.tag.as_deref().unwrap());
        assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        let length = file.len();
        let last = length - 1;
        let beyond = format!("bytes={length}-");
        for (range, status, expected, part) in [
            ("bytes=0-9", 206, format!("bytes 0-9/{length}"), 0..10),
            ("bytes=5-", 206, format!("bytes 5-{last}/{length}"), 5..length),
            ("bytes=-7", 206, format!("bytes {}-{last}/{length}", length - 7), length - 7..length),
            (&beyond, 416, format!("bytes */{length}"), 0..0),
        ] {
            let response = send("GET", &url, &[("range", range)]);
            assert_eq!((response.status, response.range.as_deref()), (status, Some(&*expected)));
            match status {
                206 => {
                    assert_eq!(response.body, file[part]);
                    assert_eq!(response.tag.as_deref(), Some(tag));
                }
                _ => assert!(String::from_utf8(response.body).unwrap().contains("InvalidRange")),
            }
        }
        for range in ["bytes=9-0", "bytes=0-1,3-4", "lines=0-1", "bytes"] {
            let response = send("GET", &url, &[("range", range)]);
            assert_eq!((response.status, &response.body), (200, file), "{range}");
        }
        for (known, status) in
            [(tag, 206), ("\"another\"", 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)]
        {
            let response = send("GET", &url, &[("range", "bytes=0-0"), ("if-range", known)]);
            assert_eq!(response.status, status, "{known}");
        }
        let head = send("HEAD", &url, &[("range", "bytes=0-0")]);
        assert_eq!((head.status, head.tag.as_deref()), (200, Some(tag)));
    }
    // Complete downloads of the contract: the first, four with an invalid range, two with another tag.
    assert_eq!(emulator.stats().downloads[FIRST], 7);
    assert_eq!(emulator.stats().rejected["416"], 2);
}

#[test]
fn different_files_have_different_tags() {
    let emulator = start();
    let tag = |flow: &str| {
        let response = urls(&[flow]).response(&emulator);
        let url = &response["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"];
        send("GET", url.as_str().unwrap(), &[]).tag.unwrap()
    };
    assert_eq!(tag(FIRST), tag(FIRST));
    assert_ne!(tag(FIRST), tag(support::SECOND));
}
