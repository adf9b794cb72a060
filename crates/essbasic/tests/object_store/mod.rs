//! Archives in working and failing object stores, with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "a panic fails the test"
)]

mod attributes;
mod check;
mod completions;
mod existing;
mod reads;
mod service;
mod store;
mod unresponsive;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use essbasic::object_store::local::LocalFileSystem;
use essbasic::object_store::memory::InMemory;
use essbasic::object_store::path::Path;
use essbasic::object_store::{ObjectStore, ObjectStoreExt};
use essbasic::{
    ArchiveOptions, ArchivedFlow, DownloadEvent, Error, FlowError, FlowErrorKind, Stop,
};
use tempfile::TempDir;

use self::service::{Link, Service, pdf};
use self::store::{Op, ScriptedStore, denied, missing, unavailable};

/// Default size of a part in these tests, in bytes.
const PART: usize = 64 << 10;

/// Length of a file of four and a half parts, in bytes.
const LONG: usize = 9 * PART / 2;

const BLOCKING: [bool; 2] = [true, false];

/// Returns the options of an archive below the prefix `a/b`, with the journal in a folder.
fn to(store: &Arc<dyn ObjectStore>, home: &TempDir) -> ArchiveOptions {
    ArchiveOptions::to_store(Arc::clone(store), "a/b", home.path().join("j.jsonl"))
        .with_part_bytes(PART)
}

/// Returns a store in memory.
fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// Returns all objects by key.
fn objects(store: &Arc<dyn ObjectStore>) -> BTreeMap<String, Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut objects = BTreeMap::new();
        let listed = store.list_with_delimiter(Some(&Path::from("a/b"))).await.unwrap();
        for object in listed.objects {
            let bytes = store.get(&object.location).await.unwrap().bytes().await.unwrap();
            objects.insert(object.location.to_string(), bytes.to_vec());
        }
        objects
    })
}

/// Returns the expected objects of these contracts.
fn expected(service: &Service, flows: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let flows = flows.iter();
    flows.map(|flow| (format!("a/b/合同-{flow}.pdf"), service.file(flow).to_vec())).collect()
}

#[test]
fn sends_short_files_in_one_request_and_long_ones_in_parts() {
    for blocking in BLOCKING {
        for disk in [false, true] {
            let home = tempfile::tempdir().unwrap();
            std::fs::create_dir(home.path().join("bucket")).unwrap();
            let inner: Arc<dyn ObjectStore> = match disk {
                true => {
                    Arc::new(LocalFileSystem::new_with_prefix(home.path().join("bucket")).unwrap())
                }
                false => memory(),
            };
            let (store, log) = ScriptedStore::over(Arc::clone(&inner), |_, _| None);
            let service =
                Service::of(&[("short", 1000), ("part", PART), ("more", PART + 1), ("long", LONG)]);
            let options = to(&store, &home).with_concurrency(1);
            let report = service.archive(blocking, &options).unwrap();
            assert_eq!((report.saved, report.failed), (4, 0));
            assert_eq!(report.bytes as usize, 1000 + PART + PART + 1 + LONG);
            assert_eq!(objects(&inner), expected(&service, &["short", "part", "more", "long"]));
            let counts = [Op::Put, Op::Start, Op::Part, Op::Complete, Op::Abort];
            // The first file is put twice: the second request detects whether the store supports conditional puts. The
            // first request to a store on disk detects that it supports no attributes.
            let starts = if disk { 3 } else { 2 };
            assert_eq!(counts.map(|op| log.count(op)), [3, starts, 2 + 5, 2, 0]);
        }
    }
}

#[test]
fn the_default_part_is_eight_mebibytes() {
    let service = Service::of(&[("big", 20 << 20)]);
    for blocking in BLOCKING {
        let home = tempfile::tempdir().unwrap();
        let (store, log) = ScriptedStore::over(memory(), |_, _| None);
        let options = ArchiveOptions::to_store(store.clone(), "a/b", home.path().join("j.jsonl"));
        assert_eq!(service.archive(blocking, &options).unwrap().saved, 1);
        assert_eq!((log.count(Op::Part), log.max_request()), (3, 8 << 20));
        assert_eq!(objects(&store), expected(&service, &["big"]));
    }
}

#[test]
fn each_download_sends_at_most_one_part_at_a_time() {
    let names: Vec<String> = (0..12).map(|n| format!("flow{n}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), LONG)).collect();
    let service = Service::of(&files);
    for blocking in BLOCKING {
        let home = tempfile::tempdir().unwrap();
        let (store, log) = ScriptedStore::over(memory(), |_, _| None);
        let options = to(&store, &home).with_concurrency(4);
        assert_eq!(service.archive(blocking, &options).unwrap().saved, 12);
        let in_flight = log.max_in_flight();
        assert!(in_flight <= 4 * PART, "{in_flight}");
        assert!(in_flight > PART, "no parts were sent concurrently");
        assert_eq!(log.max_request(), PART);
    }
}

#[test]
fn objects_have_the_names_of_files_in_a_folder() {
    let service = Service::of(&[("x", 1000), ("y", 1000), ("z", 1000)]);
    for template in ["{name}{flow_id}", "{index}-{flow_id}"] {
        let home = tempfile::tempdir().unwrap();
        let (folder, store) = (tempfile::tempdir().unwrap(), memory());
        let in_folder = ArchiveOptions::to(folder.path())
            .with_names(template.parse().unwrap())
            .with_concurrency(1);
        service.archive(true, &in_folder).unwrap();
        let names = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        // In two runs: the second must not reuse the names of the first.
        let options = to(&store, &home).with_names(template.parse().unwrap()).with_concurrency(1);
        let part = Service::of(&[("x", 1000), ("y", 1000)]);
        part.archive(true, &options).unwrap();
        service.archive(true, &options).unwrap();
        let keys: Vec<_> = objects(&store).into_keys().collect();
        let expected: Vec<_> = names.iter().map(|name| format!("a/b/{name}")).collect();
        assert_eq!(keys, expected);
    }
}

#[test]
fn a_stopped_job_is_resumed_without_duplicate_downloads() {
    let names: Vec<String> = (0..40).map(|n| format!("flow{n:02}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 2000)).collect();
    for blocking in BLOCKING {
        let service = Service::of(&files);
        let (store, home) = (memory(), tempfile::tempdir().unwrap());
        let (count, stop) = (AtomicUsize::new(0), Stop::default());
        let stopper = stop.clone();
        let options = to(&store, &home).with_stop(stop).on_event(move |event| {
            if matches!(event, DownloadEvent::Saved { .. })
                && count.fetch_add(1, Ordering::Relaxed) == 10
            {
                stopper.stop();
            }
        });
        let first = service.archive(blocking, &options).unwrap();
        assert!(first.stopped && (11..40).contains(&first.saved), "{first:?}");
        assert_eq!(objects(&store).len() as u64, first.saved);
        let second = service.archive(blocking, &to(&store, &home)).unwrap();
        assert_eq!((second.already, second.saved), (first.saved, 40 - first.saved));
        assert_eq!(service.all_fetches(), 40);
        assert_eq!(objects(&store).len(), 40);

        // The journal belongs to one prefix.
        let journal = home.path().join("j.jsonl");
        let elsewhere = ArchiveOptions::to_store(store, "c", journal);
        let error = service.archive(blocking, &elsewhere).unwrap_err().to_string();
        assert!(error.contains("belongs to another job"), "{error}");
    }
}

#[test]
fn retries_transient_errors() {
    for blocking in BLOCKING {
        for (op, length, aborted) in
            [(Op::Put, 1000, 0), (Op::Start, LONG, 0), (Op::Part, LONG, 2), (Op::Complete, LONG, 2)]
        {
            let service = Service::of(&[("f", length)]);
            let (inner, home) = (memory(), tempfile::tempdir().unwrap());
            let script = move |request, count| (request == op && count <= 2).then(unavailable);
            let (store, log) = ScriptedStore::over(Arc::clone(&inner), script);
            let report = service.archive(blocking, &to(&store, &home)).unwrap();
            assert_eq!((report.saved, report.failed), (1, 0), "{op:?}");
            assert_eq!(service.fetches("f"), 3);
            assert_eq!(log.count(Op::Abort), aborted, "{op:?}");
            assert_eq!(objects(&inner), expected(&service, &["f"]));
        }
    }
}

/// The response to a completion is lost, so that the object decides whether it was executed.
#[test]
fn a_completed_upload_whose_response_is_lost_is_saved() {
    for blocking in BLOCKING {
        let service = Service::of(&[("f", LONG)]);
        let (inner, home) = (memory(), tempfile::tempdir().unwrap());
        let script = |op, _| (op == Op::Completed).then(unavailable);
        let (store, log) = ScriptedStore::over(Arc::clone(&inner), script);
        let report = service.archive(blocking, &to(&store, &home)).unwrap();
        assert_eq!((report.saved, report.failed), (1, 0));
        assert_eq!([Op::Start, Op::Complete, Op::Abort].map(|op| log.count(op)), [1, 1, 0]);
        assert_eq!(service.fetches("f"), 1);
        assert_eq!(objects(&inner), expected(&service, &["f"]));
    }
}

#[test]
fn an_upload_that_cannot_be_aborted_creates_no_object() {
    for blocking in BLOCKING {
        let service = Service::of(&[("f", LONG)]);
        let (inner, home) = (memory(), tempfile::tempdir().unwrap());
        let script = |op, _| matches!(op, Op::Complete | Op::Abort).then(unavailable);
        let (store, _) = ScriptedStore::over(Arc::clone(&inner), script);
        let options = to(&store, &home);
        let report = service.archive(blocking, &options).unwrap();
        assert_eq!((report.saved, report.failed), (0, 1));
        let flows: Vec<_> = report.flows().unwrap().map(Result::unwrap).collect();
        let FlowError { kind, message, .. } = reason(&flows, "f");
        assert_eq!(kind, FlowErrorKind::Destination);
        assert!(message.contains("503") && !message.contains("SECRET"), "{message}");
        assert!(objects(&inner).is_empty());
    }
}

fn reason(flows: &[ArchivedFlow], id: &str) -> FlowError {
    flows.iter().find(|flow| flow.flow_id == id).unwrap().error.clone().unwrap()
}

#[test]
fn an_error_that_affects_all_files_stops_the_job_with_advice() {
    let names: Vec<String> = (0..40).map(|n| format!("flow{n:02}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 2 * PART)).collect();
    for blocking in BLOCKING {
        for (exists, advice) in [(true, "s3:PutObject"), (false, "check its name")] {
            let service = Service::of(&files);
            let (inner, home) = (memory(), tempfile::tempdir().unwrap());
            let error = move || if exists { denied() } else { missing() };
            let script = move |op, _| (op == Op::Start).then(error);
            let (store, _) = ScriptedStore::over(Arc::clone(&inner), script);
            let error = service.archive(blocking, &to(&store, &home)).unwrap_err();
            assert!(matches!(error, Error::Destination { .. }));
            assert!(error.hint().unwrap().contains(advice) && !error.is_retryable(), "{error}");
            assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
            assert!(service.all_fetches() <= 8, "{}", service.all_fetches());
            // The same journal is used when the store accepts files.
            let report =
                service.archive(blocking, &to(&ScriptedStore::over(inner, |_, _| None).0, &home));
            assert_eq!(report.unwrap().saved, 40);
        }
    }
}

#[test]
fn a_store_that_rejects_every_file_stops_the_job_early() {
    let names: Vec<String> = (0..100).map(|n| format!("flow{n:03}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 1000)).collect();
    for blocking in BLOCKING {
        let service = Service::of(&files);
        let home = tempfile::tempdir().unwrap();
        let (store, _) = ScriptedStore::over(memory(), |_, _| Some(unavailable()));
        let options = to(&store, &home).with_concurrency(2);
        let error = service.archive(blocking, &options).unwrap_err();
        assert!(matches!(error, Error::Destination { .. }));
        assert!(error.to_string().contains("files in a row"), "{error}");
        assert!(error.is_retryable(), "{error}");
        assert!(service.all_fetches() < 20, "{}", service.all_fetches());
    }
}

#[test]
fn a_link_that_breaks_during_an_upload_is_retried_without_orphans() {
    for blocking in BLOCKING {
        let broken = [Link::Breaks(3 * PART), Link::Breaks(PART / 2)];
        let service = Service::of(&[("f", LONG)]).with("f", &broken);
        let (inner, home) = (memory(), tempfile::tempdir().unwrap());
        let (store, log) = ScriptedStore::over(Arc::clone(&inner), |_, _| None);
        let report = service.archive(blocking, &to(&store, &home)).unwrap();
        assert_eq!((report.saved, service.fetches("f")), (1, 3));
        assert_eq!([Op::Start, Op::Abort, Op::Complete].map(|op| log.count(op)), [2, 1, 1]);
        assert_eq!(objects(&inner), expected(&service, &["f"]));
    }
}

#[test]
fn never_stores_a_wrong_file() {
    let long = pdf(LONG, 7);
    let mut truncated = long.clone();
    truncated.truncate(LONG - 6);
    for blocking in BLOCKING {
        for (bytes, started) in [(b"<html>busy".to_vec(), false), (truncated.clone(), true)] {
            let links = vec![Link::Other(bytes); 4];
            let service = Service::of(&[("f", LONG), ("g", 500)]).with("f", &links);
            let (inner, home) = (memory(), tempfile::tempdir().unwrap());
            let (store, log) = ScriptedStore::over(Arc::clone(&inner), |_, _| None);
            let mut options = to(&store, &home);
            options.retry_rounds = 0;
            let report = service.archive(blocking, &options).unwrap();
            assert_eq!((report.saved, report.failed), (1, 1));
            let flows: Vec<_> = report.flows().unwrap().map(Result::unwrap).collect();
            assert_eq!(reason(&flows, "f").kind, FlowErrorKind::Content);
            let starts = if started { 4 } else { 0 };
            assert_eq!([Op::Start, Op::Abort].map(|op| log.count(op)), [starts; 2]);
            assert_eq!(objects(&inner), expected(&service, &["g"]));
        }
    }
}

#[test]
fn a_dropped_job_aborts_its_uploads() {
    let service = Service::of(&[("f", LONG)]).with("f", &[Link::Hangs(3 * PART)]);
    let (inner, home) = (memory(), tempfile::tempdir().unwrap());
    let (store, log) = ScriptedStore::over(Arc::clone(&inner), |_, _| None);
    let options = to(&store, &home).skip_status_check();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = service.asynchronous();
        let job = client.archive(["f"], &options);
        assert!(tokio::time::timeout(Duration::from_millis(300), job).await.is_err());
        for _ in 0..1000 {
            if log.count(Op::Abort) == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert_eq!([Op::Start, Op::Abort, Op::Complete].map(|op| log.count(op)), [1, 1, 0]);
    assert!(objects(&inner).is_empty());
}

#[test]
fn debug_output_of_options_omits_the_store() {
    let home = tempfile::tempdir().unwrap();
    let (store, _) = ScriptedStore::over(memory(), |_, _| None);
    assert!(!format!("{:?}", to(&store, &home)).contains("SECRET"));
}

#[test]
fn a_blocking_archive_can_be_called_within_a_runtime() {
    let service = Service::of(&[("f", LONG)]);
    let (store, home) = (memory(), tempfile::tempdir().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert_eq!(service.archive(true, &to(&store, &home)).unwrap().saved, 1);
    });
    assert_eq!(objects(&store), expected(&service, &["f"]));
}
