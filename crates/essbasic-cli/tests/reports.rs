//! The common format of `download --json`, `status --json` and `archive --report`; interrupted commands;
//! `--emulated`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, Seed};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::retry_pause;
use crate::support::{self, code, essbasic, essbasic_at, json as document, stderr, stdout, until};

fn command(home: &TempDir, emulator: &Emulator, arguments: &[&str]) -> Command {
    essbasic_at(home.path(), &emulator.endpoint(), arguments)
}

fn run(home: &TempDir, emulator: &Emulator, arguments: &[&str]) -> Output {
    command(home, emulator, arguments).output().unwrap()
}

/// Asserts that the summary equals the list, and that the list contains the requested contracts.
#[track_caller]
fn consistent(report: &Value, asked: &[&str]) {
    let flows = report["flows"].as_array().unwrap();
    let ids: BTreeSet<&str> = flows.iter().map(|flow| flow["flow_id"].as_str().unwrap()).collect();
    assert_eq!(ids, asked.iter().copied().collect(), "{report}");
    assert_eq!(flows.len(), ids.len(), "{report}");
    let count = |state: &str| flows.iter().filter(|flow| flow["state"] == state).count();
    for state in ["done", "failed", "not_reached"] {
        assert_eq!(report[state], count(state), "{state} of {report}");
    }
    assert_eq!(report["total"], flows.len());
    assert_eq!(report["complete"], count("done") == flows.len());
    let bytes = |of: &Value| of["bytes"].as_u64().unwrap();
    assert_eq!(bytes(report), flows.iter().map(bytes).sum::<u64>());
    for flow in flows {
        assert_eq!(bytes(flow), flow["files"].as_array().unwrap().iter().map(bytes).sum::<u64>());
        assert_eq!(flow["error"].is_null(), flow["state"] != "failed", "{flow}");
        for name in ["kind", "message"] {
            assert!(flow["error"].is_null() || flow["error"][name].is_string(), "{flow}");
        }
        assert!(flow["status"].is_null() || flow["status"].is_string(), "{flow}");
    }
}

#[test]
fn all_reports_have_one_format() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    let asked = [&*flows[0], &*flows[1], "NOSUCHFLOW"];
    let lines = [asked[0], asked[1], asked[2], asked[0]].join("\n");
    fs::write(home.path().join("ids"), lines).unwrap();
    // The journal of the archive contains another contract.
    let output = run(&home, &emulator, &["archive", &flows[2], "--out", "archive"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    for arguments in [
        &["status", "--json"][..],
        &["download", "--out", "download", "--json"],
        &["archive", "--out", "archive", "--report", "r.json"],
    ] {
        let output = run(&home, &emulator, &[arguments, &["--flows", "ids"]].concat());
        assert_eq!(code(&output), 2, "{}", stderr(&output));
        let report = match arguments[0] {
            "archive" => {
                serde_json::from_slice(&fs::read(home.path().join("r.json")).unwrap()).unwrap()
            }
            _ => document(&output),
        };
        consistent(&report, &asked);
        assert_eq!(report["repeated"], 1, "{report}");
        assert_eq!(report["done"], 2, "{report}");
        let flows = report["flows"].as_array().unwrap();
        let done = flows.iter().find(|flow| flow["state"] == "done").unwrap();
        for file in done["files"].as_array().unwrap() {
            let path = file["path"].as_str().unwrap();
            assert!(path.starts_with(&format!("{}/", arguments[0])), "{path}");
            assert!(home.path().join(path).is_file(), "{path}");
        }
        if arguments[0] == "archive" {
            let hash = done["files"][0]["sha256"].as_str().unwrap();
            assert_eq!(hash.len(), 64, "{report}");
        }
        let help = essbasic(home.path()).args([arguments[0], "--help"]).output().unwrap();
        let help = stdout(&help).split_whitespace().collect::<Vec<_>>().join(" ");
        for name in
            report.as_object().unwrap().keys().chain(report["flows"][0].as_object().unwrap().keys())
        {
            assert!(help.contains(name.as_str()), "{name} of {arguments:?}");
        }
    }
}

#[test]
fn a_wait_is_summarized_as_other_reports() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flow = emulator.completed_flows().remove(0);
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "yDOpen"));
    let arguments = ["wait", &flow, &flow, "yDOpen", "--timeout", "1s", "--json"];
    let output = run(&home, &emulator, &arguments);
    let report = document(&output);
    for (name, expected) in [
        ("complete", json!(false)),
        ("total", json!(2)),
        ("done", json!(1)),
        ("failed", json!(0)),
        ("not_reached", json!(1)),
        ("bytes", json!(0)),
        ("repeated", json!(1)),
    ] {
        assert_eq!(report[name], expected, "{name}: {report}");
    }
}

/// Contracts of earlier runs, with a file in their place, in progress and unknown.
#[test]
fn the_report_of_an_archive_has_the_status_that_its_journal_lists() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "yDOpen"));
    let report = |arguments: &[&str]| -> Value {
        let ids = [&*flows[0], &*flows[1], "yDOpen", "NOSUCHFLOW"];
        let all = ["archive", "--out", "out", "--names", "{flow_id}", "--report", "r.json"];
        let output = run(&home, &emulator, &[&all[..], &ids, arguments].concat());
        assert_eq!(code(&output), 2, "{}", stderr(&output));
        serde_json::from_slice(&fs::read(home.path().join("r.json")).unwrap()).unwrap()
    };
    fs::create_dir(home.path().join("out")).unwrap();
    fs::write(home.path().join("out").join(format!("{}.pdf", flows[1])), "mine").unwrap();
    for _ in 0..2 {
        let report = report(&[]);
        for (id, state, status, kind) in [
            (&*flows[0], "done", Some("ALL"), None),
            (&*flows[1], "failed", Some("ALL"), Some("exists")),
            ("yDOpen", "failed", Some("INIT"), Some("not_signed")),
            ("NOSUCHFLOW", "failed", None, Some("not_found")),
        ] {
            let flows = report["flows"].as_array().unwrap();
            let flow = flows.iter().find(|flow| flow["flow_id"] == id).unwrap();
            assert_eq!(flow["state"], state, "{flow}");
            assert_eq!(flow["status"].as_str(), status, "{flow}");
            assert_eq!(flow["error"]["kind"].as_str(), kind, "{flow}");
        }
    }
    // Without the check the status is not known, except that of an earlier run.
    let report = report(&["--any-state"]);
    let status = |id: &str| {
        let flows = report["flows"].as_array().unwrap();
        flows.iter().find(|flow| flow["flow_id"] == id).unwrap()["status"].clone()
    };
    assert_eq!(status(&flows[0]), "ALL");
    assert_eq!(status(&flows[1]), Value::Null);
}

#[cfg(unix)]
#[test]
fn an_interrupted_wait_prints_what_is_known() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let signed = emulator.completed_flows().remove(0);
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "yDOpen"));
    for json in [&[][..], &["--json"]] {
        let before = emulator.stats().calls.get("DescribeFlowDetailInfo").copied();
        let arguments = [&["wait", &signed, "yDOpen", "--interval", "100ms"], json].concat();
        let child = start(&mut command(&home, &emulator, &arguments));
        // Two rounds: the response of the first one has been processed.
        until("a second round", || {
            let calls = emulator.stats().calls.get("DescribeFlowDetailInfo").copied();
            calls >= Some(before.unwrap_or_default() + 2)
        });
        child.signal("INT");
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 2, "{}", stderr(&output));
        assert!(stderr(&output).contains("interrupted: "), "{}", stderr(&output));
        match json.is_empty() {
            true => assert_eq!(stdout(&output), format!("{signed} signed\nyDOpen pending INIT\n")),
            false => assert_eq!(document(&output)["flows"][1]["state"], "pending"),
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_status_or_archive_accounts_for_every_contract() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().with_seed(Seed::completed(2500)).start().unwrap();
    let flows = emulator.completed_flows();
    let asked: Vec<&str> = flows.iter().map(String::as_str).collect();
    fs::write(home.path().join("ids"), flows.join("\n")).unwrap();
    let call = |name: &str| emulator.stats().calls.contains_key(name);
    let mut status =
        command(&home, &emulator, &["status", "--flows", "ids", "--json", "--rate", "2"]);
    let child = start(&mut status);
    until("a request", || call("DescribeFlowDetailInfo"));
    child.signal("INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let report = document(&output);
    consistent(&report, &asked);
    assert!(report["not_reached"].as_u64().unwrap() > 0, "{}", report["not_reached"]);
    let arguments =
        ["archive", "--flows", "ids", "--out", "out", "--report", "r.json", "--rate", "1"];
    let child = start(&mut command(&home, &emulator, &arguments));
    until("a link", || call("DescribeResourceUrlsByFlows"));
    child.signal("INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let report: Value =
        serde_json::from_slice(&fs::read(home.path().join("r.json")).unwrap()).unwrap();
    consistent(&report, &asked);
    assert_eq!(report["stopped"], true);
    assert!(report["not_reached"].as_u64().unwrap() > 0);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_pause_before_a_retry() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    fs::write(home.path().join("a.pdf"), "%PDF-1.4\n%%EOF\n").unwrap();
    let flow = emulator.completed_flows().remove(0);
    for (arguments, action, stdout_text) in [
        (&["status", &flow][..], "DescribeFlowDetailInfo", ""),
        (&["status", &flow, "--json"], "DescribeFlowDetailInfo", "\"not_reached\":1"),
        (&["upload", "a.pdf"], "UploadFiles", ""),
    ] {
        let mut command = command(&home, &emulator, arguments);
        let output = retry_pause::terminate(home.path(), &emulator, action, &mut command);
        let text = stderr(&output);
        assert_eq!(code(&output), 2, "{text}");
        assert!(text.contains("interrupted: "), "{text}");
        assert!(!text.contains("in flight"), "{text}");
        assert!(stdout(&output).contains(stdout_text), "{}", stdout(&output));
    }
}

/// A response within a second counts; without one, the command ends and reports the contracts so far.
#[cfg(unix)]
#[test]
fn a_signal_during_a_request_is_acknowledged_and_ends_the_command() {
    const LINE: &str = "interrupted: requests in flight have one second to end; send the signal again to exit now\n";
    for (arguments, responds) in [
        (&["status", "yDSlow"][..], true),
        (&["status", "yDSlow"], false),
        (&["wait", "yDSlow"], false),
        (&["download", "yDSlow", "--out", "out"], false),
        (&["archive", "yDSlow", "--out", "out"], false),
        (&["upload", "a.pdf"], false),
        (&["call", "DescribeFlowDetailInfo", "--unchecked"], false),
    ] {
        let home = TempDir::new().unwrap();
        fs::write(home.path().join("a.pdf"), "%PDF-1.4\n%%EOF\n").unwrap();
        // Accepts the request, and sends no response until the signal has been acknowledged.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let mut child = start(&mut essbasic_at(home.path(), &endpoint, arguments));
        let (mut request, _) = listener.accept().unwrap();
        assert!(request.read(&mut [0; 1024]).unwrap() > 0);
        child.signal("TERM");
        let signaled = Instant::now();
        let mut text = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        text.read_line(&mut line).unwrap();
        assert_eq!(line, LINE, "{arguments:?}");
        if responds {
            let body = "{\"Response\":{\"RequestId\":\"r\",\"FlowInfo\":[]}}";
            let length = body.len();
            let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
            request.write_all(response.as_bytes()).unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert!(signaled.elapsed() < Duration::from_secs(3), "{arguments:?}");
        assert_eq!(code(&output), 2, "{arguments:?}");
        let mut rest = String::new();
        text.read_to_string(&mut rest).unwrap();
        assert!(!rest.contains("in flight"), "{rest}");
        let files = fs::read_dir(home.path().join("out"));
        let names = files.into_iter().flatten().map(|entry| entry.unwrap().file_name());
        let names: Vec<_> = names.collect();
        assert!(
            names.iter().all(|name| name.to_string_lossy().starts_with(".essbasic-archive")),
            "{names:?}"
        );
    }
}

#[test]
fn commands_start_an_emulator() {
    let home = TempDir::new().unwrap();
    for arguments in [
        &["status"][..],
        &["wait"],
        &["download", "--out", "download"],
        &["archive", "--out", "archive"],
    ] {
        let output = essbasic(home.path()).args(arguments).arg("--emulated").output().unwrap();
        assert_eq!(code(&output), 0, "{arguments:?}: {}", stderr(&output));
        assert!(stdout(&output).lines().count() >= 2, "{arguments:?}: {}", stdout(&output));
        let mut both = essbasic(home.path());
        both.args(arguments).args(["--emulated", "--endpoint", "http://127.0.0.1:9"]);
        support::refused(&both.output().unwrap(), &["--emulated has its own endpoint"]);
    }
}
