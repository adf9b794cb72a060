//! Archives in folders that other jobs and users write to.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::path::Path;
use std::process::Command;

use essbasic_emulator::{
    APP_ID, Emulator, Fault, FaultKind, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY,
};
use tempfile::TempDir;

use crate::support::child::{Running, start};
use crate::support::{code, essbasic, refused, stderr, stdout, until};

/// Completed contracts of one name, and a file of their IDs.
fn emulator(home: &Path, count: usize) -> Emulator {
    let emulator =
        Emulator::builder().with_rate_limit(None).with_min_pdf_bytes(30_000).start().unwrap();
    let ids: Vec<String> = (0..count).map(|n| format!("yDwA{n:028}")).collect();
    for id in &ids {
        let mut flow = NewFlow::new(APP_ID, ORGANIZATION, id);
        flow.file_name = "合同.pdf".into();
        emulator.create_flow(flow);
        emulator.sign(id, None).unwrap();
        emulator.sign(id, None).unwrap();
    }
    std::fs::write(home.join("ids.txt"), ids.join("\n")).unwrap();
    emulator
}

fn command(home: &Path, emulator: &Emulator, name: &str) -> Command {
    let mut command = essbasic(home);
    command
        .args([name, "--endpoint", &emulator.endpoint(), "--app-id", APP_ID])
        .args(["--organization", ORGANIZATION, "--operator", OPERATOR])
        .args(["--flows", "ids.txt", "--out", "out"])
        .env("TENCENTCLOUD_SECRET_ID", SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY);
    command
}

fn archive(home: &Path, emulator: &Emulator) -> Command {
    let mut command = command(home, emulator, "archive");
    command.arg("--any-state");
    command
}

fn files(home: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(home.join("out")) else { return vec![] };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

#[test]
fn jobs_that_share_a_folder_save_every_contract_under_a_unique_name() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 400);
    let job = |part: &str, names: &str| -> Running {
        let journal = format!("j.{part}");
        let mut command = archive(home.path(), &emulator);
        command.args(["--shard", &format!("{part}/2"), "--journal", &journal, "--names", names]);
        start(&mut command)
    };
    for part in ["1", "2"] {
        let output = job(part, "{name}").wait_with_output().unwrap();
        refused(&output, &["--names", "{flow_id}"]);
    }
    assert!(files(home.path()).is_empty() && emulator.stats().calls.is_empty());
    // Concurrently, with journals whose names differ in the extension only.
    for job in ["1", "2"].map(|part| job(part, "{name} {flow_id}")) {
        let output = job.wait_with_output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
    }
    assert_eq!(files(home.path()).len(), 400);
    assert!(emulator.stats().downloads.values().all(|&times| times == 1));
}

#[test]
fn a_file_of_the_user_is_never_replaced() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 3);
    let out = home.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let by_id = format!("合同-yDwA{:028}.pdf", 1);
    for name in ["合同.pdf", "合同 (3).pdf", &by_id] {
        std::fs::write(out.join(name), "mine").unwrap();
    }
    let unchanged = || {
        ["合同.pdf", "合同 (3).pdf", &by_id]
            .iter()
            .all(|name| std::fs::read(out.join(name)).unwrap() == b"mine")
    };
    for run in 0..2 {
        let output = archive(home.path(), &emulator).output().unwrap();
        assert_eq!(code(&output), 2, "{run}: {}", stderr(&output));
        assert!(stdout(&output).contains("  exists             1"), "{}", stdout(&output));
        assert!(unchanged());
    }
    assert_eq!(files(home.path()).len(), 5);
    std::fs::remove_file(out.join(".essbasic-archive.jsonl")).unwrap();
    // The files of the earlier run have the content of the contracts.
    let output = archive(home.path(), &emulator).output().unwrap();
    assert!(stdout(&output).contains("saved                2"), "{}", stdout(&output));
    std::fs::remove_file(out.join(".essbasic-archive.jsonl")).unwrap();
    let mut by_name = archive(home.path(), &emulator);
    let output = by_name.args(["--names", "{name}"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(unchanged());
    let names = files(home.path());
    for name in ["合同 (2).pdf", "合同 (4).pdf", "合同 (5).pdf"] {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
}

#[test]
fn other_files_next_to_a_journal_are_kept() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 2);
    let others = ["x.new", "x.lock", "x.jsonl.new", "x"];
    for name in others {
        std::fs::write(home.path().join(name), name).unwrap();
    }
    for _ in 0..2 {
        let output = archive(home.path(), &emulator).args(["--journal", "x.jsonl"]).output();
        let output = output.unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
    }
    for name in others {
        assert_eq!(std::fs::read_to_string(home.path().join(name)).unwrap(), name);
    }
}

#[test]
fn an_archive_keeps_the_temporary_files_of_a_running_download() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 12);
    // The first downloads take a second each.
    emulator.set_faults([Fault::new(FaultKind::Drip).with_action("download").with_times(8)], 1);
    let out = home.path().join("out");
    let parts = || {
        let entries = std::fs::read_dir(&out).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".part")).count()
    };
    let download = start(&mut command(home.path(), &emulator, "download"));
    until("files on their way", || parts() >= 4);
    // An orphan of a killed process.
    std::fs::write(out.join(".essbasic-00.part"), "half").unwrap();
    let output = archive(home.path(), &emulator).output().unwrap();
    assert!(!out.join(".essbasic-00.part").exists());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let output = download.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!((files(home.path()).len(), parts()), (12, 0));
}

/// Links, FIFOs and folders in place of a journal or its lock: no file outside changes, and nothing hangs.
#[cfg(unix)]
#[test]
fn planted_journals_and_locks_are_refused_at_once() {
    let fifo = |at: &Path| assert!(Command::new("mkfifo").arg(at).status().unwrap().success());
    let link = |at: &Path, to: &Path| std::os::unix::fs::symlink(to, at).unwrap();
    for place in [".essbasic-archive.jsonl", ".essbasic-archive.jsonl.lock"] {
        for plant in ["link", "dangling", "fifo", "folder"] {
            let home = TempDir::new().unwrap();
            let emulator = emulator(home.path(), 1);
            let (out, victim) = (home.path().join("out"), home.path().join("victim"));
            std::fs::create_dir(&out).unwrap();
            let at = out.join(place);
            match plant {
                "link" => {
                    std::fs::write(&victim, "precious").unwrap();
                    link(&at, &victim);
                }
                "dangling" => link(&at, &victim),
                "fifo" => fifo(&at),
                _ => std::fs::create_dir(&at).unwrap(),
            }
            let mut child = start(&mut archive(home.path(), &emulator));
            until("the command ends", || child.try_wait().unwrap().is_some());
            let output = child.wait_with_output().unwrap();
            refused(&output, &[".essbasic-archive.jsonl"]);
            assert_eq!(victim.exists(), plant == "link", "{place} {plant}");
            if plant == "link" {
                assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
            }
            assert!(files(home.path()).is_empty() && emulator.stats().calls.is_empty());
        }
    }
    // Names of earlier versions have no meaning.
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 1);
    let (out, victim) = (home.path().join("out"), home.path().join("victim"));
    std::fs::create_dir(&out).unwrap();
    std::fs::write(&victim, "precious").unwrap();
    link(&out.join(".essbasic-archive.new"), &victim);
    link(&out.join(".essbasic-archive.lock"), &home.path().join("elsewhere"));
    assert_eq!(code(&archive(home.path(), &emulator).output().unwrap()), 0);
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    assert!(!home.path().join("elsewhere").exists());
}
