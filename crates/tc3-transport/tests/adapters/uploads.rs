//! Large bodies, and servers that respond before they have received all of it.

use std::sync::{Arc, Mutex, mpsc};

use rustls::ServerConfig;
use tc3_transport::{Request, Response, TransportError, TransportErrorKind};

use crate::encryption::{certificate, server_config};
use crate::support::server::{Connection, Received, Server, response};
use crate::support::{Chunks, New, SHORT, check, config, fetch, get, post};

/// Length of a body that no socket buffer holds, in bytes.
const UPLOAD: usize = 40 << 20;

/// Length of the part of a body after which a server responds, in bytes.
const PART: usize = 1 << 20;

const API_ERROR: &str = "{\"Response\":{\"Error\":{\"Code\":\"AuthFailure\",\"Message\":\"m\"}}}";

each! {
    a_body_is_sent_after_its_headers_were_accepted_or_ignored
    a_small_body_is_sent_at_once
    other_interim_responses_are_skipped
}

fn content(bytes: usize) -> Vec<u8> {
    let pattern: Vec<u8> = (0..251).collect();
    let mut content = pattern.repeat(bytes / pattern.len() + 1);
    content.truncate(bytes);
    content
}

fn upload(server: &Server, bytes: usize) -> Request {
    upload_to(&server.http(), bytes)
}

fn upload_to(url: &str, bytes: usize) -> Request {
    let mut request = post(url, "");
    request.body = content(bytes).into();
    request
}

fn head(connection: &mut Connection) -> Received {
    let head = connection.receive_head().unwrap();
    assert_eq!(head.header("expect"), ["100-continue"]);
    head
}

/// Status, headers and body of responses that do not depend on the body of the request.
const REFUSALS: [(u16, &str, &str); 4] = [
    (413, "", "too large"),
    (401, "", API_ERROR),
    (200, "", API_ERROR),
    (503, "Retry-After: 7\r\n", ""),
];

/// Behavior of the server after its response.
#[derive(Debug, Clone, Copy, PartialEq)]
enum After {
    Closes,
    /// Announces the end of the connection, and reads until the client closes it.
    Announces,
    /// Reads the rest of the body and the next request, or until the client closes the connection.
    Reads,
    /// Closes the connection while parts of the body are unread.
    Resets,
}

const AFTER: [After; 4] = [After::Closes, After::Announces, After::Reads, After::Resets];

/// Responds to the headers, or after one MiB of the body.
fn refusing(
    (status, headers, body): (u16, &str, &str),
    in_body: bool,
    after: After,
    tls: Option<Arc<ServerConfig>>,
) -> Server {
    let close = if after == After::Announces { "Connection: close\r\n" } else { "" };
    let refusal = response(status, &format!("{headers}{close}"), body);
    Server::start(move |connection| {
        if let Some(tls) = &tls {
            connection.secure(tls);
        }
        while let Some(head) = connection.receive_head() {
            assert_eq!(head.header("expect"), ["100-continue"]);
            if in_body {
                connection.write(b"HTTP/1.1 100 Continue\r\n\r\n");
                connection.receive_bytes(PART);
            }
            if after == After::Resets {
                connection.reset();
            }
            connection.write(&refusal);
            match after {
                After::Closes | After::Resets => return,
                After::Announces => return connection.drain(),
                After::Reads if in_body && !connection.skip(UPLOAD - PART) => return,
                After::Reads if !in_body => return connection.drain(),
                After::Reads => {}
            }
        }
    })
}

/// A response that was sent before the connection was reset is readable on Linux.
#[test]
fn hyper_and_ureq_read_every_refusal() {
    for new in [crate::support::hyper, crate::support::ureq] {
        let may_lose =
            |in_body, after| cfg!(not(target_os = "linux")) && (in_body || after == After::Resets);
        check_refusals(new, may_lose);
    }
}

/// reqwest may lose the response of a server that resets the connection while the body is sent.
#[test]
fn reqwest_reads_every_refusal_before_the_body() {
    let may_lose = |in_body, after| after == After::Resets || in_body && after == After::Closes;
    check_refusals(crate::support::reqwest, may_lose);
}

/// Sends two uploads to each server. A response in a cell that `may_lose` returns is lost, or received whole.
fn check_refusals(new: New, may_lose: fn(bool, After) -> bool) {
    let (certificate, key, pem) = certificate("localhost");
    let tls = server_config(certificate, key);
    for with_tls in [false, true] {
        for in_body in [false, true] {
            for after in AFTER {
                // Takes long without optimization.
                if with_tls && in_body && after == After::Reads {
                    continue;
                }
                for refusal in REFUSALS {
                    let row = format!("{refusal:?} {in_body} {after:?} TLS: {with_tls}");
                    let server = refusing(refusal, in_body, after, with_tls.then(|| tls.clone()));
                    let config = match with_tls {
                        true => config().with_extra_roots_pem(pem.clone()),
                        false => config(),
                    };
                    let url = if with_tls { server.https() } else { server.http() };
                    let transport = new(&config).unwrap();
                    for _ in 0..2 {
                        let result = transport.send(upload_to(&url, UPLOAD));
                        check_refusal(&row, result, refusal, may_lose(in_body, after));
                    }
                }
            }
        }
    }
}

fn check_refusal(
    row: &str,
    result: Result<Response<Chunks>, TransportError>,
    (status, headers, body): (u16, &str, &str),
    may_lose: bool,
) {
    match result {
        Ok(got) => {
            assert_eq!(got.status, status, "{row}");
            let is_delayed = got.headers.contains_key("retry-after");
            assert_eq!(is_delayed, headers.contains("Retry-After"), "{row}");
            assert_eq!(got.body.collect().unwrap(), body.as_bytes(), "{row}");
        }
        Err(error) => {
            assert!(may_lose, "{row}: {error}");
            // The outcome is unknown: the server may have received the body.
            assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{error}");
            assert!(!error.kind().never_sent());
        }
    }
}

fn a_body_is_sent_after_its_headers_were_accepted_or_ignored(new: New) {
    check_bodies(new, &[b"", b"HTTP/1.1 100 Continue\r\n\r\n"]);
}

fn other_interim_responses_are_skipped(new: New) {
    check_bodies(
        new,
        &[
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
            b"HTTP/1.1 102 Processing\r\n\r\n",
        ],
    );
}

/// Sends bodies to a server that sends each of these interim responses after the headers.
fn check_bodies(new: New, interim: &[&'static [u8]]) {
    for &interim in interim {
        let server = Server::start(move |connection| {
            for _ in 0..2 {
                let head = head(connection);
                connection.write(interim);
                let body = connection.receive_body(&head);
                assert!(body == content(body.len()), "another body");
                connection.write(&response(200, "", &body.len().to_string()));
            }
        });
        let transport = new(&config()).unwrap();
        for bytes in [(1 << 20) + 1, 5 << 20] {
            let got = fetch(&*transport, upload(&server, bytes)).unwrap();
            assert_eq!(got, (200, bytes.to_string().into_bytes()), "{interim:?}");
        }
    }
}

fn a_small_body_is_sent_at_once(new: New) {
    let server = Server::responding(response(200, "", ""));
    let transport = new(&config()).unwrap();
    for request in [upload(&server, 1), upload(&server, 1 << 20), get(&server.http())] {
        fetch(&*transport, request).unwrap();
    }
    assert!(server.received().iter().all(|received| received.header("expect").is_empty()));
}

/// The server responds within the body, reads nothing more, and leaves the connection open until the sender is dropped.
fn refuse_and_read_nothing() -> (Server, mpsc::Sender<()>) {
    let (open, is_open) = mpsc::channel::<()>();
    let is_open = Mutex::new(is_open);
    let server = Server::start(move |connection| {
        head(connection);
        connection.write(b"HTTP/1.1 100 Continue\r\n\r\n");
        connection.receive_bytes(PART);
        connection.write(&response(413, "Connection: close\r\n", "too large"));
        is_open.lock().unwrap().recv().unwrap_err();
    });
    (server, open)
}

#[test]
fn async_transports_read_a_response_while_they_send() {
    for new in [crate::support::hyper, crate::support::reqwest] {
        let transport = new(&config()).unwrap();
        for _ in 0..3 {
            let (server, _open) = refuse_and_read_nothing();
            let got = fetch(&*transport, upload(&server, UPLOAD)).unwrap();
            assert_eq!(got, (413, b"too large".to_vec()));
        }
    }
}

/// ureq reads the response when the timeout of the write has expired.
#[test]
fn ureq_reads_a_response_after_the_timeout_of_a_write() {
    let transport = crate::support::ureq(&config().with_read_timeout(SHORT)).unwrap();
    for _ in 0..3 {
        let (server, _open) = refuse_and_read_nothing();
        let got = fetch(&*transport, upload(&server, UPLOAD)).unwrap();
        assert_eq!(got, (413, b"too large".to_vec()));
    }
    let stalls = Server::start(|connection| {
        let _ = head(connection);
        connection.write(b"HTTP/1.1 100 Continue\r\n\r\n");
        std::thread::park();
    });
    let error = fetch(&*transport, upload(&stalls, UPLOAD)).unwrap_err();
    check(&error, TransportErrorKind::Timeout, "");
}
