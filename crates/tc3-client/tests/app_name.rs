//! Names of the client in the headers of requests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use serde_json::json;
use support::{Reply, config, run};
use tc3_client::api::ActionInfo;
use tc3_client::transport::{Proxy, TransportConfig};
use tc3_client::{Client, Config, ErrorKind, blocking};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn headers(config: Config) -> [String; 2] {
    let outcome = run(config, READ, &[Reply::ok()]);
    ["user-agent", "x-tc-requestclient"]
        .map(|name| outcome.requests[0].headers[name].to_str().unwrap().to_owned())
}

#[test]
fn both_clients_send_the_names_of_the_library_and_the_application() {
    let own = [format!("tc3-client/{VERSION}"), format!("tc3-client_{VERSION}")];
    assert_eq!(headers(config()), own);
    let with_app = config().with_app_name("lease-archive_2.0").unwrap();
    let expected = [
        format!("tc3-client/{VERSION} app/lease-archive_2.0"),
        format!("tc3-client_{VERSION}; lease-archive_2.0"),
    ];
    assert_eq!(headers(with_app.clone()), expected);
    let both = [
        format!("contracts/1.2.3 tc3-client/{VERSION} app/lease-archive_2.0"),
        format!("contracts_1.2.3; tc3-client_{VERSION}; lease-archive_2.0"),
    ];
    // In any order; the last call counts.
    assert_eq!(headers(with_app.with_library("contracts", "1.2.3").unwrap()), both);
    let reversed = config().with_library("other", "0").unwrap();
    let reversed = reversed.with_library("contracts", "1.2.3").unwrap();
    let reversed = reversed.with_app_name("other").unwrap();
    assert_eq!(headers(reversed.with_app_name("lease-archive_2.0").unwrap()), both);
}

#[test]
fn the_longest_names_are_within_the_limit_of_the_service() {
    let name = "n".repeat(50);
    let config = config().with_app_name(&name).unwrap();
    let [_, client] = headers(config.with_library("essbasic", VERSION).unwrap());
    assert!(client.len() <= 128, "{client}");
}

#[test]
fn an_invalid_name_is_an_error() {
    for (name, why) in [
        ("", "it is empty"),
        ("two words", "it contains ' '"),
        ("a/b", "it contains '/'"),
        ("a;b", "it contains ';'"),
        ("line\r\nX-Other: 1", "it contains '\\r'"),
        ("电子签", "it contains '电'"),
        (&"n".repeat(51), "it has more than 50 characters"),
    ] {
        let error = config().with_app_name(name).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.to_string().contains("use 1 to 50 ASCII letters"), "{error}");
        assert!(config().with_library(name, "1").is_err());
        assert!(config().with_library("library", name).is_err());
    }
}

/// Starts a server of one request. Returns its URL and the request's head.
fn server() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let head = thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let start = head.len();
            assert!(stream.read_line(&mut head).unwrap() > 0);
            let line = head[start..].to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        stream.read_exact(&mut vec![0; length]).unwrap();
        let body = json!({"Response": {"RequestId": "r"}}).to_string();
        let size = body.len();
        let response =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n{body}");
        stream.get_mut().write_all(response.as_bytes()).unwrap();
        head
    });
    (url, head)
}

#[test]
fn every_transport_sends_the_names() {
    let body = json!({});
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let calls: [&dyn Fn(Config); 3] = [
        &|config| {
            let client = Client::new(config).unwrap();
            runtime.block_on(client.call_json(READ, &body)).unwrap();
        },
        &|config| {
            let client = Client::on_hyper(config).unwrap();
            runtime.block_on(client.call_json(READ, &body)).unwrap();
        },
        &|config| {
            blocking::Client::new(config).unwrap().call_json(READ, &body).unwrap();
        },
    ];
    for call in calls {
        let (url, head) = server();
        let direct = TransportConfig::default().with_proxy(Proxy::None);
        let config = config().with_endpoint_url(&url).unwrap().with_transport_config(direct);
        call(config.with_app_name("lease-archive").unwrap());
        let head = head.join().unwrap().to_ascii_lowercase();
        let agents: Vec<&str> =
            head.lines().filter(|line| line.starts_with("user-agent:")).collect();
        assert_eq!(agents, [format!("user-agent: tc3-client/{VERSION} app/lease-archive")]);
        let client = format!("x-tc-requestclient: tc3-client_{VERSION}; lease-archive\r\n");
        assert!(head.contains(&client), "{head}");
    }
}
