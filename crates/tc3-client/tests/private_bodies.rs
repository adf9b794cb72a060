//! No error quotes a response body: bodies that cannot be decoded contain personal data too.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::error::Error as StdError;
use std::io::Write as _;

use serde::Deserialize;
use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, Proxy, Response, StatusCode, TransportConfig,
};
use tc3_client::{Client, Config, Error, RetryPolicy, blocking};

use crate::support::server::serve;
use crate::support::{Reply, config, run};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

const NAME: &str = "ZhangSan";
const MOBILE: &str = "13800138000";

/// A response with the name and the mobile number, in the form of the API.
fn response() -> String {
    format!(r#"{{"Response":{{"Name":"{NAME}","Mobile":"{MOBILE}","RequestId":"r"}}}}"#)
}

/// Bodies that are not a response of the API.
fn undecodable() -> Vec<Vec<u8>> {
    let person = format!("{NAME} {MOBILE}");
    let utf16: Vec<u8> = response().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let texts = [
        format!("\u{feff}\u{feff}{}", response()),
        format!("callback({});", response()),
        format!("/**/ cb({})", response()),
        format!("data: {}\n\n", response()),
        format!("event: message\ndata: {}\n\n", response()),
        format!(")]}}',\n{}", response()),
        format!("{}{}", response(), response()),
        format!("{}\n{}\n", response(), response()),
        response()[..response().len() - 3].to_owned(),
        response()[1..].to_owned(),
        response().replace("Response", "response"),
        response().replace('"', "'"),
        format!(r#"{{"Response":"{person}"}}"#),
        format!(r#"{{"Response":["{person}"]}}"#),
        format!(r#"{{"Response":null,"{person}":1}}"#),
        format!(r#"{{"{person}":{{"Response":{{}}}}}}"#),
        format!(r#"["{person}"]"#),
        format!(r#""{person}""#),
        format!("<html><title>{NAME}</title><h1>{MOBILE}</h1></html>"),
        format!("<?xml version=\"1.0\"?><Name>{person}</Name>"),
        format!("{NAME},{MOBILE}\r\n"),
        format!("name={NAME}&mobile={MOBILE}"),
        MOBILE.to_owned(),
        format!("  \n{person}"),
        format!("---\nname: {person}\n"),
        format!(r#"{{"Response":{{"Error":"{person}"}}}}"#),
        format!(r#"{{"Response":{{"Error":{{"{person}":1}}}},"x":"{person}"#),
        format!(r#"{{"Response":{{"Error":["{person}"]}}}}"#),
        format!("{}\"{person}\"{}", "[".repeat(3_000), "]".repeat(3_000)),
    ];
    let mut bodies: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    bodies.push([&[0xff, 0xfe], utf16.as_slice()].concat());
    bodies.push(utf16);
    bodies.push([person.as_bytes(), &[0xff, 0x00, 0xc3]].concat());
    bodies.push([&[0x1f, 0x8b, 8], person.as_bytes()].concat());
    bodies
}

/// Asserts that neither the error, its hint nor any of its causes contains the personal data.
fn assert_private(error: &Error, case: &str) {
    let mut text = format!("{error} {error:?} {error:#?} {:?} {}", error.hint(), error.message());
    for first in [error.cause(), error.source()] {
        let mut next = first;
        while let Some(cause) = next {
            text.push_str(&format!(" {cause} {cause:?}"));
            next = cause.source();
        }
    }
    assert!(!text.contains(NAME) && !text.contains(MOBILE), "{case}: {text}");
}

fn once() -> Config {
    config().with_retry(RetryPolicy::none())
}

/// Runs a call of a typed action with both clients, whose transport returns this response.
fn typed<T>(status: u16, body: &[u8]) -> [Result<T, Error>; 2]
where
    T: serde::de::DeserializeOwned + Send + 'static,
{
    let response = {
        let body = Bytes::copy_from_slice(body);
        let status = StatusCode::from_u16(status).unwrap();
        move || Response { status, headers: Default::default(), body: body.clone() }
    };
    let again = response.clone();
    let blocking =
        blocking::Client::with_transport(once(), move |_| Ok(response().map(BlockingBody::from)));
    let client = Client::with_transport(once(), move |_| {
        std::future::ready(Ok(again().map(AsyncBody::from)))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = client.unwrap();
    let asynchronous = runtime.block_on(client.call_json_as(READ, &json!({})));
    [blocking.unwrap().call_json_as(READ, &json!({})), asynchronous]
}

#[test]
fn no_error_quotes_a_body_that_cannot_be_decoded() {
    for body in undecodable() {
        for status in [200, 403, 429, 502] {
            for result in typed::<Value>(status, &body) {
                let case = format!("{status} {:?}", String::from_utf8_lossy(&body));
                assert_private(&result.expect_err(&case), &case);
            }
        }
    }
}

#[test]
fn no_error_quotes_values_of_another_type() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    #[allow(dead_code, reason = "only decoded")]
    struct Typed {
        name: u32,
        mobile: Vec<bool>,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    struct Pair(u64, u64);
    for body in [response(), response().replace("Mobile", NAME), response().replace("Name", MOBILE)]
    {
        for result in typed::<Typed>(200, body.as_bytes()) {
            assert_private(&result.unwrap_err(), &body);
        }
        for result in typed::<Pair>(200, body.as_bytes()) {
            assert_private(&result.unwrap_err(), &body);
        }
    }
}

#[test]
fn media_types_are_shown_without_parameters() {
    for (content_type, shown) in [
        ("text/html; name=ZhangSan", "text/html"),
        ("ZhangSan", "invalid content type"),
        ("13800138000/x", "invalid content type"),
        ("text/html, ZhangSan", "invalid content type"),
    ] {
        let reply = Reply::text(502, "<h1>ZhangSan</h1>").with("content-type", content_type);
        let outcome = run(once(), READ, &[reply]);
        assert_private(outcome.error(), content_type);
        assert!(outcome.error().message().contains(shown), "{}", outcome.error());
    }
}

#[test]
fn the_request_id_of_the_headers_counts_if_the_body_has_none() {
    let body = |value: Value| value.to_string();
    let error = json!({"Code": "FailedOperation", "Message": "m"});
    for (body, expected) in [
        ("<h1>Bad Gateway</h1>".to_owned(), "of-header"),
        (String::new(), "of-header"),
        (body(json!({"Response": {"Error": error.clone()}})), "of-header"),
        (body(json!({"Response": {"Error": error.clone(), "RequestId": " "}})), "of-header"),
        (body(json!({"Response": {"Error": error, "RequestId": "of-body"}})), "of-body"),
    ] {
        let reply = Reply::text(502, body.clone()).with("x-tc-requestid", "of-header");
        let outcome = run(once(), READ, &[reply]);
        assert_eq!(outcome.error().request_id(), Some(expected), "{body}");
        assert!(outcome.error().to_string().contains(expected), "{}", outcome.error());
    }
}

#[test]
fn no_error_quotes_an_invalid_http_response() {
    let person = format!("{NAME} {MOBILE}");
    let length = response().len();
    let ok = "HTTP/1.1 200 OK\r\n";
    for raw in [
        format!("{person}\r\n\r\n"),
        response(),
        format!("HTTP/1.1 {person}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{person}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nX: {person}\u{1}\r\n\r\n"),
        format!("{ok}Content-Length: {person}\r\n\r\n{}", response()),
        format!("{ok}Content-Length: {}\r\nConnection: close\r\n\r\n{}", length + 9, response()),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\n{person}\r\n{}", response()),
        format!("{ok}Transfer-Encoding: chunked\r\n\r\n5\r\n{person}\r\n"),
        format!("{ok}Content-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n{}", response()),
        format!(
            "HTTP/1.1 302 {person}\r\nLocation: http://{NAME}.example/{MOBILE}\r\nContent-Length: 0\r\n\r\n"
        ),
        format!("HTTP/1.1 502 {person}\r\nContent-Length: {length}\r\n\r\n<{}", &response()[1..]),
    ] {
        let response = raw.clone();
        let url = serve(move |_, stream| stream.write_all(response.as_bytes()));
        let direct = TransportConfig::default().with_proxy(Proxy::None);
        let config =
            || once().with_endpoint_url(&url).unwrap().with_transport_config(direct.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let results = [
            blocking::Client::new(config()).unwrap().call_json(READ, &json!({})),
            runtime.block_on(async {
                Client::new(config()).unwrap().call_json(READ, &json!({})).await
            }),
            runtime.block_on(async {
                Client::on_hyper(config()).unwrap().call_json(READ, &json!({})).await
            }),
        ];
        for result in results {
            assert_private(&result.expect_err(&raw), &raw);
        }
    }
}
