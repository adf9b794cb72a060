//! Reads of existing objects that change meanwhile, or that the store refuses.

use std::sync::Arc;

use essbasic::object_store::path::Path;
use essbasic::object_store::{Error as StoreError, ObjectStore, ObjectStoreExt};
use essbasic::{Error, FlowError, FlowErrorKind};

use super::service::{Service, pdf};
use super::store::{Op, ReadSupport, ScriptedStore, denied, unavailable};
use super::{BLOCKING, expected, memory, objects, reason, to};

const READS: [ReadSupport; 3] = [ReadSupport::Condition, ReadSupport::Tag, ReadSupport::Time];

/// Length of the first range that is read, in bytes.
const RANGE: usize = 4 << 20;

const KEY: &str = "a/b/合同-f.pdf";

/// Puts an object, on a separate thread because the caller's may belong to a runtime.
fn put(store: &Arc<dyn ObjectStore>, bytes: &[u8]) {
    std::thread::scope(|scope| {
        let put = scope.spawn(|| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().build().unwrap();
            let key = Path::parse(KEY).unwrap();
            runtime.block_on(store.put(&key, bytes.to_vec().into())).unwrap();
        });
        put.join().unwrap();
    });
}

/// Returns the error of a request.
type Failure = fn() -> StoreError;

/// Returns two objects, of which the first starts as the file and the second ends as the file.
fn halves(service: &Service) -> [Vec<u8>; 2] {
    let (file, other) = (service.file("f"), pdf(RANGE + 1000, 99));
    [[&file[..RANGE], &other[RANGE..]].concat(), [&other[..RANGE], &file[RANGE..]].concat()]
}

#[test]
fn an_object_that_changes_while_it_is_read_is_not_adopted() {
    let service = Service::of(&[("f", RANGE + 1000)]);
    for blocking in BLOCKING {
        for reads in READS {
            for changes in [false, true] {
                let (inner, home) = (memory(), tempfile::tempdir().unwrap());
                let [first, second] = halves(&service);
                let file = service.file("f");
                put(&inner, if changes { &first } else { &file });
                let (changed, new) = (Arc::clone(&inner), second.clone());
                let script = move |op, count| {
                    // Before the second range.
                    if changes && op == Op::Get && count == 2 {
                        put(&changed, &new);
                    }
                    None
                };
                let store = ScriptedStore::reading(Arc::clone(&inner), reads, script);
                let report = service.archive(blocking, &to(&store, &home)).unwrap();
                let case = format!("{blocking} {reads:?} {changes}");
                let failed = u64::from(changes);
                assert_eq!((report.saved, report.failed), (1 - failed, failed), "{case}");
                if changes {
                    let flows: Vec<_> = report.flows().unwrap().map(Result::unwrap).collect();
                    assert_eq!(reason(&flows, "f").kind, FlowErrorKind::Exists, "{case}");
                    assert!(objects(&inner)[KEY] == second, "{case}");
                } else {
                    assert!(objects(&inner) == expected(&service, &["f"]), "{case}");
                }
            }
        }
    }
}

#[test]
fn an_object_that_always_changes_fails_its_contract() {
    let service = Service::of(&[("f", RANGE + 1000)]);
    for blocking in BLOCKING {
        let (inner, home) = (memory(), tempfile::tempdir().unwrap());
        let [first, second] = halves(&service);
        put(&inner, &first);
        let changed = Arc::clone(&inner);
        let script = move |op, count| {
            if op == Op::Get {
                put(&changed, if count % 2 == 0 { &first } else { &second });
            }
            None
        };
        let store = ScriptedStore::reading(Arc::clone(&inner), ReadSupport::Condition, script);
        let mut options = to(&store, &home);
        options.retry_rounds = 0;
        let report = service.archive(blocking, &options).unwrap();
        assert_eq!((report.saved, report.failed), (0, 1));
        let flows: Vec<_> = report.flows().unwrap().map(Result::unwrap).collect();
        let FlowError { kind, message, .. } = reason(&flows, "f");
        assert_eq!(kind, FlowErrorKind::Destination);
        assert!(message.contains(KEY) && message.contains("changed in 3 reads"), "{message}");
    }
}

/// The error is that of the store, not of the journal.
#[test]
fn a_failed_verification_names_operation_object_and_fix() {
    let service = Service::of(&[("f", 1000)]);
    let unsupported = || StoreError::NotSupported { source: "no ranges".into() };
    let cases: [(Op, Failure, _, _); 4] = [
        (Op::Head, denied, "looking up ", "s3:GetObject"),
        (Op::Get, denied, "reading a range of ", "s3:GetObject"),
        (Op::Get, unsupported, "reading a range of ", "ranged reads"),
        (Op::Get, unavailable, "reading a range of ", "run again"),
    ];
    for blocking in BLOCKING {
        for (op, error, operation, advice) in cases {
            let (inner, home) = (memory(), tempfile::tempdir().unwrap());
            service.archive(blocking, &to(&inner, &home).with_store_id("one")).unwrap();
            let script = move |request, _| (request == op).then(error);
            let (store, _) = ScriptedStore::over(inner, script);
            let options = to(&store, &home).with_store_id("one").with_verify();
            let error = service.archive(blocking, &options).unwrap_err();
            assert!(matches!(error, Error::Destination { .. }), "{error:?}");
            let text = format!("{error}; {}", error.hint().unwrap());
            for part in [&format!("{operation}{KEY}"), advice, "cannot be verified"] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!text.contains("SECRET") && !text.contains("j.jsonl"), "{text}");
        }
    }
}
