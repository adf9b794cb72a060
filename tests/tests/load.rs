//! Load test with leak detection: many calls over many connections, with the client in this process and the emulator in
//! another. `cargo xtask load` runs it with more calls.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a panic fails the test; the figures are printed for the user"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use essbasic::credentials::Credential;
use essbasic::models::{DescribeFlowDetailInfoRequest, DescribeResourceUrlsByFlowsRequest};
use essbasic::{Agent, Client, Config, RateLimit, agent, blocking};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY, Seed};
use workspace_tests::ChildGuard;

const CONNECTIONS: u64 = 64;
const FLOWS: usize = 1000;

/// Number of samples of the memory use.
const SAMPLES: u64 = 10;
/// Index of the sample from which memory must not grow, because pools and tables are filled.
const WARM: usize = 2;

/// Maximum growth of memory after that, in KiB.
const MAX_GROWTH_KIB: u64 = 8 << 10;

/// Process of the emulator: prints its endpoint and runs until its standard input is closed.
#[test]
#[ignore = "run by the other test in its own process"]
fn emulator() {
    let seed = Seed::completed(FLOWS);
    let emulator = Emulator::builder().with_seed(seed).with_rate_limit(None).start().unwrap();
    println!("\n{}", emulator.endpoint());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

struct EmulatorProcess {
    process: ChildGuard,
    /// Kept open, because the test harness exits if it cannot print.
    _output: BufReader<ChildStdout>,
    endpoint: String,
}

impl EmulatorProcess {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "emulator", "--ignored", "--nocapture"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = ChildGuard::start(&mut command).unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map(Result::unwrap);
        let endpoint = lines.find(|line| line.starts_with("http://")).unwrap();
        Self { process, _output: output, endpoint }
    }

    fn stats(&self) -> serde_json::Value {
        let address = self.endpoint.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "GET /_emulator/stats HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        serde_json::from_str(response.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn resources(&self) -> Resources {
        Resources::of(&self.process.id().to_string())
    }

    /// Returns the number of calls with a response.
    fn calls(&self) -> u64 {
        let calls = self.stats()["calls"].take();
        calls.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
    }
}

/// Resources used by a process.
#[derive(Debug, Clone, Copy)]
struct Resources {
    kib: u64,
    descriptors: usize,
    threads: u64,
}

impl Resources {
    fn of(process: &str) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
        Self { kib: number("VmRSS:"), descriptors, threads: number("Threads:") }
    }
}

/// A load of a number of calls and a minimum duration.
struct Load {
    calls: u64,
    min_time: Duration,
    start: Instant,
    started: AtomicU64,
    finished: AtomicU64,
}

impl Load {
    fn from_env() -> Self {
        let number =
            |name, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
        Self {
            calls: number("LOAD_CALLS", 4000),
            min_time: Duration::from_secs(number("LOAD_SECONDS", 0)),
            start: Instant::now(),
            started: AtomicU64::new(0),
            finished: AtomicU64::new(0),
        }
    }

    /// Returns the number of the next call; `None` at the end of the load.
    fn next(&self) -> Option<u64> {
        let number = self.started.fetch_add(1, Ordering::SeqCst);
        let more = number < self.calls || self.start.elapsed() < self.min_time;
        more.then_some(number)
    }

    fn finish(&self) {
        self.finished.fetch_add(1, Ordering::SeqCst);
    }

    fn finished(&self) -> u64 {
        self.finished.load(Ordering::SeqCst)
    }

    /// Returns the progress, from 0 to 1.
    fn progress(&self) -> f64 {
        let calls = self.finished() as f64 / self.calls as f64;
        let time = self.start.elapsed().as_secs_f64() / self.min_time.as_secs_f64().max(1e-9);
        calls.min(time)
    }

    /// Samples the resources of both processes during the load, and checks that they do not grow.
    fn monitor(&self, driver: &str, emulator: &EmulatorProcess, tasks: impl Fn() -> usize) {
        println!(
            "{driver}      calls  client KiB  fds  threads  tasks | emulator KiB  fds  threads"
        );
        let mut samples = Vec::new();
        for sample in 1..=SAMPLES {
            let mut last = (self.finished(), Instant::now());
            while self.progress() < sample as f64 / SAMPLES as f64 {
                sleep(Duration::from_millis(2));
                if self.finished() != last.0 {
                    last = (self.finished(), Instant::now());
                }
                assert!(
                    last.1.elapsed() < Duration::from_secs(60),
                    "no call finished for a minute"
                );
            }
            let (client, emulator) = (Resources::of("self"), emulator.resources());
            println!(
                "{:>width$}  {:>10}  {:>3}  {:>7}  {:>5} | {:>12}  {:>3}  {:>7}",
                self.finished(),
                client.kib,
                client.descriptors,
                client.threads,
                tasks(),
                emulator.kib,
                emulator.descriptors,
                emulator.threads,
                width = driver.len() + 11,
            );
            samples.push((client, emulator));
        }
        let warm = samples[WARM];
        for sample in &samples[WARM..] {
            assert!(sample.0.kib <= warm.0.kib + MAX_GROWTH_KIB, "the memory of the client grows");
            assert!(
                sample.1.kib <= warm.1.kib + MAX_GROWTH_KIB,
                "the memory of the emulator grows"
            );
            assert_eq!(sample.1.threads, warm.1.threads);
        }
    }

    fn report(&self, driver: &str) {
        let seconds = self.start.elapsed().as_secs_f64();
        println!(
            "{driver}: {} calls in {seconds:.1} s, {:.0} per second\n",
            self.finished(),
            self.finished() as f64 / seconds
        );
    }
}

fn wait_until(condition: impl Fn() -> bool, failure: &str) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "{failure}");
        sleep(Duration::from_millis(5));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

fn the_agent() -> Agent {
    agent(APP_ID, ORGANIZATION, OPERATOR)
}

fn config(emulator: &EmulatorProcess) -> Config {
    Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(&emulator.endpoint)
        .unwrap()
        .with_rate_limit(RateLimit::Off)
}

/// Returns the flow ID of a call.
fn flow(number: u64) -> String {
    format!("yDEmuBulk{:023}", number % FLOWS as u64 + 1)
}

/// Makes one of two calls, and checks that the response belongs to it.
macro_rules! call {
    ($client:expr, $number:expr $(, $wait:tt)?) => {{
        let flow = flow($number);
        let flow_id = if $number % 2 == 0 {
            let read = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids([&*flow]);
            let response = $client.call(&read)$(.$wait)?.unwrap();
            response.flow_info[0].flow_id.clone()
        } else {
            let read = DescribeResourceUrlsByFlowsRequest::new(the_agent(), [&*flow]);
            let response = $client.call(&read)$(.$wait)?.unwrap();
            response.flow_resource_url_infos[0].flow_id.clone()
        };
        assert_eq!(flow_id, flow);
    }};
}

fn tasks(emulator: &EmulatorProcess) -> u64 {
    let load = Arc::new(Load::from_env());
    let runtime = runtime();
    let metrics = runtime.metrics();
    let client = Client::new(config(emulator), the_agent()).unwrap();
    let handles: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, load) = (client.clone(), Arc::clone(&load));
            runtime.spawn(async move {
                while let Some(number) = load.next() {
                    call!(client, number, await);
                    load.finish();
                }
            })
        })
        .collect();
    load.monitor("async", emulator, || metrics.num_alive_tasks());
    for handle in handles {
        runtime.block_on(handle).unwrap();
    }
    load.report("async");
    drop(client);
    wait_until(|| metrics.num_alive_tasks() == 0, "leaked tasks");
    load.finished()
}

fn threads(emulator: &EmulatorProcess) -> u64 {
    let load = &Load::from_env();
    let client = &blocking::Client::new(config(emulator), the_agent()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(move || {
                while let Some(number) = load.next() {
                    call!(client, number);
                    load.finish();
                }
            });
        }
        load.monitor("blocking", emulator, || 0);
    });
    load.report("blocking");
    load.finished()
}

#[test]
fn calls_do_not_leak_resources() {
    let process = EmulatorProcess::start();
    // The first runtime of a process creates resources that tokio shares between runtimes, such as a pipe for signals.
    drop(runtime());
    let (client, emulator) = (Resources::of("self"), process.resources());
    let calls = tasks(&process) + threads(&process);
    assert_eq!(process.calls(), calls, "each call has one response");
    let of_client = || Resources::of("self");
    wait_until(
        || of_client().descriptors <= client.descriptors,
        "leaked descriptors of the client",
    );
    wait_until(|| of_client().threads <= client.threads, "leaked threads of the client");
    wait_until(
        || process.resources().descriptors <= emulator.descriptors,
        "leaked descriptors of the emulator",
    );
    println!("at the end: client {:?}, emulator {:?}", of_client(), process.resources());
}
