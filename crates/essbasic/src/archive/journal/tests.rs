use super::*;
use crate::error::FlowErrorKind;

fn header(shard: &str) -> Header {
    Header {
        essbasic_archive: 1,
        app_id: "app".to_owned(),
        organization: "org".to_owned(),
        shard: shard.to_owned(),
        store: None,
    }
}

fn record(flow_id: &str, failed: bool) -> Record {
    let failure = FlowError::new(FlowErrorKind::Refused, "no");
    Record {
        flow_id: flow_id.to_owned(),
        files: if failed { vec![] } else { vec![(format!("{flow_id}.pdf"), 7)] },
        error: failed.then_some(failure),
    }
}

/// The contracts that the journal says are done.
fn done(path: &Path) -> io::Result<Vec<String>> {
    let mut done = Vec::new();
    let journal = Journal::open(
        path,
        &header("1/1"),
        || Ok(()),
        |record| {
            done.push(record.flow_id.clone());
            true
        },
    )?;
    journal.close()?;
    Ok(done)
}

#[test]
fn what_is_done_stays_done_and_what_failed_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let journal = Journal::open(&path, &header("1/1"), || Ok(()), |_| true).unwrap();
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
    let journal = Journal::open(&path, &header("1/1"), || Ok(()), |_| true).unwrap();
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
    Journal::open(&path, &header("2/3"), || Ok(()), |_| true).unwrap().close().unwrap();
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
    let first = Journal::open(&path, &header("1/1"), || Ok(()), |_| true).unwrap();
    let error = done(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    drop(first);
    assert!(done(&path).is_ok());
}

#[test]
fn a_journal_that_somebody_spoilt_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    Journal::open(&path, &header("1/1"), || Ok(()), |_| true).unwrap().close().unwrap();
    let head = std::fs::read(&path).unwrap();
    let long = format!("{{\"flow_id\":\"{}\"}}\n", "x".repeat(1 << 20));
    let deep = |open: &str, times| {
        format!("{{\"flow_id\":\"a\",\"files\":{}\n", open.repeat(times)).into_bytes()
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
    let journal = Journal::open(&path, &header("1/1"), || Ok(()), |_| true).unwrap();
    let error = FlowError::new(FlowErrorKind::Refused, "\u{1}合".repeat(1 << 20));
    let flow = ReportedFlow { flow_id: "a".to_owned(), files: vec![], error: Some(error) };
    journal.add(&Record::of(&flow)).unwrap();
    journal.close().unwrap();
    let records: Vec<Record> = Reader::open(&path).unwrap().unwrap().map(Result::unwrap).collect();
    let message = &records[0].error.as_ref().unwrap().message;
    assert!(message.len() > LONGEST_REASON - 4 && message.len() <= LONGEST_REASON);
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
    let journal = Journal::open(&path, &header("1/1"), settle, |_| true).unwrap();
    journal.add(&record("a", false)).unwrap();
    journal.add(&record("b", false)).unwrap();
    journal.close().unwrap();
    // The head and both lines had been written, whose files it is about.
    assert_eq!(settled.lock().unwrap().last(), Some(&3));

    let refuses = || Err(io::Error::other("no space"));
    let journal = Journal::open(&path, &header("1/1"), refuses, |_| true).unwrap();
    journal.add(&record("c", false)).unwrap();
    assert_eq!(journal.close().unwrap_err().to_string(), "no space");
}
