//! An unknown organization, application or operator.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed assumption is a failed test")]

use std::fs;

use essbasic_emulator::Emulator;
use tempfile::TempDir;

use crate::support::contracts::{from_file, from_template};
use crate::support::{code, essbasic_at, refused, stderr};

/// Each command ends after one request, with the same status.
#[test]
fn an_unknown_agent_ends_the_job_after_one_request() {
    let emulator = Emulator::builder().with_rate_limit(None).start().unwrap();
    let flows = emulator.completed_flows();
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("a.pdf"), "%PDF-1.4\n%%EOF\n").unwrap();
    fs::write(home.path().join("b.pdf"), "%PDF-1.4\n%%EOF\n").unwrap();
    fs::write(home.path().join("ids"), flows.join("\n")).unwrap();
    for (name, entry) in [("file", from_file("File_1")), ("template", from_template("Form_1"))] {
        let other = from_template("Form_2");
        fs::write(home.path().join(name), serde_json::json!([entry, other]).to_string()).unwrap();
    }
    for arguments in [
        &["status", "--flows", "ids"][..],
        &["wait", "--flows", "ids"],
        &["download", "--flows", "ids", "--out", "d"],
        &["download", "--flows", "ids", "--out", "d", "--any-state"],
        &["download", "--flows", "ids", "--out", "d", "--wait"],
        &["archive", "--flows", "ids", "--out", "a"],
        &["archive", "--flows", "ids", "--out", "a", "--any-state"],
        &["upload", "a.pdf", "b.pdf"],
        &["start", "file"],
        &["start", "template"],
        &["call", "DescribeFlowDetailInfo", "--body", "{\"FlowIds\":[\"yDw\"]}"],
    ] {
        for (option, code) in [
            ("--organization", ["Organization", "ResourceNotFound"]),
            ("--app-id", ["ResourceNotFound", "ResourceNotFound"]),
            ("--operator", ["UserNotInOrganization", "OperationDenied"]),
        ] {
            let before: u64 = emulator.stats().calls.values().sum();
            let arguments = [arguments, &[option, "nobody"]].concat();
            let output =
                essbasic_at(home.path(), &emulator.endpoint(), &arguments).output().unwrap();
            let text = stderr(&output);
            assert!(code.iter().any(|code| text.contains(code)), "{arguments:?}: {text}");
            refused(&output, &[]);
            let calls: u64 = emulator.stats().calls.values().sum();
            assert_eq!(calls - before, 1, "{arguments:?}");
            let _ = fs::remove_dir_all(home.path().join("a"));
            let _ = fs::remove_file(home.path().join("file.journal"));
            let _ = fs::remove_file(home.path().join("template.journal"));
        }
    }
    let known = essbasic_at(home.path(), &emulator.endpoint(), &["status", "--flows", "ids"]);
    assert_eq!(code(&{ known }.output().unwrap()), 0);
}
