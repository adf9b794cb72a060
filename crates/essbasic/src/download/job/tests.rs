use std::io::ErrorKind;

use essbasic_models::DescribeResourceUrlsByFlowsResponse;
use serde_json::{Value, json};

use super::super::fetch::file_request;
use super::super::outcome::FetchOutcome;
use super::super::report::SavedFile;
use super::super::template::NameValues;
use super::links::LinkBatch;
use super::*;
use crate::ids::collect;

fn now(secs: u64) -> Now {
    Now { unix: Duration::from_secs(1000 + secs), monotonic: Duration::from_secs(secs) }
}

fn job(folder: &tempfile::TempDir, flows: &[&str], concurrency: usize) -> Job {
    let flows = collect(flows.iter().copied());
    let options = DownloadOptions::to(folder.path()).with_concurrency(concurrency);
    let names = FileNames::new(options.names.clone());
    let source = Box::new(flows.into_iter().enumerate());
    Job::streaming(Agent::new("app"), source, options, Policy::default(), names)
}

fn response(infos: Value) -> Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error> {
    let body = json!({"FlowResourceUrlInfos": infos, "ErrorMessages": [], "RequestId": "r"});
    Ok(serde_json::from_value(body).unwrap())
}

/// Returns links to files with these names, all of one contract.
fn files(flow: &str, names: &[&str]) -> Value {
    let links = names.iter().map(|name| json!({"Url": name, "Name": name, "Type": "PDF"}));
    json!({"FlowId": flow, "ResourceUrlInfos": links.collect::<Vec<_>>()})
}

fn next_links(job: &mut Job, at: u64) -> LinkBatch {
    match job.next(now(at)) {
        Next::Step(Step::Links(batch)) => batch,
        _ => panic!("another step"),
    }
}

fn next_fetch(job: &mut Job, at: u64) -> Fetch {
    match job.next(now(at)) {
        Next::Step(Step::Fetch(fetch)) => fetch,
        _ => panic!("another step"),
    }
}

fn is_done(job: &mut Job, at: u64) -> bool {
    matches!(job.next(now(at)), Next::Done)
}

fn saved(fetch: &Fetch) -> FetchOutcome {
    FetchOutcome::Saved(SavedFile {
        path: None,
        key: fetch.to.name.clone(),
        bytes: 1,
        sha256: String::new(),
    })
}

fn expired() -> FetchOutcome {
    FetchOutcome::LinkExpired(FlowError::new(FlowErrorKind::Link, "expired"))
}

/// Idle connections may have broken together.
#[test]
fn the_fetch_after_a_broken_connection_opens_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["f"], 1);
    let batch = next_links(&mut job, 0);
    job.on_links(now(0), batch, response(json!([files("f", &["one"])])));
    for (kind, expected) in [
        (FlowErrorKind::Network, true),
        (FlowErrorKind::Content, false),
        (FlowErrorKind::Network, true),
    ] {
        let fetch = next_fetch(&mut job, 0);
        job.on_fetch(now(0), fetch, FetchOutcome::Failed(FlowError::new(kind, "failed")));
        let ready = job.ready.front().unwrap();
        assert_eq!(ready.new_connection, expected, "{kind:?}");
        let options =
            DownloadOptions::to(folder.path()).with_link_host("files.example".parse().unwrap());
        let mut fetch = ready.clone();
        fetch.link.url = "https://files.example/f".to_owned();
        let request = file_request(&fetch, &options, &tc3_client::Endpoint::Production);
        assert_eq!(request.unwrap().new_connection, expected, "{kind:?}");
    }
}

#[test]
fn maps_later_links_in_another_order_to_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["f"], 1);
    let batch = next_links(&mut job, 0);
    job.on_links(now(0), batch, response(json!([files("f", &["one", "two"])])));
    let first = next_fetch(&mut job, 0);
    let outcome = saved(&first);
    job.on_fetch(now(0), first, outcome);
    let second = next_fetch(&mut job, 0);
    job.on_fetch(now(0), second, expired());
    let batch = next_links(&mut job, 1);
    job.on_links(now(1), batch, response(json!([files("f", &["two", "one", "three"])])));
    for expected in ["two", "three"] {
        let fetch = next_fetch(&mut job, 1);
        assert_eq!(fetch.link.name, expected);
        let outcome = saved(&fetch);
        job.on_fetch(now(0), fetch, outcome);
    }
    assert!(is_done(&mut job, 1));
    let report = job.finish().unwrap();
    let names: Vec<_> = report.flows[0].files.iter().map(|file| &*file.key).collect();
    assert_eq!(names, ["one-f.pdf", "two-f.pdf", "three-f.pdf"]);
}

#[test]
fn fails_if_a_later_response_omits_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["f"], 1);
    let batch = next_links(&mut job, 0);
    job.on_links(now(0), batch, response(json!([files("f", &["one", "two"])])));
    let first = next_fetch(&mut job, 0);
    job.on_fetch(now(0), first, expired());
    let batch = next_links(&mut job, 0);
    job.on_links(now(0), batch, response(json!([files("f", &["one"])])));
    assert!(is_done(&mut job, 0));
    let report = job.finish().unwrap();
    assert_eq!(report.flows[0].error.as_ref().unwrap().kind, FlowErrorKind::Missing);
}

#[test]
fn renews_links_that_expired_in_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["a", "b"], 1);
    let batch = next_links(&mut job, 0);
    job.on_links(now(0), batch, response(json!([files("a", &["x"]), files("b", &["x"])])));
    let first = next_fetch(&mut job, 0);
    // The first download took six minutes.
    let outcome = saved(&first);
    job.on_fetch(now(0), first, outcome);
    let batch = next_links(&mut job, 360);
    assert_eq!(batch.ids, ["b"]);
    job.on_links(now(360), batch, response(json!([files("b", &["x"])])));
    let second = next_fetch(&mut job, 360);
    assert_eq!(second.link_expires_at, Duration::from_secs(660));
}

#[test]
fn a_full_disk_stops_the_job_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["a", "b", "c"], 1);
    let batch = next_links(&mut job, 0);
    let infos = ["a", "b", "c"].map(|flow| files(flow, &["x"]));
    job.on_links(now(0), batch, response(json!(infos)));
    let first = next_fetch(&mut job, 0);
    job.on_fetch(now(0), first, FetchOutcome::Disk(ErrorKind::StorageFull.into()));
    assert!(is_done(&mut job, 0));
    let error = job.finish().unwrap_err();
    assert!(matches!(error, Error::Folder { .. }));
    assert!(error.hint().unwrap().contains("free some space"), "{error}");
}

#[test]
fn a_name_that_cannot_be_written_fails_only_its_contract() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["a", "b"], 1);
    let batch = next_links(&mut job, 0);
    job.on_links(now(0), batch, response(json!([files("a", &["x"]), files("b", &["x"])])));
    let first = next_fetch(&mut job, 0);
    job.on_fetch(now(0), first, FetchOutcome::Disk(ErrorKind::IsADirectory.into()));
    let second = next_fetch(&mut job, 0);
    let outcome = saved(&second);
    job.on_fetch(now(0), second, outcome);
    let report = job.finish().unwrap();
    assert_eq!(report.failed().count(), 1);
    assert_eq!(report.saved().count(), 1);
}

#[test]
fn a_retried_contract_keeps_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["f"], 1);
    let batch = next_links(&mut job, 0);
    job.on_links(now(0), batch, response(json!([files("f", &["one", "two"])])));
    let first = next_fetch(&mut job, 0);
    let outcome = saved(&first);
    job.on_fetch(now(0), first, outcome);
    let second = next_fetch(&mut job, 0);
    job.on_fetch(
        now(0),
        second,
        FetchOutcome::Refused(FlowError::new(FlowErrorKind::Link, "moved")),
    );
    assert!(is_done(&mut job, 0));
    let mut names = job.into_names().unwrap();
    let mut name = |name| {
        names
            .assign(NameValues { name, flow_id: "f", kind: "PDF", index: 0, file_index: 0, at: 0 })
            .name
    };
    assert_eq!(name("two"), "two-f.pdf");
    assert_eq!(name("one"), "one-f.pdf", "the file of the contract is replaced");
    assert_eq!(name("one"), "one-f (2).pdf", "another file of the contract is not replaced");
}
