//! Every job ends, over both drivers, under virtual time: for any number of contracts, any outcome of each,
//! and a stop at any moment.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "a failed assumption is a failed test"
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

/// Batch sizes and their neighbours.
const COUNTS: [usize; 9] = [0, 1, 49, 50, 51, 99, 100, 101, 200];

/// A job of the library.
#[derive(Debug, Clone, Copy)]
enum Job {
    Download,
    DownloadAnyState,
    /// As the contracts are signed.
    DownloadWait,
    Archive,
    /// Without looking the contracts up first.
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

/// The outcome of a job, as far as all jobs have one.
struct Outcome {
    /// Contracts that the job gives an account of.
    told: usize,
    /// Of them, those that ended well.
    good: usize,
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
        told: results.len(),
        good: results.into_iter().filter(|good| *good).count(),
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
            Ok(count(report.flows.iter().map(|flow| flow.error.is_none()).collect()))
        }
        Job::Archive | Job::ArchiveAnyState => {
            let mut options = ArchiveOptions::to(folder.path())
                .with_concurrency(concurrency)
                .with_stop(stop.clone());
            options.check = matches!(job, Job::Archive);
            let report = client.archive(ids, &options)?;
            let told = report.saved + report.failed;
            assert_eq!(report.flows().unwrap().count() as u64, told);
            Ok(Outcome { told: told as usize, good: report.saved as usize })
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
    let result = clients::within(Duration::from_secs(60), move || {
        perform(job, &Client::new(driver, served), ids, concurrency, &handle)
    });
    let Some(result) = result else { panic!("{driver:?}: {job:?} does not end") };
    (result, stop.is_stopped(), service)
}

/// How many contracts of this fate end well in this job.
fn is_good(job: Job, fate: Fate) -> bool {
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
        // Their files are no concern of these.
        Job::Wait | Job::Status | Job::Links => fate != Fate::Unknown,
    }
}

/// Whether the job writes files of contracts of this fate.
fn saves(job: Job, fate: Fate) -> bool {
    !matches!(job, Job::Wait | Job::Status | Job::Links) && is_good(job, fate)
}

#[test]
fn multiples_of_the_batch_size_end_as_other_numbers_do() {
    for driver in DRIVERS {
        for (job, count) in JOBS.into_iter().flat_map(|job| COUNTS.map(|count| (job, count))) {
            // Files are synchronized to the disk, which is slow: few of them.
            let fates = Fate::ALL
                .into_iter()
                .filter(|&fate| matches!(count, 0 | 1 | 50 | 100) || !saves(job, fate));
            for fate in fates {
                let script = Script::uniform(count, fate);
                let (result, _, _) = run(driver, job, script, 8);
                let outcome = result.unwrap();
                let good = if is_good(job, fate) { count } else { 0 };
                assert_eq!(
                    (outcome.told, outcome.good),
                    (count, good),
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
        30 => Just(Call::Answered),
        3 => Just(Call::Throttled),
        3 => Just(Call::Interrupted),
        1 => Just(Call::Fatal),
    ];
    let calls = prop_oneof![Just(vec![Call::Answered]), prop::collection::vec(call, 1..30)];
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
    fn every_job_ends_and_accounts_for_each_contract(
        script in script(),
        job in prop::sample::select(JOBS.to_vec()),
        driver in prop::sample::select(DRIVERS.to_vec()),
        concurrency in 1_usize..10,
    ) {
        let (count, calls) = (script.fates.len(), script.calls.clone());
        let fates = script.fates.clone();
        let (result, is_stopped, _) = run(driver, job, script, concurrency);
        let undisturbed = calls.iter().all(|call| matches!(call, Call::Answered));
        let Ok(outcome) = result else {
            prop_assert!(!undisturbed, "nothing was fatal");
            return Ok(());
        };
        let is_archive = matches!(job, Job::Archive | Job::ArchiveAnyState);
        match is_archive && is_stopped {
            true => prop_assert!(outcome.told <= count),
            false => prop_assert_eq!(outcome.told, count),
        }
        if undisturbed && !is_stopped {
            let good = fates.iter().filter(|&&fate| is_good(job, fate)).count();
            prop_assert_eq!(outcome.good, good);
        }
    }
}

/// A stop while the job sleeps before its next request takes effect at once, by the clock of the job.
#[test]
fn a_stop_ends_every_pause() {
    let cases = [
        // Links are asked for once the PDF has been composed.
        (Job::Archive, Script { stop: Some((0, 1_000)), ..Script::uniform(1, Fate::JustSigned) }),
        // After a call that has failed, the next is made later and later.
        (
            Job::Archive,
            Script {
                calls: vec![Call::Interrupted],
                stop: Some((1, 100)),
                ..Script::uniform(1, Fate::Found)
            },
        ),
        // Between two attempts of a call.
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
        // Between two rounds of the archive.
        (Job::Archive, Script { stop: Some((12, 10)), ..Script::uniform(1, Fate::Failing) }),
        // A file is tried again later.
        (Job::Download, Script { stop: Some((3, 10)), ..Script::uniform(1, Fate::Failing) }),
        // Between two rounds of links.
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
            let late = service.time_since_stop();
            assert!(late <= Duration::from_millis(100), "{driver:?} {job:?} {late:?} {script:?}");
        }
    }
}

#[test]
fn a_stopped_download_accounts_for_the_contracts_that_it_has_not_looked_at() {
    for driver in DRIVERS {
        let script = Script { stop: Some((4, 0)), ..Script::uniform(430, Fate::Found) };
        let stop = Stop::default();
        let ids = script.ids();
        let service = Service::new(script, stop.clone());
        let folder = tempfile::tempdir().unwrap();
        let options = DownloadOptions::to(folder.path()).with_stop(stop);
        let report = Client::new(driver, service).download(ids.clone(), &options).unwrap();
        let told: Vec<_> = report.flows.iter().map(|flow| flow.flow_id.clone()).collect();
        assert_eq!(told, ids);
        assert!(report.saved().count() < 20 && !report.is_complete());
        for flow in report.failed() {
            assert_eq!(flow.error.as_ref().unwrap().kind, FlowErrorKind::Stopped);
        }
    }
}
