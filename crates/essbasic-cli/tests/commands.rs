//! `essbasic wait` and `essbasic call`, and properties of all commands.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::process::{Command, Output};

use essbasic_emulator::{
    APP_ID, Emulator, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Status,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::{code, essbasic, json as document, refused, stderr, stdout, until};

fn command(home: &TempDir, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = essbasic(home.path());
    command.env("TENCENTCLOUD_SECRET_ID", SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY);
    command.args(["--app-id", APP_ID, "--organization", ORGANIZATION, "--operator", OPERATOR]);
    command.args(["--endpoint", endpoint]).args(arguments);
    command
}

fn run(home: &TempDir, emulator: &Emulator, arguments: &[&str]) -> Output {
    command(home, &emulator.endpoint(), arguments).output().unwrap()
}

/// Creates a contract without signatures.
fn open_flow(emulator: &Emulator, id: &str) {
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
}

/// Names below `invalid` do not resolve. The emulator verifies the signed host.
#[test]
fn another_address_than_that_of_the_endpoint_is_dialed() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flow = emulator.completed_flows()[0].clone();
    let address = emulator.endpoint().replace("http://", "");
    for endpoint in ["http://api.invalid", "http://API.invalid.:80", "http://api.invalid:8080"] {
        let arguments = ["status", &flow, "--connect-to", &address];
        let output = command(&home, endpoint, &arguments).output().unwrap();
        assert_eq!(code(&output), 0, "{endpoint}: {}", stderr(&output));
        assert!(stdout(&output).contains(&flow));
    }
    let output = command(&home, "http://api.invalid", &["status", &flow]).output().unwrap();
    assert_eq!(code(&output), 1, "{}", stdout(&output));
}

#[test]
fn wait_reports_the_outcome_of_each_contract() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let signed = emulator.completed_flows()[0].clone();
    open_flow(&emulator, "yDRefused");
    emulator.end("yDRefused", Status::Reject, "价格不对").unwrap();
    open_flow(&emulator, "yDOpen");
    let arguments =
        ["wait", "--timeout", "1s", "--interval", "100ms", &signed, "yDRefused", "yDOpen"];
    let output = run(&home, &emulator, &arguments);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    assert_eq!(
        lines,
        [
            format!("{signed} signed"),
            "yDRefused ended REJECT: 价格不对".to_owned(),
            "yDOpen pending INIT".to_owned(),
        ]
    );
    let output = run(&home, &emulator, &[&arguments[..], &["--json", &signed]].concat());
    let told = document(&output);
    assert_eq!(
        (code(&output), &told["complete"], &told["repeated"]),
        (2, &json!(false), &json!(1))
    );
    assert_eq!(
        told["flows"][1],
        json!({"flow_id": "yDRefused", "state": "ended", "status": "REJECT", "reason": "价格不对"})
    );
    let output = run(&home, &emulator, &["wait", &signed]);
    assert_eq!((code(&output), stdout(&output)), (0, format!("{signed} signed\n")));
}

#[test]
fn a_waiting_download_starts_when_all_have_signed() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    open_flow(&emulator, "yDLater");
    open_flow(&emulator, "yDWithdrawn");
    emulator.end("yDWithdrawn", Status::Cancel, "不签了").unwrap();
    let arguments = ["download", "--out", "out", "--wait", "--interval", "100ms"];
    let child =
        start(command(&home, &emulator.endpoint(), &arguments).args(["yDLater", "yDWithdrawn"]));
    // Signed after the first poll only.
    until("a first question", || emulator.stats().calls.contains_key("DescribeFlowDetailInfo"));
    emulator.sign("yDLater", None).unwrap();
    emulator.sign("yDLater", None).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(stdout(&output).contains("yDLater"), "{}", stderr(&output));
    assert!(stderr(&output).contains("yDWithdrawn: not signed by every party (CANCEL): 不签了"));
    assert_eq!(std::fs::read_dir(home.path().join("out")).unwrap().count(), 1);
}

#[test]
fn a_waiting_download_fetches_contracts_as_they_are_signed() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let signed = emulator.completed_flows().remove(0);
    open_flow(&emulator, "yDLater");
    let arguments =
        ["download", "--out", "out", "--wait", "--interval", "100ms", &signed, "yDLater"];
    let child = start(&mut command(&home, &emulator.endpoint(), &arguments));
    let saved = || {
        let names = std::fs::read_dir(home.path().join("out")).into_iter().flatten();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".pdf")).collect::<Vec<_>>()
    };
    until("the first contract", || saved().len() == 1);
    assert!(saved()[0].contains(&*signed), "{:?}", saved());
    emulator.sign("yDLater", None).unwrap();
    emulator.sign("yDLater", None).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!((saved().len(), stdout(&output).lines().count()), (2, 2));
}

#[test]
fn a_signal_ends_every_wait_and_prints_what_is_known() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let signed = emulator.completed_flows().remove(0);
    open_flow(&emulator, "yDOpen");
    for (command_line, signal) in [
        (&["wait"][..], "INT"),
        (&["wait"], "TERM"),
        (&["download", "--out", "out", "--wait"], "INT"),
        (&["download", "--out", "out", "--wait"], "TERM"),
    ] {
        let arguments =
            [command_line, &["--json", "--interval", "100ms", &signed, "yDOpen"]].concat();
        let polls = || emulator.stats().calls.get("DescribeFlowDetailInfo").copied().unwrap_or(0);
        let before = polls();
        let child = start(&mut command(&home, &emulator.endpoint(), &arguments));
        // The second request shows that the response to the first was processed.
        until("two requests", || polls() >= before + 2);
        child.signal(signal);
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("interrupted: "), "{}", stderr(&output));
        let flows = document(&output)["flows"].clone();
        assert_eq!(flows.as_array().unwrap().len(), 2, "{flows}");
        assert_eq!(flows[1]["flow_id"], "yDOpen");
    }
}

#[test]
fn a_lost_response_of_an_action_that_changes_something_is_an_error() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    open_flow(&emulator, "yDOpen");
    let cancel = r#"{"FlowId":"yDOpen","CancelMessage":"x","CancelMessageFormat":0}"#;
    let look = r#"{"FlowIds":["yDOpen"]}"#;
    for (action, body, exit) in
        [("DescribeFlowDetailInfo", look, 0), ("ChannelCancelFlow", cancel, 1)]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = command(&home, &emulator.endpoint(), &["call", action, "--body", body]);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(code(&output), exit, "{action}: {}", stderr(&output));
        assert_eq!(emulator.stats().calls[action], 1);
        assert_eq!(stderr(&output).contains("the action was executed"), exit == 1);
    }
}

#[test]
fn a_download_refuses_unsigned_contracts_and_prints_the_status() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let signed = emulator.completed_flows().remove(0);
    open_flow(&emulator, "yDOpen");
    let download = ["download", "--out", "out", &signed, "yDOpen"];
    for (more, exit, states) in [
        (&[][..], 2, [("done", "ALL"), ("failed", "INIT")]),
        (&["--any-state"], 0, [("done", "ALL"), ("done", "INIT")]),
    ] {
        let output = run(&home, &emulator, &[&download, more].concat());
        assert_eq!(code(&output), exit, "{}", stderr(&output));
        let expected =
            states.iter().filter(|(state, _)| *state == "done").map(|(_, status)| *status);
        let told = stdout(&output);
        let told: Vec<&str> = told.lines().filter_map(|line| line.split("  ").last()).collect();
        let told: std::collections::BTreeSet<&str> = told.into_iter().collect();
        assert_eq!(told, expected.collect());
        let output = run(&home, &emulator, &[&download, more, &["--json"]].concat());
        assert_eq!(code(&output), exit, "{}", stderr(&output));
        let report = document(&output);
        for (flow, (state, status)) in report["flows"].as_array().unwrap().iter().zip(states) {
            assert_eq!((&flow["state"], &flow["status"]), (&json!(state), &json!(status)));
        }
        let kind = &report["flows"][1]["error"]["kind"];
        assert_eq!(*kind, if exit == 2 { json!("not_signed") } else { json!(null) });
    }
}

#[test]
fn options_of_waiting_require_wait() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let output = run(&home, &emulator, &["download", "--out", "out", "yDA", "--timeout", "5s"]);
    refused(&output, &["--timeout and --interval require --wait"]);
    let output = run(&home, &emulator, &["wait", "yDA", "--timeout", "soon"]);
    refused(&output, &["'soon'", "30s"]);
    let output = run(&home, &emulator, &["download", "--emulated", "--out", "out"]);
    refused(&output, &["--emulated has its own endpoint"]);
    assert!(emulator.stats().calls.is_empty());
}

#[test]
fn call_adds_the_agent_and_prints_the_response() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flow = emulator.completed_flows()[0].clone();
    let body = json!({ "FlowIds": [flow] }).to_string();
    let call = ["call", "DescribeFlowDetailInfo", "--body", &body];
    let output = run(&home, &emulator, &call);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(document(&output)["FlowInfo"][0]["FlowId"], flow.as_str());
    assert_eq!(stderr(&output), "");
    // An agent in the body is not changed.
    let own = json!({ "FlowIds": [flow], "Agent": { "AppId": "another" } }).to_string();
    let own = ["call", "DescribeFlowDetailInfo", "--body", &own];
    let output = run(&home, &emulator, &own);
    refused(
        &output,
        &["Agent.ProxyOperator.OpenId: missing required field", "--operator", "--unchecked"],
    );
    let output = run(&home, &emulator, &[&own[..], &["--unchecked"]].concat());
    refused(&output, &["DescribeFlowDetailInfo: ", "ResourceNotFound"]);
    let output = run(&home, &emulator, &[&call[..], &["-v"]].concat());
    assert_eq!(code(&output), 0);
    let log = stderr(&output);
    assert!(log.contains("DescribeFlowDetailInfo") && log.contains("attempt"), "{log}");
    assert!(!log.contains(SECRET_KEY) && !log.contains("Signature="), "{log}");
}

/// An agent that is unknown to every server.
const SOMEBODY: [&str; 6] = ["--app-id", "a", "--organization", "o", "--operator", "p"];

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let arguments =
        ["call", "DescribeFlowDetailInfo", "--body", "{\"FlowIds\":[\"合同\"]}", "--dry-run"];
    let mut with_token = command(&home, &emulator.endpoint(), &arguments);
    let output = with_token.env("TENCENTCLOUD_TOKEN", "a-session-token").output().unwrap();
    let shown = stdout(&output);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(!shown.contains("a-session-token") && !shown.contains(SECRET_KEY), "{shown}");
    let (head, body) = shown.split_once("\n\n").unwrap();
    assert!(head.starts_with(&format!("POST {}", emulator.endpoint())), "{head}");
    assert!(head.contains("SignedHeaders=content-type;host;x-tc-action, Signature="), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["Agent"]["ProxyOperator"]["OpenId"], OPERATOR);
    assert_eq!(body["FlowIds"], json!(["合同"]));
    // Without credentials, the request is shown too.
    let mut nobody = essbasic(home.path());
    nobody.args(SOMEBODY).args(arguments);
    let output = nobody.output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).starts_with("POST https://essbasic.tencentcloudapi.com/"));
    assert!(!stdout(&output).contains("authorization"));
    assert!(stderr(&output).contains("no credential is found"));
    // A key without its id is broken, not absent.
    let mut half = essbasic(home.path());
    half.args(SOMEBODY).args(arguments).env("TENCENTCLOUD_SECRET_KEY", "half-a-pair");
    let output = half.output().unwrap();
    refused(&output, &["TENCENTCLOUD_SECRET_ID"]);
    assert!(!stderr(&output).contains("half-a-pair"));
    assert!(emulator.stats().calls.is_empty());
}

#[test]
fn uploads_have_a_separate_host() {
    let home = TempDir::new().unwrap();
    for (option, host) in
        [(None, "file.ess.tencent.cn"), (Some("--test-environment"), "file.test.ess.tencent.cn")]
    {
        let mut dry = essbasic(home.path());
        dry.args(["call", "UploadFiles", "--app-id", "a", "--dry-run", "--unchecked"]).args(option);
        assert!(stdout(&dry.output().unwrap()).starts_with(&format!("POST https://{host}/\n")));
    }
}

#[cfg(unix)]
#[test]
fn key_files_that_others_can_read_cause_a_warning() {
    use std::os::unix::fs::PermissionsExt;

    let home = TempDir::new().unwrap();
    let keys = home.path().join(".tencentcloud/credentials");
    std::fs::create_dir_all(keys.parent().unwrap()).unwrap();
    std::fs::write(&keys, "[default]\nsecret_id = AKIDEXAMPLE\nsecret_key = the-key\n").unwrap();
    for (mode, warned) in
        [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o622, true)]
    {
        std::fs::set_permissions(&keys, PermissionsExt::from_mode(mode)).unwrap();
        let mut dry = essbasic(home.path());
        dry.args(SOMEBODY).args(["call", "DescribeFlowDetailInfo", "--body", "{}", "--dry-run"]);
        let output = dry.arg("--unchecked").output().unwrap();
        let told = stderr(&output);
        assert!(stdout(&output).contains("Credential=AKIDEXAMPLE/"), "{mode:o}: {told}");
        assert_eq!(told.contains("chmod 600"), warned, "{mode:o}: {told}");
        assert!(!told.contains("the-key"), "{told}");
        assert_eq!(told.contains(&format!("mode={mode:03o}")), warned, "{told}");
    }
}

#[test]
fn a_missing_profile_is_named() {
    let home = TempDir::new().unwrap();
    let mut command = essbasic(home.path());
    command.args(["call", "DescribeFlowDetailInfo", "--body", "{\"FlowIds\":[\"f\"]}"]);
    command.args(SOMEBODY).args(["--profile", "nosuch"]);
    refused(&command.output().unwrap(), &["nosuch", "; "]);
}

#[test]
fn every_command_has_examples_and_every_shell_has_completions() {
    let home = TempDir::new().unwrap();
    for name in
        ["download", "archive", "wait", "status", "upload", "start", "call", "sign", "emulator"]
    {
        let output = essbasic(home.path()).args([name, "--help"]).output().unwrap();
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains(&format!("  essbasic {name}")), "{name}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = essbasic(home.path()).args(["completions", shell]).output().unwrap();
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("emulated"), "{shell}");
    }
}
