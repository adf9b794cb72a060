//! Every job of both clients ends, in virtual time: for any number of contracts, any outcome of each contract, and a stop
//! at any time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "tests panic on failure"
)]

mod clients;
mod extremes;
mod service;

use std::time::Duration;

use essbasic::{
    ArchiveOptions, DownloadOptions, Error, FlowErrorKind, FlowLinks, Report, Stop, WaitOptions,
    WaitOutcome,
};
use proptest::prelude::*;

use self::clients::{Client, DRIVERS, Driver};
use self::service::{Call, Fate, Script, Service};

/// Batch sizes, and one more or less.
const COUNTS: [usize; 9] = [0, 1, 49, 50, 51, 99, 100, 101, 200];

/// A job of the library.
#[derive(Debug, Clone, Copy)]
enum Job {
    Download,
    DownloadAnyState,
    /// Downloads each contract as soon as it is signed.
    DownloadWait,
    Archive,
    /// Archives without a status check.
    ArchiveAnyState,
    Wait,
    Status,
    Links,
}

const JOBS: [Job; 8] = [
    Job::Download,
    Job::DownloadAnyState,
    Job::DownloadWait,
    Job::Archive,
    Job::ArchiveAnyState,
    Job::Wait,
    Job::Status,
    Job::Links,
];

/// Outcome common to all jobs.
struct Outcome {
    /// Number of contracts in the report.
    reported: usize,
    /// Number of reported contracts that succeeded.
    succeeded: usize,
}

fn perform(
    job: Job,
    client: &Client,
    ids: Vec<String>,
    concurrency: usize,
    stop: &Stop,
) -> Result<Outcome, Error> {
    let folder = tempfile::tempdir().unwrap();
    let count = |results: Vec<bool>| Outcome {
        reported: results.len(),
        succeeded: results.into_iter().filter(|succeeded| *succeeded).count(),
    };
    match job {
        Job::Download | Job::DownloadAnyState | Job::DownloadWait => {
            let mut options = DownloadOptions::to(folder.path())
                .with_concurrency(concurrency)
                .with_stop(stop.clone());
            options.any_state = matches!(job, Job::DownloadAnyState);
            if matches!(job, Job::DownloadWait) {
                let wait = WaitOptions::default().with_timeout(Duration::from_secs(120));
                options = options.with_wait(wait);
            }
            let report: Report = client.download(ids, &options)?;
            Ok(Outcome { reported: report.flows.len(), succeeded: report.saved().count() })
        }
        Job::Archive | Job::ArchiveAnyState => {
            let mut options = ArchiveOptions::to(folder.path())
                .with_concurrency(concurrency)
                .with_stop(stop.clone());
            options.check = matches!(job, Job::Archive);
            let report = client.archive(ids, &options)?;
            let reported = report.saved + report.failed;
            assert_eq!(report.flows().unwrap().count() as u64, reported);
            Ok(Outcome { reported: reported as usize, succeeded: report.saved as usize })
        }
        Job::Wait => {
            let options = WaitOptions::default()
                .with_timeout(Duration::from_secs(120))
                .with_stop(stop.clone());
            let waits = client.wait(ids, &options)?;
            Ok(count(waits.iter().map(|wait| wait.outcome == WaitOutcome::Signed).collect()))
        }
        Job::Status => Ok(count(client.details(ids)?.iter().map(Result::is_ok).collect())),
        Job::Links => {
            let links: Vec<FlowLinks> = client.links(ids)?;
            Ok(count(links.iter().map(|links| links.result.is_ok()).collect()))
        }
    }
}

/// Runs a job against its script; a job that does not end fails the test.
fn run(
    driver: Driver,
    job: Job,
    script: Script,
    concurrency: usize,
) -> (Result<Outcome, Error>, bool, Service) {
    let (stop, ids) = (Stop::default(), script.ids());
    let service = Service::new(script, stop.clone());
    let (served, handle) = (service.clone(), stop.clone());
    let result = clients::with_timeout(Duration::from_secs(60), move || {
        perform(job, &Client::new(driver, served), ids, concurrency, &handle)
    });
    let Some(result) = result else { panic!("{driver:?}: {job:?} does not end") };
    (result, stop.is_stopped(), service)
}

/// Returns whether contracts of this fate succeed in this job.
fn succeeds(job: Job, fate: Fate) -> bool {
    match job {
        Job::Download | Job::DownloadWait | Job::Archive | Job::Wait if fate == Fate::Unsigned => {
            false
        }
        Job::Download
        | Job::DownloadAnyState
        | Job::DownloadWait
        | Job::Archive
        | Job::ArchiveAnyState => {
            matches!(fate, Fate::Found | Fate::JustSigned | Fate::Unsigned)
        }
        // These jobs do not fetch files.
        Job::Wait | Job::Status | Job::Links => fate != Fate::Unknown,
    }
}

/// Returns whether the job writes files of contracts of this fate.
fn saves(job: Job, fate: Fate) -> bool {
    !matches!(job, Job::Wait | Job::Status | Job::Links) && succeeds(job, fate)
}

#[test]
fn jobs_end_for_each_count_near_a_batch_size() {
    for driver in DRIVERS {
        for (job, count) in JOBS.into_iter().flat_map(|job| COUNTS.map(|count| (job, count))) {
            // fsync is slow, so that jobs that write files run with few counts.
            let fates = Fate::ALL
                .into_iter()
                .filter(|&fate| matches!(count, 0 | 1 | 50 | 100) || !saves(job, fate));
            for fate in fates {
                let script = Script::uniform(count, fate);
                let (result, _, _) = run(driver, job, script, 8);
                let outcome = result.unwrap();
                let succeeded = if succeeds(job, fate) { count } else { 0 };
                assert_eq!(
                    (outcome.reported, outcome.succeeded),
                    (count, succeeded),
                    "{driver:?} {job:?} {count} {fate:?}"
                );
            }
        }
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop::sample::select(Fate::ALL.to_vec())
}

fn script() -> impl Strategy<Value = Script> {
    let count = prop_oneof![prop::sample::select(COUNTS.to_vec()), 0_usize..=450];
    let fates = count.prop_flat_map(|count| {
        prop_oneof![
            fate().prop_map(move |fate| vec![fate; count]),
            prop::collection::vec(fate(), count),
        ]
    });
    let call = prop_oneof![
        30 => Just(Call::Success),
        3 => Just(Call::Throttled),
        3 => Just(Call::Interrupted),
        1 => Just(Call::Fatal),
    ];
    let calls = prop_oneof![Just(vec![Call::Success]), prop::collection::vec(call, 1..30)];
    let delays = prop::collection::vec(0_u64..5_000, 1..40);
    let stop = prop::option::weighted(0.4, (0_usize..500, 0_u64..30_000));
    (fates, calls, delays, stop).prop_map(|(fates, calls, delays, stop)| Script {
        fates,
        calls,
        delays,
        stop,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_job_ends_and_reports_each_contract(
        script in script(),
        job in prop::sample::select(JOBS.to_vec()),
        driver in prop::sample::select(DRIVERS.to_vec()),
        concurrency in 1_usize..10,
    ) {
        let (count, calls) = (script.fates.len(), script.calls.clone());
        let fates = script.fates.clone();
        let (result, is_stopped, _) = run(driver, job, script, concurrency);
        let is_undisturbed = calls.iter().all(|call| matches!(call, Call::Success));
        let Ok(outcome) = result else {
            prop_assert!(!is_undisturbed, "no call failed");
            return Ok(());
        };
        let is_archive = matches!(job, Job::Archive | Job::ArchiveAnyState);
        match is_archive && is_stopped {
            true => prop_assert!(outcome.reported <= count),
            false => prop_assert_eq!(outcome.reported, count),
        }
        if is_undisturbed && !is_stopped {
            let succeeded = fates.iter().filter(|&&fate| succeeds(job, fate)).count();
            prop_assert_eq!(outcome.succeeded, succeeded);
        }
    }
}

/// A stop ends every delay before a request at once, in virtual time.
#[test]
fn a_stop_ends_every_delay() {
    let cases = [
        // Delay until the PDF has been composed.
        (Job::Archive, Script { stop: Some((0, 1_000)), ..Script::uniform(1, Fate::JustSigned) }),
        // Backoff after a failed call.
        (
            Job::Archive,
            Script {
                calls: vec![Call::Interrupted],
                stop: Some((1, 100)),
                ..Script::uniform(1, Fate::Found)
            },
        ),
        // Backoff between two attempts of a call.
        (
            Job::Download,
            Script {
                calls: vec![Call::Throttled],
                stop: Some((1, 10)),
                ..Script::uniform(1, Fate::Found)
            },
        ),
        (
            Job::Wait,
            Script {
                calls: vec![Call::Throttled],
                stop: Some((2, 10)),
                ..Script::uniform(1, Fate::Found)
            },
        ),
        // Delay between two rounds of an archive job.
        (Job::Archive, Script { stop: Some((12, 10)), ..Script::uniform(1, Fate::Failing) }),
        // Backoff before a retry of a file.
        (Job::Download, Script { stop: Some((3, 10)), ..Script::uniform(1, Fate::Failing) }),
        // Delay between two rounds of links.
        (Job::Download, Script { stop: Some((7, 10)), ..Script::uniform(1, Fate::Expired) }),
        (Job::Wait, Script { stop: Some((0, 1_000)), ..Script::uniform(1, Fate::Unsigned) }),
        (Job::Wait, Script { stop: Some((0, 1_000)), ..Script::uniform(1, Fate::JustSigned) }),
        (
            Job::DownloadWait,
            Script { stop: Some((0, 1_000)), ..Script::uniform(1, Fate::Unsigned) },
        ),
    ];
    for driver in DRIVERS {
        for (job, script) in cases.clone() {
            let (result, is_stopped, service) = run(driver, job, script.clone(), 1);
            assert!(is_stopped, "{driver:?} {job:?} ended before the stop: {script:?}");
            assert!(result.is_ok());
            let delay = service.time_since_stop();
            assert!(delay <= Duration::from_millis(100), "{driver:?} {job:?} {delay:?} {script:?}");
        }
    }
}

#[test]
fn a_stopped_download_reports_the_contracts_that_were_not_started() {
    for driver in DRIVERS {
        let script = Script { stop: Some((4, 0)), ..Script::uniform(430, Fate::Found) };
        let stop = Stop::default();
        let ids = script.ids();
        let service = Service::new(script, stop.clone());
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path()).with_stop(stop);
        let report = Client::new(driver, service).download(ids.clone(), &options).unwrap();
        let reported: Vec<_> = report.flows.iter().map(|flow| flow.flow_id.clone()).collect();
        assert_eq!(reported, ids);
        assert!(report.saved().count() < 20 && !report.is_complete());
        for flow in report.failed() {
            assert_eq!(flow.error.as_ref().unwrap().kind, FlowErrorKind::Stopped);
        }
    }
}
