//! A model-based test of the job in virtual time: it ends, and each contract has one outcome.

#![cfg(feature = "ureq")]

use std::collections::BTreeMap;

use essbasic_models::{DescribeFlowDetailInfoResponse, DescribeResourceUrlsByFlowsResponse};
use proptest::prelude::*;
use serde_json::{Value, json};
use tc3_client::Stop;
use tc3_client::transport::{
    BlockingTransport, Bytes, HeaderMap, Response, StatusCode, TransportError, TransportErrorKind,
};

use super::super::outcome::FetchOutcome;
use super::super::report::SavedFile;
use super::links::LinkBatch;
use super::status::StatusBatch;
use super::*;

/// The behavior of the service and the network for one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behavior {
    Found,
    Unsigned,
    Unknown,
    /// Every transfer fails with a transient error.
    Failing,
    /// Every link has expired by the time of its use.
    Expiring,
    Refused,
    /// The first response lists one file, later ones list another file before it.
    Shifting,
    Disk,
}

fn behavior() -> impl Strategy<Value = Behavior> {
    prop_oneof![
        8 => Just(Behavior::Found),
        4 => Just(Behavior::Unsigned),
        4 => Just(Behavior::Unknown),
        2 => Just(Behavior::Failing),
        2 => Just(Behavior::Expiring),
        2 => Just(Behavior::Refused),
        2 => Just(Behavior::Shifting),
    ]
}

/// The outcome of a call.
#[derive(Debug, Clone, Copy)]
enum Call {
    Ok,
    Throttled,
    Interrupted,
    Fatal,
}

#[derive(Debug, Clone)]
struct Script {
    behaviors: Vec<Behavior>,
    status_check: bool,
    any_state: bool,
    rounds: u32,
    batch: (usize, usize),
    concurrency: usize,
    calls: Vec<Call>,
    /// Index of the step in flight that ends next, and the seconds until then.
    order: Vec<(usize, u64)>,
    /// Number of ended steps after which the job is stopped.
    stop_after: Option<usize>,
}

/// Numbers of contracts up to 450, with those next to multiples of the batch sizes more often.
fn count() -> impl Strategy<Value = usize> {
    let edges = [0, 1, 49, 50, 51, 99, 100, 101, 150, 200, 400, 450];
    prop_oneof![prop::sample::select(edges.to_vec()), 0_usize..=450]
}

/// The same behavior for all contracts, or mixed ones.
fn behaviors() -> impl Strategy<Value = Vec<Behavior>> {
    count().prop_flat_map(|count| {
        prop_oneof![
            behavior().prop_map(move |behavior| vec![behavior; count]),
            prop::collection::vec(behavior(), count),
            // One disk error.
            prop::collection::vec(behavior(), count).prop_map(|mut behaviors| {
                if let Some(last) = behaviors.last_mut() {
                    *last = Behavior::Disk;
                }
                behaviors
            }),
        ]
    })
}

fn script() -> impl Strategy<Value = Script> {
    let call = prop_oneof![
        40 => Just(Call::Ok),
        3 => Just(Call::Throttled),
        3 => Just(Call::Interrupted),
        1 => Just(Call::Fatal),
    ];
    let batch = (1_usize..=120, 1_usize..=120);
    let batch = prop_oneof![Just((100, 50)), batch];
    (
        behaviors(),
        (any::<bool>(), any::<bool>(), 0_u32..4),
        batch,
        1_usize..=9,
        prop_oneof![Just(vec![Call::Ok]), prop::collection::vec(call, 1..40)],
        prop::collection::vec((any::<usize>(), 0_u64..90), 1..60),
        prop::option::weighted(0.3, 0_usize..600),
    )
        .prop_map(|(behaviors, policy, batch, concurrency, calls, order, stop_after)| Script {
            behaviors,
            status_check: policy.0,
            any_state: policy.1,
            rounds: policy.2,
            batch,
            concurrency,
            calls,
            order,
            stop_after,
        })
}

fn now(secs: u64) -> Now {
    Now { unix: Duration::from_secs(1_000_000 + secs), monotonic: Duration::from_secs(secs) }
}

/// Returns the error of a call whose response contains this code.
fn failure(code: &'static str) -> tc3_client::Error {
    error_over(move |_| {
        let body = json!({"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "r"}});
        let body = Bytes::from(body.to_string()).into();
        Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body })
    })
}

/// Returns the error of a call whose connection breaks.
fn interrupted() -> tc3_client::Error {
    error_over(|_| Err(TransportError::new(TransportErrorKind::Interrupted)))
}

fn error_over(transport: impl BlockingTransport + 'static) -> tc3_client::Error {
    let credential = tc3_client::credentials::Credential::new("id", "key");
    let config = tc3_client::Config::new(credential).with_retry(tc3_client::RetryPolicy::none());
    let client = tc3_client::blocking::Client::with_transport(config, transport).unwrap();
    client.call(&crate::links::request(&Agent::new("app"), &["f".into()])).unwrap_err()
}

/// The service, the network and the disk of one run.
struct Model {
    script: Script,
    calls: usize,
    /// Number of times that links of each contract were returned.
    link_requests: BTreeMap<FlowId, usize>,
    written: BTreeMap<String, u32>,
}

impl Model {
    fn behavior(&self, flow_id: &str) -> Behavior {
        self.script.behaviors[flow_id.parse::<usize>().unwrap()]
    }

    fn call(&mut self) -> Result<(), tc3_client::Error> {
        let call = self.script.calls[self.calls % self.script.calls.len()];
        self.calls += 1;
        match call {
            Call::Ok => Ok(()),
            Call::Throttled => Err(failure("RequestLimitExceeded")),
            Call::Interrupted => Err(interrupted()),
            Call::Fatal => Err(failure("AuthFailure.SecretIdNotFound")),
        }
    }

    fn perform(&mut self, step: Step) -> StepOutcome {
        match step {
            Step::Status(batch) => {
                let result = self.call().map(|()| self.statuses(&batch));
                StepOutcome::Status(batch, result)
            }
            Step::Links(batch) => {
                let result = self.call().map(|()| self.links(&batch));
                StepOutcome::Links(batch, result)
            }
            Step::Wait(_) => StepOutcome::Cancelled(step),
            Step::Fetch(fetch) => {
                let outcome = self.fetch(&fetch);
                StepOutcome::Fetch(fetch, outcome)
            }
        }
    }

    fn statuses(&self, batch: &StatusBatch) -> DescribeFlowDetailInfoResponse {
        let ids = batch.request.flow_ids.as_ref().unwrap().iter();
        let infos = ids.filter_map(|id| {
            let status = match self.behavior(id) {
                Behavior::Unknown => return None,
                Behavior::Unsigned => "PART",
                _ => "ALL",
            };
            Some(json!({"FlowId": id, "FlowStatus": status, "FlowApproverInfos": []}))
        });
        serde_json::from_value(json!({"FlowInfo": infos.collect::<Vec<_>>()})).unwrap()
    }

    fn links(&mut self, batch: &LinkBatch) -> DescribeResourceUrlsByFlowsResponse {
        let mut infos: Vec<Value> = Vec::new();
        for id in &batch.ids {
            let behavior = self.behavior(id.as_str());
            let times = self.link_requests.entry(id.clone()).or_default();
            *times += 1;
            let names: &[&str] = match behavior {
                Behavior::Unknown => continue,
                Behavior::Shifting if *times > 1 => &["two", "one"],
                _ => &["one"],
            };
            let links = names.iter().map(|name| json!({"Url": name, "Name": name, "Type": "PDF"}));
            infos.push(
                json!({"FlowId": id.as_str(), "ResourceUrlInfos": links.collect::<Vec<_>>()}),
            );
        }
        serde_json::from_value(json!({"FlowResourceUrlInfos": infos, "ErrorMessages": []})).unwrap()
    }

    fn fetch(&mut self, fetch: &Fetch) -> FetchOutcome {
        let error = |kind| FlowError::new(kind, "scripted");
        // The file name contains the flow ID.
        let flow_id = fetch.to.name.rsplit_once('-').unwrap().1.trim_end_matches(".pdf");
        let times = self.link_requests[flow_id];
        match self.behavior(flow_id) {
            Behavior::Failing => FetchOutcome::Failed(error(FlowErrorKind::Network)),
            Behavior::Expiring => FetchOutcome::LinkExpired(error(FlowErrorKind::Link)),
            Behavior::Shifting if times == 1 => {
                FetchOutcome::LinkExpired(error(FlowErrorKind::Link))
            }
            Behavior::Refused => FetchOutcome::Refused(error(FlowErrorKind::Content)),
            Behavior::Disk => FetchOutcome::Disk(std::io::ErrorKind::StorageFull.into()),
            _ => {
                *self.written.entry(fetch.to.name.clone()).or_default() += 1;
                FetchOutcome::Saved(SavedFile {
                    path: None,
                    key: fetch.to.name.clone(),
                    bytes: 1,
                    sha256: String::new(),
                })
            }
        }
    }
}

/// Runs a job, which must end within a bounded number of steps.
fn run(script: &Script) -> Result<(), TestCaseError> {
    let stop = Stop::default();
    let options =
        DownloadOptions::to("unused").with_concurrency(script.concurrency).with_stop(stop.clone());
    let policy = Policy {
        status_check: script.status_check.then_some(Duration::from_secs(3)),
        any_state: script.any_state,
        rounds: script.rounds,
        max_call_failures: 4,
        defer_name_sync: false,
        batch: BatchSizes { status: script.batch.0, links: script.batch.1 },
    };
    let ids = (0..script.behaviors.len()).map(|id| FlowId::from(id.to_string()));
    let ids: Vec<FlowId> = ids.collect();
    let names = FileNames::new(options.names.clone());
    let source = Box::new(ids.clone().into_iter().enumerate());
    let mut job = Job::streaming(Agent::new("app"), source, options, policy, names);
    let mut model = Model {
        script: script.clone(),
        calls: 0,
        link_requests: BTreeMap::new(),
        written: BTreeMap::new(),
    };
    let (mut in_flight, mut ended, mut clock) = (Vec::new(), 0, 0);
    loop {
        let may_have_step = job.may_have_step();
        match job.next(now(clock)) {
            Next::Step(step) => {
                prop_assert!(may_have_step, "no worker would be woken for this step");
                match &step {
                    Step::Wait(_) => prop_assert!(false, "this job does not wait"),
                    Step::Status(batch) => prop_assert!(batch.flows.len() <= script.batch.0),
                    Step::Links(batch) => {
                        prop_assert!((1..=script.batch.1).contains(&batch.ids.len()));
                    }
                    Step::Fetch(fetch) => {
                        prop_assert!(fetch.link_expires_at > now(clock).monotonic);
                    }
                }
                in_flight.push(step);
                let fetches = in_flight.iter().filter(|step| matches!(step, Step::Fetch(_)));
                let fetches = fetches.count();
                prop_assert!(fetches <= script.concurrency && in_flight.len() <= fetches + 1);
                continue;
            }
            Next::Wait(count) => prop_assert_eq!(count.get(), in_flight.len()),
            Next::Done => break,
        }
        prop_assert!(!in_flight.is_empty(), "the driver would wait forever");
        if script.stop_after == Some(ended) {
            stop.stop();
        }
        let (choice, seconds) = script.order[ended % script.order.len()];
        ended += 1;
        prop_assert!(ended < script.behaviors.len() * 90 + 200, "the job does not end");
        clock += seconds;
        let step = in_flight.swap_remove(choice % in_flight.len());
        let outcome = match stop.is_stopped() && !step.delay().is_zero() {
            true => StepOutcome::Cancelled(step),
            false => model.perform(step),
        };
        job.on(now(clock), outcome);
    }
    prop_assert!(in_flight.is_empty(), "steps in flight are abandoned");
    prop_assert!(model.written.values().all(|&times| times == 1), "a file is written twice");
    let fatal = script.behaviors.contains(&Behavior::Disk)
        || script.calls.iter().any(|call| matches!(call, Call::Fatal));
    let Ok(report) = job.finish() else {
        prop_assert!(fatal, "the job failed without a fatal error");
        return Ok(());
    };
    let reported: Vec<_> = report.flows.iter().map(|flow| &flow.flow_id).collect();
    prop_assert_eq!(reported, ids.iter().collect::<Vec<_>>(), "each contract has one outcome");
    let files: usize = report.flows.iter().map(|flow| flow.files.len()).sum();
    prop_assert_eq!(files, model.written.len());
    let calls_fail = script.calls.iter().any(|call| !matches!(call, Call::Ok));
    for flow in &report.flows {
        let kind = flow.error.as_ref().map(|error| error.kind);
        prop_assert!(kind.is_some() || !flow.files.is_empty());
        if stop.is_stopped() || calls_fail {
            continue;
        }
        let expected = match model.behavior(flow.flow_id.as_str()) {
            Behavior::Found | Behavior::Shifting => None,
            Behavior::Unsigned if script.status_check && !script.any_state => {
                Some(FlowErrorKind::NotSigned)
            }
            Behavior::Unsigned => None,
            Behavior::Unknown if script.status_check && !script.any_state => {
                Some(FlowErrorKind::NotFound)
            }
            Behavior::Unknown => Some(FlowErrorKind::Missing),
            Behavior::Failing => Some(FlowErrorKind::Network),
            Behavior::Expiring => Some(FlowErrorKind::Link),
            Behavior::Refused => Some(FlowErrorKind::Content),
            Behavior::Disk => kind,
        };
        prop_assert_eq!(kind, expected, "{}", &flow.flow_id);
    }
    Ok(())
}

proptest! {
    #[test]
    fn each_job_ends_with_one_outcome_per_contract(script in script()) {
        run(&script)?;
    }
}

#[test]
fn ends_for_multiples_of_the_batch_size() {
    let behaviors = [
        Behavior::Found,
        Behavior::Unsigned,
        Behavior::Unknown,
        Behavior::Failing,
        Behavior::Expiring,
    ];
    for (count, behavior, status_check) in
        [0, 1, 49, 50, 51, 99, 100, 101, 150, 200, 450].into_iter().flat_map(|count| {
            behaviors.into_iter().flat_map(move |behavior| {
                [true, false].map(|status_check| (count, behavior, status_check))
            })
        })
    {
        let script = Script {
            behaviors: vec![behavior; count],
            status_check,
            any_state: false,
            rounds: 1,
            batch: (100, 50),
            concurrency: 8,
            calls: vec![Call::Ok],
            order: vec![(0, 0)],
            stop_after: None,
        };
        run(&script).unwrap();
    }
}
