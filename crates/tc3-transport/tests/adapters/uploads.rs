//! Large bodies, and servers that respond before they have received all of it.

use std::sync::{Mutex, mpsc};

use tc3_transport::{Request, TransportErrorKind};

use crate::support::server::{Connection, Received, Server, response};
use crate::support::{New, config, fetch, get, post};

/// Length of a body that no socket buffer holds, in bytes.
const UPLOAD: usize = 40 << 20;

const API_ERROR: &str = "{\"Response\":{\"Error\":{\"Code\":\"AuthFailure\",\"Message\":\"m\"}}}";

each! {
    a_body_is_sent_after_its_headers_were_accepted_or_ignored
    a_small_body_is_sent_at_once
}

fn content(bytes: usize) -> Vec<u8> {
    let pattern: Vec<u8> = (0..251).collect();
    let mut content = pattern.repeat(bytes / pattern.len() + 1);
    content.truncate(bytes);
    content
}

fn upload(server: &Server, bytes: usize) -> Request {
    let mut request = post(&server.http(), "");
    request.body = content(bytes).into();
    request
}

fn head(connection: &mut Connection) -> Received {
    let head = connection.receive_head().unwrap();
    assert_eq!(head.header("expect"), ["100-continue"]);
    head
}

const REFUSALS: [(u16, &str); 4] =
    [(413, "too large"), (401, API_ERROR), (200, API_ERROR), (503, "")];

/// The server responds to the headers, and reads without a further response until the client closes the connection.
#[test]
fn async_transports_read_a_response_to_the_headers() {
    for new in [crate::support::hyper, crate::support::reqwest] {
        check_refusals(new);
    }
}

fn check_refusals(new: New) {
    for (status, body) in REFUSALS {
        let server = Server::start(move |connection| {
            head(connection);
            connection.write(&response(status, "Connection: close\r\n", body));
            connection.drain();
        });
        let transport = new(&config()).unwrap();
        for _ in 0..2 {
            let got = fetch(&*transport, upload(&server, UPLOAD)).unwrap();
            assert_eq!(got, (status, body.as_bytes().to_vec()));
        }
    }
}

/// ureq waits for the end of the connection after it has received such a response.
#[test]
fn ureq_reads_a_response_to_the_headers_if_the_server_closes_the_connection() {
    for (status, body) in REFUSALS {
        let server = Server::start(move |connection| {
            head(connection);
            connection.write(&response(status, "", body));
        });
        let transport = crate::support::ureq(&config()).unwrap();
        let got = fetch(&*transport, upload(&server, UPLOAD)).unwrap();
        assert_eq!(got, (status, body.as_bytes().to_vec()));
    }
}

/// The server responds to the headers, and closes the connection or leaves it open. The part of the body that was not sent
/// is missing on the connection.
#[cfg(target_os = "linux")]
#[test]
fn hyper_does_not_reuse_a_connection_without_its_body() {
    for (status, body) in REFUSALS {
        for closes in [true, false] {
            let server = Server::start(move |connection| {
                head(connection);
                connection.write(&response(status, "", body));
                if !closes {
                    connection.drain();
                }
            });
            let transport = crate::support::hyper(&config()).unwrap();
            for _ in 0..2 {
                let got = fetch(&*transport, upload(&server, UPLOAD)).unwrap();
                assert_eq!(got, (status, body.as_bytes().to_vec()));
            }
        }
    }
}

fn a_body_is_sent_after_its_headers_were_accepted_or_ignored(new: New) {
    check_bodies(new, &[b"", b"HTTP/1.1 100 Continue\r\n\r\n"]);
}

/// ureq does not send the body after such responses, and waits for the final one.
#[test]
fn async_transports_read_other_interim_responses() {
    for new in [crate::support::hyper, crate::support::reqwest] {
        check_bodies(
            new,
            &[
                b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
                b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
            ],
        );
    }
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

/// The server responds after one MiB of the body. It resets the connection, or leaves it open until the sender is dropped.
fn refuse_within_the_body(resets: bool) -> (Server, mpsc::Sender<()>) {
    let (open, is_open) = mpsc::channel::<()>();
    let is_open = Mutex::new(is_open);
    let server = Server::start(move |connection| {
        head(connection);
        connection.write(b"HTTP/1.1 100 Continue\r\n\r\n");
        connection.receive_bytes(1 << 20);
        if resets {
            connection.reset();
        }
        connection.write(&response(413, "Connection: close\r\n", "too large"));
        if !resets {
            is_open.lock().unwrap().recv().unwrap_err();
        }
    });
    (server, open)
}

#[test]
fn async_transports_read_a_response_while_they_send() {
    for new in [crate::support::hyper, crate::support::reqwest] {
        let transport = new(&config()).unwrap();
        for _ in 0..3 {
            let (server, _open) = refuse_within_the_body(false);
            let got = fetch(&*transport, upload(&server, UPLOAD)).unwrap();
            assert_eq!(got, (413, b"too large".to_vec()));
        }
    }
}

/// The response is in the socket when the write fails.
#[cfg(target_os = "linux")]
#[test]
fn hyper_reads_the_response_of_a_server_that_resets_the_connection() {
    let transport = crate::support::hyper(&config()).unwrap();
    for _ in 0..20 {
        let (server, _) = refuse_within_the_body(true);
        let got = fetch(&*transport, upload(&server, UPLOAD)).unwrap();
        assert_eq!(got, (413, b"too large".to_vec()));
    }
}

/// The others may lose the response. Then the outcome is unknown: the server may have received the body.
#[test]
fn a_lost_response_is_an_interruption_after_sending() {
    for new in [crate::support::reqwest, crate::support::ureq] {
        let transport = new(&config()).unwrap();
        for _ in 0..5 {
            let (server, _) = refuse_within_the_body(true);
            match fetch(&*transport, upload(&server, UPLOAD)) {
                Ok(got) => assert_eq!(got, (413, b"too large".to_vec())),
                Err(error) => {
                    assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{error}");
                    assert!(!error.kind().never_sent());
                }
            }
        }
    }
}
