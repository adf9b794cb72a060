//! Requests on the wire, and the reuse of connections.

use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use tc3_transport::{AsyncTransport, HyperTransport, Request, TransportErrorKind};

use crate::support::server::{Server, response};
use crate::support::{LONG, New, check, config, fetch, get, post, until};

each! {
    requests_are_sent_unchanged
    redirects_are_responses
    error_statuses_keep_their_bodies
    connections_are_reused
    a_new_connection_bypasses_idle_ones
    nothing_is_sent_twice_if_a_reused_connection_breaks
    a_closed_idle_connection_causes_at_most_an_error
    header_values_may_be_any_bytes
}

fn requests_are_sent_unchanged(new: New) {
    let server = Server::responding(response(200, "X-Response: yes\r\n", "fine"));
    let transport = new(&config()).unwrap();
    let mut request = post(&server.http(), "{\"a\":1}");
    request.headers.insert(header::HOST, HeaderValue::from_static("essbasic.tencentcloudapi.com"));
    request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let response = transport.send(request).unwrap();
    assert_eq!(response.headers["x-response"], "yes");
    assert_eq!(response.body.collect().unwrap(), b"fine");
    fetch(&*transport, post(&server.http(), "")).unwrap();
    fetch(&*transport, get(&server.http())).unwrap();

    let [full, empty, get] = &server.received()[..] else { panic!("three requests") };
    assert!(full.head.starts_with("POST /file?sign=linkkey HTTP/1.1\r\n"), "{}", full.head);
    assert_eq!(full.header("host"), ["essbasic.tencentcloudapi.com"]);
    assert_eq!(full.header("authorization"), ["hiddenheader"]);
    assert_eq!(full.header("content-type"), ["application/json"]);
    assert_eq!(full.header("content-length"), ["7"]);
    assert_eq!(full.header("user-agent"), [""; 0]);
    assert_eq!(full.header("referer"), [""; 0]);
    assert_eq!(full.body, b"{\"a\":1}");
    assert_eq!(empty.header("host"), [server.addr.to_string()]);
    assert_eq!(empty.header("content-length"), ["0"]);
    assert!(get.head.starts_with("GET /file?sign=linkkey HTTP/1.1\r\n"), "{}", get.head);
    assert_eq!(get.header("content-length"), [""; 0]);
    assert_eq!(get.header("transfer-encoding"), [""; 0]);
}

fn redirects_are_responses(new: New) {
    let transport = new(&config()).unwrap();
    for status in [301, 302, 303, 307, 308] {
        let server = Server::responding(response(status, "Location: /elsewhere\r\n", "moved"));
        for request in [post(&server.http(), "signed"), get(&server.http())] {
            let response = transport.send(request).unwrap();
            assert_eq!(response.status.as_u16(), status);
            assert_eq!(response.headers[header::LOCATION], "/elsewhere");
            assert_eq!(response.body.collect().unwrap(), b"moved");
        }
        assert_eq!(server.received().len(), 2);
    }
}

fn error_statuses_keep_their_bodies(new: New) {
    let transport = new(&config()).unwrap();
    for status in [400, 401, 403, 404, 407, 429, 500, 502, 503] {
        let server = Server::responding(response(status, "", "the reason"));
        let got = fetch(&*transport, post(&server.http(), "x")).unwrap();
        assert_eq!(got, (status, b"the reason".to_vec()));
        assert_eq!(server.received().len(), 1);
    }
}

fn connections_are_reused(new: New) {
    let server = Server::responding(response(200, "", "again"));
    let transport = new(&config()).unwrap();
    // A timeout of the request must not prevent the reuse.
    let mut limited = post(&server.http(), "x");
    limited.timeout = Some(LONG);
    for (request, method) in [(get(&server.http()), "GET"), (limited, "POST")] {
        let send = || drop(fetch(&*transport, request.clone()).unwrap());
        until(|| server.reused(method), send);
    }
}

#[test]
fn hyper_and_ureq_release_a_connection_at_the_end_of_the_body() {
    for new in [crate::support::hyper as New, crate::support::ureq] {
        let server = Server::responding(response(200, "", "again"));
        let transport = new(&config()).unwrap();
        for _ in 0..5 {
            let mut limited = post(&server.http(), "x");
            limited.timeout = Some(LONG);
            fetch(&*transport, limited).unwrap();
            fetch(&*transport, get(&server.http())).unwrap();
        }
        let connections: Vec<_> = server.received().iter().map(|r| r.connection).collect();
        assert_eq!(connections, [0; 10]);
    }
}

fn nothing_is_sent_twice_if_a_reused_connection_breaks(new: New) {
    let server = Server::start(|connection| {
        while let Some(received) = connection.receive() {
            if received.body != b"kept" {
                // Closed without a response: the request may have been executed.
                return;
            }
            connection.write(&response(200, "", "kept"));
        }
    });
    let transport = new(&config()).unwrap();
    let mut broken = 0;
    let has_reused = || {
        let received = server.received();
        let last = received.last().unwrap();
        received.iter().filter(|r| r.connection == last.connection).count() > 1
    };
    until(has_reused, || {
        fetch(&*transport, post(&server.http(), "kept")).unwrap();
        let error = fetch(&*transport, post(&server.http(), "broken")).unwrap_err();
        check(&error, TransportErrorKind::Interrupted, &server.addr.to_string());
        broken += 1;
        let arrived = server.received().into_iter().filter(|r| r.body == b"broken").count();
        assert_eq!(arrived, broken);
    });
}

fn a_closed_idle_connection_causes_at_most_an_error(new: New) {
    // Closes immediately after the response, so that the client may or may not have noticed.
    let server = Server::closing(response(200, "", "ok"));
    let transport = new(&config()).unwrap();
    let mut arrived = 0;
    for _ in 0..50 {
        match fetch(&*transport, post(&server.http(), "x")) {
            Ok(_) => arrived += 1,
            Err(error) => check(&error, TransportErrorKind::Interrupted, &server.addr.to_string()),
        }
    }
    // Each response belongs to one request; none was sent twice.
    assert_eq!(server.received().len(), arrived);
    assert!(arrived > 0);
}

/// The runtime does not run while its thread is blocked, so it cannot notice the close.
#[test]
fn hyper_does_not_reuse_a_connection_that_was_closed_while_the_thread_was_blocked() {
    let (closed, was_closed) = mpsc::channel();
    let server = Server::start(move |connection| {
        connection.receive();
        connection.write(&response(200, "", "ok"));
        connection.close();
        closed.send(()).unwrap();
    });
    let transport = HyperTransport::new(&config()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..5 {
            let response = transport.send(post(&server.http(), "x")).await.unwrap();
            assert_eq!(response.body.collect(2).await.unwrap(), "ok");
            was_closed.recv_timeout(LONG).unwrap();
            // Longer than the idle time up to which a connection is assumed to be open.
            std::thread::sleep(Duration::from_millis(150));
        }
    });
    assert_eq!(server.received().len(), 5);
}

/// The next attempt after a broken connection.
fn a_new_connection_bypasses_idle_ones(new: New) {
    let server = Server::responding(response(200, "", "again"));
    let transport = new(&config()).unwrap();
    let request = get(&server.http());
    until(|| server.reused("GET"), || drop(fetch(&*transport, request.clone()).unwrap()));
    for _ in 0..3 {
        let others: Vec<_> = server.received().iter().map(|r| r.connection).collect();
        let mut request = request.clone();
        request.new_connection = true;
        fetch(&*transport, request).unwrap();
        let used = server.received().last().unwrap().connection;
        assert!(!others.contains(&used), "{used} of {others:?}");
    }
}

fn header_values_may_be_any_bytes(new: New) {
    let server = Server::responding(
        *b"HTTP/1.1 200 OK\r\nX-Name: \xe5\x90\x88\xff\r\nContent-Length: 0\r\n\r\n",
    );
    let transport = new(&config()).unwrap();
    let request = Request {
        method: Method::PUT,
        body: Bytes::from_static(&[0, 255, 13, 10]),
        ..get(&server.http())
    };
    let response = transport.send(request).unwrap();
    assert_eq!(response.headers["x-name"].as_bytes(), b"\xe5\x90\x88\xff");
    assert_eq!(server.received()[0].body, [0, 255, 13, 10]);
}
