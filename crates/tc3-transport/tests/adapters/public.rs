//! Requests that are limited to the public internet.

use tc3_transport::{Proxy, Request, TransportErrorKind as Kind};

use crate::support::server::{Server, response};
use crate::support::{New, check, config, fetch, get};

each! {
    addresses_that_are_not_public_are_refused_without_connecting
    an_idle_connection_to_a_private_address_is_not_reused
    known_private_hosts_are_refused_through_a_proxy
}

fn public(base: &str) -> Request {
    Request { public_only: true, ..get(base) }
}

fn addresses_that_are_not_public_are_refused_without_connecting(new: New) {
    let server = Server::responding(response(200, "", "inside"));
    let port = server.addr.port();
    let transport = new(&config()).unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "LocalHost.",
        "a.localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "10.0.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00::1]",
        "metadata.tencentyun.com",
        "metadata.google.internal",
        "intranet",
    ] {
        for scheme in ["http", "https"] {
            let result = fetch(&*transport, public(&format!("{scheme}://{host}:{port}")));
            check(&result.unwrap_err(), Kind::NotPublic, &format!("{host}:{port}"));
        }
    }
    assert!(server.received().is_empty());
    // Other requests are not limited.
    assert_eq!(fetch(&*transport, get(&server.http())).unwrap().1, b"inside");
}

fn an_idle_connection_to_a_private_address_is_not_reused(new: New) {
    let server = Server::responding(response(200, "", "inside"));
    let base = format!("http://localhost:{}", server.addr.port());
    let transport = new(&config()).unwrap();
    for _ in 0..3 {
        assert_eq!(fetch(&*transport, get(&base)).unwrap().1, b"inside");
        check(&fetch(&*transport, public(&base)).unwrap_err(), Kind::NotPublic, "localhost:");
    }
    assert_eq!(server.received().len(), 3);
}

fn known_private_hosts_are_refused_through_a_proxy(new: New) {
    let proxy = Server::start(|connection| {
        while let Some(received) = connection.receive() {
            if received.head.starts_with("CONNECT ") {
                connection.write(b"HTTP/1.1 200 OK\r\n\r\n");
            } else {
                connection.write(&response(200, "", "by the proxy"));
            }
        }
    });
    // The address of the proxy itself is private, as is usual.
    let uri = format!("http://localhost:{}", proxy.addr.port()).parse().unwrap();
    let transport = new(&config().with_proxy(Proxy::Url(uri))).unwrap();
    for host in
        ["127.0.0.1", "[::1]", "169.254.169.254", "127.1", "localhost", "metadata.google.internal"]
    {
        for scheme in ["http", "https"] {
            let result = fetch(&*transport, public(&format!("{scheme}://{host}")));
            check(&result.unwrap_err(), Kind::NotPublic, host);
        }
    }
    assert!(proxy.received().is_empty());
    // Only the proxy resolves the name.
    let got = fetch(&*transport, public("http://files.invalid")).unwrap();
    assert_eq!(got.1, b"by the proxy");
}
