//! What no client would send: the emulator answers or hangs up, and goes on serving others.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[allow(dead_code, clippy::indexing_slicing, reason = "each test file uses its part of it")]
mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use essbasic_emulator::{Emulator, SECRET_KEY, Seed};
use proptest::prelude::*;
use serde_json::json;
use support::{Call, FIRST, NOW, agent, call, start, urls};

fn send(emulator: &Emulator, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(emulator.endpoint().replace("http://", "")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The emulator may hang up before it has read everything.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

#[test]
fn garbage_does_not_stop_it() {
    let emulator = start();
    let long = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    let huge = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(1 << 20));
    let deep = format!("GET /?{}=1 HTTP/1.1\r\nHost: h\r\n\r\n", "A.".repeat(5_000));
    for bytes in [
        "",
        "\r\n\r\n",
        "\u{0}\u{1}\u{2}",
        "GET",
        "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\nshort",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /_emulator/clock HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\n{\"advance_seconds\": 1e999999}  ",
        "GET /file/FLOW//0/0.PDF?hkey=ffffffffffffffffff-1-1 HTTP/1.1\r\nHost: h\r\n\r\n",
        &long,
        &huge,
        &deep,
    ] {
        send(&emulator, bytes.as_bytes());
    }
    assert_eq!(urls(&[FIRST]).code(&emulator), "success");
}

/// 10 MB, as with the service, and more for uploads. The client reads the response, whatever it still has to send.
#[test]
fn a_body_past_the_bound_is_refused() {
    let emulator = start();
    let padded = |mut call: Call, length: usize| {
        call.body += &" ".repeat(length - call.body.len());
        call
    };
    let mut upload = call("UploadFiles", json!({ "Agent": agent(), "BusinessType": "DOCUMENT" }));
    upload.timestamp = NOW;
    for (call, length, expected) in [
        (urls(&[FIRST]), 10 << 20, "success"),
        (urls(&[FIRST]), (10 << 20) + 1, "RequestSizeLimitExceeded"),
        (urls(&[FIRST]), 100 << 20, "RequestSizeLimitExceeded"),
        (upload.clone(), (10 << 20) + 1, "InvalidParameter"),
        (upload, (84 << 20) + 1, "RequestSizeLimitExceeded"),
    ] {
        assert_eq!(padded(call, length).code(&emulator), expected, "{length}");
    }
    assert_eq!(emulator.stats().rejected.get("RequestSizeLimitExceeded"), Some(&3));
}

#[test]
fn connections_have_a_bound_and_others_wait() {
    let emulator = start();
    let address = emulator.endpoint().replace("http://", "");
    let silent: Vec<_> = (0..410).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut waiting = TcpStream::connect(&address).unwrap();
    waiting.write_all(b"GET /_emulator/stats HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(waiting.read(&mut [0]).is_err(), "it was answered beside 400 others");
    drop(silent);
    waiting.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(waiting.read(&mut [0]).unwrap(), 1);
}

/// Half a minute for the head, and half a minute for the body.
#[test]
fn clients_that_trickle_are_hung_up_on() {
    let emulator = start();
    let address = emulator.endpoint().replace("http://", "");
    let heads = [
        "",
        "GET / HTTP/1.1\r\nX: ",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n",
    ];
    std::thread::scope(|scope| {
        for head in heads {
            let address = &address;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(head.as_bytes()).unwrap();
                stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
                let began = Instant::now();
                // An end, or a reset; a byte now and then buys no time.
                loop {
                    match stream.read(&mut [0; 1024]) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        Ok(1..) => {}
                        _ => break,
                    }
                    assert!(
                        began.elapsed() < Duration::from_secs(90),
                        "{head:?} is still listened to"
                    );
                    if !head.is_empty() {
                        let _ = stream.write_all(b"x");
                    }
                }
            });
        }
    });
    assert_eq!(urls(&[FIRST]).code(&emulator), "success");
}

#[test]
fn a_body_nested_without_end_is_refused() {
    let emulator = start();
    for open in ["[", "{\"Agent\":"] {
        let mut call = urls(&[FIRST]);
        call.body = open.repeat(1_000_000);
        assert_eq!(call.code(&emulator), "InvalidParameter");
    }
}

#[test]
fn it_keeps_to_loopback_unless_told_otherwise() {
    let anywhere = || Emulator::builder().listen(([0, 0, 0, 0], 0).into());
    assert!(anywhere().start().unwrap_err().to_string().contains("loopback"));
    // Links lead to where the caller came, which the server cannot know of itself.
    let emulator = anywhere().allow_remote().manual_clock(NOW).start().unwrap();
    assert!(emulator.endpoint().starts_with("http://127.0.0.1:"));
    let answer = urls(&[FIRST]).answer(&emulator);
    let url = &answer["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"];
    assert!(url.as_str().unwrap().starts_with(&emulator.endpoint()));
}

#[test]
fn debug_shows_no_key_and_nobody() {
    let builder = Emulator::builder().temporary_credential("AKIDT", "hush-key", "hush-token");
    let shown = format!("{builder:?} {:?} {:?}", Seed::default(), start());
    for hidden in ["hush", SECRET_KEY, "典子谦", "合同"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_stop_it(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        static EMULATOR: std::sync::OnceLock<Emulator> = std::sync::OnceLock::new();
        let emulator = EMULATOR.get_or_init(start);
        let mut request = b"GET / HTTP/1.1\r\nHost: h\r\n".to_vec();
        request.extend(bytes);
        send(emulator, &request);
        prop_assert_eq!(urls(&[FIRST]).code(emulator), "success");
    }

    #[test]
    fn no_text_as_a_seed_panics(text in ".{0,200}") {
        let _ = Seed::from_json(&text);
    }
}
