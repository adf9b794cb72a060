//! Shell scripts: valid for all actions, and executed against a recorder and the emulator.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a panic fails the test"
)]

use std::env::consts::EXE_SUFFIX;
use std::io::{Seek as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use essbasic::catalogue::skeleton::{full_skeleton, skeleton};
use essbasic::models::CATALOGUE;
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use essbasic_explorer::data::snippet::{Language, snippet};
use serde_json::{Value, json};
use workspace_tests::{ChildGuard, root};

use super::recorder::Recorder;

const SCRIPTS: [Language; 2] = [Language::Essbasic, Language::Curl];

/// Text with a meaning for shells, templates, JSON or Python.
pub(super) const HOSTILE: [&str; 14] = [
    "it's",
    "\"double\"",
    "$HOME ${HOME} $(id) `id`",
    "back\\slash \\n \\\\",
    "line\nbreak\r\n\ttab",
    "\nJSON\n",
    "\nHEADERS\n",
    "!history %s %%",
    "'''",
    "\"\"\"",
    "BODY ACTION HOST VERSION {x}",
    "电子签 😀 é",
    "\u{2028}\u{7f}\u{1}\u{0}",
    "<img src=x onerror=alert(1)>",
];

pub(super) fn hostile_body() -> Value {
    json!({ "Agent": agent(), "FlowIds": HOSTILE })
}

pub(super) fn agent() -> Value {
    json!({
        "AppId": APP_ID,
        "ProxyOrganizationOpenId": ORGANIZATION,
        "ProxyOperator": { "OpenId": OPERATOR },
    })
}

/// Returns the folder of the command `essbasic`, after building it.
fn command_folder() -> PathBuf {
    let build = ["build", "--quiet", "--package", "essbasic-cli"];
    assert!(
        Command::new(env!("CARGO")).args(build).current_dir(root()).status().unwrap().success()
    );
    let folder = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    assert!(folder.join(format!("essbasic{EXE_SUFFIX}")).exists());
    folder
}

/// Runs a script that is read from stdin, as by a user who pastes it; the arguments precede it.
fn run(shell: &str, arguments: &[&str], script: &str, endpoint: &str, folder: &str) -> Output {
    let path = std::env::var("PATH").unwrap();
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    input.rewind().unwrap();
    let mut command = Command::new(shell);
    command
        .args(arguments)
        .env("PATH", format!("{folder}:{path}"))
        .env("TENCENTCLOUD_SECRET_ID", SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY)
        .env("ESSBASIC_ENDPOINT", endpoint)
        .env("no_proxy", "127.0.0.1")
        .env_remove("TENCENTCLOUD_TOKEN")
        .stdin(input);
    command.output().unwrap()
}

/// Returns whether the tools exist. Under CI they must.
fn has_shells() -> bool {
    let missing = ["bash", "sh", "curl"].into_iter().find(|tool| {
        let mut command = Command::new(tool);
        command.arg("-c").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        ChildGuard::start(&mut command).is_err()
    });
    if let Some(tool) = missing {
        assert!(std::env::var_os("CI").is_none(), "{tool} is not installed");
        eprintln!("SKIPPED: {tool} is not installed");
    }
    missing.is_none()
}

#[test]
fn scripts_of_all_actions_are_valid() {
    if !has_shells() {
        return;
    }
    let mut all = String::new();
    for action in CATALOGUE.actions {
        for body in [skeleton(action.request), full_skeleton(action.request), hostile_body()] {
            for language in SCRIPTS {
                all.push_str(&snippet(action, &body, language).unwrap());
            }
        }
    }
    for shell in ["bash", "sh"] {
        let output = run(shell, &["-n"], &all, "", "");
        assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
    }
}

#[test]
fn scripts_send_the_body() {
    if !has_shells() {
        return;
    }
    let folder = command_folder();
    let folder = folder.to_str().unwrap();
    let recorder = Recorder::start();
    // Longer than an argument may be.
    let file = "QUJD".repeat(400_000);
    let long = json!({
        "Agent": agent(),
        "BusinessType": "DOCUMENT",
        "FileInfos": [{ "FileBody": file, "FileName": "it's $1.pdf" }],
    });
    for (action, body) in [
        ("DescribeFlowDetailInfo", hostile_body()),
        ("UploadFiles", long),
        ("DescribeTemplates", json!({ "Agent": agent(), "Offset": 0, "WithPreviewUrl": false })),
    ] {
        let meta = CATALOGUE.action(action).unwrap();
        for language in SCRIPTS {
            let script = snippet(meta, &body, language).unwrap();
            for shell in ["bash", "sh"] {
                let output = run(shell, &[], &script, &recorder.endpoint, folder);
                let error = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{action}, {language:?}, {shell}: {error}");
                assert!(error.is_empty(), "{action}, {language:?}, {shell}: {error}");
                let recorded = recorder.next();
                assert_eq!(recorded.action, action);
                assert_eq!(recorded.body, body, "{action}, {language:?}, {shell}");
            }
        }
    }
}

#[test]
fn scripts_call_the_emulator() {
    if !has_shells() {
        return;
    }
    let folder = command_folder();
    let folder = folder.to_str().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let day = "2021-03-03";
    for (action, mut body) in [
        ("DescribeFlowDetailInfo", json!({ "FlowIds": ["yDw"] })),
        ("DescribeTemplates", json!({})),
        ("DescribeUsage", json!({ "StartDate": day, "EndDate": day })),
    ] {
        let meta = CATALOGUE.action(action).unwrap();
        body["Agent"] = agent();
        for language in SCRIPTS {
            let script = snippet(meta, &body, language).unwrap();
            let output = run("sh", &[], &script, &emulator.endpoint(), folder);
            let response: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            let response = response.get("Response").unwrap_or(&response);
            assert!(response["RequestId"].is_string(), "{action}, {language:?}: {output:?}");
            assert_eq!(response.get("Error"), None, "{action}, {language:?}");
        }
    }
}
