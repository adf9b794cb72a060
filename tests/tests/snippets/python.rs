//! Python programs: executed for all actions with the official SDK.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::fs;
use std::path::Path;
use std::process::Command;

use essbasic::catalogue::ActionMeta;
use essbasic::catalogue::skeleton::full_skeleton;
use essbasic::models::CATALOGUE;
use essbasic_emulator::{Emulator, SECRET_ID, SECRET_KEY};
use essbasic_explorer::data::snippet::{Language, snippet};
use serde_json::{Value, json};

use super::recorder::Recorder;
use super::scripts::{agent, hostile_body};
use crate::conformance::clients::python;

/// Runs the files in one process, because importing the SDK takes a second. A field that the SDK does not have is an error.
const RUNNER: &str = "\
import runpy, sys, warnings
warnings.simplefilter('error', UserWarning)
for file in sys.argv[1:]:
    runpy.run_path(file, run_name='__main__')
";

/// Writes the programs into a folder and runs them; returns their output. `None` if the SDK cannot be installed.
fn run(folder: &str, calls: &[(&ActionMeta, Value)], endpoint: &str) -> Option<String> {
    let packages = python()?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new("python3");
    command.args(["-c", RUNNER]);
    for (index, (action, body)) in calls.iter().enumerate() {
        let file = folder.join(format!("{index}_{}.py", action.info.name));
        fs::write(&file, snippet(action, body, Language::Python).unwrap()).unwrap();
        command.arg(file);
    }
    let output = command
        .env("PYTHONPATH", packages)
        .env("PYTHONIOENCODING", "utf-8")
        .env("TENCENTCLOUD_SECRET_ID", SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY)
        .env("ESSBASIC_ENDPOINT", endpoint)
        .env("no_proxy", "127.0.0.1")
        .env_remove("TENCENTCLOUD_TOKEN")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn python_programs_of_all_actions_send_the_body() {
    let recorder = Recorder::start();
    let mut calls: Vec<_> =
        CATALOGUE.actions.iter().map(|action| (action, full_skeleton(action.request))).collect();
    calls.push((CATALOGUE.action("DescribeFlowDetailInfo").unwrap(), hostile_body()));
    if run("snippets-python", &calls, &recorder.endpoint).is_none() {
        return;
    }
    for (action, body) in calls {
        let recorded = recorder.next();
        assert_eq!(recorded.action, action.info.name);
        assert_eq!(recorded.body, body, "{}", recorded.action);
    }
}

#[test]
fn python_programs_call_the_emulator() {
    let emulator = Emulator::builder().start().unwrap();
    let action = CATALOGUE.action("DescribeTemplates").unwrap();
    let calls = [(action, json!({ "Agent": agent(), "Limit": 1 }))];
    let Some(output) = run("snippets-python-emulator", &calls, &emulator.endpoint()) else {
        return;
    };
    let response: Value = serde_json::from_str(&output).unwrap();
    assert!(response["RequestId"].is_string(), "{output}");
}
