//! `essbasic listen -- CMD`: time limit and outcome of commands, and reports of refused requests.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;

use essbasic_callback::testing::{Sender, message};
use essbasic_callback::{CallbackKey, MsgType, Token};
use serde_json::json;
use tempfile::TempDir;

use crate::support;
use crate::support::listening::{self, KEY, Listening, TOKEN, contract, post, sender};
use crate::support::until;

/// Runs until the file `go` exists and writes a line to `log` when it starts and when it ends.
const WAITS: &str =
    "echo start >> log; until test -e go; do sleep 0.01; done; echo end >> log; exit $(cat go)";

fn log(home: &Path) -> String {
    fs::read_to_string(home.join("log")).unwrap_or_default()
}

#[test]
fn a_sender_that_disconnects_does_not_kill_the_command() {
    let home = TempDir::new().unwrap();
    let listening = Listening::start(home.path(), &["--", "sh", "-c", WAITS]);
    let stream = listening.send(&contract("1"));
    until("the start of the command", || log(home.path()) == "start\n");
    drop(stream);
    // A second delivery gets the outcome of the first one.
    let url = listening.url.clone();
    let second = thread::spawn(move || post(&url, &contract("1")));
    fs::write(home.path().join("go"), "0").unwrap();
    until("the end of the command", || log(home.path()) == "start\nend\n");
    assert!([200, 503].contains(&second.join().unwrap()));
    until("the outcome", || listening.post(&contract("1")) == 200);
    assert_eq!(log(home.path()), "start\nend\n", "it ran once");
    let (status, _, stderr) = listening.end();
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_command_that_fails_after_the_sender_has_disconnected_runs_again() {
    let home = TempDir::new().unwrap();
    let mut listening = Listening::start(home.path(), &["--", "sh", "-c", WAITS]);
    let stream = listening.send(&contract("1"));
    until("the start of the command", || log(home.path()) == "start\n");
    drop(stream);
    fs::write(home.path().join("go"), "3").unwrap();
    assert_eq!(listening.line(), "message 1 was not taken: sh ended with exit status: 3\n");
    fs::write(home.path().join("go"), "0").unwrap();
    until("the outcome", || listening.post(&contract("1")) == 200);
    assert_eq!(log(home.path()), "start\nend\nstart\nend\n");
    assert_eq!(listening.end().0, Some(0));
}

#[test]
fn a_delivery_while_the_command_runs_is_not_acknowledged() {
    let home = TempDir::new().unwrap();
    let listening = Listening::start(home.path(), &["--", "sh", "-c", WAITS]);
    let first = {
        let url = listening.url.clone();
        thread::spawn(move || post(&url, &contract("1")))
    };
    until("the start of the command", || log(home.path()) == "start\n");
    assert_eq!(listening.post(&contract("1")), 503);
    fs::write(home.path().join("go"), "0").unwrap();
    assert_eq!(first.join().unwrap(), 200);
    assert_eq!(listening.post(&contract("1")), 200);
    assert_eq!(log(home.path()), "start\nend\n");
    assert_eq!(listening.end().0, Some(0));
}

fn is_running(home: &Path, name: &str) -> bool {
    let id = fs::read_to_string(home.join(name)).unwrap();
    let kill = std::process::Command::new("kill").args(["-0", id.trim()]).output().unwrap();
    kill.status.success()
}

#[test]
fn a_kill_is_reported() {
    for (limit, script, words) in [
        (
            "300ms",
            "sleep 90 > /dev/null 2>&1 & echo $! > child; wait",
            "sh was killed after its time limit of 300ms",
        ),
        ("1m", "sleep 0 & echo $! > child; wait; kill -9 $$", "sh ended with signal: 9"),
        ("1m", "sleep 0 & echo $! > child; wait; kill -15 $$", "sh ended with signal: 15"),
    ] {
        let home = TempDir::new().unwrap();
        let arguments = ["--command-timeout", limit, "--", "sh", "-c", script];
        let listening = Listening::start(home.path(), &arguments);
        assert_eq!(listening.post(&contract("1")), 503, "{words}");
        until("the end of its child", || !is_running(home.path(), "child"));
        let (status, _, stderr) = listening.end();
        assert_eq!(status, Some(0));
        assert!(stderr.starts_with(&format!("message 1 was not taken: {words}")), "{stderr}");
    }
}

/// The second signal ends it at once. After either, no command is left.
#[test]
fn the_command_is_killed_at_the_end() {
    for signals in [&["TERM"][..], &["TERM", "TERM"]] {
        let home = TempDir::new().unwrap();
        let script = "sleep 90 > /dev/null 2>&1 & echo $! > child.new; mv child.new child; wait";
        let mut listening = Listening::start(home.path(), &["--", "sh", "-c", script]);
        let stream = listening.send(&contract("1"));
        until("the start of the command", || home.path().join("child").exists());
        listening.signal(signals[0]);
        if signals.len() > 1 {
            // It stops accepting connections after the first signal.
            until("the first signal", || TcpStream::connect(listening.address()).is_err());
            listening.signal(signals[1]);
        }
        let (status, _, stderr) = listening.output();
        drop(stream);
        until("the end of its child", || !is_running(home.path(), "child"));
        if signals.len() > 1 {
            assert_eq!(status, Some(130), "{stderr}");
        } else {
            assert_eq!(status, Some(0), "{stderr}");
            assert!(
                stderr
                    .contains("message 1 was not taken: its command had not ended, and was killed"),
                "{stderr}"
            );
        }
    }
}

/// The time of the second command starts when the first has ended.
#[test]
fn the_time_limit_starts_with_the_command() {
    let home = TempDir::new().unwrap();
    let arguments = ["--command-timeout", "8s", "--", "sh", "-c", "sleep 3"];
    let listening = Listening::start(home.path(), &arguments);
    let posts: Vec<_> = (0..4)
        .map(|n| {
            let url = listening.url.clone();
            thread::spawn(move || post(&url, &contract(&n.to_string())))
        })
        .collect();
    for post in posts {
        assert_eq!(post.join().unwrap(), 200);
    }
    let (status, _, stderr) = listening.end();
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_command_may_leave_its_input_unread() {
    let home = TempDir::new().unwrap();
    for script in ["exec <&-; true", "true", "head -c 10 > /dev/null"] {
        let listening = Listening::start(home.path(), &["--", "sh", "-c", script]);
        assert_eq!(listening.post(&listening::padded("1", 700_000)), 200, "{script}");
        assert_eq!(listening.end().0, Some(0));
    }
}

#[test]
fn refused_requests_are_reported_with_their_reason_once() {
    const PRIVATE: &str = "private-words";
    let token = || Token::new(TOKEN).unwrap();
    let key = || CallbackKey::new(KEY).unwrap();
    let data = || json!({ "FlowId": PRIVATE, "FlowName": PRIVATE });
    let text = message(PRIVATE, &MsgType::FlowStatusChange, data());
    let mut unsigned = sender().send(&text);
    unsigned.signature = None;
    let mut malformed = sender().send(&text);
    malformed.signature = Some(PRIVATE.to_owned());
    let long = message(
        &"i".repeat(900_000).replace("iiii", PRIVATE)[..900_000],
        &MsgType::OrgAuth,
        json!({}),
    );
    let long_short =
        message(&format!("{PRIVATE}{}", "i".repeat(256)), &MsgType::OrgAuth, json!({}));
    let home = TempDir::new().unwrap();
    let listening = Listening::start(home.path(), &[]);
    let cases = [
        (unsigned, "no signature"),
        (malformed, "malformed signature"),
        (Sender::new(Token::new("another").unwrap(), key()).send(&text), "wrong token"),
        (Sender::new(token(), CallbackKey::new("k".repeat(32)).unwrap()).send(&text), "wrong key"),
        (Sender::new(token(), None).send(&text), "not an encrypted message"),
        (
            sender().send(&json!({ "FlowId": PRIVATE }).to_string()),
            "not a message: it has no MsgId",
        ),
        (sender().send(&long_short), "longer than 256 bytes"),
        (sender().send(&"x".repeat(700_000)), "wrong key"),
    ];
    for (callback, reason) in &cases {
        for _ in 0..5 {
            assert_eq!(listening.post(callback), 400, "{reason}");
        }
    }
    // 900 KB, encrypted, exceeds the limit of the body.
    let large = Sender::new(token(), None).send(&long);
    assert!(large.body.len() < 1 << 20);
    assert_eq!(listening.post(&large), 400);
    let raw = |text: &str| {
        let mut stream = TcpStream::connect(listening.address()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut response = String::new();
        let _ = stream.read_to_string(&mut response);
        response
    };
    let head = "POST /private-words HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n";
    assert!(raw(head).starts_with("HTTP/1.1 400 "));
    assert!(
        raw("GET /private-words HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").contains("405")
    );
    raw("\u{16}\u{3}\u{1} private-words\r\n\r\n");
    assert_eq!(listening.post(&contract("good")), 200);
    let (status, stdout, stderr) = listening.end();
    assert_eq!((status, stdout.lines().count()), (Some(0), 1), "{stderr}");
    let reasons = cases.iter().map(|(_, reason)| *reason);
    for reason in reasons.chain(["too large", "the method is not POST", "not HTTP"]) {
        let line = format!("refused a request: {reason}");
        let found: Vec<_> = stderr.lines().filter(|found| found.contains(reason)).collect();
        assert!(!found.is_empty(), "{reason} is missing: {stderr}");
        assert!(found.iter().any(|found| found.starts_with(&line) || found.contains(reason)));
        assert!(found.iter().all(|line| line.contains("; ")), "{found:?}");
    }
    // At most one line per reason in ten seconds, with the number of the others.
    assert!(stderr.lines().count() <= 24, "{stderr}");
    assert!(stderr.contains("refused requests without a line of their own: "), "{stderr}");
    for secret in [PRIVATE, TOKEN, KEY, "another"] {
        assert!(!stderr.contains(secret), "{secret}: {stderr}");
    }
}

/// An unsigned, unencrypted MsgId of 900 KB is neither accepted nor printed.
#[test]
fn a_long_msg_id_is_refused() {
    let home = TempDir::new().unwrap();
    let mut command = support::essbasic(home.path());
    command.args(["listen", "--port", "0", "--unsigned", "--", "false"]);
    let mut child = support::child::start(&mut command);
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    let open = Sender::new(None, None);
    for (length, status) in [(256, 503), (257, 400), (900_000, 400)] {
        for field in ["MsgId", "MsgType"] {
            let mut text = json!({ "MsgId": "1", "MsgType": "OrgAuth" });
            text[field] = json!("i".repeat(length));
            assert_eq!(post(&url, &open.send(&text.to_string())), status, "{field} of {length}");
        }
    }
    let kill = std::process::Command::new("kill").arg(child.id().to_string()).status();
    assert!(kill.unwrap().success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    child.wait().unwrap();
    assert!(rest.len() < 3_000, "{} bytes on stderr", rest.len());
    assert!(rest.contains("longer than 256 bytes"), "{rest}");
}
