//! Requests with an address to connect to: the URI is sent and verified, the address is dialed.

use http::uri::Authority;
use tc3_transport::{Proxy, Request, TransportErrorKind as Kind};

use crate::encryption::{certificate, server_config};
use crate::support::server::{Server, response};
use crate::support::{New, check, config, fetch, post, reqwest_from_client, until};

each_tls! {
    the_address_is_dialed_and_the_host_is_sent
    tls_verifies_the_host_and_not_the_address
    each_address_has_its_own_connections
    a_proxy_opens_a_tunnel_to_the_address
    an_exception_of_the_address_bypasses_the_proxy
    an_address_that_is_not_public_is_refused
}

fn at(base: &str, address: impl core::fmt::Display) -> Request {
    let address = Some(address.to_string().parse::<Authority>().unwrap());
    Request { connect_to: address, ..post(base, "hello") }
}

/// Names below `invalid` do not resolve.
fn the_address_is_dialed_and_the_host_is_sent(new: New) {
    let server = Server::responding(response(200, "", "reached"));
    let transport = new(&config()).unwrap();
    for (base, host) in [
        ("http://api.invalid", "api.invalid"),
        ("http://api.invalid:8080", "api.invalid:8080"),
        ("http://192.0.2.1", "192.0.2.1"),
        ("http://[2001:db8::1]:81", "[2001:db8::1]:81"),
    ] {
        for address in [server.addr.to_string(), format!("localhost:{}", server.addr.port())] {
            assert_eq!(fetch(&*transport, at(base, &address)).unwrap().1, b"reached", "{base}");
            let received = server.received().pop().unwrap();
            assert_eq!(received.header("host"), [host], "{base}");
            assert!(received.head.starts_with("POST /file?sign=linkkey "), "{}", received.head);
        }
    }
    // Without a port, that of the URI is used.
    let base = format!("http://api.invalid:{}", server.addr.port());
    assert_eq!(fetch(&*transport, at(&base, "127.0.0.1")).unwrap().1, b"reached");
    let error = fetch(&*transport, at("http://127.0.0.1", "gateway.invalid:1")).unwrap_err();
    check(&error, Kind::Resolve, "127.0.0.1:80 at gateway.invalid:1");
}

fn tls_verifies_the_host_and_not_the_address(new: New) {
    let (chain, key, pem) = certificate("api.invalid");
    let tls = server_config(chain, key);
    let server = Server::start(move |connection| {
        connection.secure(&tls);
        while connection.receive().is_some() {
            connection.write(&response(200, "", "reached"));
        }
    });
    let transport = new(&config().with_extra_roots_pem(pem)).unwrap();
    for (base, host) in
        [("https://api.invalid", "api.invalid"), ("https://api.invalid:8443", "api.invalid:8443")]
    {
        assert_eq!(fetch(&*transport, at(base, server.addr)).unwrap().1, b"reached", "{base}");
        assert_eq!(server.received().pop().unwrap().header("host"), [host]);
    }
    let error = fetch(&*transport, at("https://other.invalid", server.addr)).unwrap_err();
    check(&error, Kind::Tls, "other.invalid:443 at 127.0.0.1:");
    until(
        || server.reused("POST"),
        || drop(fetch(&*transport, at("https://api.invalid", server.addr)).unwrap()),
    );
}

fn each_address_has_its_own_connections(new: New) {
    let servers = ["one", "two"].map(|name| Server::responding(response(200, "", name)));
    let transport = new(&config()).unwrap();
    for _ in 0..3 {
        for (server, name) in servers.iter().zip(["one", "two"]) {
            let got = fetch(&*transport, at("http://api.invalid", server.addr)).unwrap();
            assert_eq!(got.1, name.as_bytes());
        }
    }
    let error = fetch(&*transport, post("http://api.invalid", "hello")).unwrap_err();
    check(&error, Kind::Resolve, "api.invalid:80");
}

/// reqwest connects a tunnel only to the host of the URI, so it refuses the request.
fn a_proxy_opens_a_tunnel_to_the_address(new: New) {
    let (chain, key, pem) = certificate("api.invalid");
    let tls = server_config(chain, key);
    let proxy = Server::start(move |connection| {
        let Some(connect) = connection.receive() else { return };
        connection.write(b"HTTP/1.1 200 OK\r\n\r\n");
        if connect.head.starts_with("CONNECT gateway.invalid:8443 ") {
            connection.secure(&tls);
        }
        while connection.receive().is_some() {
            connection.write(&response(200, "", "tunneled"));
        }
    });
    let url = format!("http://{}", proxy.addr).parse().unwrap();
    let config = config().with_proxy(Proxy::Url(url)).with_extra_roots_pem(pem);
    let transport = new(&config).unwrap();
    for (base, port) in [("https://api.invalid", 8443), ("http://api.invalid:81", 8081)] {
        match fetch(&*transport, at(base, format_args!("gateway.invalid:{port}"))) {
            Ok((_, body)) => {
                assert_eq!(body, b"tunneled");
                let [.., connect, request] = &proxy.received()[..] else { panic!("two requests") };
                let line = format!("CONNECT gateway.invalid:{port} ");
                assert!(connect.head.starts_with(&line), "{}", connect.head);
                assert!(request.head.starts_with("POST /file?sign=linkkey "), "{}", request.head);
                assert_eq!(request.header("host"), [base.split_once("//").unwrap().1]);
            }
            Err(error) => {
                check(&error, Kind::Request, "reqwest cannot connect to another address");
                assert!(proxy.received().is_empty());
            }
        }
    }
}

/// The unit tests of routes have the other exceptions.
fn an_exception_of_the_address_bypasses_the_proxy(new: New) {
    let server = Server::responding(response(200, "", "directly"));
    let proxy = Server::responding(response(200, "", "by the proxy"));
    let url = format!("http://{}", proxy.addr).parse().unwrap();
    let transport = new(&config().with_proxy(Proxy::Url(url))).unwrap();
    let request = Request { bypass_proxy: true, ..at("http://api.invalid", server.addr) };
    assert_eq!(fetch(&*transport, request).unwrap().1, b"directly");
    assert!(proxy.received().is_empty());
}

fn an_address_that_is_not_public_is_refused(new: New) {
    let server = Server::responding(response(200, "", "inside"));
    let transport = new(&config()).unwrap();
    for base in ["http://files.example.com", "https://files.example.com"] {
        let request = Request { public_only: true, ..at(base, server.addr) };
        check(&fetch(&*transport, request).unwrap_err(), Kind::NotPublic, "at 127.0.0.1:");
        let request = Request { public_only: true, ..at("http://127.0.0.1", "8.8.8.8:1") };
        check(&fetch(&*transport, request).unwrap_err(), Kind::NotPublic, "127.0.0.1:80");
    }
    assert!(server.received().is_empty());
}

#[test]
fn a_client_of_the_program_refuses_an_address_with_tls() {
    let server = Server::responding(response(200, "", "reached"));
    let transport = reqwest_from_client(::reqwest::Client::builder().no_proxy().build().unwrap());
    let error = fetch(&*transport, at("https://api.invalid", server.addr)).unwrap_err();
    check(&error, Kind::Request, "from_builder");
    assert_eq!(fetch(&*transport, at("http://api.invalid", server.addr)).unwrap().1, b"reached");
}
