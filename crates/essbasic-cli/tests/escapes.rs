//! Control characters and terminal escapes in arguments: no message contains them.

#![allow(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

use std::fs;
use std::process::Output;

use essbasic_emulator::Emulator;
use tempfile::TempDir;

use crate::support::{code, essbasic, essbasic_at, feed, stderr};

/// A name that would color the terminal, forge a line and reverse the text.
const EVIL: &str = "e\u{1b}[31mv\r\ni\u{9b}0m\u{202e}l";

#[track_caller]
fn check(output: &Output, command: &[&str]) {
    let text = stderr(output);
    assert!(!text.is_empty() && code(output) != 0, "{command:?}: {text}");
    let is_evil = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(is_evil), "{command:?}: {text:?}");
    // The error and perhaps its hint.
    let lines = text.lines().collect::<Vec<_>>();
    assert!(lines.len() <= 2, "{command:?}: {text:?}");
    assert!(lines.iter().skip(1).all(|line| line.starts_with("hint: ")), "{command:?}: {text:?}");
}

#[test]
fn messages_about_paths_have_no_control_characters() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    fs::write(home.path().join(EVIL), "{ no input").unwrap();
    let absent = format!("{EVIL}/absent");
    let at_file = format!("@{EVIL}");
    let at_absent = format!("@{absent}");
    let callbacks = ["listen", "--port", "0", "--unsigned"];
    for command in [
        &["status", "--flows", EVIL][..],
        &["status", "--flows", &absent],
        &["wait", "--flows", EVIL],
        &["wait", "--flows", &absent],
        &["download", "--flows", &absent, "--out", "out"],
        &["download", "yDA", "--out", EVIL],
        &["download", "yDA", "--out", &absent],
        &["archive", "--flows", EVIL, "--out", "out"],
        &["archive", "--flows", &absent, "--out", "out"],
        &["archive", "yDA", "--out", EVIL],
        &["archive", "yDA", "--out", "out", "--report", EVIL],
        &["archive", "yDA", "--out", "out", "--report", &absent],
        &["archive", "yDA", "--out", "out", "--journal", EVIL],
        &["archive", "yDA", "--out", "out", "--journal", &absent],
        &["archive", "yDA", "--out", &format!("s3:{EVIL}")],
        &["upload", EVIL],
        &["upload", &absent],
        &["start", EVIL],
        &["start", &absent],
        &["start", "-", "--journal", EVIL],
        &["start", "-", "--journal", &absent],
        &["call", "DescribeFlowDetailInfo", "--body", &at_file],
        &["call", "DescribeFlowDetailInfo", "--body", &at_absent],
        &["sign", "--payload", &at_absent, "--secret-id", "a", "--secret-key", "b"],
        &["snippet", "DescribeFlowDetailInfo", "--body", &at_absent],
        &["emulator", "--seed", EVIL],
        &["emulator", "--seed", &absent],
        &["emulator", "--tls", &absent],
        &[&callbacks[..], &["--append", &absent]].concat(),
        &[&callbacks[..], &["--state", EVIL]].concat(),
        &[&callbacks[..], &["--state", &absent]].concat(),
        &["status", "yDA", "--ca-file", EVIL],
        &["status", "yDA", "--ca-file", &absent],
    ] {
        let output = match command.first() {
            Some(&("emulator" | "listen" | "sign" | "snippet")) => {
                essbasic(home.path()).args(command).output().unwrap()
            }
            _ => {
                let list = r#"[{"name":"n","template":"t","parties":[{"name":"p","mobile":"1"}]}]"#;
                feed(&mut essbasic_at(home.path(), &emulator.endpoint(), command), list.as_bytes())
            }
        };
        check(&output, command);
    }
}

#[test]
fn messages_about_names_have_no_control_characters() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let option = format!("--{EVIL}");
    for command in [
        &["status", EVIL][..],
        &["wait", EVIL],
        &["download", EVIL, "--out", "out"],
        &["download", "yDA", "--out", "out", "--names", EVIL],
        &["archive", EVIL, "--out", "out"],
        &["archive", "yDA", "--out", "out", "--shard", EVIL],
        &["call", EVIL, "--body", "{}"],
        &["call", "DescribeFlowDetailInfo", "--body", EVIL],
        &["call", EVIL, "--service", EVIL, "--version", EVIL],
        &["describe", EVIL],
        &["skeleton", EVIL],
        &["snippet", EVIL],
        &["snippet", "DescribeUsage", "--as", EVIL],
        &["openapi", "--out", &format!("{EVIL}/x")],
        &["emulator", "--faults", EVIL],
        &["emulator", "--listen", EVIL],
        &["emulator", "--callback-url", EVIL],
        &["emulator", "--secret-id", EVIL, "--secret-key", "k"],
        &["sign", "--secret-id", EVIL, "--secret-key", EVIL],
        &["status", "yDA", "--profile", EVIL],
        &["status", "yDA", "--proxy", EVIL],
        &["status", "yDA", "--call-timeout", EVIL],
        &["status", "yDA", "--rate", EVIL],
        &["completions", EVIL],
        &[EVIL],
        &[&option],
        &["status", &option],
    ] {
        let output = match command.first() {
            Some(&("status" | "wait" | "download" | "archive" | "call")) => {
                essbasic_at(home.path(), &emulator.endpoint(), command).output().unwrap()
            }
            _ => essbasic(home.path()).args(command).output().unwrap(),
        };
        check(&output, command);
    }
    for name in ["ESSBASIC_ENDPOINT", "ESSBASIC_APP_ID", "TENCENTCLOUD_SECRET_ID"] {
        let mut command = essbasic_at(home.path(), &emulator.endpoint(), &["status", "yDA"]);
        if name == "ESSBASIC_ENDPOINT" {
            command = essbasic(home.path());
            command.args([
                "status",
                "yDA",
                "--app-id",
                "a",
                "--organization",
                "b",
                "--operator",
                "c",
            ]);
        }
        check(&command.env(name, EVIL).output().unwrap(), &[name]);
    }
}

/// A name in the input of `start`, and a message of the service.
#[test]
fn messages_about_contracts_have_no_control_characters() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let list = serde_json::json!([{
        "name": EVIL, "template": format!("yDEmuTemplate{:019}", 3),
        "parties": [{"name": "张三", "mobile": "13800000001"}, {"name": "李四", "mobile": "13800000002"}],
    }]);
    fs::write(home.path().join("c.json"), list.to_string()).unwrap();
    let journal = format!("{EVIL}.journal");
    let command = ["start", "c.json", "--journal", &journal];
    let output = essbasic_at(home.path(), &emulator.endpoint(), &command).output().unwrap();
    check(&output, &command);
}
