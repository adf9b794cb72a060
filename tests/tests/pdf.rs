//! The main job end to end, its files judged by PDF tools that are not ours.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed assumption is a failed test"
)]

use std::process::{Command, Output};

use essbasic::credentials::Credential;
use essbasic::{Config, DownloadOptions, agent};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};

/// Runs a tool; `None` where it is not installed, which under CI is a failure.
fn run(tool: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(tool).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{tool} does not run: {error}");
            eprintln!("skipped: {tool} is not installed here");
            None
        }
    }
}

#[test]
fn downloaded_contracts_are_sound_pdfs_whose_text_reads_back() {
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
            let path = file.path.to_str().unwrap();
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
