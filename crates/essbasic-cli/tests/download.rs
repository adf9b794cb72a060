//! `essbasic download`: files, reports and exit status.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use essbasic_emulator::{APP_ID, Emulator, ORGANIZATION};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::server::{Answer, Server, answer};
use crate::support::{
    self, code, essbasic, essbasic_at, feed, json, refused, stderr, stdout, until,
};

fn download(home: &TempDir, endpoint: &str) -> Command {
    to_files("download", home, endpoint)
}

fn to_files(name: &str, home: &TempDir, endpoint: &str) -> Command {
    essbasic_at(home.path(), endpoint, &[name, "--out", "out"])
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.append(&mut files(&path)),
            false => _ = found.insert(path),
        }
    }
    found
}

/// Number of pages, read by an independent PDF library.
fn pages(path: &Path) -> usize {
    lopdf::Document::load(path).unwrap().get_pages().len()
}

#[test]
fn the_first_command_of_the_readme_needs_no_settings() {
    let home = TempDir::new().unwrap();
    let mut command = essbasic(home.path());
    // Settings of a real environment have no effect.
    command.env("ESSBASIC_APP_ID", "real").env("TENCENTCLOUD_SECRET_ID", "AKIDREAL");
    command.env("HTTP_PROXY", "http://127.0.0.1:9").env_remove("NO_PROXY");
    let output = command.args(["download", "--emulated", "--out", "contracts"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let found = files(&home.path().join("contracts"));
    assert!(found.len() >= 2);
    for file in &found {
        assert!(pages(file) >= 1, "{}", file.display());
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(stdout(&output).contains(name), "{name}: {}", stdout(&output));
    }
    assert_eq!(stdout(&output).lines().count(), found.len());
    assert!(stderr(&output).contains("emulator"), "{}", stderr(&output));
    assert!(!stdout(&output).contains("hkey") && !stderr(&output).contains("hkey"));
}

#[test]
fn json_is_one_document_that_lists_the_files() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let known = emulator.completed_flows();
    let list =
        format!("\u{feff}{}\r\n\r\n{}\r\nNOSUCHFLOW\r\n{}\r\n", known[0], known[1], known[0]);
    let mut command = download(&home, &emulator.endpoint());
    let output = feed(command.args(["--flows", "-", "--json"]), list.as_bytes());
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let report = json(&output);
    let flows = report["flows"].as_array().unwrap();
    let ids: Vec<&str> = flows.iter().map(|flow| flow["flow_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [&*known[0], &*known[1], "NOSUCHFLOW"]);
    let mut listed = BTreeSet::new();
    for flow in &flows[..2] {
        assert_eq!(flow["state"], "done");
        assert_eq!(flow["error"], Value::Null);
        let mut bytes = 0;
        for file in flow["files"].as_array().unwrap() {
            let path = home.path().join(file["path"].as_str().unwrap());
            bytes += std::fs::metadata(&path).unwrap().len();
            assert!(pages(&path) >= 1);
            listed.insert(path);
        }
        assert_eq!(flow["bytes"], bytes);
    }
    assert_eq!(listed, files(&home.path().join("out")));
    assert_eq!(flows[2]["state"], "failed");
    assert_eq!(flows[2]["files"], Value::Array(Vec::new()));
    assert_eq!(flows[2]["error"]["kind"], "not_found");
    assert!(flows[2]["error"]["message"].as_str().unwrap().contains("not found"), "{report}");
    assert!(stderr(&output).contains("duplicate flow IDs: 1"), "{}", stderr(&output));
    assert_eq!(emulator.stats().calls["DescribeResourceUrlsByFlows"], 1);
}

#[test]
fn an_existing_file_is_kept_and_a_rerun_adds_none() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    let run = || {
        let mut command = download(&home, &emulator.endpoint());
        let output = command.arg("--json").args(&flows[..2]).output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let flows = json(&output)["flows"].take();
        let paths = flows.as_array().unwrap().iter().map(|flow| flow["files"][0]["path"].clone());
        paths.map(|path| home.path().join(path.as_str().unwrap())).collect::<Vec<_>>()
    };
    let first = run();
    assert_eq!(run(), first);
    for own in ["my notes", ""] {
        std::fs::write(&first[0], own).unwrap();
        let numbered = first[0].to_str().unwrap().replace(".pdf", " (2).pdf");
        for _ in 0..2 {
            assert_eq!(run(), [PathBuf::from(&numbered), first[1].clone()]);
            assert_eq!(std::fs::read_to_string(&first[0]).unwrap(), own);
            assert_eq!(files(&home.path().join("out")).len(), 3);
        }
        assert!(pages(Path::new(&numbered)) >= 1);
    }
}

#[test]
fn each_failed_contract_is_reported() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let known = &emulator.completed_flows()[0];
    let output =
        download(&home, &emulator.endpoint()).args(["NOSUCHA", known, "NOSUCHB"]).output().unwrap();
    assert_eq!(code(&output), 2);
    for id in ["NOSUCHA", "NOSUCHB"] {
        let line = stderr(&output).lines().find(|line| line.contains(id)).map(str::to_owned);
        assert!(line.unwrap().contains("not found"), "{}", stderr(&output));
    }
    assert_eq!(stdout(&output).lines().count(), 1);
    assert!(stdout(&output).contains(known.as_str()));
    assert_eq!(files(&home.path().join("out")).len(), 1);
}

#[test]
fn a_disabled_permission_names_both_ways_to_enable_it() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    emulator.set_application_downloads(APP_ID, false);
    emulator.set_organization_downloads(APP_ID, ORGANIZATION, None);
    let flows = emulator.completed_flows();
    let output = download(&home, &emulator.endpoint()).args(&flows[..2]).output().unwrap();
    refused(&output, &["UnauthorizedOperationDownload", "sub-organi", "platform"]);
    assert_eq!(files(home.path()).len(), 0);
}

#[test]
fn a_wrong_key_is_not_a_partial_success() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    let mut command = download(&home, &emulator.endpoint());
    let output =
        command.env("TENCENTCLOUD_SECRET_KEY", "wrong-key").args(&flows[..1]).output().unwrap();
    refused(&output, &["AuthFailure.SignatureFailure", "; "]);
    assert!(!stderr(&output).contains("wrong-key"));
    assert_eq!(files(home.path()).len(), 0);
}

/// Responds that every contract is signed, with links to files on the same server.
fn links(seen: &support::server::Seen, address: std::net::SocketAddr) -> Answer {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let ids = body["FlowIds"].as_array().unwrap();
    if seen.header("x-tc-action") == "DescribeFlowDetailInfo" {
        let approvers = serde_json::json!([{ "ApproveTime": 1_600_000_000 }]);
        let infos: Vec<Value> = ids
            .iter()
            .map(|id| serde_json::json!({ "FlowId": id, "FlowStatus": "ALL", "FlowApproverInfos": approvers }))
            .collect();
        let response = serde_json::json!({ "Response": { "FlowInfo": infos, "RequestId": "r-1" } });
        return answer(200, "application/json", response.to_string());
    }
    let infos: Vec<Value> = ids
        .iter()
        .map(|id| {
            let url = format!("http://{address}/file/{}?hkey=SECRETLINKKEY", id.as_str().unwrap());
            let resource = serde_json::json!({ "Url": url, "Name": "合同,1.pdf", "Type": "PDF" });
            serde_json::json!({ "FlowId": id, "ResourceUrlInfos": [resource] })
        })
        .collect();
    let errors = vec![""; ids.len()];
    let response = serde_json::json!({ "Response": {
        "FlowResourceUrlInfos": infos, "ErrorMessages": errors, "RequestId": "r-1"
    }});
    answer(200, "application/json", response.to_string())
}

#[test]
fn links_without_a_file() {
    // Each case waits between its attempts.
    std::thread::scope(|scope| {
        for (status, kind, body, words) in [
            (403, "text/plain", "denied", "403"),
            (200, "text/html", "<html>please log in</html>", "web page"),
            (200, "application/pdf", "", "empty"),
        ] {
            scope.spawn(move || link_without_a_file(status, kind, body, words));
        }
    });
}

fn link_without_a_file(status: u16, kind: &'static str, body: &'static str, words: &str) {
    let home = TempDir::new().unwrap();
    let server = Server::start(move |seen, address| match seen.line.starts_with("POST") {
        true => links(seen, address),
        false => answer(status, kind, body),
    });
    let output = download(&home, &server.url()).arg("yDwA").output().unwrap();
    let error = stderr(&output);
    assert_eq!(code(&output), 2, "{error}");
    let line = error.lines().find(|line| line.contains("yDwA")).unwrap();
    assert!(line.contains(words), "{error}");
    assert!(!error.contains("SECRETLINKKEY") && !stdout(&output).contains("SECRETLINKKEY"));
    assert_eq!(files(&home.path().join("out")), BTreeSet::new());
}

#[test]
fn links_to_other_servers_require_an_allowlist_entry() {
    const PDF: &str = "%PDF-1.7\n...\n%%EOF\n";
    let elsewhere = Server::start(|_, _| answer(200, "application/pdf", PDF));
    let address = elsewhere.address;
    let server = Server::start(move |seen, _| links(seen, address));
    let host = format!("http://{address}");
    for name in ["download", "archive"] {
        let home = TempDir::new().unwrap();
        let run = |arguments: &[&str]| {
            let mut command = to_files(name, &home, &server.url());
            command.args(arguments).arg("yDwA").output().unwrap()
        };
        let any_state: &[&str] = if name == "archive" { &["--any-state"] } else { &[] };
        let output = run(any_state);
        let told = stderr(&output) + &stdout(&output);
        assert_eq!(code(&output), 2, "{told}");
        assert!(told.contains(&format!("--link-host {host}")), "{told}");
        assert!(!told.contains("SECRETLINKKEY"), "{told}");
        let output = run(&[any_state, &["--link-host", &host]].concat());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let output = run(&[any_state, &["--link-host", "ftp://h"]].concat());
        refused(&output, &["invalid host", "*.DOMAIN"]);
    }
    assert_eq!(elsewhere.seen().len(), 2);
}

/// The shell's limit of the file size simulates a full disk.
#[cfg(unix)]
#[test]
fn a_file_that_does_not_fit_leaves_no_part() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().with_min_pdf_bytes(1 << 20).start().unwrap();
    let flow = &emulator.completed_flows()[0];
    let made = download(&home, &emulator.endpoint());
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"]).arg(made.get_program());
    command.args(made.get_args()).arg(flow).current_dir(home.path()).env_clear();
    command.envs(made.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    let error = stderr(&output);
    assert_ne!(code(&output), 0, "{error}");
    assert!(error.contains("File too large"), "{error}");
    assert_eq!(files(&home.path().join("out")), BTreeSet::new());
}

#[cfg(unix)]
#[test]
fn an_interrupted_download_leaves_no_file() {
    let home = TempDir::new().unwrap();
    // Half of a file, then a stall.
    let stalled = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = stalled.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in stalled.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 1024];
            let _ = std::io::Read::read(&mut stream, &mut head);
            let text = "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 999999\r\n\r\n%PDF-1.7\n";
            std::io::Write::write_all(&mut stream, text.as_bytes()).unwrap();
            std::io::Write::write_all(&mut stream, &[b'x'; 200_000]).unwrap();
            held.push(stream);
        }
    });
    let server = Server::start(move |seen, _| links(seen, address));
    let mut command = download(&home, &server.url());
    command.args(["--link-host", &format!("http://{address}")]);
    let child = start(command.arg("yDwA"));
    let out = home.path().join("out");
    let arrives = || files(&out).iter().any(|f| f.metadata().is_ok_and(|data| data.len() > 0));
    until("the first half", arrives);
    child.signal("INT");
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    let left = files(&out);
    assert!(left.iter().all(|file| file.extension().is_none_or(|e| e != "pdf")), "{left:?}");
}

#[test]
fn a_closed_stdout_does_not_stop_a_download() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = download(&home, &emulator.endpoint());
    let output = command.args(&flows[..3]).stdout(writer).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(files(&home.path().join("out")).len(), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_one_error() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    let flows = emulator.completed_flows();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for json in [&[][..], &["--json"]] {
        let mut command = download(&home, &emulator.endpoint());
        let output = command.args(&flows[..3]).args(json).stdout(full()).output().unwrap();
        let error = stderr(&output);
        assert_eq!(code(&output), 1, "{error}");
        assert_eq!(error.matches("stdout cannot be written").count(), 1, "{error}");
        assert_eq!(error.matches("error: ").count(), 1, "{error}");
        assert_eq!(files(&home.path().join("out")).len(), 3);
    }
}
