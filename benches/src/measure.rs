//! Makes calls and tells what they cost, as one line of JSON.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use serde::Serialize;

use crate::{FLOWS, Failure};

/// Allocations of the process so far, where they are counted.
pub type Counter = fn() -> u64;

/// What to do.
#[derive(Debug)]
pub struct Load {
    /// Where to call: `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// How many calls are measured.
    pub calls: u64,
    /// Threads of a blocking contender, calls in flight of an async one.
    pub concurrency: usize,
    /// What counts allocations.
    pub counter: Option<Counter>,
}

impl Load {
    /// From `ENDPOINT CALLS CONCURRENCY`.
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

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// Calls before the measured ones.
    fn warm_up(&self) -> u64 {
        self.calls / 5 + self.concurrency as u64
    }
}

/// What it cost.
#[derive(Debug, Serialize)]
struct Cost {
    calls: u64,
    wall_seconds: f64,
    /// User and system time of this process.
    cpu_seconds: f64,
    allocations_per_call: Option<f64>,
    /// The most memory that the process has held so far.
    peak_kib: Option<u64>,
}

/// What had been used when the measuring began.
pub(crate) struct Begun {
    wall: Instant,
    cpu: ProcessTime,
    allocations: Option<(Counter, u64)>,
}

impl Begun {
    pub(crate) fn now(counter: Option<Counter>) -> Self {
        let allocations = counter.map(|count| (count, count()));
        Self { wall: Instant::now(), cpu: ProcessTime::now(), allocations }
    }

    /// Tells what so many calls have cost.
    pub(crate) fn tell(&self, calls: u64) {
        let (wall, cpu): (Duration, Duration) = (self.wall.elapsed(), self.cpu.elapsed());
        let allocations = self.allocations.map(|(count, then)| count() - then);
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

/// Of so many calls, takes one, unless all are taken.
fn take(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// What was decoded must be what was sent; no one would notice a fast failure else.
fn check(decoded: Result<usize, Failure>) {
    match decoded {
        Ok(FLOWS) => {}
        Ok(flows) => fail(&format!("{flows} contracts in an answer")),
        Err(error) => fail(&error.to_string()),
    }
}

/// Ends the process: others wait for the one that failed.
#[allow(clippy::print_stderr, reason = "the process is a command")]
fn fail(reason: &str) -> ! {
    eprintln!("{reason}");
    std::process::exit(1)
}

/// A thread for each caller. A caller makes a call and gives the number of contracts in its answer.
pub fn blocking<C>(load: &Load, callers: Vec<C>)
where
    C: FnMut() -> Result<usize, Failure> + Send,
{
    let (warm, left) = (AtomicU64::new(load.warm_up()), AtomicU64::new(load.calls));
    let gate = Barrier::new(callers.len() + 1);
    std::thread::scope(|scope| {
        for mut call in callers {
            scope.spawn(|| {
                let mut call = move || check(call());
                while take(&warm) {
                    call();
                }
                gate.wait();
                gate.wait();
                while take(&left) {
                    call();
                }
                gate.wait();
            });
        }
        gate.wait();
        let begun = Begun::now(load.counter);
        gate.wait();
        gate.wait();
        begun.tell(load.calls);
    });
}

/// What makes calls, one after the other, async.
pub trait Caller: Send + 'static {
    /// Makes a call and gives the number of contracts in its answer.
    fn call(&mut self) -> impl Future<Output = Result<usize, Failure>> + Send;
}

/// A task for each caller, all on one thread, so that no contender pays for another way of sharing
/// the work.
pub fn asynchronous<C: Caller>(load: &Load, callers: impl AsyncFnOnce() -> Vec<C>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let callers = in_flight(callers().await, load.warm_up()).await;
        let begun = Begun::now(load.counter);
        in_flight(callers, load.calls).await;
        begun.tell(load.calls);
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
