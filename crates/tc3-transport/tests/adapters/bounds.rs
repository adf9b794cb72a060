//! Endless responses: each is aborted, after at most the content of the system's buffers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tc3_transport::TransportErrorKind as Kind;

use crate::support::server::{Server, response};
use crate::support::{New, SHORT, config, fetch, get};

each! {
    the_number_and_size_of_headers_are_limited
    endless_responses_are_aborted
    endless_responses_end_with_the_timeout
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Sends `begin`, then `more` until the client disconnects, with `pause` in between. Returns the number of bytes sent.
fn endless(begin: String, more: String, pause: Option<Duration>) -> (Server, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let server = Server::start(move |connection| {
        connection.receive();
        connection.write(begin.as_bytes());
        while connection.write(more.as_bytes()) {
            count.fetch_add(more.len() as u64, Ordering::Relaxed);
            pause.into_iter().for_each(thread::sleep);
        }
    });
    (server, sent)
}

fn the_number_and_size_of_headers_are_limited(new: New) {
    let head = |count: usize, bytes: usize| {
        let value = "x".repeat(bytes / count);
        let headers = (0..count).map(|index| format!("X-{index}: {value}\r\n"));
        Server::responding(response(200, &headers.collect::<String>(), "read"))
    };
    let transport = new(&config()).unwrap();
    let usual = head(90, 32 << 10);
    assert_eq!(fetch(&*transport, get(&usual.http())).unwrap().1, b"read");
    for (count, bytes) in [(129, 129), (10_000, 10_000), (1, 512 << 10), (90, 512 << 10)] {
        let server = head(count, bytes);
        let error = fetch(&*transport, get(&server.http())).unwrap_err();
        assert_eq!(error.kind(), Kind::Malformed, "{count} headers, {bytes} bytes: {error}");
    }
}

fn endless_responses_are_aborted(new: New) {
    for (what, begin, more) in [
        ("a version", "HTTP/1.1", "1"),
        ("a status line", "HTTP/1.1 200 O", "K"),
        ("line ends", "", "\r\n"),
        ("headers", OK, "X-More: and more\r\n"),
        ("a header's name", "HTTP/1.1 200 OK\r\nX", "X"),
        ("a header's value", "HTTP/1.1 200 OK\r\nX: ", "x"),
        ("a chunk's length", CHUNKED, "f"),
        ("a chunk's extension", &format!("{CHUNKED}5;"), "x"),
        ("chunks' extensions", CHUNKED, "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n"),
        ("a trailer", &format!("{CHUNKED}0\r\nX: "), "x"),
    ] {
        let more = more.repeat((64 << 10) / more.len());
        let (server, sent) = endless(begin.to_owned(), more, None);
        let error = fetch(&*new(&config()).unwrap(), get(&server.http())).unwrap_err();
        assert!(matches!(error.kind(), Kind::Malformed | Kind::Interrupted), "{what}: {error}");
        let sent = sent.load(Ordering::Relaxed);
        assert!(sent < 32 << 20, "{what}: {sent} bytes were read");
    }
}

/// Content that one of the libraries skips without a limit. The timeout of the request limits it.
fn endless_responses_end_with_the_timeout(new: New) {
    for (what, begin, more) in [
        ("informational responses", "", "HTTP/1.1 103 Early Hints\r\n\r\n"),
        ("100 Continue", "", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("zeros before a chunk's length", CHUNKED, "0"),
        ("trailers", &format!("{CHUNKED}0\r\n"), "X-More: and more\r\n"),
        ("small chunks", CHUNKED, "1\r\na\r\n"),
    ] {
        let pause = Some(Duration::from_millis(1));
        let (server, _) = endless(begin.to_owned(), more.to_owned(), pause);
        let mut request = get(&server.http());
        request.timeout = Some(SHORT);
        let error = fetch(&*new(&config()).unwrap(), request).unwrap_err();
        let is_aborted = matches!(error.kind(), Kind::Malformed | Kind::Interrupted);
        assert!(is_aborted || error.kind() == Kind::Timeout, "{what}: {error}");
    }
}
