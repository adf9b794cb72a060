//! Callbacks over HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use essbasic_callback::{CallbackKey, MsgType, Sender, Token, testing};
use serde_json::json;

use crate::support::{Server, get, post, run};

fn sender() -> Sender {
    let token = Token::new("emulated-callback-token").unwrap();
    Sender::new(token, CallbackKey::new("EMULATEDKEYEMULATEDKEYEMULATED32").unwrap())
}

#[test]
fn only_authentic_messages_are_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let url = &server.callbacks;
    let flow = json!({ "FlowId": "yDUnknown0000000000000000000001", "FlowCallbackStatus": 1 });
    let message = testing::message("hand-made-1", &MsgType::FlowStatusChange, flow);
    let callback = sender().send(&message);
    let signature = callback.signature.as_deref();
    let duplicates = || server.metric("essbasic_callbacks_total{result=\"duplicate\"}");
    let before = duplicates();
    assert_eq!(post(url, signature, &callback.body), 200);
    assert_eq!(post(url, signature, &callback.body), 200, "a duplicate");
    assert_eq!(duplicates(), before + 1);
    let other = Sender::new(Token::new("another").unwrap(), None).send(&message);
    let mut cut = callback.body.clone();
    cut.truncate(20);
    for (case, signature, body) in [
        ("no signature", None, &callback.body[..]),
        ("invalid signature", Some("sha256=00"), &callback.body),
        ("another body", signature, &cut),
        ("another token", other.signature.as_deref(), &other.body),
        ("empty", None, b""),
        ("not JSON", None, b"\xff\xfe"),
    ] {
        assert_eq!(post(url, signature, body), 400, "{case}");
    }
    for bytes in [(1 << 20) + 1, 8 << 20] {
        assert_eq!(post(url, None, &vec![b'a'; bytes]), 413, "{bytes} bytes");
    }
    assert_eq!(get(url).0, 405);
    assert_eq!(get(&format!("{url}metrics")).0, 404, "the public listener serves nothing else");
    assert_eq!(post(&format!("{url}readyz"), None, b"{}"), 404);
    assert_eq!(post(url, None, b"{}"), 200, "a ping");
}

#[test]
fn refused_callbacks_are_in_the_log_and_in_the_status() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let other = Sender::new(Token::new("another").unwrap(), None);
    let callback = other.send(&testing::message("m", &MsgType::FlowStatusChange, json!({})));
    for _ in 0..25 {
        assert_eq!(post(&server.callbacks, callback.signature.as_deref(), &callback.body), 400);
    }
    let log = server.log("refused callbacks; compare token and key");
    assert!(log.contains("signature invalid: 1"), "{log}");
    assert_eq!(log.matches("refused callbacks").count(), 1, "{log}");
    let path = data.path().join("essbasic.toml");
    let status = || {
        let output = run(&["status", "--config", path.to_str().unwrap()]);
        String::from_utf8(output.stdout).unwrap()
    };
    let end = Instant::now() + Duration::from_secs(60);
    // The next heartbeat.
    while !status().contains("callbacks refused") {
        assert!(Instant::now() < end, "{}", status());
        std::thread::sleep(Duration::from_millis(200));
    }
    let text = status();
    assert!(text.contains("25") && text.contains("receive.keys"), "{text}");
    server.signal("-TERM");
    let log = server.log("stopped");
    for part in
        ["starting version=", "store=\"sqlite\"", "listening", "stopping: received a signal"]
    {
        assert!(log.contains(part), "{part}: {log}");
    }
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn senders_that_stall_do_not_delay_others() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::emulated(data.path());
    let address = server.callbacks.trim_start_matches("http://").trim_end_matches('/');
    // In the head, and in the body.
    let parts =
        ["", "POST / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc"];
    let stalled: Vec<TcpStream> = (0..50)
        .map(|number| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(parts[number % parts.len()].as_bytes()).unwrap();
            stream
        })
        .collect();
    assert_eq!(post(&server.callbacks, None, b"{}"), 200);
    // The end of the server closes them.
    assert_eq!(server.stop(), Some(0));
    for mut stream in stalled {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut rest = Vec::new();
        // Either the end of the stream or a reset.
        let _ = stream.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "an incomplete callback was acknowledged");
    }
}
