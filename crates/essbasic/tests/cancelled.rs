//! Futures that are dropped at any moment: what they leave behind is nothing.

#![allow(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use essbasic::models::DescribeFlowDetailInfoRequest;
use essbasic::{ArchiveOptions, Client, DownloadOptions, RateLimit, WaitOptions};
use essbasic_emulator::{Emulator, Fault, FaultKind, Seed};
use support::{config, the_agent};

/// How many of each kind are dropped.
const DROPPED: u64 = 1000;

/// One test at a time: descriptors are those of the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for what must come about.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Descriptors of this process, where the system tells.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn leftovers(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".part")).collect()
}

/// One of the workflows; what comes of it does not matter.
async fn act(client: &Client, flows: Vec<String>, folder: &Path, which: u64) {
    match which % 4 {
        0 => {
            let read = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids(&flows);
            drop(client.call(&read).await);
        }
        1 => drop(client.wait(&flows, &WaitOptions::default()).await),
        2 => drop(client.download(flows, &DownloadOptions::to(folder)).await),
        _ => {
            let options = ArchiveOptions::to(folder.join(which.to_string()));
            drop(client.archive(flows, &options).await);
        }
    }
}

#[test]
fn what_is_dropped_leaves_no_trace() {
    let _alone = alone();
    let seed = Seed::completed(40);
    let emulator =
        Emulator::builder().seed(seed).rate_limit(None).pdf_size(200_000).start().unwrap();
    let flows = emulator.completed_flows();
    let folder = tempfile::tempdir().unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let before = descriptors();
    let tasks = runtime.metrics();
    runtime.block_on(async {
        let client = Client::new(config(&emulator), the_agent()).unwrap();
        // Some stand still, so that they are dropped at each step of the way.
        let stalls = [FaultKind::StallHead, FaultKind::StallBody, FaultKind::Drip];
        emulator.set_faults(stalls.map(|kind| Fault::new(kind).rate(0.1)), 3);
        let mut random = fastrand::Rng::with_seed(7);
        let mut running = Vec::new();
        for number in 0..4 * DROPPED {
            let limit = Duration::from_micros(random.u64(..30_000));
            let (client, flows, folder) = (client.clone(), flows.clone(), folder.path().to_owned());
            let task = tokio::spawn(async move {
                let act = act(&client, flows, &folder, number);
                // An error means that it was dropped.
                drop(tokio::time::timeout(limit, act).await);
            });
            // Every other one is dropped from outside, wherever it is by then.
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
                    // An error means that it was aborted.
                    drop(task.await);
                }
            }
        }
        for task in running.drain(..) {
            drop(task.await);
        }
        emulator.set_faults([], 0);
        // What is left of them ends by itself, and the client works as before.
        until("half-written files stay", || leftovers(folder.path()).is_empty()).await;
        let whole = folder.path().join("whole");
        let report = client.archive(flows.clone(), &ArchiveOptions::to(&whole)).await.unwrap();
        assert!(report.is_complete());
        assert!(leftovers(&whole).is_empty());
        drop(client);
        until("tasks stay", || tasks.num_alive_tasks() == 0).await;
        until("descriptors stay open", || descriptors() <= before + 8).await;
    });
    drop((runtime, emulator));
    assert!(descriptors() <= before, "{before} before, {} after", descriptors());
}

/// Calls that were dropped while they waited for their turn hold nobody up.
#[test]
fn dropped_calls_do_not_count_against_the_rate() {
    let _alone = alone();
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
        let began = Instant::now();
        client.call(&read).await.unwrap();
        // With their places kept it would be more than a minute.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    });
}
