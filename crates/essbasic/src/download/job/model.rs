//! The job against a model of the service, under virtual time: it ends, and each contract has one outcome.

#![cfg(feature = "blocking")]

use std::collections::BTreeMap;

use essbasic_models::{DescribeFlowDetailInfoResponse, DescribeResourceUrlsByFlowsResponse};
use proptest::prelude::*;
use serde_json::{Value, json};
use tc3_client::transport::{
    BlockingTransport, Bytes, HeaderMap, Response, StatusCode, TransportError, TransportErrorKind,
};

use super::super::fetch::FetchEnd;
use super::super::options::SavedFile;
use super::asks::Ask;
use super::check::Check;
use super::*;
use crate::stop::Stop;

/// What the service and the network do with one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Found,
    Unsigned,
    Unknown,
    /// Every transfer fails in a way that may pass.
    Failing,
    /// Every link has expired by the time of its use.
    Expiring,
    Refused,
    /// The first answer names one file, later ones another order and a second file.
    Shifting,
    Disk,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        8 => Just(Fate::Found),
        4 => Just(Fate::Unsigned),
        4 => Just(Fate::Unknown),
        2 => Just(Fate::Failing),
        2 => Just(Fate::Expiring),
        2 => Just(Fate::Refused),
        2 => Just(Fate::Shifting),
    ]
}

/// What comes of a call for many contracts.
#[derive(Debug, Clone, Copy)]
enum Call {
    Answered,
    Throttled,
    Interrupted,
    Fatal,
}

#[derive(Debug, Clone)]
struct Script {
    fates: Vec<Fate>,
    checks: bool,
    any_state: bool,
    rounds: u32,
    batch: (usize, usize),
    concurrency: usize,
    calls: Vec<Call>,
    /// Which of the steps in flight ends next, and after how many seconds.
    order: Vec<(usize, u64)>,
    /// After how many ends the job is stopped.
    stop_after: Option<usize>,
}

/// Numbers of contracts around the batch sizes, and any other up to 450.
fn count() -> impl Strategy<Value = usize> {
    let edges = [0, 1, 49, 50, 51, 99, 100, 101, 150, 200, 400, 450];
    prop_oneof![prop::sample::select(edges.to_vec()), 0_usize..=450]
}

/// All alike, as in the commands that hung, or mixed.
fn fates() -> impl Strategy<Value = Vec<Fate>> {
    count().prop_flat_map(|count| {
        prop_oneof![
            fate().prop_map(move |fate| vec![fate; count]),
            prop::collection::vec(fate(), count),
            // One full disk among them.
            prop::collection::vec(fate(), count).prop_map(|mut fates| {
                if let Some(fate) = fates.last_mut() {
                    *fate = Fate::Disk;
                }
                fates
            }),
        ]
    })
}

fn script() -> impl Strategy<Value = Script> {
    let call = prop_oneof![
        40 => Just(Call::Answered),
        3 => Just(Call::Throttled),
        3 => Just(Call::Interrupted),
        1 => Just(Call::Fatal),
    ];
    let batch = (1_usize..=120, 1_usize..=120);
    let batch = prop_oneof![Just((100, 50)), batch];
    (
        fates(),
        (any::<bool>(), any::<bool>(), 0_u32..4),
        batch,
        1_usize..=9,
        prop_oneof![Just(vec![Call::Answered]), prop::collection::vec(call, 1..40)],
        prop::collection::vec((any::<usize>(), 0_u64..90), 1..60),
        prop::option::weighted(0.3, 0_usize..600),
    )
        .prop_map(|(fates, policy, batch, concurrency, calls, order, stop_after)| Script {
            fates,
            checks: policy.0,
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

/// Returns the error of a client whose server answers with this code.
fn failure(code: &'static str) -> tc3_client::Error {
    error_over(move |_| {
        let body = json!({"Response": {"Error": {"Code": code, "Message": "m"}, "RequestId": "r"}});
        let body = Bytes::from(body.to_string()).into();
        Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body })
    })
}

/// Returns the error of a client whose connection breaks.
fn lost() -> tc3_client::Error {
    error_over(|_| Err(TransportError::new(TransportErrorKind::Interrupted)))
}

fn error_over(transport: impl BlockingTransport + 'static) -> tc3_client::Error {
    let credential = tc3_client::credentials::Credential::new("id", "key");
    let config = tc3_client::Config::new(credential).with_retry(tc3_client::RetryPolicy::none());
    let client = tc3_client::blocking::Client::with_transport(config, transport).unwrap();
    client.call(&crate::links::request(&Agent::new("app"), &["f".to_owned()])).unwrap_err()
}

/// The service, the network and the disk of one run.
struct World {
    script: Script,
    calls: usize,
    /// How often links to each contract have been given.
    asked: BTreeMap<String, usize>,
    written: BTreeMap<String, u32>,
}

impl World {
    fn fate(&self, flow_id: &str) -> Fate {
        self.script.fates[flow_id.parse::<usize>().unwrap()]
    }

    fn call(&mut self) -> Result<(), tc3_client::Error> {
        let call = self.script.calls[self.calls % self.script.calls.len()];
        self.calls += 1;
        match call {
            Call::Answered => Ok(()),
            Call::Throttled => Err(failure("RequestLimitExceeded")),
            Call::Interrupted => Err(lost()),
            Call::Fatal => Err(failure("AuthFailure.SecretIdNotFound")),
        }
    }

    fn end(&mut self, step: Step) -> Ended {
        match step {
            Step::Check(check) => {
                let answer = self.call().map(|()| self.states(&check));
                Ended::Check(check, answer)
            }
            Step::Ask(ask) => {
                let answer = self.call().map(|()| self.links(&ask));
                Ended::Ask(ask, answer)
            }
            Step::Wait(_) => Ended::Cancelled(step),
            Step::Fetch(fetch) => {
                let end = self.fetch(&fetch);
                Ended::Fetch(fetch, end)
            }
        }
    }

    fn states(&self, check: &Check) -> DescribeFlowDetailInfoResponse {
        let ids = check.request.flow_ids.as_ref().unwrap().iter();
        let infos = ids.filter_map(|id| {
            let status = match self.fate(id) {
                Fate::Unknown => return None,
                Fate::Unsigned => "PART",
                _ => "ALL",
            };
            Some(json!({"FlowId": id, "FlowStatus": status, "FlowApproverInfos": []}))
        });
        serde_json::from_value(json!({"FlowInfo": infos.collect::<Vec<_>>()})).unwrap()
    }

    fn links(&mut self, ask: &Ask) -> DescribeResourceUrlsByFlowsResponse {
        let mut infos: Vec<Value> = Vec::new();
        for id in &ask.ids {
            let fate = self.fate(id);
            let times = self.asked.entry(id.clone()).or_default();
            *times += 1;
            let names: &[&str] = match fate {
                Fate::Unknown => continue,
                Fate::Shifting if *times > 1 => &["two", "one"],
                _ => &["one"],
            };
            let links = names.iter().map(|name| json!({"Url": name, "Name": name, "Type": "PDF"}));
            infos.push(json!({"FlowId": id, "ResourceUrlInfos": links.collect::<Vec<_>>()}));
        }
        serde_json::from_value(json!({"FlowResourceUrlInfos": infos, "ErrorMessages": []})).unwrap()
    }

    fn fetch(&mut self, fetch: &Fetch) -> FetchEnd {
        let error = |kind| FlowError::new(kind, "scripted");
        // The file is named after its contract.
        let flow_id = fetch.to.name.rsplit_once('-').unwrap().1.trim_end_matches(".pdf");
        let times = self.asked[flow_id];
        match self.fate(flow_id) {
            Fate::Failing => FetchEnd::Failed(error(FlowErrorKind::Network)),
            Fate::Expiring => FetchEnd::LinkDead(error(FlowErrorKind::Link)),
            Fate::Shifting if times == 1 => FetchEnd::LinkDead(error(FlowErrorKind::Link)),
            Fate::Refused => FetchEnd::Refused(error(FlowErrorKind::Content)),
            Fate::Disk => FetchEnd::Disk(std::io::ErrorKind::StorageFull.into()),
            _ => {
                *self.written.entry(fetch.to.name.clone()).or_default() += 1;
                FetchEnd::Saved(SavedFile {
                    path: fetch.to.name.clone().into(),
                    bytes: 1,
                    sha256: String::new(),
                })
            }
        }
    }
}

/// Runs a job to its end, which it must reach in a bounded number of steps.
fn run(script: &Script) -> Result<(), TestCaseError> {
    let stop = Stop::default();
    let options =
        DownloadOptions::to("unused").with_concurrency(script.concurrency).with_stop(stop.clone());
    let policy = Policy {
        check: script.checks.then_some(Duration::from_secs(3)),
        any_state: script.any_state,
        rounds: script.rounds,
        patience: 4,
        names_later: false,
        batch: BatchSizes { checks: script.batch.0, links: script.batch.1 },
    };
    let ids: Vec<String> = (0..script.fates.len()).map(|id| id.to_string()).collect();
    let names = FileNames::new(options.names.clone());
    let source = Box::new(ids.clone().into_iter().enumerate());
    let mut job = Job::streaming(Agent::new("app"), source, options, policy, names);
    let mut world = World {
        script: script.clone(),
        calls: 0,
        asked: BTreeMap::new(),
        written: BTreeMap::new(),
    };
    let (mut in_flight, mut ends, mut clock) = (Vec::new(), 0, 0);
    loop {
        let might_begin = job.may_begin_more();
        match job.next(now(clock)) {
            Next::Step(step) => {
                prop_assert!(might_begin, "a worker would sleep through this step");
                match &step {
                    Step::Wait(_) => prop_assert!(false, "this job does not wait"),
                    Step::Check(check) => prop_assert!(check.flows.len() <= script.batch.0),
                    Step::Ask(ask) => prop_assert!((1..=script.batch.1).contains(&ask.ids.len())),
                    Step::Fetch(fetch) => {
                        prop_assert!(fetch.link.expires_at > now(clock).monotonic);
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
        if script.stop_after == Some(ends) {
            stop.stop();
        }
        let (choice, seconds) = script.order[ends % script.order.len()];
        ends += 1;
        prop_assert!(ends < script.fates.len() * 90 + 200, "the job does not end");
        clock += seconds;
        let step = in_flight.swap_remove(choice % in_flight.len());
        let ended = match stop.is_stopped() && !step.delay().is_zero() {
            true => Ended::Cancelled(step),
            false => world.end(step),
        };
        job.on(now(clock), ended);
    }
    prop_assert!(in_flight.is_empty(), "steps in flight are abandoned");
    prop_assert!(world.written.values().all(|&times| times == 1), "a file is written twice");
    let fatal = script.fates.contains(&Fate::Disk)
        || script.calls.iter().any(|call| matches!(call, Call::Fatal));
    let Ok(report) = job.finish() else {
        prop_assert!(fatal, "nothing was fatal");
        return Ok(());
    };
    let told: Vec<_> = report.flows.iter().map(|flow| &flow.flow_id).collect();
    prop_assert_eq!(told, ids.iter().collect::<Vec<_>>(), "each contract has one outcome");
    let files: usize = report.flows.iter().map(|flow| flow.files.len()).sum();
    prop_assert_eq!(files, world.written.len());
    let calls_fail = script.calls.iter().any(|call| !matches!(call, Call::Answered));
    for flow in &report.flows {
        let kind = flow.error.as_ref().map(|error| error.kind);
        prop_assert!(kind.is_some() || !flow.files.is_empty());
        if stop.is_stopped() || calls_fail {
            continue;
        }
        let expected = match world.fate(&flow.flow_id) {
            Fate::Found | Fate::Shifting => None,
            Fate::Unsigned if script.checks && !script.any_state => Some(FlowErrorKind::NotSigned),
            Fate::Unsigned => None,
            Fate::Unknown if script.checks && !script.any_state => Some(FlowErrorKind::Refused),
            Fate::Unknown => Some(FlowErrorKind::Missing),
            Fate::Failing => Some(FlowErrorKind::Network),
            Fate::Expiring => Some(FlowErrorKind::Link),
            Fate::Refused => Some(FlowErrorKind::Content),
            Fate::Disk => kind,
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

/// The numbers of the commands that hung.
#[test]
fn multiples_of_the_batch_size_end_as_other_numbers_do() {
    let fates = [Fate::Found, Fate::Unsigned, Fate::Unknown, Fate::Failing, Fate::Expiring];
    for (count, fate, checks) in
        [0, 1, 49, 50, 51, 99, 100, 101, 150, 200, 450].into_iter().flat_map(|count| {
            fates
                .into_iter()
                .flat_map(move |fate| [true, false].map(|checks| (count, fate, checks)))
        })
    {
        let script = Script {
            fates: vec![fate; count],
            checks,
            any_state: false,
            rounds: 1,
            batch: (100, 50),
            concurrency: 8,
            calls: vec![Call::Answered],
            order: vec![(0, 0)],
            stop_after: None,
        };
        run(&script).unwrap();
    }
}
