//! Existing objects: which ones an archive keeps, adopts or replaces.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;

use essbasic::object_store::path::Path;
use essbasic::object_store::{ObjectStore, ObjectStoreExt};
use essbasic::{ArchiveOptions, DownloadOptions, Error, FlowError, FlowErrorKind};
use tempfile::TempDir;

use super::service::{Service, pdf};
use super::store::{ConditionSupport, Op, ScriptedStore};
use super::{BLOCKING, LONG, PART, expected, memory, objects, reason, to};

const CONDITIONS: [ConditionSupport; 4] = [
    ConditionSupport::Supported,
    ConditionSupport::Ignored,
    ConditionSupport::NotImplemented,
    ConditionSupport::BadRequest,
];

fn put(store: &Arc<dyn ObjectStore>, key: &str, bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.put(&Path::parse(key).unwrap(), bytes.to_vec().into())).unwrap();
}

fn delete(store: &Arc<dyn ObjectStore>, key: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.delete(&Path::parse(key).unwrap())).unwrap();
}

/// Removes the results from the journal, as if the job had been killed before it wrote them.
fn remove_results(home: &TempDir) {
    let path = home.path().join("j.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().enumerate();
    let kept = lines.filter(|(at, line)| *at == 0 || line.contains("\"intent\""));
    let kept: Vec<_> = kept.map(|(_, line)| format!("{line}\n")).collect();
    assert!(kept.len() > 1, "no intents: {text}");
    std::fs::write(path, kept.concat()).unwrap();
}

/// The first and the last of several files, short and long, each with an existing object of the same key.
#[test]
fn never_replaces_an_object_that_the_job_has_not_saved() {
    for blocking in BLOCKING {
        for condition in CONDITIONS {
            for (length, flow) in [(1000, "a"), (1000, "z"), (LONG, "a"), (LONG, "z")] {
                for (same, foreign) in [(true, None), (false, Some(pdf(900, 99)))] {
                    let files = [("a", length), ("m", length), ("z", length)];
                    let service = Service::of(&files);
                    let (inner, home) = (memory(), tempfile::tempdir().unwrap());
                    let bytes = foreign.unwrap_or_else(|| service.file(flow).to_vec());
                    let key = format!("a/b/合同-{flow}.pdf");
                    put(&inner, &key, &bytes);
                    let store = ScriptedStore::with(Arc::clone(&inner), condition);
                    let options = to(&store, &home).with_concurrency(1);
                    let case = format!("{blocking} {condition:?} {length} {flow} {same}");
                    for run in 1..=2 {
                        let report = service.archive(blocking, &options).unwrap();
                        let (saved, failed) = if same { (3, 0) } else { (2, 1) };
                        let again = if run == 1 { 0 } else { saved };
                        assert_eq!(report.saved, saved - again, "{case}");
                        assert_eq!((report.already, report.failed), (again, failed), "{case}");
                        if !same {
                            let flows: Vec<_> =
                                report.flows().unwrap().map(Result::unwrap).collect();
                            let FlowError { kind, message, .. } = reason(&flows, flow);
                            assert_eq!(kind, FlowErrorKind::Exists, "{case}");
                            assert!(message.contains("is not replaced"), "{message}");
                        }
                        let mut expected = expected(&service, &["a", "m", "z"]);
                        expected.insert(key.clone(), bytes.clone());
                        assert!(objects(&inner) == expected, "{case}");
                    }
                }
            }
        }
    }
}

/// Without a journal no object is known to belong to the job.
#[test]
fn a_download_replaces_no_object() {
    for blocking in BLOCKING {
        for condition in CONDITIONS {
            for length in [1000, LONG] {
                let service = Service::of(&[("a", length), ("b", length), ("c", length)]);
                let inner = memory();
                let foreign = pdf(length, 99);
                put(&inner, "a/b/合同-a.pdf", &foreign);
                put(&inner, "a/b/合同-b.pdf", &service.file("b"));
                let store = ScriptedStore::with(Arc::clone(&inner), condition);
                let options = DownloadOptions::to_store(store, "a/b").with_part_bytes(PART);
                let case = format!("{blocking} {condition:?} {length}");
                for _ in 0..2 {
                    let report = service.download(blocking, &options.clone().with_any_state());
                    let report = report.unwrap();
                    let failed: Vec<_> = report.failed().collect();
                    assert_eq!((failed.len(), report.saved().count()), (1, 2), "{case}");
                    let error = failed[0].error.as_ref().unwrap();
                    assert_eq!(
                        (failed[0].flow_id.as_str(), error.kind),
                        ("a", FlowErrorKind::Exists)
                    );
                    let mut expected = expected(&service, &["b", "c"]);
                    expected.insert("a/b/合同-a.pdf".to_owned(), foreign.clone());
                    assert!(objects(&inner) == expected, "{case}");
                }
            }
        }
    }
}

/// In one request per part, without a look at the object.
#[test]
fn a_download_replaces_objects_on_request() {
    for blocking in BLOCKING {
        for (length, puts, parts) in [(1000, 1, 0), (LONG, 0, 5)] {
            let service = Service::of(&[("a", length)]);
            let inner = memory();
            put(&inner, "a/b/合同-a.pdf", &pdf(length, 99));
            for _ in 0..2 {
                let (store, log) = ScriptedStore::over(Arc::clone(&inner), |_, _| None);
                let options = DownloadOptions::to_store(store, "a/b").with_part_bytes(PART);
                let options = options.with_any_state().with_replaced_objects();
                let report = service.download(blocking, &options).unwrap();
                assert_eq!(report.saved().count(), 1, "{blocking} {length}");
                assert!(objects(&inner) == expected(&service, &["a"]), "{blocking} {length}");
                let counts = [Op::Put, Op::Part, Op::Head, Op::Get].map(|op| log.count(op));
                assert_eq!(counts, [puts, parts, 0, 0], "{blocking} {length}");
            }
        }
    }
}

#[test]
fn refuses_names_that_other_jobs_may_assign() {
    let service = Service::of(&[("a", 1000), ("b", 1000)]);
    let folder = tempfile::tempdir().unwrap();
    for blocking in BLOCKING {
        for names in ["{name}", "{index}", "{date} {name}"] {
            let (store, home) = (memory(), tempfile::tempdir().unwrap());
            let names = || names.parse().unwrap();
            let journal = home.path().join("other.jsonl");
            for options in [
                to(&store, &home).with_names(names()),
                ArchiveOptions::to(folder.path()).with_journal(journal).with_names(names()),
                ArchiveOptions::to(folder.path())
                    .with_shard("1/2".parse().unwrap())
                    .with_names(names()),
            ] {
                let error = service.archive(blocking, &options).unwrap_err();
                assert!(matches!(error, Error::Names(_)), "{error}");
                assert!(error.to_string().contains("{flow_id}"), "{error}");
            }
            assert_eq!(service.all_fetches(), 0);
            assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
        }
    }
}

/// Simulates a kill after an object was created and before its result was recorded.
#[test]
fn adopts_or_replaces_an_intended_object() {
    for blocking in BLOCKING {
        for condition in CONDITIONS {
            for length in [1000, LONG] {
                let service = Service::of(&[("a", length), ("b", length)]);
                let (inner, home) = (memory(), tempfile::tempdir().unwrap());
                let store = ScriptedStore::with(Arc::clone(&inner), condition);
                service.archive(blocking, &to(&store, &home)).unwrap();
                let case = format!("{blocking} {condition:?} {length}");

                remove_results(&home);
                let again = service.archive(blocking, &to(&store, &home)).unwrap();
                assert_eq!((again.already, again.saved, again.failed), (0, 2, 0), "{case}");
                assert_eq!(objects(&inner), expected(&service, &["a", "b"]), "{case}");

                // The service returns other files: the objects of the job are replaced.
                remove_results(&home);
                let other = Service::of(&[("x", 1), ("a", length), ("b", length)]);
                let report = other.archive(blocking, &to(&store, &home)).unwrap();
                assert_eq!((report.saved, report.failed), (3, 0), "{case}");
                assert_eq!(objects(&inner), expected(&other, &["x", "a", "b"]), "{case}");

                // Another program has replaced the object: it is kept.
                remove_results(&home);
                let foreign = pdf(length, 1234);
                put(&inner, "a/b/合同-a.pdf", &foreign);
                let report = service.archive(blocking, &to(&store, &home)).unwrap();
                assert_eq!((report.saved, report.failed), (1, 1), "{case}");
                assert!(objects(&inner)["a/b/合同-a.pdf"] == foreign, "{case}");
            }
        }
    }
}

#[test]
fn verification_downloads_changed_objects_again() {
    let flows = ["a", "b", "c", "d"];
    let names: Vec<_> = flows.iter().map(|flow| (*flow, 5000)).collect();
    let service = Service::of(&names);
    for blocking in BLOCKING {
        let (store, home) = (memory(), tempfile::tempdir().unwrap());
        service.archive(blocking, &to(&store, &home)).unwrap();
        put(&store, "a/b/合同-a.pdf", &pdf(5000, 77));
        put(&store, "a/b/合同-b.pdf", b"short");
        delete(&store, "a/b/合同-c.pdf");
        let unverified = service.archive(blocking, &to(&store, &home)).unwrap();
        assert_eq!((unverified.already, unverified.saved), (4, 0));
        let report = service.archive(blocking, &to(&store, &home).with_verify()).unwrap();
        assert_eq!((report.already, report.saved, report.failed), (1, 3, 0));
        assert_eq!(objects(&store), expected(&service, &flows));
        let report = service.archive(blocking, &to(&store, &home).with_verify()).unwrap();
        assert_eq!((report.already, report.saved), (4, 0));
    }
}

#[test]
fn a_journal_belongs_to_one_store() {
    let service = Service::of(&[("a", 1000), ("b", 1000)]);
    for blocking in BLOCKING {
        let home = tempfile::tempdir().unwrap();
        let at = |id: &str, store: &Arc<dyn ObjectStore>| to(store, &home).with_store_id(id);
        let (first, second) = (memory(), memory());
        service.archive(blocking, &at("https://one", &first)).unwrap();
        for options in [at("https://other", &second), to(&second, &home)] {
            let error = service.archive(blocking, &options).unwrap_err().to_string();
            assert!(error.contains("belongs to another job: different store"), "{error}");
        }
        let report = service.archive(blocking, &at("https://one", &first)).unwrap();
        assert_eq!(report.already, 2);
        let journal = std::fs::read_to_string(home.path().join("j.jsonl")).unwrap();
        assert!(!journal.contains("https://one"), "{journal}");
    }
}

/// Rewrites the journal in the format of version 1.
fn downgrade(path: &FilePath) {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.contains("\"intent\""));
    let lines = lines.map(|line| {
        let line = line.replace("{\"essbasic_archive\":2", "{\"essbasic_archive\":1");
        match (line.find(",\"sha256\":["), line.rfind(']')) {
            (Some(from), Some(to)) => format!("{}{}\n", &line[..from], &line[to + 1..]),
            _ => format!("{line}\n"),
        }
    });
    let text: String = lines.collect();
    assert!(text.contains("essbasic_archive\":1") && !text.contains("sha256"), "{text}");
    std::fs::write(path, text).unwrap();
}

#[test]
fn resumes_a_journal_of_version_1_and_checks_its_objects() {
    let service = Service::of(&[("a", 1000), ("b", 1000), ("c", 1000)]);
    for blocking in BLOCKING {
        let (store, home) = (memory(), tempfile::tempdir().unwrap());
        service.archive(blocking, &to(&store, &home)).unwrap();
        downgrade(&home.path().join("j.jsonl"));
        delete(&store, "a/b/合同-b.pdf");
        let options = to(&store, &home).with_store_id("https://one");
        let report = service.archive(blocking, &options).unwrap();
        assert_eq!((report.already, report.saved), (2, 1));
        assert_eq!(objects(&store), expected(&service, &["a", "b", "c"]));
        // Version 1 has no identity set by the caller.
        downgrade(&home.path().join("j.jsonl"));
        let text = std::fs::read_to_string(home.path().join("j.jsonl")).unwrap();
        let error = service.archive(blocking, &options);
        assert!(error.is_err(), "an identity of version 2 in a journal of version 1: {text}");
    }
    // In another store of the same display name no object counts as saved.
    let (full, empty, home) = (memory(), memory(), tempfile::tempdir().unwrap());
    service.archive(true, &to(&full, &home)).unwrap();
    downgrade(&home.path().join("j.jsonl"));
    let report = service.archive(true, &to(&empty, &home)).unwrap();
    assert_eq!((report.already, report.saved), (0, 3));
    assert_eq!(objects(&empty), expected(&service, &["a", "b", "c"]));
}

#[test]
fn each_result_contains_the_hash_of_its_file() {
    use sha2::{Digest, Sha256};
    let service = Service::of(&[("a", 1000), ("b", LONG)]);
    for blocking in BLOCKING {
        let (store, home) = (memory(), tempfile::tempdir().unwrap());
        let report = service.archive(blocking, &to(&store, &home)).unwrap();
        let mut hashes = BTreeMap::new();
        for flow in report.flows().unwrap().map(Result::unwrap) {
            assert_eq!((flow.files.len(), flow.sha256.len()), (1, 1));
            hashes.insert(format!("a/b/{}", flow.files[0].0), flow.sha256[0].clone());
        }
        for (key, bytes) in objects(&store) {
            let hash: String =
                Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hashes[&key], hash);
        }
    }
}
