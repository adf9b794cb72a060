//! Downloads end to end, with the files checked by external PDF tools.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a panic fails the test"
)]

use std::path::Path;
use std::process::{Command, Output};

use essbasic::credentials::Credential;
use essbasic::{Config, DownloadOptions, agent};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};

/// Runs a tool; returns `None` if it is not installed. Under CI that fails the test.
fn run(tool: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(tool).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{tool} does not run: {error}");
            eprintln!("SKIPPED: {tool} is not installed");
            None
        }
    }
}

#[test]
fn downloaded_contracts_are_valid_pdfs_with_extractable_text() {
    let emulator = Emulator::builder().start().unwrap();
    let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(&emulator.endpoint())
        .unwrap();
    let agent = agent(APP_ID, ORGANIZATION, OPERATOR);
    let client = essbasic::blocking::Client::new(config, agent).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let flows = emulator.completed_flows();
    let report = client.download(flows, &DownloadOptions::to(folder.path())).unwrap();
    assert!(report.is_complete() && report.flows.len() == 14);
    for flow in &report.flows {
        for file in &flow.files {
            let path = file.path.as_deref().and_then(Path::to_str).unwrap();
            let Some(checked) = run("qpdf", &["--check", path]) else { return };
            assert!(checked.status.success(), "{path}: {checked:?}");
            let Some(text) = run("pdftotext", &[path, "-"]) else { return };
            let text = String::from_utf8(text.stdout).unwrap();
            for expected in [flow.flow_id.as_str(), "合同编号", "全部签署完成"] {
                assert!(text.contains(expected), "{expected} is not in {path}: {text}");
            }
        }
    }
}
