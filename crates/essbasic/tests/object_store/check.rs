//! The check of a store before its first file.

use std::collections::BTreeMap;
use std::sync::Arc;

use essbasic::object_store::Error as StoreError;
use essbasic::{DownloadOptions, Error};

use super::memory;
use super::objects;
use super::store::{Op, ScriptedStore, denied, missing, unavailable};

fn check(options: &DownloadOptions) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(options.check_store())
}

#[test]
fn a_check_creates_no_object_and_tells_outages_from_other_failures() {
    // The request that fails, its error, whether that is an outage, and words of the fix.
    type Row = (Op, fn() -> StoreError, Option<(bool, &'static str)>);
    let rows: [Row; 8] = [
        (Op::Start, denied, Some((false, "s3:PutObject"))),
        (Op::Start, missing, Some((false, "check its name"))),
        (Op::Start, unavailable, Some((true, "run again"))),
        (Op::List, missing, Some((false, "check its name"))),
        // Permission to list is not required, and an outage between two requests is found by the next one.
        (Op::List, denied_code, None),
        (Op::List, unavailable, None),
        (Op::Abort, denied, Some((false, "s3:AbortMultipartUpload"))),
        (Op::Abort, unavailable, Some((true, "run again"))),
    ];
    for (op, error, expected) in rows {
        let inner = memory();
        let (store, log) =
            ScriptedStore::over(Arc::clone(&inner), move |called, _| (called == op).then(error));
        let options = DownloadOptions::to_store(store, "a/b").with_object_metadata();
        let case = format!("{op:?} {expected:?}");
        match (check(&options), expected) {
            (Ok(()), None) => assert_eq!(log.count(Op::Abort), 1, "{case}"),
            (Err(error), Some((is_retryable, advice))) => {
                assert_eq!(error.is_retryable(), is_retryable, "{case}: {error}");
                assert!(error.hint().unwrap().contains(advice), "{case}: {error}");
                assert!(!format!("{error} {error:?}").contains("SECRET"), "{error}");
            }
            (result, _) => panic!("{case}: {result:?}"),
        }
        assert_eq!(objects(&inner), BTreeMap::new(), "{case}");
    }
    assert!(check(&DownloadOptions::to("no/such/folder")).is_ok());
}

/// As S3 refuses to list.
fn denied_code() -> StoreError {
    let source = "403 Forbidden: <Code>AccessDenied</Code><Token>SECRET</Token>".into();
    StoreError::Generic { store: "S3", source }
}
