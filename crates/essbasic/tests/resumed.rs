//! Archives in a folder that are resumed after a kill, a stop or changes to files, with both clients.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic::{ArchiveOptions, ArchiveReport, DownloadEvent, Error, FlowId, Stop};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION};

use crate::support::{Driver, config, the_agent};

const COUNT: usize = 120;

/// Starts an emulator with contracts of the same name, signed by every party long ago, and returns their flow IDs.
fn emulator() -> (Emulator, Vec<String>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let emulator = Emulator::builder().with_rate_limit(None).with_manual_clock(now - 60);
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
    fn resume<I>(&self, ids: I, options: &ArchiveOptions) -> Result<ArchiveReport, Error>
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

/// Removes results from the journal, as if the job had been killed before it wrote them.
fn remove_results(folder: &Path, remove: impl Fn(&str) -> bool) {
    let path = folder.join(".essbasic-archive.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().enumerate();
    let kept = lines.filter(|(at, line)| *at == 0 || line.contains("\"intent\"") || !remove(line));
    let kept: Vec<_> = kept.map(|(_, line)| format!("{line}\n")).collect();
    std::fs::write(path, kept.concat()).unwrap();
}

#[test]
fn downloads_intended_files_again_with_their_names() {
    for driver in [0, 1] {
        for names in ["{name}-{flow_id}", "{name}", "{date} {name}"] {
            let (emulator, ids) = emulator();
            let client = &Driver::both(&config(&emulator), &the_agent())[driver];
            let folder = tempfile::tempdir().unwrap();
            let options = ArchiveOptions::to(folder.path()).with_names(names.parse().unwrap());
            let report = client.resume(ids.clone(), &options).unwrap();
            let expected = files(folder.path());
            assert_eq!(expected.len(), COUNT, "{names}");
            let owners = |report: &ArchiveReport| -> BTreeMap<FlowId, Vec<(String, u64)>> {
                let flows = report.flows().unwrap().map(Result::unwrap);
                flows.map(|flow| (flow.flow_id, flow.files)).collect()
            };
            let first = owners(&report);
            // Some results are missing. One of their files is deleted, and one is truncated.
            remove_results(folder.path(), |line| line.contains("0\",\"files\""));
            let removed: Vec<_> =
                first.iter().filter(|(id, _)| id.as_str().ends_with('0')).collect();
            let path = |at: usize| folder.path().join(&removed[at].1[0].0);
            std::fs::remove_file(path(0)).unwrap();
            std::fs::write(path(1), "%PDF").unwrap();
            let report = client.resume(ids.clone(), &options).unwrap();
            assert_eq!(report.saved, removed.len() as u64, "{names}");
            assert_eq!((report.already + report.saved, report.failed), (COUNT as u64, 0));
            assert_eq!(owners(&report), first, "{names}");
            assert!(files(folder.path()) == expected, "{names}");
        }
    }
}

/// Changed files of saved contracts, without and with verification.
#[test]
fn downloads_changed_files_again_with_their_names() {
    for driver in [0, 1] {
        let (emulator, ids) = emulator();
        let client = &Driver::both(&config(&emulator), &the_agent())[driver];
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path()).with_names("{name}".parse().unwrap());
        client.resume(ids.clone(), &options).unwrap();
        let expected = files(folder.path());
        let names: Vec<_> = expected.keys().map(|name| folder.path().join(name)).collect();
        let damage = || {
            let mut flipped = std::fs::read(&names[0]).unwrap();
            flipped[100] = flipped[100].wrapping_add(1);
            std::fs::write(&names[0], flipped).unwrap();
            std::fs::write(&names[1], "short").unwrap();
            std::fs::remove_file(&names[2]).unwrap();
        };
        damage();
        let report = client.resume(ids.clone(), &options).unwrap();
        assert_eq!((report.already, report.saved), (COUNT as u64 - 2, 2), "by length");
        damage();
        let report = client.resume(ids.clone(), &options.clone().with_verify()).unwrap();
        assert_eq!((report.already, report.saved), (COUNT as u64 - 3, 3), "by content");
        assert!(files(folder.path()) == expected);
        // Two files of the same length are exchanged.
        let [first, second] = [0, 1].map(|at| std::fs::read(&names[at]).unwrap());
        if first.len() == second.len() {
            std::fs::write(&names[0], &second).unwrap();
            std::fs::write(&names[1], &first).unwrap();
            let report = client.resume(ids.clone(), &options.with_verify()).unwrap();
            assert_eq!(report.saved, 2);
            assert!(files(folder.path()) == expected);
        }
    }
}

#[test]
fn the_report_of_a_stopped_archive_counts_every_contract() {
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
                true => client.resume(ids.clone(), &options),
                // An iterator without upper bound, such as that of a channel.
                false => {
                    let mut ids = ids.clone().into_iter();
                    client.resume(std::iter::from_fn(move || ids.next()), &options)
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

/// The journal still lists the contracts, and the next run verifies their files.
#[test]
fn a_job_that_is_stopped_before_or_during_its_verification_counts_the_contracts() {
    for driver in [0, 1] {
        let (emulator, ids) = emulator();
        let ids = ids[..10].to_vec();
        let client = &Driver::both(&config(&emulator), &the_agent())[driver];
        let folder = tempfile::tempdir().unwrap();
        // The journal lists contracts that this job does not archive.
        client.resume(ids[..8].to_vec(), &ArchiveOptions::to(folder.path())).unwrap();
        let before = files(folder.path());
        let first = folder.path().join(before.keys().next().unwrap());
        std::fs::write(&first, vec![0; before.values().next().unwrap().len()]).unwrap();
        let changed = files(folder.path());
        for verify in [false, true] {
            let stop = Stop::default();
            stop.stop();
            let mut options = ArchiveOptions::to(folder.path()).with_stop(stop);
            options.verify = verify;
            let report = client.resume(ids[2..].to_vec(), &options).unwrap();
            assert!(report.stopped && !report.is_complete(), "{report:?}");
            let counts = (report.already, report.unverified, report.not_started);
            assert_eq!((report.total, counts), (8, (6, 6, 2)), "{report:?}");
            assert!(files(folder.path()) == changed);
        }
        let options = ArchiveOptions::to(folder.path()).with_verify();
        let report = client.resume(ids, &options).unwrap();
        let counts = (report.already, report.unverified, report.saved);
        assert_eq!(counts, (7, 0, 3), "{report:?}");
        let after = files(folder.path());
        assert!(before.iter().all(|(name, file)| after[name] == *file));
    }
}

/// Journals of two jobs of version 1 may list the same file.
#[test]
fn adopts_files_of_version_1_in_a_shared_folder_only_by_flow_id() {
    for driver in [0, 1] {
        let (emulator, ids) = emulator();
        let ids = ids[..4].to_vec();
        let client = &Driver::both(&config(&emulator), &the_agent())[driver];
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join(".essbasic-archive-2.jsonl");
        let own = ArchiveOptions::to(folder.path()).with_names("{name}".parse().unwrap());
        client.resume(ids.clone(), &own).unwrap();
        let old = std::fs::read_to_string(folder.path().join(".essbasic-archive.jsonl")).unwrap();
        let lines = old.lines().filter(|line| !line.contains("\"intent\""));
        let lines = lines.map(|line| line.replace("archive\":2", "archive\":1") + "\n");
        std::fs::write(&journal, lines.collect::<String>()).unwrap();
        let before = files(folder.path());
        let shared = ArchiveOptions::to(folder.path()).with_journal(&journal);
        let report = client.resume(ids, &shared).unwrap();
        assert_eq!((report.already, report.saved), (0, 4));
        let after = files(folder.path());
        assert!(before.iter().all(|(name, file)| after[name] == *file));
        assert!(report.flows().unwrap().all(|flow| {
            let flow = flow.unwrap();
            flow.files[0].0.contains(flow.flow_id.as_str())
        }));
    }
}
