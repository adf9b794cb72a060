//! Bodies that are streams: their duration is not limited, each wait is.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tc3_transport::{Request, TransportErrorKind as Kind};

use crate::support::server::Server;
use crate::support::{LONG, New, SHORT, check, config, post};

each! {
    the_timeout_ends_with_the_headers
    the_timeout_limits_the_wait_for_the_headers
    the_read_timeout_limits_each_wait
    chunks_are_returned_as_they_arrive
    a_dropped_body_closes_the_connection
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The gzip of an event, flushed, and of another one.
const FIRST: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4a\x49\x2c\x49\xb4\x52\x48\xcb\x2c\x2a\
      \x2e\xe1\xe2\x02\x00\x00\x00\xff\xff";
const SECOND: &[u8] =
    b"\x4b\x01\x73\x8a\x53\x93\xf3\xf3\x52\xb8\xb8\x00\x68\xbe\x96\x5a\x1b\x00\x00\x00";

fn streamed(server: &Server, timeout: Duration) -> Request {
    let mut request = post(&server.http(), "{}");
    request.timeout = Some(timeout);
    request.streamed_body = true;
    request
}

fn chunk(data: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

fn the_timeout_ends_with_the_headers(new: New) {
    let timeout = Duration::from_secs(2);
    let server = Server::start(move |connection| {
        connection.receive();
        connection.write(HEAD);
        // The body must take longer than the timeout.
        thread::sleep(timeout + SHORT);
        connection.write(&[&chunk(b"late")[..], b"0\r\n\r\n"].concat());
    });
    let transport = new(&config()).unwrap();
    let body = transport.send(streamed(&server, timeout)).unwrap().body;
    assert_eq!(body.collect().unwrap(), b"late");
}

fn the_timeout_limits_the_wait_for_the_headers(new: New) {
    let server = Server::start(|connection| {
        connection.receive();
        connection.stall();
    });
    let error = new(&config()).unwrap().send(streamed(&server, SHORT)).unwrap_err();
    check(&error, Kind::Timeout, &server.addr.to_string());
}

fn the_read_timeout_limits_each_wait(new: New) {
    let server = Server::start(|connection| {
        connection.receive();
        connection.write(HEAD);
        connection.write(&chunk(b"first"));
        connection.stall();
    });
    let transport = new(&config().with_read_timeout(Duration::from_secs(2))).unwrap();
    let mut body = transport.send(streamed(&server, LONG)).unwrap().body;
    assert_eq!(body.next().unwrap().unwrap(), "first");
    check(&body.next().unwrap_err(), Kind::Timeout, &server.addr.to_string());
}

fn chunks_are_returned_as_they_arrive(new: New) {
    for (coding, first, second) in [
        ("", &b"data: first\n\n"[..], &b"data: second\n\n"[..]),
        ("Content-Encoding: gzip\r\n", FIRST, SECOND),
    ] {
        let (received, is_received) = mpsc::channel::<()>();
        let is_received = std::sync::Mutex::new(is_received);
        let server = Server::start(move |connection| {
            connection.receive();
            let head = format!("HTTP/1.1 200 OK\r\n{coding}Transfer-Encoding: chunked\r\n\r\n");
            connection.write(head.as_bytes());
            connection.write(&chunk(first));
            // The second event is sent after the client has read the first one.
            if is_received.lock().unwrap().recv_timeout(LONG).is_ok() {
                connection.write(&[&chunk(second)[..], b"0\r\n\r\n"].concat());
            }
        });
        let transport = new(&config()).unwrap();
        let mut body = transport.send(streamed(&server, LONG)).unwrap().body;
        assert_eq!(body.next().unwrap().unwrap(), "data: first\n\n", "{coding}");
        received.send(()).unwrap();
        assert_eq!(body.collect().unwrap(), b"data: second\n\n", "{coding}");
    }
}

fn a_dropped_body_closes_the_connection(new: New) {
    let (closed, is_closed) = mpsc::channel();
    let server = Server::start(move |connection| {
        connection.receive();
        connection.write(HEAD);
        connection.write(&chunk(b"first"));
        connection.stall();
        closed.send(()).unwrap();
    });
    let transport = new(&config()).unwrap();
    let mut body = transport.send(streamed(&server, LONG)).unwrap().body;
    assert_eq!(body.next().unwrap().unwrap(), "first");
    drop(body);
    is_closed.recv_timeout(LONG).unwrap();
}
