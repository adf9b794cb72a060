//! Archive jobs against the emulator over HTTP, with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic::{
    ArchiveOptions, ArchiveReport, DownloadEvent, Error, FlowError, FlowErrorKind, RetryPolicy,
    Shard, Stop,
};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, OPERATOR, ORGANIZATION, Seed, Status};

use crate::support::{Driver, config, the_agent};

/// Returns a client per driver, with a short backoff.
fn both(emulator: &Emulator) -> [Driver; 2] {
    let retry = RetryPolicy::default().with_base_delay(Duration::from_millis(1));
    Driver::both(&config(emulator).with_retry(retry), &the_agent())
}

impl Driver {
    fn archive(
        &self,
        flows: Vec<String>,
        options: &ArchiveOptions,
    ) -> Result<ArchiveReport, Error> {
        call!(self, archive(flows, options))
    }
}

const COUNT: usize = 230;

/// Starts an emulator with `COUNT` contracts that every party signed some minutes ago, and returns their flow IDs.
fn emulator(rate_limit: Option<usize>) -> (Emulator, Vec<String>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let empty = format!(
        r#"{{"applications":{{"{APP_ID}":{{"downloads":true,"organizations":{{"{ORGANIZATION}":
            {{"operators":["{OPERATOR}"]}}}}}}}}}}"#
    );
    let seed = Seed::from_json(&empty).unwrap();
    let emulator = Emulator::builder()
        .with_seed(seed)
        .with_manual_clock(now - 200)
        .with_rate_limit(rate_limit)
        .start()
        .unwrap();
    let ids: Vec<String> = (0..COUNT).map(|n| format!("yDwA{n:028}")).collect();
    for id in &ids {
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
        emulator.sign(id, None).unwrap();
        emulator.sign(id, None).unwrap();
    }
    emulator.advance(Duration::from_secs(100));
    (emulator, ids)
}

fn pdfs(folder: &Path) -> BTreeMap<String, u64> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let entries = entries.map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, entry.metadata().unwrap().len())
    });
    entries.filter(|(name, _)| !name.starts_with(".essbasic-archive")).collect()
}

#[test]
fn downloads_each_contract_once_over_all_runs() {
    for driver in [0, 1] {
        let (emulator, mut ids) = emulator(None);
        let driver = &both(&emulator)[driver];
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path());
        ids.extend(ids.clone());
        let report = driver.archive(ids.clone(), &options).unwrap();
        assert_eq!((report.total, report.saved, report.failed), (COUNT as u64, COUNT as u64, 0));
        assert!(report.is_complete() && report.already == 0);
        let files = pdfs(folder.path());
        assert_eq!(files.len(), COUNT);
        assert_eq!(report.bytes, files.values().sum::<u64>());
        let first = emulator.stats();
        assert!(first.downloads.values().all(|&times| times == 1));
        assert_eq!(first.calls["DescribeFlowDetailInfo"], 3);
        assert_eq!(first.calls["DescribeResourceUrlsByFlows"], 5);

        let skipped = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&skipped);
        let counted = options.clone().on_event(move |event| {
            assert!(matches!(event, DownloadEvent::AlreadySaved { .. }), "{event:?}");
            count.fetch_add(1, Ordering::Relaxed);
        });
        let again = driver.archive(ids.clone(), &counted).unwrap();
        assert_eq!(skipped.load(Ordering::Relaxed), COUNT);
        assert_eq!((again.total, again.already, again.saved), (COUNT as u64, COUNT as u64, 0));
        assert_eq!(emulator.stats(), first, "no request is sent");
        assert_eq!(again.flows().unwrap().count(), COUNT);

        // Deleted and truncated files are downloaded again.
        let names: Vec<_> = files.keys().collect();
        std::fs::remove_file(folder.path().join(names[3])).unwrap();
        std::fs::write(folder.path().join(names[5]), "%PDF").unwrap();
        std::fs::write(folder.path().join(".essbasic-left.part"), "part").unwrap();
        let repaired = driver.archive(ids, &options).unwrap();
        assert_eq!((repaired.already, repaired.saved), (COUNT as u64 - 2, 2));
        assert_eq!(pdfs(folder.path()), files);
    }
}

/// Contracts saved without a status check are not done for a run with one.
#[test]
fn replaces_files_that_were_saved_before_every_party_signed() {
    for driver in [0, 1] {
        let (emulator, mut ids) = emulator(None);
        ids.truncate(2);
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "unsigned"));
        ids.push("unsigned".to_owned());
        let driver = &both(&emulator)[driver];
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path()).with_retry_rounds(0);
        let any_state = options.clone().skip_status_check();
        let report = driver.archive(ids.clone(), &any_state).unwrap();
        assert_eq!((report.saved, report.already), (3, 0));
        let names: Vec<_> = pdfs(folder.path()).into_keys().collect();
        let path = names.iter().find(|name| name.contains("unsigned")).unwrap();
        let path = folder.path().join(path);
        let unsigned = std::fs::read(&path).unwrap();
        let report = driver.archive(ids.clone(), &any_state).unwrap();
        assert_eq!((report.saved, report.already), (0, 3), "kept by a run without the check");

        for verify in [false, true] {
            let mut checked = options.clone();
            checked.verify = verify;
            let report = driver.archive(ids.clone(), &checked).unwrap();
            assert_eq!((report.saved, report.already), if verify { (0, 2) } else { (2, 0) });
            let error = report.flows().unwrap().find_map(|flow| flow.unwrap().error).unwrap();
            assert_eq!((report.failed, error.kind), (1, FlowErrorKind::NotSigned));
            assert!(std::fs::read(&path).unwrap() == unsigned);
        }

        emulator.sign("unsigned", None).unwrap();
        emulator.sign("unsigned", None).unwrap();
        emulator.advance(Duration::from_secs(60));
        let report = driver.archive(ids.clone(), &options).unwrap();
        assert_eq!((report.saved, report.already, report.failed), (1, 2, 0));
        assert!(std::fs::read(&path).unwrap() != unsigned);
        assert!(pdfs(folder.path()).into_keys().eq(names));
        for options in [&options, &any_state] {
            let report = driver.archive(ids.clone(), options).unwrap();
            assert_eq!((report.saved, report.already), (0, 3));
        }
    }
}

/// Journals of earlier versions lack the status: the contracts are checked again, and only own files are replaced.
#[test]
fn checks_contracts_of_journals_without_a_status_again() {
    for driver in [0, 1] {
        let (emulator, mut ids) = emulator(None);
        ids.truncate(3);
        let driver = &both(&emulator)[driver];
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path());
        driver.archive(ids.clone(), &options).unwrap();
        let files = pdfs(folder.path());
        let journal = folder.path().join(".essbasic-archive.jsonl");
        let text = std::fs::read_to_string(&journal).unwrap();
        assert_eq!(text.matches(r#","status":"ALL""#).count(), 3, "{text}");
        std::fs::write(&journal, text.replace(r#","status":"ALL""#, "")).unwrap();
        let own = folder.path().join("own.pdf");
        std::fs::write(&own, "of the user").unwrap();
        let report = driver.archive(ids.clone(), &options).unwrap();
        assert_eq!((report.saved, report.already, report.failed), (3, 0, 0));
        assert_eq!(std::fs::read(&own).unwrap(), b"of the user");
        std::fs::remove_file(&own).unwrap();
        assert_eq!(pdfs(folder.path()), files);
    }
}

#[test]
fn reports_each_contract_once_with_its_reason() {
    let (emulator, mut ids) = emulator(None);
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "unsigned"));
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "refused"));
    emulator.end("refused", Status::Reject, "条款有误").unwrap();
    ids.splice(10..10, ["unsigned", "unknown", "refused"].map(str::to_owned));
    for driver in both(&emulator) {
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path());
        let report = driver.archive(ids.clone(), &options).unwrap();
        assert_eq!(
            (report.total, report.saved, report.failed),
            (COUNT as u64 + 3, COUNT as u64, 3)
        );
        let flows: Vec<_> = report.flows().unwrap().map(Result::unwrap).collect();
        assert_eq!(flows.len(), COUNT + 3);
        let reason = |id: &str| {
            let flow = flows.iter().find(|flow| flow.flow_id == id).unwrap();
            flow.error.clone().unwrap()
        };
        let FlowError { kind, message, .. } = reason("refused");
        assert_eq!(kind, FlowErrorKind::NotSigned);
        // The reason of the signer is personal data: only `status` shows it, and no error contains it.
        assert!(message.contains("REJECT") && !message.contains("条款有误"), "{message}");
        assert_eq!(reason("unsigned").kind, FlowErrorKind::NotSigned);
        assert!(reason("unknown").is_not_found());
        let mut text = Vec::new();
        report.write_json(&mut text).unwrap();
        let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(document["flows"].as_array().unwrap().len(), COUNT + 3);
        assert_eq!(document["summary"]["failed"], 3);
        assert!(!String::from_utf8(text).unwrap().contains("hkey"));

        // The next run retries failed contracts, and saves those that are signed by then.
        let signed_since = format!("signed-{}", matches!(driver, Driver::Blocking(_)));
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &signed_since));
        let more = [ids.clone(), vec![signed_since.clone()]].concat();
        assert_eq!(driver.archive(more.clone(), &options).unwrap().failed, 4);
        emulator.sign(&signed_since, None).unwrap();
        emulator.sign(&signed_since, None).unwrap();
        let mut options = options;
        options.settle = Duration::ZERO;
        let report = driver.archive(more, &options).unwrap();
        assert_eq!((report.saved, report.failed, report.already), (1, 3, COUNT as u64));
    }
}

#[test]
fn throttling_causes_no_failures() {
    for driver in [0, 1] {
        let (emulator, ids) = emulator(Some(1));
        let driver = &both(&emulator)[driver];
        let folder = tempfile::tempdir().unwrap();
        let report = driver.archive(ids, &ArchiveOptions::to(folder.path())).unwrap();
        assert_eq!((report.saved, report.failed), (COUNT as u64, 0));
        assert!(emulator.stats().rejected["RequestLimitExceeded"] > 0);
    }
}

/// Combines ordinary problems: a signer rejected every tenth contract, the last signature is recent, the rate limit is
/// low, and links expire while they are used.
#[test]
fn combined_problems_affect_no_other_contract() {
    // The calls of each client wait for the rate limit of its emulator.
    std::thread::scope(|scope| {
        for driver in [0, 1] {
            scope.spawn(move || check_combined_problems(driver));
        }
    });
}

fn check_combined_problems(driver: usize) {
    let empty = format!(
        r#"{{"applications":{{"{APP_ID}":{{"downloads":true,"organizations":{{"{ORGANIZATION}":
            {{"operators":["{OPERATOR}"]}}}}}}}}}}"#
    );
    let seed = Seed::from_json(&empty).unwrap();
    let emulator = Emulator::builder().with_seed(seed).with_rate_limit(Some(10)).start().unwrap();
    let ids: Vec<String> = (0..COUNT).map(|n| format!("yDwA{n:028}")).collect();
    let is_rejected = |index: usize| index % 10 == 3;
    for (index, id) in ids.iter().enumerate() {
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
        emulator.sign(id, None).unwrap();
        match is_rejected(index) {
            true => emulator.reject(id, None, "价格不对").unwrap(),
            false => emulator.sign(id, None).unwrap(),
        }
    }
    let driver = &both(&emulator)[driver];
    let folder = tempfile::tempdir().unwrap();
    let emulator = Arc::new(emulator);
    let (clock, saved) = (Arc::clone(&emulator), AtomicUsize::new(0));
    let options = ArchiveOptions::to(folder.path()).with_concurrency(3).on_event(move |event| {
        // After five minutes the links of queued files have expired.
        if matches!(event, DownloadEvent::Saved { .. })
            && saved.fetch_add(1, Ordering::Relaxed) % 40 == 10
        {
            clock.advance(Duration::from_secs(301));
        }
    });
    let report = driver.archive(ids.clone(), &options).unwrap();
    assert_eq!((report.saved, report.failed), (COUNT as u64 - 23, 23));
    let results: BTreeMap<_, _> = report
        .flows()
        .unwrap()
        .map(|flow| flow.map(|flow| (flow.flow_id.clone(), flow)).unwrap())
        .collect();
    assert_eq!(results.len(), COUNT);
    for (index, id) in ids.iter().enumerate() {
        match &results[id.as_str()].error {
            Some(error) => {
                assert!(is_rejected(index) && error.kind == FlowErrorKind::NotSigned)
            }
            None => assert!(!is_rejected(index)),
        }
    }
    let stats = emulator.stats();
    assert!(stats.rejected["403"] > 0, "no link expired: {:?}", stats.rejected);

    // The files are complete and include the last signature: they equal those of a run without problems.
    let reference = tempfile::tempdir().unwrap();
    emulator.advance(Duration::from_secs(10));
    assert_eq!(driver.archive(ids, &ArchiveOptions::to(reference.path())).unwrap().failed, 23);
    let files = pdfs(folder.path());
    assert_eq!(files.len(), COUNT - 23);
    assert_eq!(files, pdfs(reference.path()));
    for name in files.keys() {
        let [first, second] = [&folder, &reference].map(|folder| folder.path().join(name));
        assert!(std::fs::read(first).unwrap() == std::fs::read(second).unwrap(), "{name}");
    }
}

#[test]
fn a_missing_permission_stops_the_job_with_advice() {
    let (emulator, ids) = emulator(None);
    emulator.set_application_downloads(APP_ID, false);
    for driver in both(&emulator) {
        let folder = tempfile::tempdir().unwrap();
        let before = emulator.stats().calls.get("DescribeResourceUrlsByFlows").copied();
        let error = driver.archive(ids.clone(), &ArchiveOptions::to(folder.path())).unwrap_err();
        let hint = error.hint().unwrap();
        for words in ["authorization management", "extended services"] {
            assert!(hint.contains(words), "{hint}");
        }
        let after = emulator.stats().calls["DescribeResourceUrlsByFlows"];
        assert_eq!(after - before.unwrap_or_default(), 1);
        assert!(pdfs(folder.path()).is_empty());
    }
}

#[test]
fn a_stopped_job_is_resumed_without_duplicate_downloads() {
    for driver in [0, 1] {
        let (emulator, ids) = emulator(None);
        let driver = &both(&emulator)[driver];
        let folder = tempfile::tempdir().unwrap();
        let stop = Stop::default();
        let (count, stopper) = (AtomicUsize::new(0), stop.clone());
        let options = ArchiveOptions::to(folder.path()).with_stop(stop).on_event(move |event| {
            if matches!(event, DownloadEvent::Saved { .. })
                && count.fetch_add(1, Ordering::Relaxed) == 60
            {
                stopper.stop();
            }
        });
        let report = driver.archive(ids.clone(), &options).unwrap();
        assert!(report.stopped && !report.is_complete());
        assert!((61..100).contains(&report.saved), "{report:?}");
        assert_eq!(pdfs(folder.path()).len() as u64, report.saved);
        let rest = driver.archive(ids, &ArchiveOptions::to(folder.path())).unwrap();
        assert_eq!((rest.already, rest.saved), (report.saved, COUNT as u64 - report.saved));
        assert!(emulator.stats().downloads.values().all(|&times| times == 1));
    }
}

#[test]
fn shards_partition_the_contracts_and_names_follow_the_template() {
    let (emulator, ids) = emulator(None);
    let [blocking, _] = both(&emulator);
    let folder = tempfile::tempdir().unwrap();
    let mut saved = 0;
    for index in 1..=3 {
        let options = ArchiveOptions::to(folder.path())
            .with_shard(Shard::new(index, 3).unwrap())
            .with_journal(folder.path().join(format!(".essbasic-archive-{index}.jsonl")))
            .with_names("{index}-{flow_id}".parse().unwrap())
            .skip_status_check();
        saved += blocking.archive(ids.clone(), &options).unwrap().saved;
    }
    assert_eq!(saved, COUNT as u64);
    let mut names: Vec<usize> = pdfs(folder.path())
        .keys()
        .map(|name| name.split('-').next().unwrap().parse().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, (1..=COUNT).collect::<Vec<_>>());
    assert!(!emulator.stats().calls.contains_key("DescribeFlowDetailInfo"));
}

#[test]
fn never_reuses_names_of_an_earlier_run() {
    let (emulator, ids) = emulator(None);
    let [blocking, _] = both(&emulator);
    let folder = tempfile::tempdir().unwrap();
    let options = ArchiveOptions::to(folder.path()).with_names("{name}".parse().unwrap());
    for end in [20, 40] {
        blocking.archive(ids[..end].to_vec(), &options).unwrap();
        assert_eq!(pdfs(folder.path()).len(), end);
    }
}

/// The service determines the names of files, which could be that of the journal.
#[test]
fn no_file_replaces_the_journal() {
    let (emulator, _) = emulator(None);
    let ids = ["one", "two"].map(|id| {
        let mut flow = NewFlow::new(APP_ID, ORGANIZATION, id);
        flow.file_name = "Journal.pdf".into();
        emulator.create_flow(flow);
        id.to_owned()
    });
    emulator.advance(Duration::from_secs(10));
    for client in both(&emulator) {
        let folder = tempfile::tempdir().unwrap();
        let options = ArchiveOptions::to(folder.path())
            .with_journal(folder.path().join("journal-one.pdf"))
            .skip_status_check();
        let report = client.archive(ids.to_vec(), &options).unwrap();
        assert!(report.is_complete(), "{report:?}");
        let mut flows = report.flows().unwrap().map(Result::unwrap);
        let mut names: Vec<_> =
            flows.by_ref().flat_map(|flow| flow.files).map(|file| file.0).collect();
        names.sort();
        assert_eq!(names, ["Journal-one (2).pdf", "Journal-two.pdf"]);
    }
}
