//! `essbasic archive --out s3://…` against a server that implements the part of S3 that uploads
//! use.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use essbasic_emulator::{APP_ID, Emulator, NewFlow, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};
use tempfile::TempDir;

use crate::support::child::start;
use crate::support::s3::{STORE_KEY, STORE_TOKEN, s3};
use crate::support::server::answer;
use crate::support::{code, essbasic, refused, stderr, stdout, until};

pub(crate) fn emulator(home: &Path, count: usize, pdf_bytes: usize) -> Emulator {
    let emulator = Emulator::builder().with_rate_limit(None).with_min_pdf_bytes(pdf_bytes);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let emulator = emulator.with_manual_clock(now - 60).start().unwrap();
    let ids: Vec<String> = (0..count).map(|n| format!("yDwA{n:028}")).collect();
    for id in &ids {
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
        emulator.sign(id, None).unwrap();
        emulator.sign(id, None).unwrap();
    }
    // Files of contracts that were completed recently are still composed.
    emulator.advance(Duration::from_secs(60));
    std::fs::write(home.join("ids.txt"), ids.join("\n")).unwrap();
    emulator
}

pub(crate) fn archive(home: &Path, emulator: &Emulator, out: &str) -> Command {
    let mut command = essbasic(home);
    command
        .args(["archive", "--endpoint", &emulator.endpoint(), "--app-id", APP_ID])
        .args(["--organization", ORGANIZATION, "--operator", OPERATOR])
        .args(["--flows", "ids.txt", "--any-state", "--out", out])
        .env("TENCENTCLOUD_SECRET_ID", SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", SECRET_KEY);
    command
}

pub(crate) fn to_bucket(home: &Path, emulator: &Emulator, endpoint: &str) -> Command {
    let mut command = archive(home, emulator, "s3://b-125/contracts/2026");
    command
        .args(["--journal", "j.jsonl"])
        .env("AWS_ACCESS_KEY_ID", "AKIDSTORE")
        .env("AWS_SECRET_ACCESS_KEY", STORE_KEY)
        .env("AWS_SESSION_TOKEN", STORE_TOKEN)
        .env("AWS_REGION", "ap-guangzhou")
        .env("AWS_ENDPOINT", endpoint)
        .env("AWS_ALLOW_HTTP", "true");
    command
}

#[test]
fn a_bucket_gets_the_same_files_as_a_folder() {
    // Files of one request, and of two parts.
    for (size, uploads) in [(60_000, 0), (9 << 20, 3)] {
        let home = TempDir::new().unwrap();
        let emulator = emulator(home.path(), 3, size);
        let (server, store) = s3(|_, _| None);
        let output = to_bucket(home.path(), &emulator, &server.url()).output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        assert!(stdout(&output).contains("saved                3"), "{}", stdout(&output));

        let output = archive(home.path(), &emulator, "out").output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let held = store.lock().unwrap();
        assert_eq!((held.objects.len(), held.started, held.uploads.len()), (3, uploads, 0));
        for (key, bytes) in &held.objects {
            let name = key.strip_prefix("/b-125/contracts/2026/").unwrap();
            let id = name.strip_suffix(".pdf").unwrap().rsplit('-').next().unwrap();
            let mut files = std::fs::read_dir(home.path().join("out")).unwrap();
            let file = files.find_map(|file| {
                let path = file.unwrap().path();
                path.to_str()?.ends_with(&format!("-{id}.pdf")).then_some(path)
            });
            assert!(*bytes == std::fs::read(file.unwrap()).unwrap(), "{name} is another file");
        }
        drop(held);

        let (fetched, sent) = (emulator.stats().downloads, server.seen().len());
        let output = to_bucket(home.path(), &emulator, &server.url()).output().unwrap();
        assert!(stdout(&output).contains("done before          3"), "{}", stdout(&output));
        assert_eq!((emulator.stats().downloads, server.seen().len()), (fetched, sent));
    }
}

#[test]
fn a_killed_archive_continues_and_fetches_no_journaled_file_twice() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 300, 60_000);
    let (server, store) = s3(|_, _| None);
    let sent = || server.seen().len();
    for _ in 0..3 {
        let enough = sent() + 20;
        let mut child = start(&mut to_bucket(home.path(), &emulator, &server.url()));
        until("a few files more", || sent() >= enough || child.try_wait().unwrap().is_some());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let journal = std::fs::read_to_string(home.path().join("j.jsonl")).unwrap();
    let results: String = journal.lines().filter(|line| !line.contains("\"intent\"")).collect();
    let fetched = emulator.stats().downloads;
    let done = fetched.iter().filter(|(id, _)| results.contains(id.as_str()));
    let done: Vec<_> = done.collect();
    assert!((1..300).contains(&done.len()), "{}", done.len());
    let output = to_bucket(home.path(), &emulator, &server.url()).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let after = emulator.stats().downloads;
    assert!(done.iter().all(|(id, times)| after[*id] == **times), "something was fetched again");
    assert_eq!(store.lock().unwrap().objects.len(), 300);
}

#[test]
fn a_busy_store_is_retried() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 3, 60_000);
    let (server, store) = s3(|_, nth| {
        let busy = "<Error><Code>SlowDown</Code></Error>";
        (nth <= 2).then(|| answer(503, "application/xml", busy))
    });
    let output = to_bucket(home.path(), &emulator, &server.url()).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(store.lock().unwrap().objects.len(), 3);
    assert!(emulator.stats().downloads.values().all(|&times| times == 1));
}

#[test]
fn a_refusal_of_the_store_is_reported_with_advice_and_without_secrets() {
    let told = [
        (403, "AccessDenied", "s3:PutObject"),
        (404, "NoSuchBucket", "check its name"),
        (403, "SignatureDoesNotMatch", "rejected the credentials"),
        (400, "ExpiredToken", "have not expired"),
        (403, "PathStyleDomainForbidden", "https://BUCKET.HOST"),
    ];
    for (status, refusal, advice) in told {
        let home = TempDir::new().unwrap();
        let emulator = emulator(home.path(), 20, 60_000);
        let (server, _) = s3(move |seen, _| {
            let signature = seen.header("authorization");
            let body = format!(
                "<?xml version=\"1.0\"?><Error><Code>{refusal}</Code><Message>no</Message>\
                 <StringToSign>{signature}</StringToSign><Token-0>{STORE_TOKEN}</Token-0></Error>"
            );
            Some(answer(status, "application/xml", body))
        });
        let output = to_bucket(home.path(), &emulator, &server.url()).output().unwrap();
        refused(&output, &[refusal, advice, "run the same command again"]);
        assert!(emulator.stats().downloads.values().sum::<u64>() <= 9);

        let mut command = to_bucket(home.path(), &emulator, &server.url());
        let log = stderr(&command.arg("--verbose").output().unwrap());
        for secret in [STORE_KEY, STORE_TOKEN, "Signature="] {
            assert!(!stderr(&output).contains(secret) && !log.contains(secret), "{secret}: {log}");
        }
    }
}

/// A response to `HEAD` has no error code.
#[test]
fn a_lookup_that_is_refused_because_of_the_clock_names_the_clock() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 3, 60_000);
    let is_skewed = Arc::new(AtomicBool::new(false));
    let refuses = Arc::clone(&is_skewed);
    let (server, _) = s3(move |seen, _| {
        let refused = || answer(403, "", "").with_header("Date", "Tue, 14 Nov 2023 22:13:20 GMT");
        let is_refused = refuses.load(Ordering::SeqCst) && seen.line.starts_with("HEAD ");
        is_refused.then(refused)
    });
    assert_eq!(code(&to_bucket(home.path(), &emulator, &server.url()).output().unwrap()), 0);
    is_skewed.store(true, Ordering::SeqCst);
    let output = to_bucket(home.path(), &emulator, &server.url()).arg("--verify").output().unwrap();
    let expected = ["the clock of this machine differs", "by NTP", "RequestTimeTooSkewed"];
    refused(&output, &expected);
}

#[test]
fn missing_settings_of_a_bucket_are_reported_before_any_request() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 1, 60_000);
    let run = |out, arguments: &[&str], settings: &[(&str, &str)]| {
        let mut command = archive(home.path(), &emulator, out);
        let settings = settings.iter().copied();
        command.args(arguments).envs(settings).output().unwrap()
    };
    refused(&run("s3://b/p", &[], &[]), &["--journal FILE"]);
    let journal = ["--journal", "j.jsonl"];
    refused(&run("s3://b/p", &journal, &[]), &["AWS_ACCESS_KEY_ID"]);
    refused(&run("s3://b/p", &journal, &[("AWS_ACCESS_KEY_ID", "a")]), &["SecretAccessKey"]);
    refused(&run("https://b/p", &journal, &[]), &["s3://BUCKET/PREFIX"]);
    let settings = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", STORE_KEY)];
    let there = ["--journal", "no/such/j.jsonl"];
    refused(&run("s3://b/p", &there, &settings), &["no/such/j.jsonl", "--journal"]);
    assert!(emulator.stats().calls.is_empty());
    assert!(!home.path().join("s3:").exists());
}

/// A journal of one store does not report files as saved in another.
#[test]
fn a_journal_belongs_to_one_endpoint_region_account_bucket_and_prefix() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 5, 60_000);
    let (server, store) = s3(|_, _| None);
    let (other, empty) = s3(|_, _| None);
    let run = |out: &str, settings: &[(&str, &str)]| {
        let mut command = archive(home.path(), &emulator, out);
        command.args(["--journal", "j.jsonl"]).env("AWS_ALLOW_HTTP", "true");
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "AKIDONE"),
            ("AWS_SECRET_ACCESS_KEY", STORE_KEY),
            ("AWS_REGION", "ap-guangzhou"),
            ("AWS_ENDPOINT", &server.url()),
        ] {
            command.env(name, value);
        }
        command.envs(settings.iter().copied()).output().unwrap()
    };
    let ours = "s3://b-125/contracts";
    assert_eq!(code(&run(ours, &[])), 0);
    assert_eq!(store.lock().unwrap().objects.len(), 5);
    let fetched = emulator.stats().downloads;
    let endpoint = other.url();
    for (out, settings) in [
        (ours, &[("AWS_ENDPOINT", endpoint.as_str())]),
        (ours, &[("AWS_REGION", "ap-beijing")]),
        (ours, &[("AWS_ACCESS_KEY_ID", "AKIDOTHER")]),
        ("s3://b-126/contracts", &[("AWS_REGION", "ap-guangzhou")]),
        ("s3://b-125/other", &[("AWS_REGION", "ap-guangzhou")]),
    ] {
        refused(&run(out, settings), &["belongs to another job: different store"]);
    }
    let again = run(ours, &[("AWS_SECRET_ACCESS_KEY", "renewed")]);
    assert!(stdout(&again).contains("done before          5"), "{}", stderr(&again));
    assert_eq!(emulator.stats().downloads, fetched);
    assert_eq!(other.seen().len() + empty.lock().unwrap().objects.len(), 0);
    let journal = std::fs::read_to_string(home.path().join("j.jsonl")).unwrap();
    for hidden in ["AKIDONE", STORE_KEY, "127.0.0.1"] {
        assert!(!journal.contains(hidden), "{hidden} in {journal}");
    }
}

/// Two jobs with one prefix, in a store that honors conditional writes and in one that ignores them.
#[test]
fn jobs_that_share_a_prefix_save_every_contract_and_replace_nothing() {
    for unconditional in [false, true] {
        let home = TempDir::new().unwrap();
        let emulator = emulator(home.path(), 100, 20_000);
        let (server, store) = s3(|_, _| None);
        store.lock().unwrap().unconditional = unconditional;
        let job = |part: &str, names: &str| {
            let mut command = archive(home.path(), &emulator, "s3://b-125/contracts");
            command
                .args(["--journal", &format!("j.{part}"), "--shard", &format!("{part}/2")])
                .args(["--names", names])
                .env("AWS_ACCESS_KEY_ID", "AKIDSTORE")
                .env("AWS_SECRET_ACCESS_KEY", STORE_KEY)
                .env("AWS_REGION", "ap-guangzhou")
                .env("AWS_ENDPOINT", server.url())
                .env("AWS_ALLOW_HTTP", "true");
            start(&mut command)
        };
        for part in ["1", "2"] {
            let output = job(part, "{name}").wait_with_output().unwrap();
            refused(&output, &["--names", "{flow_id}"]);
        }
        assert!(store.lock().unwrap().objects.is_empty() && server.seen().is_empty());
        let own = b"not a file of the job".to_vec();
        let foreign = format!("/b-125/contracts/yDwA{:028}.pdf", 17);
        store.lock().unwrap().objects.insert(foreign.clone(), own.clone());
        let jobs = ["1", "2"].map(|part| job(part, "{flow_id}"));
        let codes = jobs.map(|job| code(&job.wait_with_output().unwrap()));
        assert_eq!(codes.iter().sum::<i32>(), 2, "one contract's key is taken: {codes:?}");
        let objects = store.lock().unwrap().objects.clone();
        assert_eq!(objects.len(), 100);
        assert!(objects[&foreign] == own);
    }
}

#[test]
fn verification_reads_the_bucket() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 3, 9 << 20);
    let (server, store) = s3(|_, _| None);
    assert_eq!(code(&to_bucket(home.path(), &emulator, &server.url()).output().unwrap()), 0);
    let whole = store.lock().unwrap().objects.clone();
    let key = whole.keys().next().unwrap().clone();
    store.lock().unwrap().objects.get_mut(&key).unwrap()[5 << 20] ^= 1;
    let output = to_bucket(home.path(), &emulator, &server.url()).arg("--verify").output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    for row in ["done before          2", "saved                1"] {
        assert!(stdout(&output).contains(row), "{}", stdout(&output));
    }
    assert!(store.lock().unwrap().objects == whole);
}

/// A store that accepts connections and never responds.
#[test]
#[cfg(unix)]
fn a_signal_ends_an_archive_in_a_store_that_does_not_respond() {
    let home = TempDir::new().unwrap();
    let emulator = emulator(home.path(), 3, 60_000);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let command = &mut to_bucket(home.path(), &emulator, &endpoint);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = start(command);
    let connection = listener.accept().unwrap();
    child.signal("TERM");
    let signaled = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(signaled.elapsed() < Duration::from_secs(10), "{:?}", signaled.elapsed());
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert!(stdout(&output).contains("not started          3"), "{}", stdout(&output));
    drop(connection);
}
