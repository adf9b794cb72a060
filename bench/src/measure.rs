//! Makes calls and prints their cost as one line of JSON.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use serde::Serialize;

use crate::{FLOWS, Failure};

/// Returns the number of allocations of the process.
pub type Counter = fn() -> u64;

/// Calls to make.
#[derive(Debug)]
pub struct Load {
    /// Endpoint: `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// Number of measured calls.
    pub calls: u64,
    /// Number of threads (blocking) or calls in flight (async).
    pub concurrency: usize,
    /// Counter of allocations, if they are counted.
    pub counter: Option<Counter>,
}

impl Load {
    /// Parses `ENDPOINT CALLS CONCURRENCY`.
    pub fn parse(
        mut arguments: impl Iterator<Item = String>,
        counter: Option<Counter>,
    ) -> Option<Self> {
        Some(Self {
            endpoint: arguments.next()?,
            calls: arguments.next()?.parse().ok()?,
            concurrency: arguments.next()?.parse().ok()?,
            counter,
        })
    }

    /// Returns `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// Returns the number of calls before the measured ones.
    fn warm_up(&self) -> u64 {
        self.calls / 5 + self.concurrency as u64
    }
}

/// Cost of a number of calls.
#[derive(Debug, Serialize)]
struct Cost {
    calls: u64,
    wall_seconds: f64,
    /// User and system CPU time of this process.
    cpu_seconds: f64,
    allocations_per_call: Option<f64>,
    /// Peak memory of the process, in KiB.
    peak_kib: Option<u64>,
}

/// Resources used before the measurement.
pub(crate) struct Meter {
    wall: Instant,
    cpu: ProcessTime,
    allocations: Option<(Counter, u64)>,
}

impl Meter {
    pub(crate) fn start(counter: Option<Counter>) -> Self {
        let allocations = counter.map(|count| (count, count()));
        Self { wall: Instant::now(), cpu: ProcessTime::now(), allocations }
    }

    /// Prints the cost of `calls` calls since the start.
    pub(crate) fn print(&self, calls: u64) {
        let (wall, cpu): (Duration, Duration) = (self.wall.elapsed(), self.cpu.elapsed());
        let allocations = self.allocations.map(|(count, before)| count() - before);
        let cost = Cost {
            calls,
            wall_seconds: wall.as_secs_f64(),
            cpu_seconds: cpu.as_secs_f64(),
            allocations_per_call: allocations.map(|count| count as f64 / calls as f64),
            peak_kib: peak_kib(),
        };
        println!("{}", serde_json::to_string(&cost).unwrap());
    }
}

fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Takes one of the remaining calls; returns `false` if there are none.
fn take(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// Ends the process unless the response was decoded completely: failures would appear as fast calls.
fn check(decoded: Result<usize, Failure>) {
    match decoded {
        Ok(FLOWS) => {}
        Ok(flows) => fail(&format!("{flows} contracts in a response; expected {FLOWS}")),
        Err(error) => fail(&error.to_string()),
    }
}

/// Ends the process, because other threads wait for the failed one.
#[allow(clippy::print_stderr, reason = "the process is a program")]
fn fail(reason: &str) -> ! {
    eprintln!("{reason}");
    std::process::exit(1)
}

/// Runs each caller on a thread. A caller makes a call and returns the number of contracts in its response.
pub fn blocking<C>(load: &Load, callers: Vec<C>)
where
    C: FnMut() -> Result<usize, Failure> + Send,
{
    let (warm, left) = (AtomicU64::new(load.warm_up()), AtomicU64::new(load.calls));
    let barrier = Barrier::new(callers.len() + 1);
    std::thread::scope(|scope| {
        for mut call in callers {
            scope.spawn(|| {
                let mut call = move || check(call());
                while take(&warm) {
                    call();
                }
                barrier.wait();
                barrier.wait();
                while take(&left) {
                    call();
                }
                barrier.wait();
            });
        }
        barrier.wait();
        let meter = Meter::start(load.counter);
        barrier.wait();
        barrier.wait();
        meter.print(load.calls);
    });
}

/// Makes async calls, one at a time.
pub trait Caller: Send + 'static {
    /// Makes a call and returns the number of contracts in its response.
    fn call(&mut self) -> impl Future<Output = Result<usize, Failure>> + Send;
}

/// Runs each caller as a task, all on one thread, so that work stealing adds no cost.
pub fn asynchronous<C: Caller>(load: &Load, callers: impl AsyncFnOnce() -> Vec<C>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let callers = in_flight(callers().await, load.warm_up()).await;
        let meter = Meter::start(load.counter);
        in_flight(callers, load.calls).await;
        meter.print(load.calls);
    });
}

async fn in_flight<C: Caller>(callers: Vec<C>, calls: u64) -> Vec<C> {
    let left = Arc::new(AtomicU64::new(calls));
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|mut caller| {
            let left = Arc::clone(&left);
            tokio::spawn(async move {
                while take(&left) {
                    check(caller.call().await);
                }
                caller
            })
        })
        .collect();
    let mut callers = Vec::with_capacity(tasks.len());
    for task in tasks {
        callers.push(task.await.unwrap());
    }
    callers
}
