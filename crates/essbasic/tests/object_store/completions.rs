//! Uploads whose completion fails, or whose response is lost.

use std::sync::Arc;

use essbasic::object_store::Error;
use essbasic::{FlowError, FlowErrorKind};

use super::service::Service;
use super::store::{Op, ScriptedStore, unavailable};
use super::{BLOCKING, LONG, expected, memory, objects, reason, to};

/// An error that a store returns in a response 200.
fn invalid() -> Error {
    Error::Generic { store: "S3", source: "missing field `ETag` <Token>SECRET</Token>".into() }
}

/// Each case: the number of completions that fail, whether they were executed, whether a lookup fails, and the uploads
/// of the contract over all rounds.
#[test]
fn uploads_that_a_store_does_not_complete_are_bounded() {
    let always = usize::MAX;
    for (failures, executed, lookup_fails, uploads, saved) in [
        (0, false, false, 1, true),
        (1, false, false, 2, true),
        (2, false, false, 3, true),
        (3, false, false, 3, false),
        (always, false, false, 3, false),
        (1, true, false, 1, true),
        (always, true, false, 1, true),
        (always, false, true, 3, false),
    ] {
        for error in [unavailable, invalid] {
            for blocking in BLOCKING {
                let service = Service::of(&[("f", LONG), ("short", 1000)]);
                let (inner, home) = (memory(), tempfile::tempdir().unwrap());
                let failing = if executed { Op::Completed } else { Op::Complete };
                let script = move |op, count| {
                    let is_lookup = lookup_fails && matches!(op, Op::Head | Op::Get);
                    // The first lookups check whether an object has the key.
                    (op == failing && count <= failures || is_lookup && count > 6).then(error)
                };
                let (store, log) = ScriptedStore::over(Arc::clone(&inner), script);
                let options = to(&store, &home).with_concurrency(1);
                let report = service.archive(blocking, &options).unwrap();
                let case = format!("{failures} {executed} {lookup_fails} {blocking}");
                assert_eq!(report.saved, 1 + u64::from(saved), "{case}");
                assert_eq!(
                    [Op::Start, Op::Complete].map(|op| log.count(op)),
                    [uploads; 2],
                    "{case}"
                );
                assert_eq!(log.count(Op::Abort), uploads - usize::from(saved), "{case}");
                assert_eq!(service.fetches("f"), uploads, "{case}");
                let found = if saved { &["f", "short"][..] } else { &["short"] };
                assert_eq!(objects(&inner), expected(&service, found), "{case}");
                if saved {
                    continue;
                }
                let flows: Vec<_> = report.flows().unwrap().map(Result::unwrap).collect();
                let FlowError { kind, message, .. } = reason(&flows, "f");
                assert_eq!(kind, FlowErrorKind::Destination);
                assert!(message.starts_with("completing the upload of a/b/"), "{message}");
                assert!(!message.contains("SECRET"), "{message}");

                // The next run uploads the file again.
                let store = ScriptedStore::over(Arc::clone(&inner), |_, _| None).0;
                let report = service.archive(blocking, &to(&store, &home)).unwrap();
                assert_eq!((report.saved, report.already), (1, 1));
            }
        }
    }
}
