//! Requests through a proxy, past it, and refused by it.

use std::ffi::OsString;
use std::net::TcpListener;
use std::process::Command;

use tc3_transport::{Proxy, ProxyUrl, TransportConfig, TransportErrorKind as Kind};

use crate::encryption::{certificate, server_config};
use crate::support::server::{Server, response};
use crate::support::{New, check, config, fetch, get, hyper, post, reqwest, until, ureq};

each_tls! {
    a_proxy_gets_the_request_and_its_credentials
    https_is_tunneled
    the_connection_to_the_proxy_may_use_tls
    a_refused_tunnel_is_a_proxy_error
    a_proxy_that_requires_other_credentials_is_a_proxy_error
    an_absent_proxy_is_a_connect_error
    only_the_route_selects_the_client
    metadata_requests_bypass_the_proxy
}

/// `user:hiddenpass`, percent-encoded in part.
const CREDENTIALS: &str = "user:hidden%70ass";
const BASIC: &str = "Basic dXNlcjpoaWRkZW5wYXNz";

fn through(addr: impl core::fmt::Display) -> TransportConfig {
    config().with_proxy(Proxy::Url(format!("http://{CREDENTIALS}@{addr}").parse().unwrap()))
}

/// Starts a proxy that responds for every host.
fn proxy() -> Server {
    Server::start(|connection| {
        while let Some(received) = connection.receive() {
            if received.head.starts_with("CONNECT ") {
                connection.write(b"HTTP/1.1 200 Connection established\r\n\r\n");
            } else {
                connection.write(&response(200, "", "by the proxy"));
            }
        }
    })
}

fn a_proxy_gets_the_request_and_its_credentials(new: New) {
    let proxy = proxy();
    let transport = new(&through(proxy.addr)).unwrap();
    // The name does not resolve locally.
    until(
        || proxy.reused("POST"),
        || {
            let got = fetch(&*transport, post("http://api.invalid", "hello")).unwrap();
            assert_eq!(got, (200, b"by the proxy".to_vec()));
        },
    );
    let received = proxy.received();
    let first = &received[0];
    assert_eq!(first.header("proxy-authorization"), [BASIC]);
    let expected = ["POST http://api.invalid/file?sign=linkkey ", "CONNECT api.invalid:80 "];
    assert!(expected.iter().any(|line| first.head.starts_with(line)), "{}", first.head);
    assert_eq!(received.last().unwrap().body, b"hello");
}

fn https_is_tunneled(new: New) {
    let (chain, key, pem) = certificate("api.invalid");
    let tls = server_config(chain, key);
    let proxy = Server::start(move |connection| {
        connection.receive();
        connection.write(b"HTTP/1.1 200 OK\r\n\r\n");
        connection.secure(&tls);
        while connection.receive().is_some() {
            connection.write(&response(200, "", "tunneled"));
        }
    });
    let transport = new(&through(proxy.addr).with_extra_roots_pem(pem)).unwrap();
    until(
        || proxy.reused("POST"),
        || {
            let got = fetch(&*transport, post("https://api.invalid", "hello")).unwrap();
            assert_eq!(got.1, b"tunneled");
        },
    );
    for request in proxy.received() {
        if request.head.starts_with("CONNECT api.invalid:443 ") {
            assert_eq!(request.header("proxy-authorization"), [BASIC]);
        } else {
            assert!(request.head.starts_with("POST /file?sign=linkkey "), "{}", request.head);
            assert_eq!(request.header("proxy-authorization"), [""; 0], "not for the server");
        }
    }
}

fn the_connection_to_the_proxy_may_use_tls(new: New) {
    let (chain, key, pem) = certificate("localhost");
    let tls = server_config(chain, key);
    let proxy = Server::start(move |connection| {
        connection.secure(&tls);
        while let Some(received) = connection.receive() {
            if received.head.starts_with("CONNECT ") {
                connection.write(b"HTTP/1.1 200 OK\r\n\r\n");
            } else {
                connection.write(&response(200, "", "by the proxy"));
            }
        }
    });
    let uri = format!("https://{CREDENTIALS}@localhost:{}", proxy.addr.port());
    let config = config().with_proxy(Proxy::Url(uri.parse().unwrap()));
    let transport = new(&config.clone().with_extra_roots_pem(pem)).unwrap();
    let got = fetch(&*transport, post("http://api.invalid", "hello")).unwrap();
    assert_eq!(got.1, b"by the proxy");
    assert_eq!(proxy.received()[0].header("proxy-authorization"), [BASIC]);

    let error = fetch(&*new(&config).unwrap(), post("http://api.invalid", "x")).unwrap_err();
    check(&error, Kind::Tls, "through the proxy localhost:");
}

fn a_refused_tunnel_is_a_proxy_error(new: New) {
    let with_status = |status| response(status, "", "no");
    let unknown = None;
    for (refusal, is_transient) in [
        (with_status(407), Some(false)),
        // reqwest does not report the status, which may be 502.
        (with_status(403), unknown),
        (with_status(502), Some(true)),
        (with_status(503), Some(true)),
        (with_status(504), Some(true)),
        (b"garbage\r\n\r\n".to_vec(), unknown),
        (Vec::new(), Some(false)),
    ] {
        let proxy = Server::closing(refusal);
        let transport = new(&through(proxy.addr)).unwrap();
        let error = fetch(&*transport, post("https://api.invalid", "x")).unwrap_err();
        let kind = if error.kind().is_transient() { Kind::Connect } else { Kind::Proxy };
        check(&error, kind, &format!("api.invalid:443 through the proxy {}", proxy.addr));
        assert!(error.kind().never_sent());
        if let Some(is_transient) = is_transient {
            assert_eq!(error.kind().is_transient(), is_transient, "{error}");
        }
        let text = error.to_string();
        assert!(!text.contains("403/403") && !text.contains("407/407"), "{text}");
    }
}

/// With a tunnel and without one.
fn a_proxy_that_requires_other_credentials_is_a_proxy_error(new: New) {
    let proxy = Server::responding(response(407, "Proxy-Authenticate: Basic\r\n", "no"));
    let transport = new(&through(proxy.addr)).unwrap();
    for target in ["http://api.invalid", "https://api.invalid"] {
        for request in [get(target), post(target, "x")] {
            let error = fetch(&*transport, request).unwrap_err();
            check(&error, Kind::Proxy, &format!("through the proxy {}", proxy.addr));
            check(&error, Kind::Proxy, "407; check the user and password of the proxy");
            assert!(error.kind().never_sent());
        }
    }
}

fn an_absent_proxy_is_a_connect_error(new: New) {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for target in ["http://api.invalid", "https://api.invalid"] {
        let error = fetch(&*new(&through(closed)).unwrap(), post(target, "x")).unwrap_err();
        check(&error, Kind::Connect, &closed.to_string());
        check(&error, Kind::Connect, "refused");
        check(&error, Kind::Connect, "check the URL of the proxy");
    }
    let error = fetch(&*new(&through("proxy.invalid:1")).unwrap(), post("https://x.cn", "x"));
    let error = error.unwrap_err();
    check(&error, Kind::Resolve, "through the proxy proxy.invalid:1");
    check(&error, Kind::Resolve, "check the URL of the proxy");
}

/// Invalid proxy URLs, each with a part of its error.
const INVALID: [(&str, &str); 14] = [
    ("http://u:hiddenpass#x@127.0.0.1:PORT", "`#`"),
    ("http://u:hiddenpass?x@127.0.0.1:PORT", "`?`"),
    ("http://u:hiddenpass/x@127.0.0.1:PORT", "path"),
    ("http://127.0.0.1:PORT/hiddenpass", "path"),
    ("http://127.0.0.1:99999", "1 to 65535"),
    ("http://127.0.0.1:0", "1 to 65535"),
    ("http://127.0.0.1:", "port is empty"),
    ("127.0.0.1:PORTx", "not a number"),
    ("http://u:hiddenpass%zz@127.0.0.1:PORT", "percent-encoding"),
    ("http://u:hiddenpass@", "host is missing"),
    ("http://u:hiddenpass@127.0.0.1 :PORT", "whitespace"),
    ("socks5://u:hiddenpass@127.0.0.1:PORT", "scheme"),
    ("ftp://127.0.0.1:PORT", "scheme"),
    ("hiddenpass://", "scheme"),
];

/// Connects neither to the server nor to a host in the proxy URL.
#[test]
fn an_invalid_proxy_fails_requests_and_is_never_bypassed() {
    let server = Server::responding(response(200, "", "directly"));
    let port = server.addr.port().to_string();
    for (text, cause) in INVALID {
        let text = text.replace("PORT", &port);
        let error = text.parse::<ProxyUrl>().unwrap_err();
        check(&error, Kind::Proxy, cause);
        check(&error, Kind::Proxy, "http://[USER:PASSWORD@]HOST:PORT");
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            if name != "HTTP_PROXY" && cause != "`#`" {
                continue;
            }
            let url = server.http();
            let variables = [(name, text.as_str()), ("TEST_REFUSED", &url), ("TEST_CAUSE", cause)];
            in_process("proxies::refused_in_the_environment", &variables.map(owned));
        }
    }
    assert!(server.received().is_empty());
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_fails_requests() {
    use std::os::unix::ffi::OsStringExt;

    let server = Server::responding(response(200, "", "directly"));
    let url = server.http();
    for name in ["HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        let proxy = ("HTTP_PROXY".to_owned(), format!("http://{}", server.addr).into());
        let garbled = OsString::from_vec(b"http://hiddenpass\xff@h:1".to_vec());
        let cause = ("TEST_CAUSE", &*format!("{name} is not UTF-8"));
        let mut variables = vec![owned(("TEST_REFUSED", &url)), owned(cause)];
        variables.extend((name == "NO_PROXY").then_some(proxy));
        variables.push((name.to_owned(), garbled));
        in_process("proxies::refused_in_the_environment", &variables);
    }
    assert!(server.received().is_empty());
}

fn owned((name, value): (&str, &str)) -> (String, OsString) {
    (name.to_owned(), value.into())
}

#[test]
#[ignore = "run by the tests above, in a process with its own environment"]
fn refused_in_the_environment() {
    let [url, cause] = ["TEST_REFUSED", "TEST_CAUSE"].map(|name| std::env::var(name).unwrap());
    for new in [hyper as New, reqwest, ureq] {
        let transport = new(&TransportConfig::default()).unwrap();
        let error = fetch(&*transport, post(&url, "x")).unwrap_err();
        check(&error, Kind::Proxy, &cause);
        assert!(error.kind().never_sent());
    }
}

/// The route selects the client once. A host that only some libraries interpret as an address does not bypass the proxy.
fn only_the_route_selects_the_client(new: New) {
    let proxy = proxy();
    let transport = new(&through(proxy.addr)).unwrap();
    for host in ["http://127.1", "http://0x7f.0.0.1", "http://2130706433", "http://127.0.0.1:1"] {
        let got = fetch(&*transport, post(host, "hello"));
        if let Ok((_, body)) = got {
            assert_eq!(body, b"by the proxy", "{host}");
        }
    }
}

/// The unit tests of routes check which hosts are metadata services, without a network: the real addresses may respond on
/// the machine that runs the tests.
fn metadata_requests_bypass_the_proxy(new: New) {
    let proxy = proxy();
    let transport = new(&through(proxy.addr)).unwrap();
    // A link-local address without an interface cannot be connected to.
    assert!(fetch(&*transport, get("http://[fe80::1]")).is_err());
    assert!(proxy.received().is_empty());

    let server = Server::responding(response(200, "", "directly"));
    let mut request = get(&server.http());
    request.bypass_proxy = true;
    assert_eq!(fetch(&*transport, request).unwrap().1, b"directly");
    assert!(proxy.received().is_empty());
}

/// Runs an ignored test in a process with these environment variables.
fn in_process(test: &str, variables: &[(String, OsString)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let output = command.envs(variables.iter().cloned()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{variables:?} {text} {errors}");
}

#[test]
fn the_environment_configures_the_proxy_and_its_exceptions() {
    let (proxy, server) = (proxy(), Server::responding(response(200, "", "directly")));
    let proxy_url = format!("http://{CREDENTIALS}@{}", proxy.addr);
    let variables = [
        ("HTTP_PROXY", proxy_url.as_str()),
        ("NO_PROXY", "127.0.0.1"),
        ("TEST_PROXIED", "http://api.invalid"),
        ("TEST_DIRECT", &server.http()),
    ];
    in_process("proxies::in_the_environment", &variables.map(owned));
    assert!(proxy.received().iter().any(|r| r.header("proxy-authorization") == [BASIC]));
    // Two requests per transport: with the exception, and with the proxy disabled.
    assert_eq!(server.received().len(), 6);
}

#[test]
#[ignore = "run by the test above, in a process with its own environment"]
fn in_the_environment() {
    let proxied = std::env::var("TEST_PROXIED").unwrap();
    let direct = std::env::var("TEST_DIRECT").unwrap();
    for new in [hyper as New, reqwest, ureq] {
        let transport = new(&TransportConfig::default()).unwrap();
        assert_eq!(fetch(&*transport, get(&proxied)).unwrap().1, b"by the proxy");
        assert_eq!(fetch(&*transport, get(&direct)).unwrap().1, b"directly");
        let without = new(&config()).unwrap();
        assert_eq!(fetch(&*without, get(&direct)).unwrap().1, b"directly");
        check(&fetch(&*without, get(&proxied)).unwrap_err(), Kind::Resolve, "api.invalid:80");
    }
}
