//! Administration below `/_emulator/`, the clock, and the shutdown.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use essbasic_emulator::{
    APP_ID, Callback, Cipher, Emulator, Fault, FaultKind, NewFlow, ORGANIZATION, modeled_actions,
};

use crate::support::receiver::Receiver;
use crate::support::{self, FIRST, NOW, start, urls};

#[test]
fn shows_contracts_and_statistics_and_advances_the_clock() {
    let emulator = start();
    let get = |path: &str| {
        let url = format!("{}{path}", emulator.endpoint());
        support::http().get(&url).call().unwrap().body_mut().read_to_string().unwrap()
    };
    assert_eq!(get("/_emulator/flows").lines().count(), 21);
    assert!(get("/_emulator/stats").contains("\"calls\""));
    let before = emulator.now();
    let url = format!("{}/_emulator/clock", emulator.endpoint());
    support::http().post(&url).send("{\"advance_seconds\": 60}").unwrap();
    assert_eq!(emulator.now() - before, Duration::from_secs(60));
    assert!(get("/_emulator/other").contains("GET  flows"));
}

#[test]
fn rejects_invalid_commands_with_a_reason() {
    let emulator = start();
    let before = emulator.now();
    for (command, body, reason) in [
        ("clock", "", "EOF"),
        ("clock", "[1]", "expected a change of the clock as a JSON object"),
        ("clock", "{}", "neither advance_seconds nor speed"),
        ("clock", r#"{"advance_seconds": -1}"#, "advance_seconds -1 is not between 0 and"),
        ("clock", r#"{"advance_seconds": 1e300}"#, "is not between 0 and"),
        ("clock", r#"{"advance_seconds": 251702300800}"#, "is not between 0 and 251702300799"),
        ("clock", r#"{"advance_seconds": 1e400}"#, "number out of range"),
        ("clock", r#"{"advance_seconds": "60"}"#, "expected f64"),
        ("clock", r#"{"advance_seconds": NaN}"#, "expected value"),
        ("clock", r#"{"advance_seconds": 60, "speed": -1}"#, "clock speed -1 is not between 0"),
        ("clock", r#"{"speed": 1000001}"#, "clock speed 1000001 is not between 0 and 1000000"),
        ("clock", r#"{"speed": 1e308}"#, "is not between 0 and 1000000"),
        ("clock", r#"{"speed": 1, "fast": true}"#, "unknown field `fast`"),
        ("faults", r#"{"faults": [{"kind": "reset", "rate": 2}]}"#, "2 is not between 0 and 1"),
        ("faults", r#"{"faults": [{"kind": "flood"}]}"#, "flood"),
        ("faults", r#"{"faults": [["reset"]]}"#, "expected a fault as a JSON object"),
        ("faults", r#"{"faults": [{"kind": "tls-cut", "action": "x"}]}"#, "have no action"),
        ("faults", r#"{"seed": -1, "faults": []}"#, "-1"),
        ("sign", r#"["yDwA"]"#, "expected a command for a contract as a JSON object"),
        ("sign", r#"{"flow": "f", "party": -1}"#, "-1"),
        ("cancel", "{}", "missing field `flow`"),
    ] {
        let url = format!("{}/_emulator/{command}", emulator.endpoint());
        let mut response = support::http().post(&url).send(body).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        assert_eq!(response.status(), 400, "{body}");
        assert!(text.contains(reason), "{body}: {text}");
        assert!(text.contains(&format!("; expected POST {command} ")), "{text}");
    }
    assert_eq!(emulator.now(), before);
}

#[test]
fn the_clock_stops_at_the_end_of_the_year_9999() {
    let emulator = start();
    let post = |body: &str| {
        let url = format!("{}/_emulator/clock", emulator.endpoint());
        let mut response = support::http().post(&url).send(body).unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    };
    assert_eq!(post(r#"{"speed": 1000000}"#).0, 200);
    assert_eq!(post(r#"{"speed": 0}"#).0, 200);
    let now = emulator.now();
    assert!(now >= Duration::from_secs(NOW) && emulator.now() == now);
    emulator.advance(Duration::MAX);
    let end = Duration::from_secs(253_402_300_799);
    assert_eq!(emulator.now(), end);
    // The date of a clock that is ahead is capped at the end.
    emulator.set_faults([Fault::new(FaultKind::ClockAhead)], 0);
    let response = urls(&[FIRST]).send(&emulator);
    assert_eq!(response.headers()["date"], "Fri, 31 Dec 9999 23:59:59 GMT");
    emulator.set_faults([], 0);
    assert_eq!(post(r#"{"advance_seconds": 0}"#), (200, "{\"now\":253402300799}".to_owned()));
    assert_eq!(post(r#"{"advance_seconds": 1}"#).0, 400);
}

#[test]
fn lists_and_documents_the_modeled_actions() {
    let emulator = start();
    let url = format!("{}/_emulator/actions", emulator.endpoint());
    let listed = support::http().get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    let known: Vec<_> = modeled_actions().collect();
    assert_eq!(listed.lines().collect::<Vec<_>>(), known);
    let text = include_str!("../src/lib.rs");
    for name in known {
        assert!(text.contains(&format!("`{name}`")), "the crate documentation lacks {name}");
    }
    let with_keys =
        Emulator::builder().with_encryption(Cipher::Aes, "k".repeat(16), "h").start().unwrap();
    let url = format!("{}/_emulator/actions", with_keys.endpoint());
    let listed = support::http().get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(listed.ends_with("CreateRequestWithEncryption\n"), "{listed}");
}

/// Open requests and a callback receiver that does not respond do not delay the shutdown.
#[test]
fn stops_at_once_with_requests_in_flight() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let callback = Callback::to(format!("http://{}/", silent.local_addr().unwrap()));
    let emulator =
        Emulator::builder().with_callback(callback).with_min_pdf_bytes(64 << 20).start().unwrap();
    let address = emulator.endpoint().replace("http://", "");
    let connect = || TcpStream::connect(&address).unwrap();
    let mut streams = [connect(), connect(), connect(), connect()];
    streams[0].write_all(b"GET / HT").unwrap();
    streams[1].write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\nshort").unwrap();
    emulator.set_faults([Fault::new(FaultKind::StallHead)], 0);
    streams[2].write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    while emulator.stats().faults.is_empty() {
        std::thread::yield_now();
    }
    emulator.set_faults([], 0);
    // The client does not read this response.
    let link = link_path(&emulator);
    write!(streams[3], "GET {link} HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_eq!(streams[3].read(&mut [0]).unwrap(), 1);
    let started = Instant::now();
    drop(emulator);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(TcpStream::connect(&address).is_err());
}

/// Returns the path of a link to a file, signed at the time of the emulator.
fn link_path(emulator: &Emulator) -> String {
    let mut call = urls(&[FIRST]);
    call.timestamp = emulator.now().as_secs();
    let response = call.response(emulator);
    let url = response["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"].as_str().unwrap();
    url.strip_prefix(&emulator.endpoint()).unwrap().to_owned()
}

/// An advance or a speed of the clock takes effect on scheduled events at once.
#[test]
fn a_changed_clock_reschedules_events() {
    let receiver = Receiver::start();
    let callback = Callback::to(receiver.url.clone());
    let emulator = Emulator::builder().with_callback(callback).start().unwrap();
    let mut flow = NewFlow::new(APP_ID, ORGANIZATION, "late");
    flow.open_for = Duration::from_secs(7200);
    emulator.create_flow(flow);
    receiver.wait_for("\"FlowCallbackStatus\":1");
    emulator.advance(Duration::from_secs(7199 - 60));
    let url = format!("{}/_emulator/clock", emulator.endpoint());
    support::http().post(&url).send("{\"speed\": 1000}").unwrap();
    receiver.wait_for("\"FlowCallbackStatus\":5");
}
