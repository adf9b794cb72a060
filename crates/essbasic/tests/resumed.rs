//! Archives in a folder that were killed, stopped or tampered with, and go on; each case in both clients.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic::{ArchiveOptions, ArchiveReport, DownloadEvent, Error, Stop};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION};
use support::{Driver, config, the_agent};

const COUNT: usize = 120;

/// Contracts of one name, signed by all and composed long since, and their IDs.
fn emulator() -> (Emulator, Vec<String>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let emulator = Emulator::builder().rate_limit(None).manual_clock(now - 60);
    let emulator = emulator.start().unwrap();
    let ids: Vec<String> = (0..COUNT).map(|n| format!("yDwA{n:028}")).collect();
    for id in &ids {
        let mut flow = NewFlow::new(APP_ID, ORGANIZATION, id);
        flow.file_name = "合同.pdf".into();
        emulator.create_flow(flow);
        emulator.sign(id, None).unwrap();
        emulator.sign(id, None).unwrap();
    }
    emulator.advance(Duration::from_secs(60));
    (emulator, ids)
}

impl Driver {
    fn archive<I>(&self, ids: I, options: &ArchiveOptions) -> Result<ArchiveReport, Error>
    where
        I: IntoIterator<Item = String>,
        I::IntoIter: Send + 'static,
    {
        call!(self, archive(ids, &options.clone().skip_status_check()))
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.map(|entry| {
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    });
    files.filter(|(name, _)| !name.starts_with(".essbasic-archive")).collect()
}

/// Leaves of the journal what a job has written that was killed before it wrote these results.
fn forget_results(folder: &Path, forget: impl Fn(&str) -> bool) {
    let path = folder.join(".essbasic-archive.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().enumerate();
    let kept = lines.filter(|(at, line)| *at == 0 || line.contains("\"intent\"") || !forget(line));
    let kept: Vec<_> = kept.map(|(_, line)| format!("{line}\n")).collect();
    std::fs::write(path, kept.concat()).unwrap();
}

#[test]
fn files_that_the_journal_intended_are_fetched_again_under_their_names() {
    for driver in [0, 1] {
        for names in ["{name}-{flow_id}", "{name}", "{date} {name}"] {
            let (emulator, ids) = emulator();
            let client = &Driver::both(&config(&emulator), &the_agent())[driver];
            let folder = tempfile::tempdir().unwrap();
            let options = ArchiveOptions::to(folder.path()).with_names(names.parse().unwrap());
            let report = client.archive(ids.clone(), &options).unwrap();
            let whole = files(folder.path());
            assert_eq!(whole.len(), COUNT, "{names}");
            let owners = |report: &ArchiveReport| -> BTreeMap<String, Vec<(String, u64)>> {
                let flows = report.flows().unwrap().map(Result::unwrap);
                flows.map(|flow| (flow.flow_id, flow.files)).collect()
            };
            let first = owners(&report);
            // Some are forgotten: of them one file is gone, and one cut off.
            forget_results(folder.path(), |line| line.contains("0\",\"files\""));
            let forgotten: Vec<_> = first.iter().filter(|(id, _)| id.ends_with('0')).collect();
            let path = |at: usize| folder.path().join(&forgotten[at].1[0].0);
            std::fs::remove_file(path(0)).unwrap();
            std::fs::write(path(1), "%PDF").unwrap();
            let report = client.archive(ids.clone(), &options).unwrap();
            assert_eq!(report.saved, forgotten.len() as u64, "{names}");
            assert_eq!((report.already + report.saved, report.failed), (COUNT as u64, 0));
            assert_eq!(owners(&report), first, "{names}");
            assert!(files(folder.path()) == whole, "{names}");
        }
    }
}

/// A file of a finished contract, and what a run makes of it without and with verification.
#[test]
fn what_differs_is_fetched_again_under_its_name() {
    for driver in [0, 1] {
        let (emulator, ids) = emulator();
        let client = &Driver::both(&config(&emulator), &the_agent())[driver];
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path()).with_names("{name}".parse().unwrap());
        client.archive(ids.clone(), &options).unwrap();
        let whole = files(folder.path());
        let names: Vec<_> = whole.keys().map(|name| folder.path().join(name)).collect();
        let damage = || {
            let mut flipped = std::fs::read(&names[0]).unwrap();
            flipped[100] = flipped[100].wrapping_add(1);
            std::fs::write(&names[0], flipped).unwrap();
            std::fs::write(&names[1], "short").unwrap();
            std::fs::remove_file(&names[2]).unwrap();
        };
        damage();
        let report = client.archive(ids.clone(), &options).unwrap();
        assert_eq!((report.already, report.saved), (COUNT as u64 - 2, 2), "by length");
        damage();
        let report = client.archive(ids.clone(), &options.clone().with_verify()).unwrap();
        assert_eq!((report.already, report.saved), (COUNT as u64 - 3, 3), "by content");
        assert!(files(folder.path()) == whole);
        // Two exchanged: each has the length of the other.
        let [one, other] = [0, 1].map(|at| std::fs::read(&names[at]).unwrap());
        if one.len() == other.len() {
            std::fs::write(&names[0], &other).unwrap();
            std::fs::write(&names[1], &one).unwrap();
            let report = client.archive(ids.clone(), &options.with_verify()).unwrap();
            assert_eq!(report.saved, 2);
            assert!(files(folder.path()) == whole);
        }
    }
}

#[test]
fn a_stopped_archive_accounts_for_every_contract() {
    for driver in [0, 1] {
        for (after, bounded) in [(0, true), (1, true), (30, true), (30, false)] {
            let (emulator, mut ids) = emulator();
            ids.insert(3, "unknown".to_owned());
            ids.insert(50, ids[0].clone());
            let client = &Driver::both(&config(&emulator), &the_agent())[driver];
            let folder = tempfile::tempdir().unwrap();
            let (stop, seen) = (Stop::default(), AtomicU64::new(0));
            let stopper = stop.clone();
            let options = ArchiveOptions::to(folder.path())
                .with_concurrency(2)
                .with_stop(stop)
                .on_event(move |event| {
                    if matches!(event, DownloadEvent::Started { .. })
                        && seen.fetch_add(1, Ordering::SeqCst) == after
                    {
                        stopper.stop();
                    }
                });
            let report = match bounded {
                true => client.archive(ids.clone(), &options),
                // It has no upper bound, as a channel has none.
                false => {
                    let mut ids = ids.clone().into_iter();
                    client.archive(std::iter::from_fn(move || ids.next()), &options)
                }
            };
            let report = report.unwrap();
            let sum = report.already + report.saved + report.failed + report.not_started;
            assert_eq!(report.total, sum, "{report:?}");
            assert_eq!(report.total == COUNT as u64 + 1, bounded, "{report:?}");
            assert!(report.stopped && report.not_started > 0, "{report:?}");
            assert_eq!(files(folder.path()).len() as u64, report.saved);
            let mut json = Vec::new();
            report.write_json(&mut json).unwrap();
            let document: serde_json::Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(document["summary"]["not_started"], report.not_started);
            let listed = document["flows"].as_array().unwrap().len() as u64;
            assert_eq!(listed, report.already + report.saved + report.failed);
        }
    }
}

#[test]
fn a_job_that_is_stopped_before_it_begins_changes_nothing() {
    for driver in [0, 1] {
        let (emulator, ids) = emulator();
        let client = &Driver::both(&config(&emulator), &the_agent())[driver];
        let folder = tempfile::tempdir().unwrap();
        client.archive(ids.clone(), &ArchiveOptions::to(folder.path())).unwrap();
        let journal = folder.path().join(".essbasic-archive.jsonl");
        let (before, stop) = (std::fs::read(&journal).unwrap(), Stop::default());
        stop.stop();
        let options = ArchiveOptions::to(folder.path()).with_stop(stop).with_verify();
        let error = client.archive(ids, &options).unwrap_err();
        assert!(matches!(error, Error::Stopped), "{error}");
        assert!(std::fs::read(&journal).unwrap() == before);
    }
}

/// In a journal of an earlier version two jobs may list one file as theirs.
#[test]
fn in_a_shared_place_a_file_of_an_earlier_version_must_name_its_contract() {
    for driver in [0, 1] {
        let (emulator, ids) = emulator();
        let ids = ids[..4].to_vec();
        let client = &Driver::both(&config(&emulator), &the_agent())[driver];
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join(".essbasic-archive-2.jsonl");
        let own = ArchiveOptions::to(folder.path()).with_names("{name}".parse().unwrap());
        client.archive(ids.clone(), &own).unwrap();
        let old = std::fs::read_to_string(folder.path().join(".essbasic-archive.jsonl")).unwrap();
        let lines = old.lines().filter(|line| !line.contains("\"intent\""));
        let lines = lines.map(|line| line.replace("archive\":2", "archive\":1") + "\n");
        std::fs::write(&journal, lines.collect::<String>()).unwrap();
        let before = files(folder.path());
        let shared = ArchiveOptions::to(folder.path()).with_journal(&journal);
        let report = client.archive(ids, &shared).unwrap();
        assert_eq!((report.already, report.saved), (0, 4));
        let after = files(folder.path());
        assert!(before.iter().all(|(name, file)| after[name] == *file));
        assert!(report.flows().unwrap().all(|flow| {
            let flow = flow.unwrap();
            flow.files[0].0.contains(&flow.flow_id)
        }));
    }
}
