//! Faults on the wire.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may panic")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use essbasic_emulator::{Emulator, Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::flows::{admin, contract, execute, get, pdf, upload};
use crate::support::{self, FIRST, start, urls};

/// Sends a request over a new connection, and returns the received bytes and the error at the end.
fn exchange(emulator: &Emulator, path: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let address = emulator.endpoint();
    let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
    (bytes, end)
}

/// Returns the path of a link to the file of a contract.
fn link(emulator: &Emulator) -> String {
    let response = urls(&[FIRST]).response(emulator);
    let url = response["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"].as_str().unwrap();
    url.strip_prefix(&emulator.endpoint()).unwrap().to_owned()
}

/// Waits until a condition is true, at most 20 seconds.
fn wait_until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn refuses_connections(emulator: &Emulator) -> bool {
    let address = emulator.endpoint();
    match TcpStream::connect(address.strip_prefix("http://").unwrap()) {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            true
        }
    }
}

/// Returns the `Content-Length` and the body of a response.
fn parts(response: &[u8]) -> (usize, Vec<u8>) {
    let end = response.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(response[..end].to_vec()).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    (length.parse().unwrap(), response[end + 4..].to_vec())
}

#[test]
fn injects_each_fault_of_requests() {
    let emulator = start();
    let link = link(&emulator);
    let (whole, end) = exchange(&emulator, &link);
    let (length, file) = parts(&whole);
    assert_eq!((length, end), (file.len(), None));
    for kind in FaultKind::ALL.into_iter().filter(|kind| !kind.hits_handshakes()) {
        emulator.set_faults([Fault::new(kind).with_action("download")], 0);
        wait_until(|| !refuses_connections(&emulator));
        let started = Instant::now();
        let (response, end) = exchange(&emulator, &link);
        let reset = Some(ErrorKind::ConnectionReset);
        let stalled = Some(ErrorKind::WouldBlock);
        let text = String::from_utf8_lossy(&response).into_owned();
        match kind {
            FaultKind::Reset => assert_eq!((response.len(), end), (0, reset)),
            FaultKind::ResetHead => {
                assert!(text.starts_with("HTTP/1.1 200") && !text.contains("\r\n\r\n"), "{text}");
                assert_eq!(end, reset);
            }
            FaultKind::ResetBody | FaultKind::StallBody | FaultKind::Truncated => {
                let (length, body) = parts(&response);
                assert_eq!((length, &*body), (file.len(), &file[..file.len() / 2]));
                let expected = match kind {
                    FaultKind::ResetBody => reset,
                    FaultKind::StallBody => stalled,
                    _ => None,
                };
                assert_eq!(end, expected);
            }
            FaultKind::StallHead => assert_eq!((response.len(), end), (0, stalled)),
            FaultKind::Drip => {
                let (length, body) = parts(&response);
                assert_eq!((length, &body, end), (file.len(), &file, None));
                assert!(started.elapsed() >= Duration::from_millis(900));
            }
            FaultKind::OverLong => {
                let (length, body) = parts(&response);
                assert!(length < body.len() && body == file, "{length}");
            }
            FaultKind::OverStated => {
                let (length, body) = parts(&response);
                assert!(length == file.len() + 1000 && body == file, "{length}");
            }
            FaultKind::Gzip => {
                let (length, body) = parts(&response);
                assert!(text.contains("content-encoding: gzip\r\n"));
                assert_eq!((length, &body[..2]), (body.len(), &[0x1f, 0x8b][..]));
            }
            FaultKind::MalformedJson => {
                let (length, body) = parts(&response);
                assert_eq!((length, &*body), (body.len(), &file[..file.len() / 2]));
            }
            FaultKind::Partial => {
                let (length, body) = parts(&response);
                let half = file.len() / 2;
                assert!(text.starts_with("HTTP/1.1 206 Partial Content\r\n"), "{text}");
                let range = format!("content-range: bytes 0-{}/{}\r\n", half - 1, file.len());
                assert!(text.contains(&range) && text.contains("content-type: application/pdf"));
                assert_eq!((length, &*body, end), (half, &file[..half], None));
            }
            FaultKind::CloseDelimited => {
                let head = text.split_once("\r\n\r\n").unwrap().0;
                assert!(head.starts_with("HTTP/1.1 200") && !head.contains("content-length"));
                assert_eq!(end, None);
                assert_eq!(&response[head.len() + 4..], &file[..file.len() / 2]);
            }
            FaultKind::HtmlPage => {
                assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.contains("<html>"));
                assert!(text.contains("content-type: text/html\r\n"), "{text}");
            }
            FaultKind::BadGateway => {
                assert!(text.starts_with("HTTP/1.1 502") && text.contains("<html>"), "{text}");
            }
            FaultKind::TooManyRequests => {
                assert!(text.starts_with("HTTP/1.1 429") && text.contains("retry-after: 1\r\n"));
            }
            FaultKind::Unavailable => {
                assert!(text.starts_with("HTTP/1.1 503") && text.contains("retry-after: 1\r\n"));
            }
            FaultKind::Throttled => assert!(text.contains("\"RequestLimitExceeded\"")),
            FaultKind::ThrottledAccount => {
                assert!(text.contains("\"RequestLimitExceeded.UinLimitExceeded\""));
            }
            FaultKind::InternalError => assert!(text.contains("\"InternalError\"")),
            FaultKind::ExpiredToken => assert!(text.contains("\"AuthFailure.TokenFailure\"")),
            FaultKind::NoResponse => assert!(!text.contains("Response\":")),
            FaultKind::ThrottledRegion => {
                assert!(text.contains("\"RequestLimitExceeded.GlobalRegionUinLimitExceeded\""));
            }
            FaultKind::ThrottledAddress => {
                assert!(text.contains("\"RequestLimitExceeded.IPLimitExceeded\""));
            }
            FaultKind::ClockAhead => {
                assert!(text.starts_with("HTTP/1.1 403") && text.contains("RequestHasExpired"));
                let ahead = emulator.now() + Duration::from_secs(3600);
                let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + ahead);
                assert!(text.contains(&format!("date: {date}\r\n")), "{text}");
            }
            FaultKind::Nulls => assert!(text.contains("{\"Response\":{\"RequestId\":null}}")),
            // A PDF has no JSON to change.
            FaultKind::NullElements | FaultKind::NullLeaves => assert_eq!(response, whole),
            FaultKind::Refused => {
                assert_eq!((parts(&response).1, end), (file.clone(), None));
                assert!(refuses_connections(&emulator));
            }
            other => panic!("{other} is not tested"),
        }
        assert_eq!(emulator.stats().faults[&kind], 1);
    }
    emulator.set_faults([], 0);
    wait_until(|| !refuses_connections(&emulator));
    assert_eq!(exchange(&emulator, &link), (whole, None));
}

/// An older revision of a signed PDF is a valid PDF. Only the missing length indicates that it is incomplete.
#[test]
fn a_body_without_length_ends_with_an_older_revision() {
    let emulator = start();
    let file = upload(&emulator, &pdf("words"));
    let created = execute(&emulator, "ChannelCreateFlowByFiles", contract(&file));
    let flow = created["FlowId"].as_str().unwrap();
    emulator.sign(flow, None).unwrap();
    emulator.sign(flow, None).unwrap();
    emulator.advance(Duration::from_secs(3));
    let mut call = urls(&[flow]);
    call.timestamp = emulator.now().as_secs();
    let url = &call.response(&emulator)["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"];
    let path = url.as_str().unwrap().strip_prefix(&emulator.endpoint()).unwrap();
    let body = |response: &[u8]| {
        let end = response.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
        response[end + 4..].to_vec()
    };
    let whole = body(&exchange(&emulator, path).0);
    emulator.set_faults([Fault::new(FaultKind::CloseDelimited)], 0);
    let older = body(&exchange(&emulator, path).0);
    assert!(older.len() < whole.len() && whole.starts_with(&older));
    assert!(older.starts_with(b"%PDF-") && older.ends_with(b"%%EOF\n"));
}

#[test]
fn an_outage_refuses_connections_and_closes_open_ones() {
    let emulator = start();
    let mut open =
        TcpStream::connect(emulator.endpoint().strip_prefix("http://").unwrap()).unwrap();
    write!(open, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_ne!(open.read(&mut [0; 4096]).unwrap(), 0);
    emulator.set_faults([Fault::new(FaultKind::Refused).with_times(1)], 0);
    let started = Instant::now();
    assert_eq!(exchange(&emulator, "/nothing").1, None);
    assert!(refuses_connections(&emulator));
    assert_eq!(open.read(&mut [0; 4096]).unwrap(), 0);
    wait_until(|| !refuses_connections(&emulator));
    assert!(started.elapsed() >= Duration::from_millis(990));
    assert_eq!(exchange(&emulator, "/nothing").1, None);
    assert_eq!(emulator.stats().faults[&FaultKind::Refused], 1);
}

#[test]
fn a_clock_that_is_ahead_accepts_signatures_of_its_time() {
    let emulator = start();
    let code = |ahead| {
        emulator.set_faults([Fault::new(FaultKind::ClockAhead)], 0);
        let mut call = urls(&[FIRST]);
        call.timestamp = emulator.now().as_secs() + ahead;
        call.code(&emulator)
    };
    assert_eq!((code(0).as_str(), code(3600).as_str()), ("AuthFailure.SignatureExpire", "success"));
}

#[test]
fn injects_nulls_at_each_level() {
    let emulator = start();
    let response = |kind| {
        emulator.set_faults([Fault::new(kind)], 0);
        let text = urls(&[FIRST]).send(&emulator).body_mut().read_to_string().unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["Response"].take()
    };
    let none = json!({ "FlowResourceUrlInfos": null, "ErrorMessages": null, "RequestId": null });
    assert_eq!(response(FaultKind::Nulls), none);
    let elements = response(FaultKind::NullElements);
    assert_eq!(elements["FlowResourceUrlInfos"], json!([null]));
    assert_eq!(elements["ErrorMessages"], json!([null]));
    let links = json!([{ "Url": null, "Name": null, "Type": null }]);
    assert_eq!(
        response(FaultKind::NullLeaves),
        json!({
            "FlowResourceUrlInfos": [{ "FlowId": null, "ResourceUrlInfos": links }],
            "ErrorMessages": [null],
            "RequestId": null,
        })
    );
}

/// A create request with a lost response has created a contract; one with a replaced response has not.
#[test]
fn requests_are_executed_or_replaced() {
    let emulator = start();
    let file = upload(&emulator, &pdf("words"));
    let flows = || {
        let (_, ids) = get(&format!("{}/_emulator/flows", emulator.endpoint()));
        String::from_utf8(ids).unwrap().lines().count()
    };
    let mut body = contract(&file);
    body["Agent"] = support::agent();
    for (kind, created) in [(FaultKind::Reset, 1), (FaultKind::InternalError, 0)] {
        let fault = Fault::new(kind).with_action("ChannelCreateFlowByFiles").with_times(1);
        emulator.set_faults([fault], 0);
        let mut call = support::call("ChannelCreateFlowByFiles", body.clone());
        call.timestamp = emulator.now().as_secs();
        let before = flows();
        assert_eq!(call.try_send(&emulator).is_err(), kind == FaultKind::Reset);
        assert_eq!(flows() - before, created);
    }
    assert_eq!(
        execute(&emulator, "ChannelCreateFlowByFiles", contract(&file))["Error"],
        Value::Null
    );
}

#[test]
fn the_administration_sets_faults_and_is_not_hit() {
    let emulator = start();
    let faults = json!({ "seed": 3, "faults": [{ "kind": "reset-body", "rate": 1 }] });
    assert_eq!(admin(&emulator, "faults", &faults.to_string()).0, 200);
    assert_eq!(exchange(&emulator, "/nothing").1, Some(ErrorKind::ConnectionReset));
    let (status, stats) = get(&format!("{}/_emulator/stats", emulator.endpoint()));
    let stats: Value = serde_json::from_slice(&stats).unwrap();
    assert_eq!((status, &stats["faults"]), (200, &json!({ "reset-body": 1 })));
    for wrong in ["{}", "[]", r#"{"faults":[{"kind":"flood"}]}"#, r#"{"faults":[],"x":1}"#] {
        let (status, usage) = admin(&emulator, "faults", wrong);
        assert!(status == 400 && usage.contains("\"kind\""), "{usage}");
    }
    assert_eq!(admin(&emulator, "faults", r#"{"faults":[]}"#).0, 200);
    assert_eq!(exchange(&emulator, "/nothing").1, None);
}

#[test]
fn a_stalled_connection_closes_with_the_emulator() {
    let emulator = start();
    let link = link(&emulator);
    emulator.set_faults([Fault::new(FaultKind::StallBody)], 0);
    assert_eq!(exchange(&emulator, &link).1, Some(ErrorKind::WouldBlock));
    let started = Instant::now();
    drop(emulator);
    assert!(started.elapsed() < Duration::from_secs(60));
}
