use std::io::ErrorKind;

use essbasic_models::DescribeResourceUrlsByFlowsResponse;
use serde_json::{Value, json};

use super::super::fetch::FetchEnd;
use super::super::file_name::Named;
use super::super::options::SavedFile;
use super::asks::Ask;
use super::*;

fn now(secs: u64) -> Now {
    Now { unix: Duration::from_secs(1000 + secs), monotonic: Duration::from_secs(secs) }
}

fn job(folder: &tempfile::TempDir, flows: &[&str], concurrency: usize) -> Job {
    let flows: Vec<String> = flows.iter().map(|flow| (*flow).to_owned()).collect();
    let options = DownloadOptions::to(folder.path()).with_concurrency(concurrency);
    let names = FileNames::new(options.names.clone());
    let source = Box::new(flows.into_iter().enumerate());
    Job::streaming(Agent::new("app"), source, options, Policy::default(), names)
}

fn answer(infos: Value) -> Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error> {
    let body = json!({"FlowResourceUrlInfos": infos, "ErrorMessages": [], "RequestId": "r"});
    Ok(serde_json::from_value(body).unwrap())
}

/// Links to files of these names, all of one contract.
fn files(flow: &str, names: &[&str]) -> Value {
    let links = names.iter().map(|name| json!({"Url": name, "Name": name, "Type": "PDF"}));
    json!({"FlowId": flow, "ResourceUrlInfos": links.collect::<Vec<_>>()})
}

fn asked(job: &mut Job, at: u64) -> Ask {
    match job.next(now(at)) {
        Next::Step(Step::Ask(ask)) => ask,
        _ => panic!("another step"),
    }
}

fn fetched(job: &mut Job, at: u64) -> Fetch {
    match job.next(now(at)) {
        Next::Step(Step::Fetch(fetch)) => fetch,
        _ => panic!("another step"),
    }
}

fn is_done(job: &mut Job, at: u64) -> bool {
    matches!(job.next(now(at)), Next::Done)
}

fn saved(fetch: &Fetch) -> FetchEnd {
    FetchEnd::Saved(SavedFile {
        path: fetch.to.name.clone().into(),
        bytes: 1,
        sha256: String::new(),
    })
}

fn dead() -> FetchEnd {
    FetchEnd::LinkDead(FlowError::new(FlowErrorKind::Link, "dead"))
}

#[test]
fn later_links_in_another_order_go_to_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["f"], 1);
    let ask = asked(&mut job, 0);
    job.on_links(now(0), ask, answer(json!([files("f", &["one", "two"])])));
    let first = fetched(&mut job, 0);
    let end = saved(&first);
    job.on_fetch(now(0), first, end);
    let second = fetched(&mut job, 0);
    job.on_fetch(now(0), second, dead());
    let ask = asked(&mut job, 1);
    job.on_links(now(1), ask, answer(json!([files("f", &["two", "one", "three"])])));
    for expected in ["two", "three"] {
        let fetch = fetched(&mut job, 1);
        assert_eq!(fetch.link.name, expected);
        let end = saved(&fetch);
        job.on_fetch(now(0), fetch, end);
    }
    assert!(is_done(&mut job, 1));
    let report = job.finish().unwrap();
    let names: Vec<_> =
        report.flows[0].files.iter().map(|file| file.path.file_name().unwrap()).collect();
    assert_eq!(names, ["one-f.pdf", "two-f.pdf", "three-f.pdf"]);
}

#[test]
fn a_file_that_later_answers_leave_out_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["f"], 1);
    let ask = asked(&mut job, 0);
    job.on_links(now(0), ask, answer(json!([files("f", &["one", "two"])])));
    let first = fetched(&mut job, 0);
    job.on_fetch(now(0), first, dead());
    let ask = asked(&mut job, 0);
    job.on_links(now(0), ask, answer(json!([files("f", &["one"])])));
    assert!(is_done(&mut job, 0));
    let report = job.finish().unwrap();
    assert_eq!(report.flows[0].error.as_ref().unwrap().kind, FlowErrorKind::Missing);
}

#[test]
fn links_that_died_in_the_queue_are_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["a", "b"], 1);
    let ask = asked(&mut job, 0);
    job.on_links(now(0), ask, answer(json!([files("a", &["x"]), files("b", &["x"])])));
    let first = fetched(&mut job, 0);
    // The first download took six minutes.
    let end = saved(&first);
    job.on_fetch(now(0), first, end);
    let ask = asked(&mut job, 360);
    assert_eq!(ask.ids, ["b"]);
    job.on_links(now(360), ask, answer(json!([files("b", &["x"])])));
    let second = fetched(&mut job, 360);
    assert_eq!(second.link.expires_at, Duration::from_secs(660));
}

#[test]
fn a_full_disk_stops_everything_and_tells_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["a", "b", "c"], 1);
    let ask = asked(&mut job, 0);
    let infos = ["a", "b", "c"].map(|flow| files(flow, &["x"]));
    job.on_links(now(0), ask, answer(json!(infos)));
    let first = fetched(&mut job, 0);
    job.on_fetch(now(0), first, FetchEnd::Disk(ErrorKind::StorageFull.into()));
    assert!(is_done(&mut job, 0));
    let error = job.finish().unwrap_err();
    assert!(matches!(error, Error::Folder { .. }));
    assert!(error.to_string().contains("free some space"), "{error}");
}

#[test]
fn a_name_that_cannot_be_written_is_one_contracts_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["a", "b"], 1);
    let ask = asked(&mut job, 0);
    job.on_links(now(0), ask, answer(json!([files("a", &["x"]), files("b", &["x"])])));
    let first = fetched(&mut job, 0);
    job.on_fetch(now(0), first, FetchEnd::Disk(ErrorKind::IsADirectory.into()));
    let second = fetched(&mut job, 0);
    let end = saved(&second);
    job.on_fetch(now(0), second, end);
    let report = job.finish().unwrap();
    assert_eq!(report.failed().count(), 1);
    assert_eq!(report.saved().count(), 1);
}

#[test]
fn a_contract_that_is_tried_anew_has_the_name_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(&folder, &["f"], 1);
    let ask = asked(&mut job, 0);
    job.on_links(now(0), ask, answer(json!([files("f", &["one", "two"])])));
    let first = fetched(&mut job, 0);
    let end = saved(&first);
    job.on_fetch(now(0), first, end);
    let second = fetched(&mut job, 0);
    job.on_fetch(now(0), second, FetchEnd::Refused(FlowError::new(FlowErrorKind::Link, "moved")));
    assert!(is_done(&mut job, 0));
    let mut names = job.into_names().unwrap();
    let mut name =
        |name| names.assign(Named { name, flow_id: "f", kind: "PDF", index: 0, at: 0 }).name;
    assert_eq!(name("two"), "two-f.pdf");
    assert_eq!(name("one"), "one-f.pdf", "the contract's own file is replaced");
    assert_eq!(name("one"), "one-f (2).pdf", "another file of it is not");
}
