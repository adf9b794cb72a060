//! The workflows over HTTP against the emulator, with both clients.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests panic on failure"
)]

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use essbasic::credentials::Credential;
use essbasic::{
    Agent, Config, DownloadEvent, DownloadOptions, Error, FlowErrorKind, FlowLinks, FlowWait,
    Report, WaitOptions, WaitOutcome, agent,
};
use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, SECRET_ID, SECRET_KEY, Status};

use crate::support::{Driver, config, the_agent};

const FIRST: &str = "yDwivUUckpor6wtoUuogwQHCAB0ES0pQ";
const SECOND: &str = "yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh";
const UNKNOWN: &str = "yDwivUUckpor6wtoUuogwQHCAB0ES0p1";

fn emulator() -> Emulator {
    Emulator::builder().with_rate_limit(None).start().unwrap()
}

impl Driver {
    fn links(&self, flows: &[&str]) -> Result<Vec<FlowLinks>, Error> {
        call!(self, links(flows.iter().copied()))
    }

    fn wait(&self, flows: &[&str], options: &WaitOptions) -> Result<Vec<FlowWait>, Error> {
        call!(self, wait(flows.iter().copied(), options))
    }

    fn download(&self, flows: &[&str], options: &DownloadOptions) -> Result<Report, Error> {
        call!(self, download(flows.iter().copied(), options))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn requests_links_in_batches_and_each_contract_once() {
    let emulator = emulator();
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let before =
            emulator.stats().calls.get("DescribeResourceUrlsByFlows").copied().unwrap_or(0);
        let mut flow_ids = vec![FIRST, UNKNOWN, FIRST, SECOND];
        let many: Vec<String> = (0..117).map(|index| format!("unknown{index}")).collect();
        flow_ids.extend(many.iter().map(String::as_str));
        let links = driver.links(&flow_ids).unwrap();
        let ids: Vec<_> = links.iter().map(|flow| flow.flow_id.as_str()).collect();
        assert_eq!(ids, flow_ids);
        assert_eq!(links[0].result.as_ref().unwrap()[0].name, "合同,270481027143248.pdf");
        assert_eq!(links[0], links[2]);
        assert!(!links[0].request_id.is_empty() && links[1].request_id.is_empty());
        let refused = links[1].result.as_ref().unwrap_err();
        assert!(refused.is_not_found(), "{refused:?}");
        assert!(refused.request_id().is_some());
        let calls = emulator.stats().calls["DescribeResourceUrlsByFlows"] - before;
        assert_eq!(calls, 3);
    }
}

#[test]
fn leaves_complete_files_and_no_others() {
    let emulator = emulator();
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new").join("contracts");
        let bytes = Arc::new(AtomicU64::new(0));
        let ended = Arc::new(Mutex::new(Vec::new()));
        let options = DownloadOptions::to(&folder).with_concurrency(3).on_event({
            let (bytes, ended) = (Arc::clone(&bytes), Arc::clone(&ended));
            move |event| match event {
                DownloadEvent::Bytes(count) => {
                    bytes.fetch_add(count, Ordering::Relaxed);
                }
                DownloadEvent::Saved { flow_id, .. } | DownloadEvent::Failed { flow_id, .. } => {
                    ended.lock().unwrap().push(flow_id.to_owned());
                }
                _ => {}
            }
        });
        let completed = emulator.completed_flows();
        let mut flows: Vec<&str> = completed.iter().map(String::as_str).collect();
        flows.extend([UNKNOWN, FIRST]);
        let report = driver.download(&flows, &options).unwrap();
        assert_eq!(report.flows.len(), 15);
        assert!(!report.is_complete());
        let failed: Vec<_> = report.failed().map(|flow| flow.flow_id.as_str()).collect();
        assert_eq!(failed, [UNKNOWN]);
        assert_eq!(names(&folder).len(), 14);
        assert!(report.saved().all(|flow| !flow.request_id.is_empty()));
        assert!(report.failed().all(|flow| flow.error.as_ref().unwrap().request_id().is_some()));
        assert!(names(&folder).contains(&format!("合同,270481027143248-{FIRST}.pdf")));
        let mut total = 0;
        for file in report.saved().flat_map(|flow| &flow.files) {
            let content = std::fs::read(file.path.as_ref().unwrap()).unwrap();
            assert!(content.starts_with(b"%PDF-") && content.len() as u64 == file.bytes);
            total += file.bytes;
        }
        assert_eq!(bytes.load(Ordering::Relaxed), total);
        let mut ended = ended.lock().unwrap().clone();
        ended.sort();
        let mut all: Vec<_> = report.flows.iter().map(|flow| flow.flow_id.clone()).collect();
        all.sort();
        assert_eq!(ended, all);
    }
}

#[test]
fn a_missing_permission_ends_the_download_and_names_both_fixes() {
    let emulator = emulator();
    emulator.set_application_downloads(APP_ID, false);
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path()).with_any_state();
        let flows: Vec<String> = (0..500).map(|index| index.to_string()).collect();
        let flows: Vec<&str> = flows.iter().map(String::as_str).collect();
        let before = emulator.stats().calls.values().sum::<u64>();
        let error = driver.download(&flows, &options).unwrap_err();
        let (text, hint) = (error.to_string(), error.hint().unwrap());
        assert!(text.contains("UnauthorizedOperationDownload"), "{text}");
        assert!(
            hint.contains("super administrator") && hint.contains("extended services"),
            "{hint}"
        );
        assert!(!text.contains('\n') && !hint.contains('\n'));
        assert_eq!(emulator.stats().calls.values().sum::<u64>() - before, 2);
        assert!(names(folder.path()).is_empty());
    }
}

#[test]
fn rejects_an_incomplete_agent_before_any_call() {
    let emulator = emulator();
    for (agent, field) in [
        (agent("", "o", "p"), "AppId"),
        (agent("a", "", "p"), "ProxyOrganizationOpenId"),
        (agent("a", "o", ""), "ProxyOperator.OpenId"),
        (Agent::new("a"), "ProxyOrganizationOpenId"),
    ] {
        for driver in Driver::both(&config(&emulator), &agent) {
            let error = driver.links(&[FIRST]).unwrap_err();
            assert!(matches!(error, Error::Agent(missing) if missing == field), "{error}");
        }
    }
    assert!(emulator.stats().calls.is_empty());
}

#[test]
fn rejects_an_unwritable_folder_before_any_call() {
    let emulator = emulator();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let error = driver.download(&[FIRST], &DownloadOptions::to(file.join("x"))).unwrap_err();
        assert!(matches!(error, Error::Folder { .. }), "{error}");
        assert!(error.hint().unwrap().contains("choose a folder"), "{error}");
    }
    assert!(emulator.stats().calls.is_empty());
}

#[test]
fn an_unreachable_server_ends_the_workflow() {
    let endpoint = emulator().endpoint();
    let config = Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(&endpoint)
        .unwrap()
        .with_retry(essbasic::RetryPolicy::none());
    for driver in Driver::both(&config, &the_agent()) {
        let error = driver.links(&[FIRST]).unwrap_err();
        let Error::Call(call) = &error else { panic!("{error}") };
        assert!(!call.was_sent());
    }
}

#[test]
fn reports_how_each_contract_ended() {
    let emulator = emulator();
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "refused"));
    emulator.end("refused", Status::Reject, "条款有误").unwrap();
    let options = WaitOptions::default()
        .with_interval(Duration::from_millis(100))
        .with_settle(Duration::from_millis(10));
    for (index, driver) in Driver::both(&config(&emulator), &the_agent()).into_iter().enumerate() {
        let flow = format!("unsigned{index}");
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, &flow));
        let outcomes = std::thread::scope(|scope| {
            let waiting =
                scope.spawn(|| driver.wait(&[FIRST, "refused", &flow, UNKNOWN], &options).unwrap());
            // The contract is signed only after the wait has polled it.
            let polls = || emulator.stats().calls.get("DescribeFlowDetailInfo").copied();
            let before = polls();
            while polls() <= before {
                std::thread::yield_now();
            }
            emulator.sign(&flow, None).unwrap();
            emulator.sign(&flow, None).unwrap();
            waiting.join().unwrap()
        });
        assert_eq!(outcomes[0].outcome, WaitOutcome::Signed);
        let reason = "条款有误".to_owned();
        assert_eq!(
            outcomes[1].outcome,
            WaitOutcome::Ended { status: essbasic::FlowStatus::Reject, reason }
        );
        assert_eq!(outcomes[2].outcome, WaitOutcome::Signed);
        assert_eq!(outcomes[3].outcome, WaitOutcome::NotFound);
    }
}

#[test]
fn distinguishes_colliding_names() {
    let emulator = emulator();
    for id in ["same", "SAME"] {
        let mut flow = NewFlow::new(APP_ID, ORGANIZATION, id);
        flow.file_name = "../合同.pdf".into();
        emulator.create_flow(flow);
    }
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path()).with_any_state();
        assert!(driver.download(&["same", "SAME"], &options).unwrap().is_complete());
        let mut expected = vec!["_合同-same.pdf", "_合同-SAME (2).pdf"];
        expected.sort_unstable();
        assert_eq!(names(folder.path()), expected);
    }
}

#[test]
fn propagates_a_panic_of_an_event_handler() {
    let emulator = emulator();
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path()).on_event(|_| panic!("in the handler"));
        let completed = emulator.completed_flows();
        let flows: Vec<&str> = completed.iter().map(String::as_str).collect();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            driver.download(&flows, &options)
        }));
        assert!(result.is_err());
    }
}

#[test]
fn a_callback_ends_a_wait() {
    let emulator = emulator();
    let flows = ["called", "silent"];
    for flow in flows {
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, flow));
    }
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let signals = essbasic::Signals::new();
        let options = WaitOptions::default()
            .with_signals(signals.clone())
            .with_settle(Duration::from_millis(10))
            .with_timeout(Duration::from_secs(2));
        let polls = || emulator.stats().calls.get("DescribeFlowDetailInfo").copied();
        let before = polls();
        let outcomes = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| driver.wait(&flows, &options).unwrap());
            while polls() == before {
                std::thread::yield_now();
            }
            signals.send("called", essbasic::FlowStatus::All, "");
            waiting.join().unwrap()
        });
        assert_eq!(outcomes[0].outcome, WaitOutcome::Signed);
        assert!(matches!(outcomes[1].outcome, WaitOutcome::Pending { .. }), "{outcomes:?}");
        assert_eq!(polls().unwrap() - before.unwrap_or_default(), 1, "polled again");
    }
}

#[test]
fn refuses_contracts_that_not_every_party_has_signed() {
    let emulator = emulator();
    let states = ["unsigned", "partial", "rejected", "signed"];
    for id in states {
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
    }
    for id in ["partial", "rejected", "signed"] {
        emulator.sign(id, None).unwrap();
    }
    emulator.end("rejected", Status::Reject, "条款有误").unwrap();
    emulator.sign("signed", None).unwrap();
    for driver in Driver::both(&config(&emulator), &the_agent()) {
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path()).with_settle(Duration::ZERO);
        let report = driver.download(&states, &options).unwrap();
        let kinds: Vec<_> =
            report.flows.iter().map(|flow| flow.error.as_ref().map(|error| error.kind)).collect();
        let refused = Some(FlowErrorKind::NotSigned);
        assert_eq!(kinds, [refused, refused, refused, None]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let statuses = |report: &Report| -> Vec<String> {
            let statuses = report.flows.iter().map(|flow| flow.status.as_ref().unwrap());
            statuses.map(ToString::to_string).collect()
        };
        let expected = ["INIT", "PART", "REJECT", "ALL"];
        assert_eq!(statuses(&report), expected);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["flows"][2]["status"], "REJECT");

        // In any status they are saved, and their statuses are in the report and in the events.
        let saved = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&saved);
        let options = options.with_any_state().on_event(move |event| {
            if let DownloadEvent::Saved { status, .. } = event {
                events.lock().unwrap().push(status.unwrap().to_string());
            }
        });
        let report = driver.download(&states, &options).unwrap();
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(statuses(&report), expected);
        let mut saved = saved.lock().unwrap().clone();
        saved.sort_unstable();
        assert_eq!(saved, ["ALL", "INIT", "PART", "REJECT"]);
    }
}

/// The second contract is signed after the first one is saved. The test would time out if the download waited for both.
#[test]
fn saves_each_contract_as_soon_as_it_is_signed() {
    for driver in [0, 1] {
        let emulator = Arc::new(emulator());
        for id in ["early", "late", "refused"] {
            emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
        }
        let sign = |emulator: &Emulator, id: &str| {
            emulator.sign(id, None).unwrap();
            emulator.sign(id, None).unwrap();
        };
        sign(&emulator, "early");
        emulator.end("refused", Status::Reject, "条款有误").unwrap();
        let client = &Driver::both(&config(&emulator), &the_agent())[driver];
        let folder = tempfile::tempdir().unwrap();
        let wait = WaitOptions::default()
            .with_interval(Duration::from_millis(100))
            .with_settle(Duration::from_secs(1))
            .with_timeout(Duration::from_secs(60));
        let signer = Arc::clone(&emulator);
        let options =
            DownloadOptions::to(folder.path()).with_wait(wait).on_event(move |event| match event {
                DownloadEvent::Saved { flow_id, .. } if flow_id == "early" => sign(&signer, "late"),
                _ => {}
            });
        let report = client.download(&["late", "early", "refused", "unknown"], &options).unwrap();
        let kinds: Vec<_> =
            report.flows.iter().map(|flow| flow.error.as_ref().map(|error| error.kind)).collect();
        let (refused, unknown) = (FlowErrorKind::NotSigned, FlowErrorKind::NotFound);
        assert_eq!(kinds, [None, None, Some(refused), Some(unknown)]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
