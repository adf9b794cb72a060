//! Failures of an exchange, and their kinds.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use tc3_transport::{Proxy, Request, TransportErrorKind as Kind};

use crate::support::server::Server;
use crate::support::{LONG, New, SHORT, check, config, fetch, get, post};

each! {
    a_name_without_an_address_is_a_resolve_error
    a_refused_connection_is_a_connect_error
    a_full_queue_is_a_connect_error
    a_handshake_that_hangs_is_a_connect_error
    silence_is_a_timeout
    the_timeout_limits_the_whole_exchange
    a_broken_connection_is_interrupted
    invalid_http_is_malformed
    an_invalid_uri_is_a_request_error
}

fn a_name_without_an_address_is_a_resolve_error(new: New) {
    // Reserved never to exist (RFC 6761).
    let error = fetch(&*new(&config()).unwrap(), post("http://nowhere.invalid:81", "x"));
    check(&error.unwrap_err(), Kind::Resolve, "nowhere.invalid:81");
}

fn a_refused_connection_is_a_connect_error(new: New) {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https"] {
        let result = fetch(&*new(&config()).unwrap(), post(&format!("{scheme}://{closed}"), "x"));
        let error = result.unwrap_err();
        check(&error, Kind::Connect, &closed.to_string());
        check(&error, Kind::Connect, "refused");
    }
}

fn a_full_queue_is_a_connect_error(new: New) {
    use socket2::{Domain, SockAddr, Socket, Type};
    use std::net::{SocketAddr, TcpStream};
    // Nothing accepts connections, and the queue has its minimum length. When it is full, connecting blocks.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)))).unwrap();
    socket.listen(0).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&addr, SHORT) {
        queued.push(stream);
        assert!(queued.len() < 100, "the queue does not fill");
    }
    let config = config().with_connect_timeout(SHORT);
    let error = fetch(&*new(&config).unwrap(), post(&format!("http://{addr}"), "x")).unwrap_err();
    check(&error, Kind::Connect, &addr.to_string());
    check(&error, Kind::Connect, "timed out");
}

fn silence_is_a_timeout(new: New) {
    for begin in [
        "",
        "HTTP/1.1 200 OK\r\nContent-",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let server = Server::start(|connection| {
            connection.receive();
            connection.write(begin.as_bytes());
            connection.stall();
        });
        let error =
            fetch(&*new(&config().with_read_timeout(SHORT)).unwrap(), post(&server.http(), "x"));
        check(&error.unwrap_err(), Kind::Timeout, &server.addr.to_string());

        let mut bounded = post(&server.http(), "x");
        bounded.timeout = Some(SHORT);
        let error = fetch(&*new(&config()).unwrap(), bounded).unwrap_err();
        check(&error, Kind::Timeout, &server.addr.to_string());
        assert_eq!(server.received().len(), 2, "no request is retried");
    }
}

fn the_timeout_limits_the_whole_exchange(new: New) {
    // The server keeps sending and never finishes.
    let server = Server::start(|connection| {
        connection.receive();
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        while connection.write(b".") {
            thread::sleep(Duration::from_millis(5));
        }
    });
    let mut request = get(&server.http());
    request.timeout = Some(SHORT);
    let error = fetch(&*new(&config()).unwrap(), request).unwrap_err();
    check(&error, Kind::Timeout, &server.addr.to_string());

    let mut request = get(&server.http());
    // There is no time for a connection. Not every library shows that there was none.
    request.timeout = Some(Duration::ZERO);
    let error = fetch(&*new(&config()).unwrap(), request).unwrap_err();
    let kind = if error.kind().never_sent() { Kind::Connect } else { Kind::Timeout };
    check(&error, kind, &server.addr.to_string());

    let server = Server::closing("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let mut request = get(&server.http());
    request.timeout = Some(LONG);
    assert_eq!(fetch(&*new(&config()).unwrap(), request).unwrap().1, b"ok");
}

fn a_broken_connection_is_interrupted(new: New) {
    for begin in ["", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"] {
        let server = Server::closing(begin);
        let error = fetch(&*new(&config()).unwrap(), post(&server.http(), "x")).unwrap_err();
        check(&error, Kind::Interrupted, &server.addr.to_string());
        assert_eq!(server.received().len(), 1, "the request is not retried");
    }
    let server = Server::start(|connection| connection.reset());
    let error = fetch(&*new(&config()).unwrap(), post(&server.http(), "x")).unwrap_err();
    check(&error, Kind::Interrupted, &server.addr.to_string());
}

/// Nothing was sent, so an action that is not idempotent may be retried.
fn a_handshake_that_hangs_is_a_connect_error(new: New) {
    let silent = Server::start(|connection| connection.stall());
    let tunnel = Server::start(|connection| {
        connection.receive();
        connection.write(b"HTTP/1.1 200 Connection established\r\n\r\n");
        connection.stall();
    });
    let (direct, remote) = (silent.https(), "https://api.invalid".to_owned());
    for (row, url, proxy) in [
        ("the server", direct, None),
        ("a proxy that does not respond", remote.clone(), Some(silent.http())),
        ("a proxy with TLS", remote.clone(), Some(silent.https())),
        ("the server behind a proxy", remote, Some(tunnel.http())),
    ] {
        for streamed_body in [false, true] {
            let mut config = config();
            if let Some(proxy) = &proxy {
                config = config.with_proxy(Proxy::Url(proxy.parse().unwrap()));
            }
            let (timeout, start) = (Some(SHORT), Instant::now());
            let request = Request { timeout, streamed_body, ..post(&url, "x") };
            let error = fetch(&*new(&config).unwrap(), request).unwrap_err();
            check(&error, Kind::Connect, url.strip_prefix("https://").unwrap());
            check(&error, Kind::Connect, "timed out");
            let text = error.to_string();
            assert_eq!(text.contains("through the proxy"), proxy.is_some(), "{row}: {text}");
            assert!(error.kind().never_sent() && !text.contains("global"), "{row}: {text}");
            assert!(start.elapsed() < LONG / 10, "{row}");
        }
    }
}

fn invalid_http_is_malformed(new: New) {
    for garbage in [
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "<html>linkkey</html>\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Header\u{1}: x\r\n\r\n",
        "\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\r\n\r\n",
    ] {
        let server = Server::closing(garbage);
        let error = fetch(&*new(&config()).unwrap(), post(&server.http(), "x")).unwrap_err();
        check(&error, Kind::Malformed, &server.addr.to_string());
    }
    let endless = Server::start(|connection| {
        connection.receive();
        connection.write(b"HTTP/1.1 200 OK\r\n");
        while connection.write(b"X-More: and more, and more, and more, and more, and more\r\n") {}
    });
    let error = fetch(&*new(&config()).unwrap(), get(&endless.http())).unwrap_err();
    check(&error, Kind::Malformed, &endless.addr.to_string());
}

fn an_invalid_uri_is_a_request_error(new: New) {
    let transport = new(&config()).unwrap();
    for uri in ["/file?sign=linkkey", "ftp://host/?sign=linkkey", "http://u:hiddenpass@host/"] {
        let mut request = get("http://unused");
        request.uri = uri.parse().unwrap();
        check(&fetch(&*transport, request).unwrap_err(), Kind::Request, "URI");
    }
}
