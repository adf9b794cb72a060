//! `essbasic upload`, `start` and `status`: from files to signed contracts.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{code, essbasic, json, refused, stderr, stdout};

fn run(home: &Path, emulator: &Emulator, arguments: &[&str]) -> Output {
    let mut command: Command = essbasic(home);
    command.args(["--endpoint", &emulator.endpoint(), "--app-id", APP_ID]);
    command.args(["--organization", ORGANIZATION, "--operator", OPERATOR]).args(arguments);
    command.env("TENCENTCLOUD_SECRET_ID", SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY);
    command.output().unwrap()
}

/// An emulator, and a PDF at `NAME` that can be uploaded.
fn emulator(home: &Path, name: &str) -> Emulator {
    let emulator = Emulator::builder().start().unwrap();
    let flow = emulator.completed_flows().remove(0);
    let output = run(home, &emulator, &["download", &flow, "--out", "first"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let file = fs::read_dir(home.join("first")).unwrap().next().unwrap().unwrap().path();
    fs::create_dir_all(home.join(name).parent().unwrap()).unwrap();
    fs::rename(file, home.join(name)).unwrap();
    emulator
}

#[test]
fn from_a_file_and_a_template_to_contracts_signed_and_archived() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    let emulator = emulator(home, "files/lease.pdf");
    let contracts = json!([
        { "name": "Lease_1", "file": "lease.pdf", "deadline": "30d", "user_data": "order 7",
          "unordered": true, "parties": [
            { "organization": "典子谦示例企业", "organization_open_id": ORGANIZATION,
              "open_id": OPERATOR, "seals_at": "甲方" },
            { "name": "张三", "mobile": "13800000001", "signs_at": "乙方" }] },
        { "name": "Nobody_2", "template": "nobodys", "parties": [
            { "name": "李四", "mobile": "13900000000" }] },
        { "name": "Offer_3", "template": "yDEmuTemplate0000000000000000001",
          "fields": { "姓名": "李四" }, "parties": [
            { "organization": "典子谦示例企业", "organization_open_id": ORGANIZATION,
              "open_id": OPERATOR },
            { "name": "李四", "mobile": "13900000000", "place": "yDEmuRecipient100000000000000002" }] },
    ]);
    fs::write(home.join("files/contracts.json"), contracts.to_string()).unwrap();
    let output = run(home, &emulator, &["start", "files/contracts.json"]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let started = stdout(&output);
    let rows: Vec<_> = started.lines().map(|row| row.split_once("  ").unwrap()).collect();
    let names: Vec<_> = rows.iter().map(|(_, name)| *name).collect();
    assert_eq!(names, ["Lease_1", "Offer_3"]);
    let failed = stderr(&output);
    assert!(failed.starts_with("Nobody_2: ") && failed.contains("ResourceNotFound"), "{failed}");

    let ids: Vec<&str> = rows.iter().map(|(id, _)| *id).collect();
    emulator.sign(ids[0], Some("张三")).unwrap();
    let output = run(home, &emulator, &["status", ids[0], ids[1], "nobodys"]);
    assert_eq!(code(&output), 2);
    let told = stdout(&output);
    assert!(told.contains(&format!("{}  PART      1/2 signed\n", ids[0])), "{told}");
    assert!(told.contains(&format!("{}  INIT      0/2 signed\n", ids[1])), "{told}");
    assert!(stderr(&output).starts_with("nobodys: "), "{}", stderr(&output));

    emulator.sign(ids[0], None).unwrap();
    emulator.sign(ids[1], None).unwrap();
    emulator.sign(ids[1], None).unwrap();
    emulator.advance(Duration::from_secs(60));
    fs::write(home.join("ids"), ids.join("\n")).unwrap();
    let output = run(home, &emulator, &["status", "--flows", "ids", "--json"]);
    let document = json(&output);
    assert_eq!((code(&output), &document["complete"]), (0, &json!(true)));
    assert_eq!(document["flows"][0]["status"], "ALL");
    assert_eq!(document["flows"][1]["name"], "Offer_3");
    let output = run(home, &emulator, &["archive", "--flows", "ids", "--out", "signed"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let files = fs::read_dir(home.join("signed")).unwrap().map(|entry| entry.unwrap().path());
    let is_lease = |path: &PathBuf| path.to_string_lossy().ends_with(&format!("-{}.pdf", ids[0]));
    let signed = fs::read(files.into_iter().find(is_lease).unwrap()).unwrap();
    let original = fs::read(home.join("files/lease.pdf")).unwrap();
    assert!(signed.starts_with(&original) && signed.len() > original.len());
}

#[test]
fn files_are_uploaded_in_order() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    let emulator = emulator(home, "a.pdf");
    fs::copy(home.join("a.pdf"), home.join("b.pdf")).unwrap();
    fs::write(home.join("c.pdf"), "no PDF").unwrap();
    let output = run(home, &emulator, &["upload", "b.pdf", "c.pdf", "a.pdf"]);
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let told = stdout(&output);
    let names: Vec<_> = told.lines().map(|row| row.split_once("  ").unwrap().1).collect();
    assert_eq!(names, ["b.pdf", "a.pdf"]);
    assert!(stderr(&output).starts_with("c.pdf: "), "{}", stderr(&output));
}

#[test]
fn errors_at_the_start_are_reported() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    let emulator = emulator(home, "a.pdf");
    let calls = emulator.stats().calls;
    for (contracts, words) in [
        ("[{", &["contracts.json", "line 1", "start --help"][..]),
        (r#"[{"name":"a","parties":[],"fil":"a.pdf"}]"#, &["unknown field `fil`"]),
        (r#"[{"name":"a","parties":[]}]"#, &["contract 1", "either a file or a template"]),
        (r#"[{"name":"a","file":"gone.pdf","parties":[]}]"#, &["gone.pdf cannot be read"]),
        (
            r#"[{"name":"a","file":"a.pdf","deadline":"soon","parties":[]}]"#,
            &["contract 1", "\"30d\""],
        ),
        (
            r#"[{"name":"a","file":"a.pdf","parties":[{"name":"b"}]}]"#,
            &["contract 1", "party 1", "a mobile number"],
        ),
        (
            r#"[{"name":"a","file":"a.pdf","parties":[{"open_id":"b"}]}]"#,
            &["party 1", "go together"],
        ),
    ] {
        fs::write(home.join("contracts.json"), contracts).unwrap();
        refused(&run(home, &emulator, &["start", "contracts.json"]), words);
    }
    refused(&run(home, &emulator, &["upload", "gone.pdf"]), &["gone.pdf cannot be read"]);
    refused(&run(home, &emulator, &["status"]), &["no flow IDs"]);
    assert_eq!(emulator.stats().calls, calls);
}
