use std::sync::Mutex;

use super::line::MAX_REASON_BYTES;
use super::*;
use crate::download::{Entry, ReportedFlow};
use crate::error::{FlowError, FlowErrorKind};

fn header(shard: &str) -> Job {
    let header = Header {
        essbasic_archive: VERSION,
        app_id: "app".to_owned(),
        organization: "org".to_owned(),
        shard: shard.to_owned(),
        store: None,
    };
    Job { header, store_v1: None }
}

/// Keeps what is saved.
#[derive(Default)]
struct Saved(Vec<String>);

impl Sift for Saved {
    fn sift(&mut self, _: u64, records: Vec<Record>) -> io::Result<Vec<Record>> {
        let saved = |record: &Record| record.error.is_none() && !record.is_intent();
        let kept: Vec<_> = records.into_iter().filter(saved).collect();
        self.0.extend(kept.iter().map(|record| record.flow_id.clone()));
        Ok(kept)
    }

    fn rest(&mut self) -> Vec<Record> {
        vec![]
    }
}

fn open(path: &Path, job: &Job) -> io::Result<Journal> {
    Journal::open(path, job, || Ok(()), &mut Saved::default())
}

fn record(flow_id: &str, failed: bool) -> Record {
    let failure = FlowError::new(FlowErrorKind::Refused, "no");
    Record {
        flow_id: flow_id.to_owned(),
        files: if failed { vec![] } else { vec![(format!("{flow_id}.pdf"), 7)] },
        sha256: if failed { vec![] } else { vec!["00".repeat(32)] },
        error: failed.then_some(failure),
        ..Record::default()
    }
}

/// The contracts that the journal says are done.
fn done(path: &Path) -> io::Result<Vec<String>> {
    let mut saved = Saved::default();
    Journal::open(path, &header("1/1"), || Ok(()), &mut saved)?.close()?;
    Ok(saved.0)
}

#[test]
fn what_is_done_stays_done_and_what_failed_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = open(&path, &header("1/1")).unwrap();
    for (flow_id, failed) in [("a", false), ("b", true), ("c", false)] {
        journal.add(&record(flow_id, failed)).unwrap();
    }
    journal.close().unwrap();
    assert_eq!(Reader::open(&path).unwrap().unwrap().count(), 3);
    assert_eq!(done(&path).unwrap(), ["a", "c"]);
    assert_eq!(Reader::open(&path).unwrap().unwrap().count(), 2);
    assert_eq!(done(&path).unwrap(), ["a", "c"]);
}

#[test]
fn a_journal_cut_off_anywhere_holds_what_was_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = open(&path, &header("1/1")).unwrap();
    for flow_id in ["a", "b", "合同"] {
        journal.add(&record(flow_id, false)).unwrap();
    }
    journal.close().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let expected = lines(&whole[..length]).saturating_sub(1);
        assert_eq!(done(&path).unwrap().len(), expected, "{length}");
        // And goes on from there.
        assert_eq!(lines(&std::fs::read(&path).unwrap()), expected + 1);
    }
}

#[test]
fn other_files_and_other_jobs_journals_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    for text in ["a letter", "{}", "a letter\nto somebody\n", "{\"essbasic_archive\":1}\n", "[]\n"]
    {
        std::fs::write(&path, text).unwrap();
        assert!(done(&path).unwrap_err().to_string().contains("is no journal"), "{text}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    std::fs::remove_file(&path).unwrap();
    open(&path, &header("2/3")).unwrap().close().unwrap();
    assert!(done(&path).unwrap_err().to_string().contains("another job"));
    let mut text = std::fs::read_to_string(&path).unwrap().replace("2/3", "1/1");
    text.push_str("{\n{}\n");
    std::fs::write(&path, text).unwrap();
    assert!(done(&path).unwrap_err().to_string().contains("line 2 is broken"));
}

#[test]
fn two_jobs_do_not_share_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let first = open(&path, &header("1/1")).unwrap();
    let error = done(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    drop(first);
    assert!(done(&path).is_ok());
}

#[test]
fn a_journal_that_somebody_spoilt_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    open(&path, &header("1/1")).unwrap().close().unwrap();
    let head = std::fs::read(&path).unwrap();
    let long = format!("{{\"flow_id\":\"{}\"}}\n", "x".repeat(1 << 20));
    let deep = |open: &str, times| {
        format!("{{\"flow_id\":\"a\",\"files\":{}\n", open.repeat(times)).into_bytes()
    };
    let named = |list: &str, name: &str| {
        format!("{{\"flow_id\":\"a\",\"{list}\":[[\"{name}\",7]]}}\n").into_bytes()
    };
    for (lines, why) in [
        (long.clone().into_bytes(), "line 2 is longer than 1 MiB"),
        // Not even a last line that was being written is so long.
        (vec![b'x'; 3 << 20], "line 2 is longer than 1 MiB"),
        (deep("[", 500_000), "line 2 is broken"),
        (deep("{\"a\":", 100_000), "line 2 is broken"),
        (b"{\"flow_id\":\"\xff\"}\n".to_vec(), "line 2 is broken"),
        (b"\0\0\0\n".to_vec(), "line 2 is broken"),
        (b"{\"flow_id\":\"a\",\"files\":[[\"a.pdf\",-1]]}\n".to_vec(), "line 2 is broken"),
        // Names lead nowhere else, whoever has written them.
        (named("files", "../a.pdf"), "line 2 is broken"),
        (named("files", "/tmp/a.pdf"), "line 2 is broken"),
        (named("files", "a\\\\b.pdf"), "line 2 is broken"),
        (named("intent", "c:a.pdf"), "line 2 is broken"),
        (named("intent", ".."), "line 2 is broken"),
        (named("intent", ".essbasic-archive.jsonl"), "line 2 is broken"),
        (named("intent", ""), "line 2 is broken"),
    ] {
        let spoilt = [head.clone(), lines].concat();
        std::fs::write(&path, &spoilt).unwrap();
        let error = done(&path).unwrap_err().to_string();
        assert!(error.ends_with(why), "{error}");
        assert!(std::fs::read(&path).unwrap() == spoilt, "{why}");
    }
    std::fs::write(&path, long).unwrap();
    assert!(done(&path).unwrap_err().to_string().contains("line 1 is longer"));
}

#[test]
fn whatever_the_service_says_the_journal_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = open(&path, &header("1/1")).unwrap();
    let error = FlowError::new(FlowErrorKind::Refused, "\u{1}合".repeat(1 << 20));
    let flow =
        ReportedFlow { flow_id: "a".to_owned(), status: None, files: vec![], error: Some(error) };
    journal.add(&Record::of(&flow)).unwrap();
    journal.close().unwrap();
    let records: Vec<Record> = Reader::open(&path).unwrap().unwrap().map(Result::unwrap).collect();
    let message = &records[0].error.as_ref().unwrap().message;
    assert!(message.len() > MAX_REASON_BYTES - 4 && message.len() <= MAX_REASON_BYTES);
}

#[test]
fn what_lines_speak_of_is_settled_before_the_journal_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let settled = Arc::new(Mutex::new(Vec::new()));
    let (seen, journal_path) = (Arc::clone(&settled), path.clone());
    let settle = move || {
        let text = std::fs::read_to_string(&journal_path)?;
        seen.lock().unwrap().push(text.lines().count());
        Ok(())
    };
    let journal = Journal::open(&path, &header("1/1"), settle, &mut Saved::default()).unwrap();
    journal.add(&record("a", false)).unwrap();
    journal.add(&record("b", false)).unwrap();
    journal.close().unwrap();
    // The head and both lines had been written, whose files it is about.
    assert_eq!(settled.lock().unwrap().last(), Some(&3));

    let refuses = || Err(io::Error::other("no space"));
    let journal = Journal::open(&path, &header("1/1"), refuses, &mut Saved::default()).unwrap();
    journal.add(&record("c", false)).unwrap();
    assert_eq!(journal.close().unwrap_err().to_string(), "no space");
}

#[test]
fn journals_of_known_versions_are_read_and_others_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let head = |version: u64| {
        format!(
            "{{\"essbasic_archive\":{version},\"app_id\":\"app\",\"organization\":\"org\",\"shard\":\"1/1\"}}\n"
        )
    };
    let line = "{\"flow_id\":\"a\",\"files\":[[\"a.pdf\",7]]}\n";
    for version in [1, VERSION] {
        std::fs::write(&path, head(version) + line).unwrap();
        assert_eq!(done(&path).unwrap(), ["a"], "{version}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&format!("{{\"essbasic_archive\":{VERSION},")), "{text}");
    }
    for version in [0, VERSION + 1] {
        let text = head(version) + line;
        std::fs::write(&path, &text).unwrap();
        let error = done(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("unknown journal version {version}")), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn an_intent_is_in_the_file_when_it_returns_and_lines_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = open(&path, &header("1/1")).unwrap();
    let ledger = journal.ledger();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (ledger, journal, path) = (&ledger, &journal, &path);
            scope.spawn(move || {
                for number in 0..50 {
                    let flow_id = format!("{thread}-{number}");
                    let (name, sha256) = (format!("{flow_id}.pdf"), "00".repeat(32));
                    ledger.intend(&flow_id, &Entry { name, bytes: 7, sha256 }).unwrap();
                    let text = std::fs::read_to_string(path).unwrap();
                    assert!(text.contains(&format!("{{\"flow_id\":\"{flow_id}\",\"intent\"")));
                    journal.add(&record(&flow_id, false)).unwrap();
                }
            });
        }
    });
    journal.close().unwrap();
    let records: Vec<Record> = Reader::open(&path).unwrap().unwrap().map(Result::unwrap).collect();
    assert_eq!(records.len(), 800);
    let mut intended = std::collections::HashSet::new();
    for record in records {
        match record.is_intent() {
            true => assert!(intended.insert(record.flow_id)),
            false => assert!(intended.contains(&record.flow_id)),
        }
    }
}

#[test]
fn other_files_beside_a_journal_stay_and_locks_are_of_one_journal() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["j.new", "j.lock", "j.1.new"] {
        std::fs::write(at(name), name).unwrap();
    }
    // What a job left that was killed while it rewrote its journal.
    std::fs::write(at(".essbasic-0000000000000000.part"), "half").unwrap();
    let journals = ["j.1", "j.2", "j.jsonl"].map(|name| open(&at(name), &header("1/1")).unwrap());
    assert!(!at(".essbasic-0000000000000000.part").exists());
    for name in ["j.new", "j.lock", "j.1.new"] {
        assert_eq!(std::fs::read_to_string(at(name)).unwrap(), name);
    }
    drop(journals);
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_removed_or_replaced_meanwhile_is_an_error() {
    for replace in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.jsonl");
        let journal = open(&path, &header("1/1")).unwrap();
        std::fs::remove_file(&path).unwrap();
        if replace {
            std::fs::write(&path, "mine").unwrap();
        }
        journal.add(&record("a", false)).unwrap();
        let error = journal.close().unwrap_err().to_string();
        assert!(error.contains("removed or replaced"), "{error}");
        assert_eq!(path.exists(), replace);
    }
}
