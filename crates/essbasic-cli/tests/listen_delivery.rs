//! `essbasic listen` acknowledges only messages that were received.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::listening::{self, Listening, contract, not_started, padded, post};
use crate::support::{essbasic, refused};

/// Message ids of complete lines; anything else is a failure.
fn ids(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let id = |line| serde_json::from_str::<Value>(line).unwrap()["MsgId"].as_str().unwrap().into();
    text.lines().map(id).collect()
}

#[test]
fn nothing_is_acknowledged_after_stdout_is_closed() {
    let home = TempDir::new().unwrap();
    let mut listening = Listening::start(home.path(), &[]);
    let mut reader = BufReader::new(listening.child.stdout.take().unwrap());
    assert_eq!(listening.post(&contract("1")), 200);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.contains(r#""MsgId":"1""#), "{line}");
    drop(reader);
    assert_eq!(listening.post(&contract("2")), 503);
    let (status, _, stderr) = listening.output();
    assert_eq!(status, Some(1), "{stderr}");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{stderr}");
    assert!(lines[0].starts_with("message 2 was not taken: stdout cannot be written"), "{stderr}");
    assert!(lines[1].starts_with("error: stdout cannot be written: Broken pipe"), "{stderr}");
    assert!(lines[1].contains("; "), "{stderr}");
}

#[test]
fn nothing_is_acknowledged_if_stdout_cannot_be_written() {
    for (redirection, bytes, words) in [
        ("exec \"$0\" \"$@\" > /dev/full", 0, "No space left"),
        ("trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\" > out", 4_000, "File too large"),
    ] {
        let home = TempDir::new().unwrap();
        let mut listening = Listening::start_by(home.path(), redirection, &[]);
        assert_eq!(listening.post(&padded("1", bytes)), 503, "{redirection}");
        let (status, _, stderr) = listening.output();
        assert_eq!(status, Some(1), "{redirection}: {stderr}");
        assert!(
            stderr.contains("error: stdout cannot be written") && stderr.contains(words),
            "{stderr}"
        );
    }
}

/// The standard library replaces a closed stdout by the null device, so that writes succeed.
#[test]
fn a_discarding_stdout_is_refused() {
    let home = TempDir::new().unwrap();
    for redirection in [">&-", "> /dev/null"] {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &format!("exec \"$0\" listen --port 0 --unsigned {redirection}")]);
        command.arg(env!("CARGO_BIN_EXE_essbasic")).current_dir(home.path());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        let output = listening::not_started(&mut command);
        assert_eq!(output.status.code(), Some(1), "{redirection}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("messages would be lost"), "{redirection}: {error}");
    }
    for redirection in ["> out", ""] {
        let script = format!("exec \"$0\" \"$@\" {redirection}");
        let (status, _, stderr) = Listening::start_by(home.path(), &script, &[]).end();
        assert_eq!((status, &*stderr), (Some(0), ""), "{redirection}");
    }
}

/// A short write leaves no part of a line, and later messages are accepted if they fit.
#[test]
fn a_full_disk_leaves_whole_lines_in_the_file() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("log");
    let limits = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
    let listening = Listening::start_by(home.path(), limits, &["--append", "log"]);
    assert_eq!(listening.post(&contract("1")), 200);
    for _ in 0..3 {
        assert_eq!(listening.post(&padded("large", 8_000)), 503);
        assert_eq!(ids(&path), ["1"]);
    }
    assert_eq!(listening.post(&contract("2")), 200);
    assert_eq!(ids(&path), ["1", "2"]);
    let (status, _, stderr) = listening.end();
    assert_eq!(status, Some(0), "{stderr}");
    let said =
        "message large was not taken: the file of --append cannot be written: File too large";
    assert_eq!(stderr.matches(said).count(), 3, "{stderr}");
}

#[test]
fn a_file_that_is_rotated_or_removed_is_opened_again() {
    let home = TempDir::new().unwrap();
    let (path, old) = (home.path().join("log"), home.path().join("log.1"));
    let listening = Listening::start(home.path(), &["--append", "log"]);
    type Rotation = fn(&Path, &Path);
    let rotations: [(&str, Rotation); 4] = [
        ("removed", |path, _| fs::remove_file(path).unwrap()),
        ("renamed", |path, old| fs::rename(path, old).unwrap()),
        ("renamed and created", |path, old| {
            fs::rename(path, old).unwrap();
            fs::write(path, "").unwrap();
        }),
        ("copied and truncated", |path, old| {
            fs::copy(path, old).unwrap();
            fs::write(path, "").unwrap();
        }),
    ];
    for (case, rotate) in rotations {
        let (before, after) = (format!("before it is {case}"), format!("after it is {case}"));
        assert_eq!(listening.post(&contract(&before)), 200);
        assert_eq!(ids(&path).last().unwrap(), &before);
        rotate(&path, &old);
        assert_eq!(listening.post(&contract(&after)), 200, "{case}");
        assert_eq!(ids(&path), [after]);
        if case != "removed" {
            assert_eq!(ids(&old).last().unwrap(), &before);
        }
        fs::write(&path, "").unwrap();
    }
    assert_eq!(listening.end().0, Some(0));
}

/// A pipe that is not read blocks a message, but neither signals nor other requests.
#[test]
fn a_blocked_stdout_does_not_keep_the_command() {
    let home = TempDir::new().unwrap();
    let mut listening = Listening::start(home.path(), &[]);
    let mut stdout = listening.child.stdout.take().unwrap();
    let mut sender = listening.send(&padded("blocked", 500_000));
    // It is being written, and exceeds the pipe's buffer.
    stdout.read_exact(&mut [0]).unwrap();
    assert_eq!(listening.post(&padded("blocked", 500_000)), 503);
    listening.signal("TERM");
    let status = listening.ended();
    let mut response = String::new();
    let _ = sender.read_to_string(&mut response);
    assert!(!response.starts_with("HTTP/1.1 200"), "{response}");
    drop(stdout);
    let (_, _, stderr) = listening.output();
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert!(
        stderr.contains("message blocked was not taken: it was not completely written"),
        "{stderr}"
    );
}

#[test]
fn handled_messages_are_duplicates_after_a_restart() {
    let home = TempDir::new().unwrap();
    let log = home.path().join("log");
    let script = "test \"$ESSBASIC_MSG_ID\" != bad || exit 3; echo \"$ESSBASIC_MSG_ID\" >> log";
    let arguments = ["--state", "state", "--", "sh", "-c", script];
    for restart in 0..3 {
        let listening = Listening::start(home.path(), &arguments);
        let second = not_started(essbasic(home.path()).args([
            "listen",
            "--port",
            "0",
            "--unsigned",
            "--state",
            "state",
        ]));
        refused(&second, &["state cannot be used as state: in use by another process", "; "]);
        assert_eq!(listening.post(&contract("good")), 200);
        assert_eq!(listening.post(&contract("bad")), 503, "it failed, and is run again");
        assert_eq!(listening.post(&contract(&format!("new {restart}"))), 200);
        if restart == 0 {
            assert_eq!(listening.end().0, Some(0));
        } else {
            // A killed process has recorded the messages that it acknowledged.
            listening.signal("KILL");
            drop(listening);
        }
    }
    let handled = fs::read_to_string(&log).unwrap();
    assert_eq!(handled, "good\nnew 0\nnew 1\nnew 2\n");
    // Truncated during a write: the complete lines are used.
    let state = home.path().join("state");
    let mut text = fs::read_to_string(&state).unwrap();
    text.push_str("{\"msg_id\":\"cut");
    fs::write(&state, text).unwrap();
    let listening = Listening::start(home.path(), &arguments);
    assert_eq!(listening.post(&contract("good")), 200);
    assert_eq!(listening.post(&contract("cut")), 200);
    assert_eq!(fs::read_to_string(&log).unwrap(), format!("{handled}cut\n"));
    assert_eq!(listening.end().0, Some(0));
}

/// The message is handled once, although its MsgId could not be written at first.
#[test]
fn an_unwritable_state_is_not_acknowledged() {
    let home = TempDir::new().unwrap();
    let (log, state) = (home.path().join("log"), home.path().join("state"));
    let listening = Listening::start(home.path(), &["--append", "log", "--state", "state"]);
    assert_eq!(listening.post(&contract("1")), 200);
    fs::remove_file(&state).unwrap();
    fs::create_dir(&state).unwrap();
    for _ in 0..2 {
        assert_eq!(listening.post(&contract("2")), 503);
    }
    assert_eq!(ids(&log), ["1"], "nothing is handled that cannot be written down");
    fs::remove_dir(&state).unwrap();
    assert_eq!(listening.post(&contract("2")), 200);
    assert_eq!((listening.post(&contract("1")), listening.post(&contract("2"))), (200, 200));
    assert_eq!(ids(&log), ["1", "2"]);
    assert_eq!(listening.end().0, Some(0));
    let listening = Listening::start(home.path(), &["--append", "log", "--state", "state"]);
    assert_eq!((post(&listening.url, &contract("1")), listening.post(&contract("2"))), (200, 200));
    assert_eq!(ids(&log), ["1", "2"]);
    assert_eq!(listening.end().0, Some(0));
}
