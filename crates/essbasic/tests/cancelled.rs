//! Cancellation: futures that are dropped at any moment leave no files, tasks or descriptors.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod support;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use essbasic::models::DescribeFlowDetailInfoRequest;
use essbasic::{ArchiveOptions, Client, DownloadOptions, RateLimit, WaitOptions};
use essbasic_emulator::{Emulator, Fault, FaultKind, Seed};
use support::{config, the_agent};

/// Number of dropped futures of each kind.
const DROPPED: u64 = 1000;

/// Serializes the tests, because they count the descriptors of the process.
fn serialize() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until a condition is met, and panics with the message after 20 seconds.
async fn wait_until(message: &str, is_met: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_met() {
        assert!(start.elapsed() < Duration::from_secs(20), "{message}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Returns the number of open descriptors of this process; 0 if the system has no `/proc`.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn orphans(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".part")).collect()
}

/// Runs one of the workflows and ignores its result.
async fn run(client: &Client, flows: Vec<String>, folder: &Path, number: u64) {
    match number % 4 {
        0 => {
            let read = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids(&flows);
            drop(client.call(&read).await);
        }
        1 => drop(client.wait(&flows, &WaitOptions::default()).await),
        2 => drop(client.download(flows, &DownloadOptions::to(folder)).await),
        _ => {
            let options = ArchiveOptions::to(folder.join(number.to_string()));
            drop(client.archive(flows, &options).await);
        }
    }
}

#[test]
fn dropped_futures_leave_no_files_tasks_or_descriptors() {
    let _guard = serialize();
    let seed = Seed::completed(40);
    let emulator = Emulator::builder()
        .with_seed(seed)
        .with_rate_limit(None)
        .with_min_pdf_bytes(200_000)
        .start()
        .unwrap();
    let flows = emulator.completed_flows();
    let folder = tempfile::tempdir().unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let before = descriptors();
    let tasks = runtime.metrics();
    runtime.block_on(async {
        let client = Client::new(config(&emulator), the_agent()).unwrap();
        // Some exchanges stall, so that futures are dropped at each step.
        let stalls = [FaultKind::StallHead, FaultKind::StallBody, FaultKind::Drip];
        emulator.set_faults(stalls.map(|kind| Fault::new(kind).with_rate(0.1)), 3);
        let mut random = fastrand::Rng::with_seed(7);
        let mut running = Vec::new();
        for number in 0..4 * DROPPED {
            let limit = Duration::from_micros(random.u64(..30_000));
            let (client, flows, folder) = (client.clone(), flows.clone(), folder.path().to_owned());
            let task = tokio::spawn(async move {
                let work = run(&client, flows, &folder, number);
                // An error means that the future was dropped.
                drop(tokio::time::timeout(limit, work).await);
            });
            // Half of the tasks are also aborted at a random time.
            if random.bool() {
                let abort = task.abort_handle();
                let limit = Duration::from_micros(random.u64(..30_000));
                tokio::spawn(async move {
                    tokio::time::sleep(limit).await;
                    abort.abort();
                });
            }
            running.push(task);
            if running.len() == 32 {
                for task in running.drain(..) {
                    // An error means that the task was aborted.
                    drop(task.await);
                }
            }
        }
        for task in running.drain(..) {
            drop(task.await);
        }
        emulator.set_faults([], 0);
        // Remaining work ends by itself, and the client is still usable.
        wait_until("temporary files remain", || orphans(folder.path()).is_empty()).await;
        let whole = folder.path().join("whole");
        let report = client.archive(flows.clone(), &ArchiveOptions::to(&whole)).await.unwrap();
        assert!(report.is_complete());
        assert!(orphans(&whole).is_empty());
        drop(client);
        wait_until("tasks remain", || tasks.num_alive_tasks() == 0).await;
        wait_until("descriptors remain open", || descriptors() <= before + 8).await;
    });
    drop((runtime, emulator));
    assert!(descriptors() <= before, "{before} before, {} after", descriptors());
}

/// Calls that are dropped while they wait for a permit do not delay later calls.
#[test]
fn dropped_calls_release_their_permits() {
    let _guard = serialize();
    let emulator = Emulator::builder().start().unwrap();
    let config = config(&emulator).with_rate_limit(RateLimit::Fixed(15));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(config, the_agent()).unwrap();
        let read = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids(["none"]);
        let calls = (0..DROPPED).map(|_| {
            let (client, read) = (client.clone(), read.clone());
            async move { client.call(&read).await.is_ok() }
        });
        let waiting: Vec<_> = calls.map(tokio::spawn).collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        for call in waiting {
            call.abort();
            drop(call.await);
        }
        let start = Instant::now();
        client.call(&read).await.unwrap();
        // If the permits were not released, it would take more than a minute.
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    });
}
