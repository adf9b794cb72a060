//! A server that verifies and records signed requests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic_emulator::{SECRET_ID, SECRET_KEY};
use serde_json::Value;
use tc3_signer::{Authorization, Payload, Received, verify};

const RESPONSE: &str = r#"{"Response":{"RequestId":"8b4e9d1e-6c1b-4f0e-9c3c-6c5b7f4d8a10"}}"#;

/// A request whose signature is valid.
#[derive(Debug, PartialEq)]
pub(super) struct Recorded {
    pub(super) action: String,
    pub(super) body: Value,
}

/// A server that responds to each request with an empty response.
pub(super) struct Recorder {
    pub(super) endpoint: String,
    requests: Receiver<Recorded>,
}

impl Recorder {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // An invalid request ends this thread, and with it the channel.
                if sender.send(receive(stream.unwrap())).is_err() {
                    return;
                }
            }
        });
        Self { endpoint, requests }
    }

    /// Returns the next request.
    pub(super) fn next(&self) -> Recorded {
        self.requests.recv_timeout(Duration::from_secs(60)).unwrap()
    }
}

fn receive(stream: TcpStream) -> Recorded {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    assert_eq!(line(), "POST / HTTP/1.1");
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = line().split_once(": ") {
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    if headers.contains_key("expect") {
        reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    reader.read_exact(&mut body).unwrap();

    let authorization = Authorization::parse(&headers["authorization"]).unwrap();
    assert_eq!((authorization.secret_id, authorization.service), (SECRET_ID, "essbasic"));
    assert_eq!(headers["x-tc-version"], "2021-05-26");
    let received = Received {
        method: "POST",
        path: "/",
        query: "",
        header: &|name| headers.get(name).map(String::as_str),
        payload: Payload::Signed(&body),
        timestamp: headers["x-tc-timestamp"].parse().unwrap(),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    verify(&authorization, SECRET_KEY, &received, now).unwrap();

    write!(
        reader.get_mut(),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{RESPONSE}",
        RESPONSE.len()
    )
    .unwrap();
    let action = headers["x-tc-action"].clone();
    Recorded { action, body: serde_json::from_slice(&body).unwrap() }
}
