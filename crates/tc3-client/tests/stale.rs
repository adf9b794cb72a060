//! Idle connections that are broken when they are used again, with each transport.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use serde_json::{Value, json};
use tc3_client::api::ActionInfo;
use tc3_client::credentials::Credential;
use tc3_client::transport::{Proxy, TransportConfig};
use tc3_client::{Client, Config, RateLimit, RetryPolicy, blocking};

const READ: ActionInfo<'static> =
    ActionInfo::new("essbasic", "2021-05-26", "DescribeFlows").idempotent();

/// Number of connections that break at their second request: the attempts of a call.
const STALE: usize = 4;

/// Starts a server whose first connections break at their second request, without a response. Their first requests are
/// responded to together, so that each has a connection of its own. Returns its URL and the number of connections.
fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let (connections, together) = (Arc::clone(&count), Arc::new(Barrier::new(STALE)));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let is_stale = connections.fetch_add(1, Ordering::SeqCst) < STALE;
            let together = Arc::clone(&together);
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut is_first = true;
                while read_request(&mut stream) {
                    if is_stale && !is_first {
                        return;
                    }
                    if is_stale {
                        together.wait();
                    }
                    is_first = false;
                    let body = r#"{"Response":{"RequestId":"r"}}"#;
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                    if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (url, count)
}

/// Reads a request. Returns false at the end of the connection.
fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n{}") {
        match stream.read(&mut byte) {
            Ok(1) => request.extend(byte),
            _ => return false,
        }
    }
    true
}

fn config(url: &str) -> Config {
    Config::new(Credential::new("AKID", "key"))
        .with_endpoint_url(url)
        .unwrap()
        .with_rate_limit(RateLimit::Off)
        .with_retry(RetryPolicy::default().with_max_attempts(2))
        .with_transport_config(TransportConfig::default().with_proxy(Proxy::None))
}

#[test]
fn the_attempt_after_a_broken_idle_connection_opens_a_new_one() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for on_hyper in [true, false] {
        let (url, connections) = server();
        let client = match on_hyper {
            true => Client::on_hyper(config(&url)).unwrap(),
            false => Client::new(config(&url)).unwrap(),
        };
        runtime.block_on(async {
            let first: Vec<_> = (0..STALE)
                .map(|_| {
                    let client = client.clone();
                    tokio::spawn(async move { client.call_json(READ, &json!({})).await.map(drop) })
                })
                .collect();
            for call in first {
                call.await.unwrap().unwrap();
            }
            for _ in 0..STALE {
                let result: Result<Value, _> = client.call_json(READ, &json!({})).await;
                assert!(result.is_ok(), "hyper {on_hyper}: {result:?}");
            }
        });
        assert!(connections.load(Ordering::SeqCst) > STALE, "hyper {on_hyper}");
    }

    let (url, connections) = server();
    let client = blocking::Client::new(config(&url)).unwrap();
    thread::scope(|scope| {
        for _ in 0..STALE {
            scope.spawn(|| client.call_json(READ, &json!({})).unwrap());
        }
    });
    for _ in 0..STALE {
        client.call_json(READ, &json!({})).unwrap();
    }
    assert!(connections.load(Ordering::SeqCst) > STALE, "ureq");
}
