//! `essbasic archive`: kills, interrupts and reruns.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use essbasic_emulator::{APP_ID, Emulator, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::{code, essbasic, refused, stderr, stdout, until};

/// An emulator with `count` contracts that were completed long ago, and a file of their IDs.
fn emulator(home: &Path, count: usize) -> (Emulator, Vec<String>) {
    let emulator =
        Emulator::builder().with_rate_limit(None).with_min_pdf_bytes(60_000).start().unwrap();
    let ids: Vec<String> = (0..count).map(|n| format!("yDwA{n:028}")).collect();
    for id in &ids {
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
        emulator.sign(id, None).unwrap();
        emulator.sign(id, None).unwrap();
    }
    std::fs::write(home.join("ids.txt"), ids.join("\n")).unwrap();
    (emulator, ids)
}

fn archive(home: &Path, emulator: &Emulator) -> Command {
    let mut command = essbasic(home);
    command
        .args(["archive", "--endpoint", &emulator.endpoint(), "--app-id", APP_ID])
        .args(["--organization", ORGANIZATION, "--operator", OPERATOR])
        .args(["--flows", "ids.txt", "--out", "out", "--any-state"])
        .env("TENCENTCLOUD_SECRET_ID", SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY);
    command
}

/// The contracts that the journal lists as saved.
fn journaled(home: &Path) -> Vec<String> {
    let text = std::fs::read(home.join("out/.essbasic-archive.jsonl")).unwrap_or_default();
    let text = String::from_utf8(text).unwrap();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let records = whole.skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    let results = records.filter(|record| record.get("intent").is_none());
    results.map(|record| record["flow_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_killed_archive_loses_nothing_and_fetches_nothing_twice() {
    let home = TempDir::new().unwrap();
    let (emulator, ids) = emulator(home.path(), 400);
    let downloads = || emulator.stats().downloads;
    // Files that must not be fetched again, with the number of downloads.
    let mut done: BTreeMap<String, u64> = BTreeMap::new();
    for kill in 1..=8 {
        let mut child = start(&mut archive(home.path(), &emulator));
        let wanted = downloads().values().sum::<u64>() + 7 * kill;
        until("a few downloads more", || {
            downloads().values().sum::<u64>() >= wanted || child.try_wait().unwrap().is_some()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        let fetched = downloads();
        for id in journaled(home.path()) {
            let times = fetched[&id];
            assert_eq!(*done.entry(id).or_insert(times), times);
        }
    }
    assert!(done.len() > 20 && done.len() < 400, "{}", done.len());
    let output = archive(home.path(), &emulator).args(["--report", "r.json"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let fetched = downloads();
    for (id, times) in &done {
        assert_eq!(fetched[id], *times, "{id} was fetched again");
    }
    let mut files = 0;
    for entry in std::fs::read_dir(home.path().join("out")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(".essbasic-archive") {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        assert!(file.len() >= 60_000 && file.trim_ascii_end().ends_with(b"%%EOF"), "{name}");
        assert!(ids.iter().any(|id| name.ends_with(&format!("-{id}.pdf"))), "{name}");
        files += 1;
    }
    assert_eq!(files, 400);
    let report: Value =
        serde_json::from_slice(&std::fs::read(home.path().join("r.json")).unwrap()).unwrap();
    assert_eq!(report["flows"].as_array().unwrap().len(), 400);
    assert!(stdout(&output).contains("done before"), "{}", stdout(&output));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_an_archive_after_the_downloads_in_flight() {
    let home = TempDir::new().unwrap();
    let (emulator, _) = emulator(home.path(), 400);
    let child = start(archive(home.path(), &emulator).args(["--concurrency", "2"]));
    until("a few downloads", || emulator.stats().downloads.len() > 5);
    child.signal("INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let table = stdout(&output);
    assert!(table.contains("run the same command again"), "{table}");
    let count = |row: &str| -> u64 {
        let line = table.lines().find(|line| line.starts_with(row)).unwrap_or_default();
        line[row.len()..].split_whitespace().next().map_or(0, |count| count.parse().unwrap())
    };
    assert_eq!(count("contracts"), 400, "{table}");
    assert_eq!(count("saved") + count("failed") + count("not started"), 400, "{table}");
    let files = std::fs::read_dir(home.path().join("out")).unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let (own, files): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with(".essbasic"));
    assert!(own.iter().all(|name| name.starts_with(".essbasic-archive")), "{own:?}");
    assert_eq!(files.len(), journaled(home.path()).len());
    assert!(files.len() < 400);
    assert_eq!(code(&archive(home.path(), &emulator).output().unwrap()), 0);
    assert!(emulator.stats().downloads.values().all(|times| *times == 1));
}

#[test]
fn failures_are_counted_by_kind() {
    let home = TempDir::new().unwrap();
    let (emulator, mut ids) = emulator(home.path(), 3);
    ids.insert(1, "nobodyhasit".to_owned());
    std::fs::write(home.path().join("ids.txt"), ids.join("\r\n")).unwrap();
    let output = archive(home.path(), &emulator).output().unwrap();
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    let table = stdout(&output);
    for line in
        ["contracts            4", "saved                3", "  not_found          1  such as: "]
    {
        assert!(table.contains(line), "{line} in {table}");
    }
    let printed = stderr(&output);
    assert!(printed.lines().any(|line| line.starts_with("nobodyhasit: not_found: ")), "{printed}");
}

#[test]
fn the_first_failed_contracts_are_printed() {
    let home = TempDir::new().unwrap();
    let (emulator, _) = emulator(home.path(), 0);
    let ids: Vec<String> = (0..25).map(|n| format!("nobody{n:02}")).collect();
    for (count, report, rest) in [
        (20, &[][..], None),
        (25, &[], Some("5 more contracts failed; --report FILE lists them")),
        (25, &["--report", "r.json"], Some("5 more contracts failed; r.json lists them")),
    ] {
        std::fs::write(home.path().join("ids.txt"), ids[..count].join("\n")).unwrap();
        let output = archive(home.path(), &emulator).args(report).output().unwrap();
        let printed = stderr(&output);
        assert_eq!(code(&output), 2, "{printed}");
        let failed = printed.lines().filter(|line| line.contains(": not_found: ")).count();
        assert_eq!(failed, 20, "{printed}");
        let more = printed.lines().find(|line| line.contains("more contracts failed"));
        assert_eq!(more, rest, "{printed}");
    }
}

/// The report of an earlier run is not mistaken for that of a job that could not go on.
#[test]
fn a_job_that_cannot_go_on_leaves_no_report_of_an_earlier_one() {
    let home = TempDir::new().unwrap();
    let (emulator, _) = emulator(home.path(), 2);
    let (report, journal) = ("r.json", "out/.essbasic-archive.jsonl");
    let run = |arguments: &[&str]| {
        let mut command = archive(home.path(), &emulator);
        code(&command.args(["--report", report]).args(arguments).output().unwrap())
    };
    let report = || std::fs::read(home.path().join(report)).ok();
    assert_eq!(run(&[]), 0);
    let first = report().unwrap();
    // Nothing has started.
    assert_ne!(run(&["--names", "{what}"]), 0);
    assert_eq!(report().unwrap(), first);
    std::fs::write(home.path().join(journal), "not a journal").unwrap();
    assert_eq!(run(&[]), 1);
    assert!(report().is_none());
    std::fs::remove_file(home.path().join(journal)).unwrap();
    assert_eq!(run(&[]), 0);
    assert!(report().is_some());
}

#[test]
fn errors_at_the_start_are_reported() {
    let home = TempDir::new().unwrap();
    let (emulator, _) = emulator(home.path(), 1);
    for (arguments, words) in [
        (["--shard", "3/2"], ["--shard", "such as 2/5"]),
        (["--names", "{what}"], ["unknown placeholder \"what\"", "{flow_id}"]),
        (["--journal", "ids.txt"], ["ids.txt", "not a journal"]),
    ] {
        refused(&archive(home.path(), &emulator).args(arguments).output().unwrap(), &words);
    }
    std::fs::write(home.path().join("ids.txt"), "a\nb,c\n").unwrap();
    let output = archive(home.path(), &emulator).output().unwrap();
    refused(&output, &["line 2 of ids.txt is not a flow ID"]);
    assert!(emulator.stats().calls.is_empty());
}
