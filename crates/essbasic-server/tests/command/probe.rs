//! `essbasic-server probe URL`.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::{Server, run};

fn probe(url: &str, json: bool) -> (Option<i32>, String, String) {
    let json: &[&str] = if json { &["--json"] } else { &[] };
    let output = run(&[&["probe", url], json].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_probe_succeeds_only_with_2xx() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let ready = format!("{}readyz", server.ops);
    assert_eq!(probe(&ready, false), (Some(0), String::new(), String::new()));
    assert_eq!(probe(&ready, true), (Some(0), "{\"ok\":true,\"status\":200}\n".into(), "".into()));
    let absent = format!("{}absent?token=secret", server.ops);
    let (code, text, error) = probe(&absent, true);
    assert_eq!((code, &*text), (Some(1), "{\"ok\":false,\"status\":404}\n"));
    assert!(
        error.contains("/absent: status 404; expected 2xx") && !error.contains("secret"),
        "{error}"
    );
}

/// Responds to one connection with these bytes.
fn respond(response: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(response.as_bytes());
    });
    url
}

#[test]
fn other_servers_fail_with_one_line() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    for (url, cause) in [
        (closed, "cannot connect: "),
        (respond("HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n"), "status 302"),
        (respond("HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"), "status 503"),
        (respond("SSH-2.0-OpenSSH\r\n"), "no HTTP response"),
        (respond(""), "no HTTP response"),
        ("https://127.0.0.1/".into(), "the probe has no TLS"),
        ("127.0.0.1:9090".into(), "invalid URL"),
        ("http://host.invalid/".into(), "cannot connect: "),
    ] {
        let (code, text, error) = probe(&url, false);
        assert_eq!((code, &*text), (Some(1), ""), "{url}: {error}");
        assert!(error.starts_with("error: ") && error.lines().count() == 1, "{error}");
        assert!(error.contains(cause), "{url}: {error}");
    }
}

#[test]
fn a_server_that_does_not_respond_is_given_5_s() {
    // Connections wait in its queue.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let began = Instant::now();
    let (code, text, error) = probe(&format!("http://{}/", listener.local_addr().unwrap()), true);
    assert_eq!((code, &*text), (Some(1), "{\"ok\":false,\"status\":null}\n"));
    assert!(error.contains("no response within 5 s"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(30));
}
