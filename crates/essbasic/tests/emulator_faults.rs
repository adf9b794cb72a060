//! Archive jobs with every kind of fault of the emulator, with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use essbasic::transport::TransportConfig;
use essbasic::{ArchiveOptions, ArchiveReport, Error, RetryPolicy};
use essbasic_emulator::{Emulator, Fault, FaultKind, Seed};

use crate::support::{Driver, config, the_agent};

const COUNT: usize = 60;

/// Time after which a stalled response is retried.
const SHORT: Duration = Duration::from_secs(1);

/// Timeout of responses that do not stall. A request must not time out on a busy machine: it would use up its fault.
const LONG: Duration = Duration::from_secs(60);

fn archive(
    emulator: &Emulator,
    blocking: bool,
    folder: &Path,
    read_timeout: Duration,
) -> Result<ArchiveReport, Error> {
    let config = config(emulator)
        .with_timeout(Some(LONG * 2))
        .with_transport_config(TransportConfig::default().with_read_timeout(read_timeout))
        .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(1)));
    let client = if blocking { Driver::blocking } else { Driver::on_reqwest };
    let (ids, options) = (emulator.completed_flows(), ArchiveOptions::to(folder));
    call!(client(&config, &the_agent()), archive(ids, &options))
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let entries = entries.map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, std::fs::read(entry.path()).unwrap())
    });
    entries.filter(|(name, _)| !name.starts_with(".essbasic-archive")).collect()
}

/// Returns one fault of the kind for each request: for the status, for links, and for a file.
fn one_per_request(kind: FaultKind) -> [Fault; 3] {
    ["DescribeFlowDetailInfo", "DescribeResourceUrlsByFlows", "download"]
        .map(|action| Fault::new(kind).with_action(action).with_times(1))
}

#[test]
fn files_are_correct_after_any_fault() {
    std::thread::scope(|scope| {
        // Faults of TLS handshakes are tested in tests/tests/faults.
        for kind in FaultKind::ALL.into_iter().filter(|kind| !kind.hits_handshakes()) {
            scope.spawn(move || check_files(kind));
        }
    });
}

fn check_files(kind: FaultKind) {
    let seed = Seed::completed(COUNT);
    let emulator = Emulator::builder().with_seed(seed).with_rate_limit(None).start().unwrap();
    let reference = tempfile::tempdir().unwrap();
    archive(&emulator, true, reference.path(), LONG).unwrap();
    let expected = files(reference.path());
    assert_eq!(expected.len(), COUNT);
    let read_timeout = match kind {
        FaultKind::StallHead | FaultKind::StallBody => SHORT,
        _ => LONG,
    };
    for blocking in [true, false] {
        let before = emulator.stats().faults.get(&kind).copied().unwrap_or_default();
        emulator.set_faults(one_per_request(kind), 0);
        let folder = tempfile::tempdir().unwrap();
        let result = archive(&emulator, blocking, folder.path(), read_timeout);
        match kind {
            // A rejected credential stops the job: the caller must provide another one.
            FaultKind::ExpiredToken => match result {
                Err(Error::Call(error)) => assert!(error.is_authentication(), "{error}"),
                other => panic!("{other:?}"),
            },
            // The response lists no contract, so none counts as saved.
            FaultKind::Nulls | FaultKind::NullLeaves => {
                assert_eq!(result.unwrap().failed, COUNT as u64);
            }
            _ => {
                let report = result.unwrap_or_else(|error| panic!("{kind}: {error}"));
                assert!(report.is_complete(), "{kind}: {report:?}");
                assert_eq!(emulator.stats().faults[&kind] - before, 3, "{kind}");
            }
        }
        // No file is wrong or incomplete, and the next run saves the rest.
        emulator.set_faults([], 0);
        let found = files(folder.path());
        assert!(found.iter().all(|(name, file)| expected.get(name) == Some(file)), "{kind}");
        let again = archive(&emulator, blocking, folder.path(), LONG);
        assert!(again.unwrap().is_complete(), "{kind}");
        assert!(files(folder.path()) == expected, "{kind}");
    }
}

/// Each request fails with a probability of 10%, with any kind of transient fault.
#[test]
fn random_transient_faults_cause_no_failures() {
    let is_transient = |kind: &FaultKind| {
        use FaultKind::{ExpiredToken, NullLeaves, Nulls};
        !matches!(kind, ExpiredToken | NullLeaves | Nulls) && !kind.hits_handshakes()
    };
    let kinds: Vec<_> = FaultKind::ALL.into_iter().filter(is_transient).collect();
    let rate = 0.1 / kinds.len() as f64;
    let faults: Vec<_> = kinds.into_iter().map(|kind| Fault::new(kind).with_rate(rate)).collect();
    let seed = Seed::completed(COUNT * 10);
    let emulator = Emulator::builder().with_seed(seed).with_rate_limit(None).start().unwrap();
    let reference = tempfile::tempdir().unwrap();
    archive(&emulator, true, reference.path(), LONG).unwrap();
    let expected = files(reference.path());
    for blocking in [true, false] {
        emulator.set_faults(faults.clone(), 5);
        let folder = tempfile::tempdir().unwrap();
        // A few responses stall, and each file has four attempts.
        let report = archive(&emulator, blocking, folder.path(), SHORT * 5).unwrap();
        let failed: Vec<_> =
            report.flows().unwrap().filter_map(|flow| flow.unwrap().error).collect();
        assert!(report.is_complete(), "{failed:?}");
        assert!(files(folder.path()) == expected);
        emulator.set_faults([], 0);
    }
    let hits: u64 = emulator.stats().faults.values().sum();
    assert!(hits > 80, "{:?}", emulator.stats().faults);
}
