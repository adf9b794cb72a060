//! What is below `/_emulator/`, the clock, and the end.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

#[allow(dead_code, clippy::indexing_slicing, reason = "each test file uses its part of it")]
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use essbasic_emulator::{
    APP_ID, Callback, Cipher, Emulator, Fault, FaultKind, NewFlow, ORGANIZATION, modelled_actions,
};
use support::{FIRST, NOW, start, urls};

/// A receiver of callbacks that acknowledges everything.
struct Receiver {
    url: String,
    received: Arc<Mutex<String>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let received = Arc::<Mutex<String>>::default();
        let all = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let (mut line, mut length) = (String::new(), 0);
                while stream.read_line(&mut line).unwrap() > 2 {
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                all.lock().unwrap().push_str(std::str::from_utf8(&body).unwrap());
                stream
                    .into_inner()
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .unwrap();
            }
        });
        Self { url, received }
    }

    fn wait_for(&self, text: &str) {
        let began = Instant::now();
        while !self.received.lock().unwrap().contains(text) {
            assert!(began.elapsed() < Duration::from_secs(20), "{text} was not received");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn the_control_surface_answers() {
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
fn invalid_orders_are_refused_with_a_reason() {
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
        ("sign", r#"["yDwA"]"#, "expected an order as a JSON object"),
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
fn the_clock_goes_to_its_end_and_no_further() {
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
    // An hour ahead of the end there is no date.
    emulator.set_faults([Fault::new(FaultKind::ClockAhead)], 0);
    let response = urls(&[FIRST]).send(&emulator);
    assert_eq!(response.headers()["date"], "Fri, 31 Dec 9999 23:59:59 GMT");
    emulator.set_faults([], 0);
    assert_eq!(post(r#"{"advance_seconds": 0}"#), (200, "{\"now\":253402300799}".to_owned()));
    assert_eq!(post(r#"{"advance_seconds": 1}"#).0, 400);
}

#[test]
fn the_modelled_actions_are_listed_once() {
    let emulator = start();
    let url = format!("{}/_emulator/actions", emulator.endpoint());
    let listed = support::http().get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    let known: Vec<_> = modelled_actions().collect();
    assert_eq!(listed.lines().collect::<Vec<_>>(), known);
    let text = include_str!("../src/lib.rs");
    for name in known {
        assert!(text.contains(&format!("`{name}`")), "the crate's documentation lacks {name}");
    }
    let with_keys =
        Emulator::builder().encryption(Cipher::Aes, "k".repeat(16), "h").start().unwrap();
    let url = format!("{}/_emulator/actions", with_keys.endpoint());
    let listed = support::http().get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(listed.ends_with("CreateRequestWithEncryption\n"), "{listed}");
}

/// Neither a client in the middle of something nor a receiver of callbacks that says nothing holds it up.
#[test]
fn it_ends_at_once_whatever_is_under_way() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let callback = Callback::to(format!("http://{}/", silent.local_addr().unwrap()));
    let emulator = Emulator::builder().callback(callback).pdf_size(64 << 20).start().unwrap();
    let address = emulator.endpoint().replace("http://", "");
    let connect = || TcpStream::connect(&address).unwrap();
    let mut begun = [connect(), connect(), connect(), connect()];
    begun[0].write_all(b"GET / HT").unwrap();
    begun[1].write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\nshort").unwrap();
    emulator.set_faults([Fault::new(FaultKind::StallHead)], 0);
    begun[2].write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    while emulator.stats().faults.is_empty() {
        std::thread::yield_now();
    }
    emulator.set_faults([], 0);
    // A response that is not read.
    let link = urls_now(&emulator);
    write!(begun[3], "GET {link} HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_eq!(begun[3].read(&mut [0]).unwrap(), 1);
    let began = Instant::now();
    drop(emulator);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(TcpStream::connect(&address).is_err());
}

/// The path of a link to a file, at the real time.
fn urls_now(emulator: &Emulator) -> String {
    let mut call = urls(&[FIRST]);
    call.timestamp = emulator.now().as_secs();
    let answer = call.answer(emulator);
    let url = answer["FlowResourceUrlInfos"][0]["ResourceUrlInfos"][0]["Url"].as_str().unwrap();
    url.strip_prefix(&emulator.endpoint()).unwrap().to_owned()
}

/// What comes due by the clock is told of when the clock is moved or sped up, not when it would have been.
#[test]
fn a_moved_clock_wakes_what_waits_for_it() {
    let receiver = Receiver::start();
    let callback = Callback::to(receiver.url.clone());
    let emulator = Emulator::builder().callback(callback).start().unwrap();
    let mut flow = NewFlow::new(APP_ID, ORGANIZATION, "late");
    flow.open_for = Duration::from_secs(7200);
    emulator.create_flow(flow);
    receiver.wait_for("\"FlowCallbackStatus\":1");
    emulator.advance(Duration::from_secs(7199 - 60));
    let url = format!("{}/_emulator/clock", emulator.endpoint());
    support::http().post(&url).send("{\"speed\": 1000}").unwrap();
    receiver.wait_for("\"FlowCallbackStatus\":5");
}
