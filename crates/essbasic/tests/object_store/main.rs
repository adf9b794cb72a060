//! Archives to stores that work and stores that do not, the same with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "a failed assumption is a failed test"
)]

mod kept;
#[path = "../scripted/mod.rs"]
mod scripted;
mod service;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use essbasic::object_store::local::LocalFileSystem;
use essbasic::object_store::memory::InMemory;
use essbasic::object_store::path::Path;
use essbasic::object_store::{ObjectStore, ObjectStoreExt};
use essbasic::{ArchiveOptions, ArchivedFlow, DownloadEvent, Error, FlowErrorKind, Stop};
use tempfile::TempDir;

use self::service::{Link, Service, pdf};
use self::store::{Op, Store, denied, missing, passing};

/// Bytes of a part, but where a test says otherwise.
const PART: usize = 64 << 10;

/// A file of four parts and a half.
const LONG: usize = 9 * PART / 2;

const BLOCKING: [bool; 2] = [true, false];

/// Below the prefix `a/b`, with the journal in a folder.
fn to(store: &Arc<dyn ObjectStore>, home: &TempDir) -> ArchiveOptions {
    ArchiveOptions::to_store(Arc::clone(store), "a/b", home.path().join("j.jsonl"))
        .with_part_bytes(PART)
}

/// A store in memory that nothing is wrong with.
fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// All objects, by their keys.
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

/// What the store must hold of these contracts.
fn expected(service: &Service, flows: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let flows = flows.iter();
    flows.map(|flow| (format!("a/b/合同-{flow}.pdf"), service.file(flow).to_vec())).collect()
}

#[test]
fn short_files_are_one_request_and_long_ones_arrive_in_parts_byte_for_byte() {
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
            let (store, told) = Store::over(Arc::clone(&inner), |_, _| None);
            let service =
                Service::of(&[("short", 1000), ("part", PART), ("more", PART + 1), ("long", LONG)]);
            let report = service.archive(blocking, &to(&store, &home)).unwrap();
            assert_eq!((report.saved, report.failed), (4, 0));
            assert_eq!(report.bytes as usize, 1000 + PART + PART + 1 + LONG);
            assert_eq!(objects(&inner), expected(&service, &["short", "part", "more", "long"]));
            let counts = [Op::Put, Op::Start, Op::Part, Op::Complete, Op::Abort];
            // The first file is put twice: the second time shows whether the store replaces objects.
            assert_eq!(counts.map(|op| told.count(op)), [3, 2, 2 + 5, 2, 0]);
        }
    }
}

#[test]
fn a_part_is_eight_mebibytes_unless_said_otherwise() {
    let service = Service::of(&[("big", 20 << 20)]);
    for blocking in BLOCKING {
        let home = tempfile::tempdir().unwrap();
        let (store, told) = Store::over(memory(), |_, _| None);
        let options = ArchiveOptions::to_store(store.clone(), "a/b", home.path().join("j.jsonl"));
        assert_eq!(service.archive(blocking, &options).unwrap().saved, 1);
        assert_eq!((told.count(Op::Part), told.most().1), (3, 8 << 20));
        assert_eq!(objects(&store), expected(&service, &["big"]));
    }
}

#[test]
fn what_is_on_its_way_is_a_part_a_download_at_most() {
    let names: Vec<String> = (0..12).map(|n| format!("flow{n}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), LONG)).collect();
    let service = Service::of(&files);
    for blocking in BLOCKING {
        let home = tempfile::tempdir().unwrap();
        let (store, told) = Store::over(memory(), |_, _| None);
        let options = to(&store, &home).with_concurrency(4);
        assert_eq!(service.archive(blocking, &options).unwrap().saved, 12);
        let (most, longest) = told.most();
        assert!(most <= 4 * PART, "{most}");
        assert!(most > PART, "nothing was sent at the same time");
        assert_eq!(longest, PART);
    }
}

#[test]
fn names_are_those_that_files_in_a_folder_have() {
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
        // Over two runs, of which the second must know the first's names.
        let options = to(&store, &home).with_names(template.parse().unwrap()).with_concurrency(1);
        let two = Service::of(&[("x", 1000), ("y", 1000)]);
        two.archive(true, &options).unwrap();
        service.archive(true, &options).unwrap();
        let keys: Vec<_> = objects(&store).into_keys().collect();
        let expected: Vec<_> = names.iter().map(|name| format!("a/b/{name}")).collect();
        assert_eq!(keys, expected);
    }
}

#[test]
fn a_job_that_was_stopped_goes_on_and_fetches_nothing_twice() {
    let names: Vec<String> = (0..40).map(|n| format!("flow{n:02}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 2000)).collect();
    for blocking in BLOCKING {
        let service = Service::of(&files);
        let (store, home) = (memory(), tempfile::tempdir().unwrap());
        let (count, stop) = (AtomicUsize::new(0), Stop::default());
        let told = stop.clone();
        let options = to(&store, &home).with_stop(stop).on_event(move |event| {
            if matches!(event, DownloadEvent::Saved { .. })
                && count.fetch_add(1, Ordering::Relaxed) == 10
            {
                told.stop();
            }
        });
        let first = service.archive(blocking, &options).unwrap();
        assert!(first.stopped && (11..40).contains(&first.saved), "{first:?}");
        assert_eq!(objects(&store).len() as u64, first.saved);
        let second = service.archive(blocking, &to(&store, &home)).unwrap();
        assert_eq!((second.already, second.saved), (first.saved, 40 - first.saved));
        assert_eq!(service.all_fetches(), 40);
        assert_eq!(objects(&store).len(), 40);

        // What this journal says holds of this place alone.
        let journal = home.path().join("j.jsonl");
        let elsewhere = ArchiveOptions::to_store(store, "c", journal);
        let error = service.archive(blocking, &elsewhere).unwrap_err().to_string();
        assert!(error.contains("journal of another job"), "{error}");
    }
}

#[test]
fn what_passes_is_tried_again() {
    for blocking in BLOCKING {
        for (op, length, aborted) in
            [(Op::Put, 1000, 0), (Op::Start, LONG, 0), (Op::Part, LONG, 2), (Op::Complete, LONG, 2)]
        {
            let service = Service::of(&[("f", length)]);
            let (inner, home) = (memory(), tempfile::tempdir().unwrap());
            let script = move |asked, nth| (asked == op && nth <= 2).then(passing);
            let (store, told) = Store::over(Arc::clone(&inner), script);
            let report = service.archive(blocking, &to(&store, &home)).unwrap();
            assert_eq!((report.saved, report.failed), (1, 0), "{op:?}");
            assert_eq!(service.fetches("f"), 3);
            assert_eq!(told.count(Op::Abort), aborted, "{op:?}");
            assert_eq!(objects(&inner), expected(&service, &["f"]));
        }
    }
}

#[test]
fn an_upload_that_cannot_even_be_taken_back_is_no_object() {
    for blocking in BLOCKING {
        let service = Service::of(&[("f", LONG)]);
        let (inner, home) = (memory(), tempfile::tempdir().unwrap());
        let script = |op, _| matches!(op, Op::Complete | Op::Abort).then(passing);
        let (store, _) = Store::over(Arc::clone(&inner), script);
        let options = to(&store, &home);
        let report = service.archive(blocking, &options).unwrap();
        assert_eq!((report.saved, report.failed), (0, 1));
        let flows: Vec<_> = report.flows().unwrap().map(Result::unwrap).collect();
        let (kind, message) = reason(&flows, "f");
        assert_eq!(kind, FlowErrorKind::Store);
        assert!(message.contains("503") && !message.contains("SECRET"), "{message}");
        assert!(objects(&inner).is_empty());
    }
}

fn reason(flows: &[ArchivedFlow], id: &str) -> (FlowErrorKind, String) {
    flows.iter().find(|flow| flow.flow_id == id).unwrap().error.clone().unwrap()
}

#[test]
fn a_refusal_that_all_files_would_meet_stops_the_job_and_says_what_to_do() {
    let names: Vec<String> = (0..40).map(|n| format!("flow{n:02}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 2 * PART)).collect();
    for blocking in BLOCKING {
        for (exists, advice) in [(true, "s3:PutObject"), (false, "check its name")] {
            let service = Service::of(&files);
            let (inner, home) = (memory(), tempfile::tempdir().unwrap());
            let refusal = move || if exists { denied() } else { missing() };
            let script = move |op, _| (op == Op::Start).then(refusal);
            let (store, _) = Store::over(Arc::clone(&inner), script);
            let error = service.archive(blocking, &to(&store, &home)).unwrap_err();
            assert!(matches!(error, Error::Store(_)));
            assert!(error.to_string().contains(advice), "{error}");
            assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
            assert!(service.all_fetches() <= 8, "{}", service.all_fetches());
            // With the same journal, once the store takes them.
            let report = service.archive(blocking, &to(&Store::over(inner, |_, _| None).0, &home));
            assert_eq!(report.unwrap().saved, 40);
        }
    }
}

#[test]
fn a_store_that_takes_nothing_stops_the_job_before_all_is_fetched_for_nothing() {
    let names: Vec<String> = (0..100).map(|n| format!("flow{n:03}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 1000)).collect();
    for blocking in BLOCKING {
        let service = Service::of(&files);
        let home = tempfile::tempdir().unwrap();
        let (store, _) = Store::over(memory(), |_, _| Some(passing()));
        let options = to(&store, &home).with_concurrency(2);
        let error = service.archive(blocking, &options).unwrap_err();
        assert!(matches!(error, Error::Store(_)));
        assert!(error.to_string().contains("times in a row"), "{error}");
        assert!(service.all_fetches() < 20, "{}", service.all_fetches());
    }
}

#[test]
fn a_link_that_dies_in_mid_upload_leaves_nothing_and_is_tried_again() {
    for blocking in BLOCKING {
        let broken = [Link::Breaks(3 * PART), Link::Breaks(PART / 2)];
        let service = Service::of(&[("f", LONG)]).with("f", &broken);
        let (inner, home) = (memory(), tempfile::tempdir().unwrap());
        let (store, told) = Store::over(Arc::clone(&inner), |_, _| None);
        let report = service.archive(blocking, &to(&store, &home)).unwrap();
        assert_eq!((report.saved, service.fetches("f")), (1, 3));
        assert_eq!([Op::Start, Op::Abort, Op::Complete].map(|op| told.count(op)), [2, 1, 1]);
        assert_eq!(objects(&inner), expected(&service, &["f"]));
    }
}

#[test]
fn what_is_not_the_file_is_not_stored() {
    let long = pdf(LONG, 7);
    let mut no_end = long.clone();
    no_end.truncate(LONG - 6);
    for blocking in BLOCKING {
        for (bytes, started) in [(b"<html>busy".to_vec(), false), (no_end.clone(), true)] {
            let links = vec![Link::Other(bytes); 4];
            let service = Service::of(&[("f", LONG), ("g", 500)]).with("f", &links);
            let (inner, home) = (memory(), tempfile::tempdir().unwrap());
            let (store, told) = Store::over(Arc::clone(&inner), |_, _| None);
            let mut options = to(&store, &home);
            options.retry_rounds = 0;
            let report = service.archive(blocking, &options).unwrap();
            assert_eq!((report.saved, report.failed), (1, 1));
            let flows: Vec<_> = report.flows().unwrap().map(Result::unwrap).collect();
            assert_eq!(reason(&flows, "f").0, FlowErrorKind::Content);
            let starts = if started { 4 } else { 0 };
            assert_eq!([Op::Start, Op::Abort].map(|op| told.count(op)), [starts; 2]);
            assert_eq!(objects(&inner), expected(&service, &["g"]));
        }
    }
}

#[test]
fn a_job_that_is_dropped_takes_its_uploads_back() {
    let service = Service::of(&[("f", LONG)]).with("f", &[Link::Hangs(3 * PART)]);
    let (inner, home) = (memory(), tempfile::tempdir().unwrap());
    let (store, told) = Store::over(Arc::clone(&inner), |_, _| None);
    let options = to(&store, &home).skip_status_check();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = service.asynchronous();
        let job = client.archive(["f"], &options);
        assert!(tokio::time::timeout(Duration::from_millis(300), job).await.is_err());
        for _ in 0..1000 {
            if told.count(Op::Abort) == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert_eq!([Op::Start, Op::Abort, Op::Complete].map(|op| told.count(op)), [1, 1, 0]);
    assert!(objects(&inner).is_empty());
}

#[test]
fn options_do_not_show_the_store() {
    let home = tempfile::tempdir().unwrap();
    let (store, _) = Store::over(memory(), |_, _| None);
    assert!(!format!("{:?}", to(&store, &home)).contains("SECRET"));
}

#[test]
fn a_blocking_archive_may_be_called_within_a_runtime() {
    let service = Service::of(&[("f", LONG)]);
    let (store, home) = (memory(), tempfile::tempdir().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert_eq!(service.archive(true, &to(&store, &home)).unwrap().saved, 1);
    });
    assert_eq!(objects(&store), expected(&service, &["f"]));
}
