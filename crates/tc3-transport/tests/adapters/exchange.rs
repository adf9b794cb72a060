//! What goes out, and how often.

use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use tc3_transport::{AsyncTransport, HyperTransport, Request, TransportErrorKind};

use crate::support::server::{Server, answer};
use crate::support::{LONG, New, check, config, fetch, get, post, until};

each! {
    requests_go_out_as_they_stand
    redirects_are_answers
    errors_of_the_server_keep_their_bodies
    connections_are_kept
    nothing_is_sent_twice_when_a_kept_connection_breaks
    a_kept_connection_that_was_closed_costs_at_most_an_error
    header_values_may_be_any_bytes
}

fn requests_go_out_as_they_stand(new: New) {
    let server = Server::answering(answer(200, "X-Answer: yes\r\n", "fine"));
    let transport = new(&config()).unwrap();
    let mut request = post(&server.http(), "{\"a\":1}");
    request.headers.insert(header::HOST, HeaderValue::from_static("essbasic.tencentcloudapi.com"));
    request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let response = transport.send(request).unwrap();
    assert_eq!(response.headers["x-answer"], "yes");
    assert_eq!(response.body.whole().unwrap(), b"fine");
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

fn redirects_are_answers(new: New) {
    let transport = new(&config()).unwrap();
    for status in [301, 302, 303, 307, 308] {
        let server = Server::answering(answer(status, "Location: /elsewhere\r\n", "moved"));
        for request in [post(&server.http(), "signed"), get(&server.http())] {
            let response = transport.send(request).unwrap();
            assert_eq!(response.status.as_u16(), status);
            assert_eq!(response.headers[header::LOCATION], "/elsewhere");
            assert_eq!(response.body.whole().unwrap(), b"moved");
        }
        assert_eq!(server.received().len(), 2);
    }
}

fn errors_of_the_server_keep_their_bodies(new: New) {
    let transport = new(&config()).unwrap();
    for status in [400, 401, 403, 404, 407, 429, 500, 502, 503] {
        let server = Server::answering(answer(status, "", "the reason"));
        let got = fetch(&*transport, post(&server.http(), "x")).unwrap();
        assert_eq!(got, (status, b"the reason".to_vec()));
        assert_eq!(server.received().len(), 1);
    }
}

fn connections_are_kept(new: New) {
    let server = Server::answering(answer(200, "", "again"));
    let transport = new(&config()).unwrap();
    // With a limit of its own, too: that must not cost the connection.
    let mut limited = post(&server.http(), "x");
    limited.timeout = Some(LONG);
    for (request, method) in [(get(&server.http()), "GET"), (limited, "POST")] {
        let send = || drop(fetch(&*transport, request.clone()).unwrap());
        until(|| server.reused(method), send);
    }
}

#[test]
fn hyper_and_ureq_give_a_connection_back_with_the_bodys_end() {
    for new in [crate::support::hyper as New, crate::support::ureq] {
        let server = Server::answering(answer(200, "", "again"));
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

fn nothing_is_sent_twice_when_a_kept_connection_breaks(new: New) {
    let server = Server::start(|connection| {
        while let Some(received) = connection.receive() {
            if received.body != b"kept" {
                // Closed without an answer: the request may have been carried out.
                return;
            }
            connection.write(&answer(200, "", "kept"));
        }
    });
    let transport = new(&config()).unwrap();
    let mut broken = 0;
    let met_a_kept_one = || {
        let received = server.received();
        let last = received.last().unwrap();
        received.iter().filter(|r| r.connection == last.connection).count() > 1
    };
    until(met_a_kept_one, || {
        fetch(&*transport, post(&server.http(), "kept")).unwrap();
        let error = fetch(&*transport, post(&server.http(), "broken")).unwrap_err();
        check(&error, TransportErrorKind::Interrupted, &server.addr.to_string());
        broken += 1;
        let arrived = server.received().into_iter().filter(|r| r.body == b"broken").count();
        assert_eq!(arrived, broken);
    });
}

fn a_kept_connection_that_was_closed_costs_at_most_an_error(new: New) {
    // Closes right after the answer, so that the client may or may not have noticed.
    let server = Server::closing(answer(200, "", "ok"));
    let transport = new(&config()).unwrap();
    let mut arrived = 0;
    for _ in 0..50 {
        match fetch(&*transport, post(&server.http(), "x")) {
            Ok(_) => arrived += 1,
            Err(error) => check(&error, TransportErrorKind::Interrupted, &server.addr.to_string()),
        }
    }
    // Each answer belongs to one request: none was written a second time.
    assert_eq!(server.received().len(), arrived);
    assert!(arrived > 0);
}

/// Nothing of the runtime runs while its thread does something else, so nothing of it sees the close.
#[test]
fn hyper_uses_no_connection_that_was_closed_while_the_program_did_something_else() {
    let (closed, was_closed) = mpsc::channel();
    let server = Server::start(move |connection| {
        connection.receive();
        connection.write(&answer(200, "", "ok"));
        connection.close();
        closed.send(()).unwrap();
    });
    let transport = HyperTransport::new(&config()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..5 {
            let answer = transport.send(post(&server.http(), "x")).await.unwrap();
            assert_eq!(answer.body.collect(2).await.unwrap(), "ok");
            was_closed.recv_timeout(LONG).unwrap();
            // For so long a connection is taken to be open.
            std::thread::sleep(Duration::from_millis(150));
        }
    });
    assert_eq!(server.received().len(), 5);
}

fn header_values_may_be_any_bytes(new: New) {
    let server = Server::answering(
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
