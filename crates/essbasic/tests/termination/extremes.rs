//! Extreme values of every option: no panic, and every job ends.

use std::time::{Duration, SystemTime};

use essbasic::{
    ArchiveOptions, Contract, DownloadOptions, Shard, Signals, Stop, WaitOptions, WaitOutcome,
};
use proptest::prelude::*;

use super::clients::{self, Client, DRIVERS, Driver};
use super::service::{Fate, Script, Service};

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::from_nanos(1)),
        Just(Duration::from_secs(7)),
        Just(Duration::from_secs(u64::MAX)),
        Just(Duration::MAX),
        any::<Duration>(),
    ]
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), Just(1), Just(usize::MAX), any::<usize>()]
}

prop_compose! {
    fn wait()(
        interval in duration(),
        max_interval in duration(),
        timeout in duration(),
        settle in duration(),
        has_signals in any::<bool>(),
    ) -> WaitOptions {
        let options = WaitOptions::default();
        let options = if has_signals { options.with_signals(Signals::new()) } else { options };
        options
            .with_interval(interval)
            .with_max_interval(max_interval)
            .with_timeout(timeout)
            .with_settle(settle)
    }
}

prop_compose! {
    fn download()(
        concurrency in size(),
        bytes in any::<u64>(),
        any_bytes in any::<bool>(),
        timeout in duration(),
        settle in duration(),
        any_state in any::<bool>(),
        wait in prop::option::of(wait()),
    ) -> DownloadOptions {
        let mut options = DownloadOptions::to("unused")
            .with_concurrency(concurrency)
            .with_max_file_bytes(if any_bytes { bytes } else { u64::MAX })
            .with_file_timeout(timeout)
            .with_settle(settle);
        options.any_state = any_state;
        match wait {
            Some(wait) => options.with_wait(wait),
            None => options,
        }
    }
}

/// Returns contracts and a service in which some are never signed. The job is stopped after 100 seconds in virtual time,
/// because a wait may poll ten times per second.
fn service(stop: &Stop) -> (Vec<String>, Service) {
    let script = Script {
        fates: vec![Fate::Found, Fate::JustSigned, Fate::Unsigned, Fate::Unknown, Fate::Expired],
        stop: Some((0, 100_000)),
        ..Script::uniform(0, Fate::Found)
    };
    (script.ids(), Service::new(script, stop.clone()))
}

fn run_to_end<T: Send + 'static>(
    driver: Driver,
    stop: &Stop,
    job: impl FnOnce(&Client, Vec<String>) -> T + Send + 'static,
) -> T {
    let (ids, service) = service(stop);
    let result = clients::with_timeout(Duration::from_secs(60), move || {
        job(&Client::new(driver, service), ids)
    });
    result.unwrap_or_else(|| panic!("{driver:?}: the job does not end"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_download_ends_with_any_options(
        mut options in download(),
        driver in prop::sample::select(DRIVERS.to_vec()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        folder.path().clone_into(&mut options.folder);
        let stop = Stop::default();
        let options = options.with_stop(stop.clone());
        let _ = format!("{options:?}");
        let report = run_to_end(driver, &stop, move |client, ids| client.download(ids, &options));
        prop_assert_eq!(report.unwrap().flows.len(), 5);
    }

    #[test]
    fn an_archive_ends_with_any_options(
        mut download in download(),
        settle in duration(),
        tries in prop_oneof![Just(0), Just(u32::MAX), any::<u32>()],
        shard in (any::<u32>(), any::<u32>()),
        driver in prop::sample::select(DRIVERS.to_vec()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        folder.path().clone_into(&mut download.folder);
        let stop = Stop::default();
        let mut options = ArchiveOptions::to(folder.path()).with_stop(stop.clone());
        options.download = download.with_stop(stop.clone());
        options.settle = settle;
        options.retry_rounds = tries;
        if let Some(shard) = Shard::new(shard.0, shard.1) {
            options = options.with_shard(shard);
        }
        let _ = format!("{options:?} {}", options.shard);
        let report = run_to_end(driver, &stop, move |client, ids| client.archive(ids, &options));
        prop_assert!(report.unwrap().total <= 5);
    }

    #[test]
    fn a_wait_ends_with_any_options(
        options in wait(),
        driver in prop::sample::select(DRIVERS.to_vec()),
    ) {
        let stop = Stop::default();
        let options = options.with_stop(stop.clone());
        let _ = format!("{options:?}");
        let waits = run_to_end(driver, &stop, move |client, ids| client.wait(ids, &options)).unwrap();
        prop_assert_eq!(waits.len(), 5);
        let pending = matches!(waits[2].outcome, WaitOutcome::Pending { .. });
        prop_assert!(pending, "the contract is never signed");
    }

    #[test]
    fn accepts_or_rejects_any_shard_and_deadline(
        index in any::<u32>(),
        count in prop_oneof![Just(0), Just(1), Just(u32::MAX), any::<u32>()],
        id in ".{0,40}",
        deadline in duration(),
        before in any::<bool>(),
    ) {
        if let Some(shard) = Shard::new(index, count) {
            let _ = shard.contains(&id);
            prop_assert_eq!(shard.to_string().parse::<Shard>(), Ok(shard));
        }
        prop_assert_eq!((Shard::new(0, count), Shard::new(index.max(1), 0)), (None, None));
        let time = match before {
            true => SystemTime::UNIX_EPOCH.checked_sub(deadline),
            false => SystemTime::UNIX_EPOCH.checked_add(deadline),
        };
        if let Some(time) = time {
            let _ = format!("{:?}", Contract::new("name").deadline(time));
        }
    }
}
