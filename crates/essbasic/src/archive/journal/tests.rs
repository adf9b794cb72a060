use std::sync::Mutex;

use super::line::MAX_MESSAGE_BYTES;
use super::*;
use crate::download::{Entry, ReportedFlow};
use crate::error::{FlowError, FlowErrorKind};

fn job(shard: &str) -> Job {
    let header = Header {
        essbasic_archive: VERSION,
        app_id: "app".to_owned(),
        organization: "org".to_owned(),
        shard: shard.to_owned(),
        store: None,
    };
    Job { header, store_v1: None }
}

/// A filter that keeps the results of saved contracts.
#[derive(Default)]
struct Saved(Vec<String>);

impl RecordFilter for Saved {
    fn retain(&mut self, _: u64, records: Vec<Record>) -> io::Result<Vec<Record>> {
        let saved = |record: &Record| record.error.is_none() && !record.is_intent();
        let kept: Vec<_> = records.into_iter().filter(saved).collect();
        self.0.extend(kept.iter().map(|record| record.flow_id.clone()));
        Ok(kept)
    }

    fn additional(&mut self) -> Vec<Record> {
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

/// Opens the journal and returns the contracts that it lists as saved.
fn saved(path: &Path) -> io::Result<Vec<String>> {
    let mut saved = Saved::default();
    Journal::open(path, &job("1/1"), || Ok(()), &mut saved)?.close()?;
    Ok(saved.0)
}

#[test]
fn keeps_saved_contracts_and_forgets_failed_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = open(&path, &job("1/1")).unwrap();
    for (flow_id, failed) in [("a", false), ("b", true), ("c", false)] {
        journal.add(&record(flow_id, failed)).unwrap();
    }
    journal.close().unwrap();
    assert_eq!(Reader::open(&path).unwrap().unwrap().count(), 3);
    assert_eq!(saved(&path).unwrap(), ["a", "c"]);
    assert_eq!(Reader::open(&path).unwrap().unwrap().count(), 2);
    assert_eq!(saved(&path).unwrap(), ["a", "c"]);
}

#[test]
fn a_truncated_journal_keeps_its_complete_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = open(&path, &job("1/1")).unwrap();
    for flow_id in ["a", "b", "合同"] {
        journal.add(&record(flow_id, false)).unwrap();
    }
    journal.close().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let expected = lines(&whole[..length]).saturating_sub(1);
        assert_eq!(saved(&path).unwrap().len(), expected, "{length}");
        // The rewritten journal consists of the complete lines.
        assert_eq!(lines(&std::fs::read(&path).unwrap()), expected + 1);
    }
}

#[test]
fn refuses_other_files_and_journals_of_other_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    for text in ["a letter", "{}", "a letter\nto somebody\n", "{\"essbasic_archive\":1}\n", "[]\n"]
    {
        std::fs::write(&path, text).unwrap();
        assert!(saved(&path).unwrap_err().to_string().contains("not a journal"), "{text}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    std::fs::remove_file(&path).unwrap();
    open(&path, &job("2/3")).unwrap().close().unwrap();
    assert!(saved(&path).unwrap_err().to_string().contains("belongs to another job"));
    let mut text = std::fs::read_to_string(&path).unwrap().replace("2/3", "1/1");
    text.push_str("{\n{}\n");
    std::fs::write(&path, text).unwrap();
    assert!(saved(&path).unwrap_err().to_string().contains("line 2 is corrupt"));
}

#[test]
fn refuses_a_journal_that_another_job_uses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let first = open(&path, &job("1/1")).unwrap();
    let error = saved(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    drop(first);
    assert!(saved(&path).is_ok());
}

#[test]
fn refuses_a_corrupt_journal_and_does_not_change_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    open(&path, &job("1/1")).unwrap().close().unwrap();
    let head = std::fs::read(&path).unwrap();
    let long = format!("{{\"flow_id\":\"{}\"}}\n", "x".repeat(1 << 20));
    let deep = |open: &str, times| {
        format!("{{\"flow_id\":\"a\",\"files\":{}\n", open.repeat(times)).into_bytes()
    };
    let named = |list: &str, name: &str| {
        format!("{{\"flow_id\":\"a\",\"{list}\":[[\"{name}\",7]]}}\n").into_bytes()
    };
    for (lines, reason) in [
        (long.clone().into_bytes(), "line 2 exceeds 1 MiB"),
        // An incomplete last line is limited too.
        (vec![b'x'; 3 << 20], "line 2 exceeds 1 MiB"),
        (deep("[", 500_000), "line 2 is corrupt"),
        (deep("{\"a\":", 100_000), "line 2 is corrupt"),
        (b"{\"flow_id\":\"\xff\"}\n".to_vec(), "line 2 is corrupt"),
        (b"\0\0\0\n".to_vec(), "line 2 is corrupt"),
        (b"{\"flow_id\":\"a\",\"files\":[[\"a.pdf\",-1]]}\n".to_vec(), "line 2 is corrupt"),
        // Names that lead out of the folder.
        (named("files", "../a.pdf"), "line 2 is corrupt"),
        (named("files", "/tmp/a.pdf"), "line 2 is corrupt"),
        (named("files", "a\\\\b.pdf"), "line 2 is corrupt"),
        (named("intent", "c:a.pdf"), "line 2 is corrupt"),
        (named("intent", ".."), "line 2 is corrupt"),
        (named("intent", ".essbasic-archive.jsonl"), "line 2 is corrupt"),
        (named("intent", ""), "line 2 is corrupt"),
    ] {
        let corrupt = [head.clone(), lines].concat();
        std::fs::write(&path, &corrupt).unwrap();
        let error = saved(&path).unwrap_err().to_string();
        assert!(error.ends_with(reason), "{error}");
        assert!(std::fs::read(&path).unwrap() == corrupt, "{reason}");
    }
    std::fs::write(&path, long).unwrap();
    assert!(saved(&path).unwrap_err().to_string().contains("line 1 exceeds"));
}

#[test]
fn truncates_long_messages_so_that_the_journal_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = open(&path, &job("1/1")).unwrap();
    let long = "\u{1}合".repeat(1 << 20);
    for status in [&*long, "NEW"] {
        let error = FlowError::new(FlowErrorKind::Refused, &*long).with_request_id(&long);
        let (status, error) = (Some(status.into()), Some(error));
        let flow = ReportedFlow {
            flow_id: "a".into(),
            status,
            files: vec![],
            error,
            request_id: String::new(),
        };
        journal.add(&Record::of(&flow)).unwrap();
    }
    journal.close().unwrap();
    let records: Vec<Record> = Reader::open(&path).unwrap().unwrap().map(Result::unwrap).collect();
    let statuses: Vec<_> = records.iter().map(|record| record.status.clone()).collect();
    assert_eq!(statuses, [None, Some("NEW".into())]);
    let error = records[0].error.as_ref().unwrap();
    let message = &error.message;
    assert!(message.len() > MAX_MESSAGE_BYTES - 4 && message.len() <= MAX_MESSAGE_BYTES);
    assert_eq!(error.request_id(), Some(&long[..128]));
}

#[test]
fn fsyncs_the_listed_files_before_it_closes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let synced = Arc::new(Mutex::new(Vec::new()));
    let (seen, journal_path) = (Arc::clone(&synced), path.clone());
    let sync_files = move || {
        let text = std::fs::read_to_string(&journal_path)?;
        seen.lock().unwrap().push(text.lines().count());
        Ok(())
    };
    let journal = Journal::open(&path, &job("1/1"), sync_files, &mut Saved::default()).unwrap();
    journal.add(&record("a", false)).unwrap();
    journal.add(&record("b", false)).unwrap();
    journal.close().unwrap();
    // The header and both lines are written before the last fsync of the files.
    assert_eq!(synced.lock().unwrap().last(), Some(&3));

    let fails = || Err(io::Error::other("no space"));
    let journal = Journal::open(&path, &job("1/1"), fails, &mut Saved::default()).unwrap();
    journal.add(&record("c", false)).unwrap();
    assert_eq!(journal.close().unwrap_err().to_string(), "no space");
}

#[test]
fn reads_supported_versions_and_refuses_others() {
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
        assert_eq!(saved(&path).unwrap(), ["a"], "{version}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&format!("{{\"essbasic_archive\":{VERSION},")), "{text}");
    }
    for version in [0, VERSION + 1] {
        let text = head(version) + line;
        std::fs::write(&path, &text).unwrap();
        let error = saved(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("unknown journal version {version}")), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn intents_are_written_before_they_return_and_lines_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = open(&path, &job("1/1")).unwrap();
    let intents = journal.intent_log();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (intents, journal, path) = (&intents, &journal, &path);
            scope.spawn(move || {
                for number in 0..50 {
                    let flow_id = format!("{thread}-{number}");
                    let (name, sha256) = (format!("{flow_id}.pdf"), "00".repeat(32));
                    intents.record_intent(&flow_id, &Entry { name, bytes: 7, sha256 }).unwrap();
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
fn keeps_other_files_and_locks_only_its_own_journal() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["j.new", "j.lock", "j.1.new"] {
        std::fs::write(at(name), name).unwrap();
    }
    // The temporary file of a job that was killed while it rewrote its journal.
    std::fs::write(at(".essbasic-0000000000000000.part"), "half").unwrap();
    let journals = ["j.1", "j.2", "j.jsonl"].map(|name| open(&at(name), &job("1/1")).unwrap());
    assert!(!at(".essbasic-0000000000000000.part").exists());
    for name in ["j.new", "j.lock", "j.1.new"] {
        assert_eq!(std::fs::read_to_string(at(name)).unwrap(), name);
    }
    drop(journals);
}

#[cfg(unix)]
#[test]
fn fails_if_the_journal_is_removed_or_replaced() {
    for replace in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.jsonl");
        let journal = open(&path, &job("1/1")).unwrap();
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
