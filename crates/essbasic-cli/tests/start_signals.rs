//! `essbasic start` and signals.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

mod support;

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use essbasic_emulator::{Emulator, Fault, FaultKind, OPERATOR, ORGANIZATION};
use serde_json::{Value, json};
use support::child::start;
use support::{code, essbasic_at, stderr, stdout, until};
use tempfile::TempDir;

/// A home with `a.pdf`.
fn home() -> TempDir {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("a.pdf"), "%PDF-1.4\n%%EOF\n").unwrap();
    home
}

fn from_file(name: &str) -> Value {
    json!({ "name": name, "file": "a.pdf", "parties": [
        { "name": "张三", "mobile": "13800000001", "signs_at": "乙方" }] })
}

fn from_template(name: &str) -> Value {
    json!({ "name": name, "template": "yDEmuTemplate0000000000000000001", "fields": { "姓名": "李四" }, "parties": [
        { "organization": "典子谦示例企业", "organization_open_id": ORGANIZATION,
          "open_id": OPERATOR },
        { "name": "李四", "mobile": "13900000000", "place": "yDEmuRecipient100000000000000002" }] })
}

fn write(home: &TempDir, entries: &[Value]) {
    fs::write(home.path().join("c.json"), json!(entries).to_string()).unwrap();
}

#[test]
fn a_signal_ends_the_pause_before_a_retry() {
    let home = home();
    let emulator = Emulator::builder().start().unwrap();
    for (number, action) in
        ["UploadFiles", "ChannelCreateFlowByFiles", "CreateFlowsByTemplates"].iter().enumerate()
    {
        let entries = match number {
            2 => [from_template("Pause_a"), from_template("Pause_b")],
            _ => [from_file("Pause_a"), from_file("Pause_b")],
        };
        write(&home, &entries);
        emulator.set_faults([Fault::new(FaultKind::Throttled).action(*action)], 1);
        let throttled = || emulator.stats().rejected.get("RequestLimitExceeded").copied();
        let before = throttled();
        let child =
            start(&mut essbasic_at(home.path(), &emulator.endpoint(), &["start", "c.json"]));
        until("a throttled attempt", || throttled() > before);
        // The response arrives, and the command waits for at least a second.
        std::thread::sleep(Duration::from_millis(300));
        let attempts = throttled();
        let signaled = Instant::now();
        child.signal("TERM");
        let output = child.wait_with_output().unwrap();
        let told = stderr(&output);
        assert!(signaled.elapsed() < Duration::from_secs(5), "{:?}", signaled.elapsed());
        assert_eq!((code(&output), throttled()), (2, attempts), "{told}");
        assert!(told.contains("interrupted: 2 contracts were not started"), "{told}");
        assert!(!told.contains("unknown"), "{told}");
        emulator.set_faults([], 1);
    }
    let output =
        essbasic_at(home.path(), &emulator.endpoint(), &["start", "c.json"]).output().unwrap();
    assert_eq!((code(&output), stdout(&output).lines().count()), (0, 2), "{}", stderr(&output));
}

/// A signal does not turn a lost response into a known outcome.
#[test]
fn a_lost_response_after_a_signal_is_an_unknown_outcome() {
    let home = home();
    write(&home, &[from_template("Lost")]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let child = start(&mut essbasic_at(home.path(), &endpoint, &["start", "c.json"]));
    let (mut request, _) = listener.accept().unwrap();
    assert!(request.read(&mut [0; 1024]).unwrap() > 0);
    child.signal("TERM");
    std::thread::sleep(Duration::from_millis(200));
    drop((request, listener));
    let output = child.wait_with_output().unwrap();
    let told = stderr(&output);
    assert_eq!(code(&output), 2, "{told}");
    assert!(told.starts_with("interrupted: waiting for requests in flight; "), "{told}");
    assert!(told.contains("outcome unknown: 1 contracts"), "{told}");
    let journal = fs::read_to_string(home.path().join("c.json.journal")).unwrap();
    assert!(journal.trim_end().ends_with("\"event\":\"unknown\"}"), "{journal}");
}
