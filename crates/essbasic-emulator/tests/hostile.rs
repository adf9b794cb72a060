//! Hostile input: the emulator responds or closes the connection, and keeps serving.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

#[allow(dead_code, reason = "each test program uses a part of the module")]
mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use essbasic_emulator::{Emulator, SECRET_KEY, Seed};
use proptest::prelude::*;
use serde_json::json;
use support::{Call, FIRST, NOW, agent, call, start, urls};

fn send(emulator: &Emulator, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(emulator.endpoint().replace("http://", "")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The emulator may close the connection before it has read all bytes.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    response
}

#[test]
fn keeps_serving_after_garbage() {
    let emulator = start();
    let long = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    let huge = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(1 << 20));
    let deep = format!("GET /?{}=1 HTTP/1.1\r\nHost: h\r\n\r\n", "A.".repeat(5_000));
    // The administration accepts its own host only.
    let clock = format!(
        "POST /_emulator/clock HTTP/1.1\r\nHost: {}\r\nContent-Length: 30\r\n\r\n{{\"advance_seconds\": 1e999999}}  ",
        emulator.endpoint().replace("http://", "")
    );
    for bytes in [
        "",
        "\r\n\r\n",
        "\u{0}\u{1}\u{2}",
        "GET",
        "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\nshort",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        &clock,
        "GET /file/FLOW//0/0.PDF?hkey=ffffffffffffffffff-1-1 HTTP/1.1\r\nHost: h\r\n\r\n",
        &long,
        &huge,
        &deep,
    ] {
        send(&emulator, bytes.as_bytes());
    }
    assert_eq!(urls(&[FIRST]).code(&emulator), "success");
}

/// The limit is 10 MiB, as of the service, and 84 MiB for uploads. The client receives the response even if it has
/// not sent the complete body.
#[test]
fn rejects_a_body_above_the_limit() {
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

/// Reads the head of one response with an empty or short body, whose connection stays open.
fn request(mut stream: &TcpStream) -> bool {
    let sent = stream.write_all(b"GET /_emulator/faults HTTP/1.1\r\nHost: h\r\n\r\n");
    sent.is_ok() && matches!(stream.read(&mut [0; 4096]), Ok(1..))
}

/// Each test process may open as many connections as half of its file descriptors; each has two ends here.
#[test]
fn idle_connections_delay_no_new_one() {
    const COUNT: usize = 2_000;
    let emulator = start();
    let address = emulator.endpoint().replace("http://", "");
    let mut idle: Vec<TcpStream> = Vec::new();
    let mut began = Instant::now();
    let mut slowest = Duration::ZERO;
    // Half of the connections never send a request, the others have sent one.
    while idle.len() < COUNT {
        let Ok(stream) = TcpStream::connect(&address) else { break };
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        if idle.len() % 2 == 1 {
            assert!(request(&stream), "connection {}", idle.len());
        }
        idle.push(stream);
        slowest = slowest.max(began.elapsed());
        began = Instant::now();
    }
    // Leaves descriptors for the new connections if the limit of the process was reached.
    idle.truncate(idle.len().saturating_sub(8));
    assert!(idle.len() > 100, "{} connections", idle.len());
    let began = Instant::now();
    assert_eq!(urls(&[FIRST]).code(&emulator), "success");
    slowest = slowest.max(began.elapsed());
    // Idle connections are closed by the emulator after 30 seconds, on which nothing here waits.
    assert!(slowest < Duration::from_secs(20), "{slowest:?}");
    // The newest connections are kept.
    assert!(idle.iter().rev().take(40).all(request));
}

#[test]
fn rejects_a_deeply_nested_body() {
    let emulator = start();
    for open in ["[", "{\"Agent\":"] {
        let mut call = urls(&[FIRST]);
        call.body = open.repeat(1_000_000);
        assert_eq!(call.code(&emulator), "InvalidParameter");
    }
}

#[test]
fn listens_at_loopback_by_default() {
    let wildcard = || Emulator::builder().with_address(([0, 0, 0, 0], 0).into());
    assert!(wildcard().start().unwrap_err().to_string().contains("loopback"));
    // With a wildcard address, links use the `Host` header of the request.
    let emulator = wildcard().allow_remote().with_manual_clock(NOW).start().unwrap();
    assert!(emulator.endpoint().starts_with("http://127.0.0.1:"));
    let response = urls(&[FIRST]).response(&emulator);
    let url = &response["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"];
    assert!(url.as_str().unwrap().starts_with(&emulator.endpoint()));
}

#[test]
fn debug_output_omits_keys_and_names() {
    let builder = Emulator::builder().with_temporary_credential("AKIDT", "hush-key", "hush-token");
    let output = format!("{builder:?} {:?} {:?}", Seed::default(), start());
    for hidden in ["hush", SECRET_KEY, "典子谦", "合同"] {
        assert!(!output.contains(hidden), "{output}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn keeps_serving_after_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        static EMULATOR: std::sync::OnceLock<Emulator> = std::sync::OnceLock::new();
        let emulator = EMULATOR.get_or_init(start);
        let mut request = b"GET / HTTP/1.1\r\nHost: h\r\n".to_vec();
        request.extend(bytes);
        send(emulator, &request);
        prop_assert_eq!(urls(&[FIRST]).code(emulator), "success");
    }

    #[test]
    fn parsing_a_seed_never_panics(text in ".{0,200}") {
        let _ = Seed::from_json(&text);
    }
}
