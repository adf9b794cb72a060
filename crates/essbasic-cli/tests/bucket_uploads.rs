//! Uploads to a bucket: completions that fail, and the attributes of objects.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::bucket::{archive, emulator, to_bucket};
use crate::support::s3::{S3, s3, s3_with_completions};
use crate::support::server::{Answer, Seen, answer};
use crate::support::{code, refused, stderr, stdout};

/// Length of a file of two parts, in bytes.
const LONG: usize = 9 << 20;

/// The response to a completion, by its number.
type Completion = fn(&mut S3, &Seen, usize) -> Option<Answer>;

/// A case: its name, its completions, the expected uploads and completions, and words of the output.
type Row = (&'static str, Completion, (usize, usize), &'static [&'static str]);

fn error(status: u16, code: &str) -> Option<Answer> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<Error><Code>{code}</Code><Message>m</Message></Error>"
    );
    Some(answer(status, "application/xml", body))
}

/// Executes the completion, and returns another response.
fn executed(store: &mut S3, seen: &Seen, instead: Option<Answer>) -> Option<Answer> {
    let count = store.completions;
    store.answer(seen);
    store.completions = count;
    instead
}

#[test]
fn completions_are_bounded_and_the_object_decides() {
    const SAVED: &[&str] = &["saved                1"];
    let rows: [Row; 11] = [
        ("works", |_, _, _| None, (1, 1), SAVED),
        (
            "an error in every response 200",
            |_, _, _| error(200, "InternalError"),
            (3, 21),
            &["InternalError"],
        ),
        (
            "an error without a code",
            |_, _, _| Some(answer(200, "application/xml", "<Error/>")),
            (3, 3),
            &["completing the upload"],
        ),
        (
            "another error in every response 200",
            |_, _, _| error(200, "InvalidPart"),
            (3, 3),
            &["InvalidPart"],
        ),
        (
            "a refusal in a response 200",
            |_, _, _| error(200, "AccessDenied"),
            (1, 1),
            &["s3:PutObject"],
        ),
        (
            "an error in the first responses 200",
            |_, _, nth| (nth <= 3).then(|| error(200, "SlowDown")).flatten(),
            (1, 4),
            SAVED,
        ),
        (
            "an error in every response 500",
            |_, _, _| error(500, "InternalError"),
            (3, 21),
            &["InternalError"],
        ),
        (
            "an error in a response 200, executed",
            |store, seen, _| executed(store, seen, error(200, "InternalError")),
            (1, 7),
            SAVED,
        ),
        (
            "a lost response, executed",
            |store, seen, nth| {
                (nth == 1).then(|| executed(store, seen, error(503, "SlowDown"))).flatten()
            },
            (1, 2),
            SAVED,
        ),
        (
            "an empty response 200, executed",
            |store, seen, _| executed(store, seen, Some(answer(200, "application/xml", ""))),
            (1, 1),
            SAVED,
        ),
        (
            "an empty response 200",
            |_, _, _| Some(answer(200, "application/xml", "")),
            (3, 3),
            &["completing the upload"],
        ),
    ];
    // At the same time: the client of the store pauses between its retries.
    std::thread::scope(|scope| {
        for (name, complete, counts, words) in rows {
            scope.spawn(move || {
                let home = TempDir::new().unwrap();
                let emulator = emulator(home.path(), 1, LONG);
                let (server, store) = s3_with_completions(complete);
                let output = to_bucket(home.path(), &emulator, &server.url()).output().unwrap();
                let store = store.lock().unwrap();
                assert_eq!(
                    (store.started, store.completions),
                    counts,
                    "{name}: {}",
                    stderr(&output)
                );
                assert!(store.uploads.is_empty(), "{name}: an upload was not aborted");
                let text = format!("{}{}", stdout(&output), stderr(&output));
                assert!(words.iter().all(|word| text.contains(word)), "{name}: {text}");
                assert_eq!(store.objects.len(), usize::from(words == SAVED), "{name}");
                assert_eq!(code(&output) == 0, words == SAVED, "{name}: {text}");
            });
        }
    });
}

#[test]
fn objects_have_a_content_type_and_on_request_metadata() {
    for size in [60_000, LONG] {
        for with_metadata in [false, true] {
            let home = TempDir::new().unwrap();
            let emulator = emulator(home.path(), 2, size);
            let (server, store) = s3(|_, _| None);
            let mut command = to_bucket(home.path(), &emulator, &server.url());
            if with_metadata {
                command.arg("--object-metadata");
            }
            let output = command.output().unwrap();
            assert_eq!(code(&output), 0, "{}", stderr(&output));
            let store = store.lock().unwrap();
            assert_eq!(store.attributes.len(), 2);
            for (key, attributes) in &store.attributes {
                let mut wanted = BTreeMap::from([("content-type", "application/pdf".to_owned())]);
                if with_metadata {
                    let id = key.strip_suffix(".pdf").unwrap().rsplit('-').next().unwrap();
                    wanted.insert("x-amz-meta-flowid", id.to_owned());
                }
                if with_metadata && size < LONG {
                    let hash = Sha256::digest(&store.objects[key]);
                    let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                    wanted.insert("x-amz-meta-sha256", hash);
                }
                let found: BTreeMap<_, _> =
                    attributes.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
                assert_eq!(found, wanted, "{key}");
            }
        }
    }
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 1, 1000);
    let output = archive(home.path(), &emulator, "out").arg("--object-metadata").output().unwrap();
    refused(&output, &["--object-metadata needs a bucket"]);
}
