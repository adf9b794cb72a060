//! Advice that fits the error.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::fs;
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use essbasic_emulator::{Emulator, Fault, FaultKind};
use tempfile::TempDir;

use crate::support::contracts::{from_file, write};
use crate::support::server::{Server, answer};
use crate::support::{code, essbasic_at, refused, stderr};

fn run(home: &TempDir, emulator: &Emulator, arguments: &[&str]) -> Output {
    essbasic_at(home.path(), &emulator.endpoint(), arguments).output().unwrap()
}

#[test]
fn an_upload_is_idempotent() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    fs::write(home.path().join("a.pdf"), "%PDF-1.7\n%%EOF\n").unwrap();
    write(&home, &[from_file("Up_1")]);
    for kind in [FaultKind::Reset, FaultKind::ResetBody, FaultKind::BadGateway] {
        for arguments in [["upload", "a.pdf"], ["start", "c.json"]] {
            emulator.set_faults([Fault::new(kind).with_action("UploadFiles")], 0);
            let output = run(&home, &emulator, &arguments);
            let error = stderr(&output);
            assert_eq!(code(&output), 2, "{kind}: {error}");
            assert!(!error.contains("unknown"), "{kind}: {error}");
            assert!(!error.contains("query the service"), "{kind}: {error}");
        }
    }
    emulator.set_faults([], 0);
    assert_eq!(code(&run(&home, &emulator, &["upload", "a.pdf"])), 0);
    assert_eq!(code(&run(&home, &emulator, &["start", "c.json"])), 0);
}

#[test]
fn the_advice_fits_the_answer_of_a_proxy() {
    let home = TempDir::new().unwrap();
    for (status, advice) in [
        (502, "the proxy cannot reach the server"),
        (503, "the proxy cannot reach the server"),
        (504, "the proxy cannot reach the server"),
        (403, "check the user and password of the proxy"),
        (407, "check the user and password of the proxy"),
    ] {
        let proxy = Server::start(move |_, _| answer(status, "text/html", "<h1>no</h1>"));
        let endpoint = "https://essbasic.tencentcloudapi.com";
        let arguments = ["status", "yDA", "--proxy", &proxy.url(), "--call-timeout", "5s"];
        let mut command = essbasic_at(home.path(), endpoint, &arguments);
        let output = command.env_remove("NO_PROXY").output().unwrap();
        refused(&output, &[advice, &status.to_string()]);
    }
}

/// A cleaner that removes temporary files: the file is fetched again, and the error names the cause.
#[test]
fn a_temporary_file_that_another_program_removes_is_named() {
    let home = TempDir::new().unwrap();
    let emulator = Emulator::builder().start().unwrap();
    // A transfer takes a second.
    emulator.set_faults([Fault::new(FaultKind::Drip).with_action("download")], 0);
    let flow = &emulator.completed_flows()[0];
    let out = home.path().join("out");
    fs::create_dir(&out).unwrap();
    let (ended, cleaned) = (AtomicBool::new(false), AtomicUsize::new(0));
    let clean = || {
        for entry in fs::read_dir(&out).unwrap().flatten() {
            if entry.file_name().to_string_lossy().ends_with(".part") {
                let removed = fs::remove_file(entry.path());
                cleaned.fetch_add(usize::from(removed.is_ok()), Ordering::SeqCst);
            }
        }
    };
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                clean();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let output = run(&home, &emulator, &["download", flow, "--out", "out"]);
        ended.store(true, Ordering::SeqCst);
        output
    });
    let error = stderr(&output);
    assert_eq!(code(&output), 2, "{error}");
    assert!(cleaned.load(Ordering::SeqCst) > 1, "it was not fetched again");
    for words in [
        "another program removed or changed the temporary file",
        "keep other programs from changing files named .essbasic-*.part",
    ] {
        assert!(error.contains(words), "{error}");
    }
    emulator.set_faults([], 0);
    assert_eq!(code(&run(&home, &emulator, &["download", flow, "--out", "out"])), 0);
}
