//! Many calls over many connections, and what they leave behind: in this process, the client's, and in the
//! emulator's, which is another. `cargo xtask load` runs it large.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed assumption is a failed test; figures are for whoever looks"
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
use workspace_tests::Running;

const CONNECTIONS: u64 = 64;
const FLOWS: usize = 1000;

/// How often memory is looked at, and from which look on it is to stay: pools and tables are filled by then.
const LOOKS: u64 = 10;
const WARM: usize = 2;

/// What memory may grow by after that, in KiB.
const NOISE: u64 = 8 << 10;

/// The emulator's process: prints its endpoint and runs until its standard input ends.
#[test]
#[ignore = "is run by the other test"]
fn emulator() {
    let seed = Seed::completed(FLOWS);
    let emulator = Emulator::builder().seed(seed).rate_limit(None).start().unwrap();
    println!("\n{}", emulator.endpoint());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

struct Served {
    process: Running,
    /// Kept open: a process that cannot say that it has run for long ends.
    _output: BufReader<ChildStdout>,
    endpoint: String,
}

impl Served {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "emulator", "--ignored", "--nocapture"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Running::start(&mut command).unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map(Result::unwrap);
        let endpoint = lines.find(|line| line.starts_with("http://")).unwrap();
        Self { process, _output: output, endpoint }
    }

    fn stats(&self) -> serde_json::Value {
        let mut stream =
            TcpStream::connect(self.endpoint.strip_prefix("http://").unwrap()).unwrap();
        let head = "GET /_emulator/stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn look(&self) -> Look {
        Look::at(&self.process.id().to_string())
    }

    /// Calls that it has answered.
    fn answered(&self) -> u64 {
        let calls = self.stats()["calls"].take();
        calls.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
    }
}

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Look {
    kib: u64,
    descriptors: usize,
    threads: u64,
}

impl Look {
    fn at(process: &str) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
        Self { kib: number("VmRSS:"), descriptors, threads: number("Threads:") }
    }
}

/// So many calls, and for so long.
struct Load {
    calls: u64,
    time: Duration,
    began: Instant,
    begun: AtomicU64,
    ended: AtomicU64,
}

impl Load {
    fn begin() -> Self {
        let number =
            |name, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
        Self {
            calls: number("LOAD_CALLS", 4000),
            time: Duration::from_secs(number("LOAD_SECONDS", 0)),
            began: Instant::now(),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        }
    }

    /// The number of the next call.
    fn next(&self) -> Option<u64> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        let more = number < self.calls || self.began.elapsed() < self.time;
        more.then_some(number)
    }

    fn end(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    fn made(&self) -> u64 {
        self.ended.load(Ordering::SeqCst)
    }

    /// How far it is, from 0 to 1.
    fn progress(&self) -> f64 {
        let calls = self.made() as f64 / self.calls as f64;
        let time = self.began.elapsed().as_secs_f64() / self.time.as_secs_f64().max(1e-9);
        calls.min(time)
    }

    /// Looks at both processes as it goes on, and holds that they do not grow.
    fn watch(&self, driver: &str, served: &Served, tasks: impl Fn() -> usize) {
        println!(
            "{driver}      calls  client KiB  fds  threads  tasks | emulator KiB  fds  threads"
        );
        let mut looks = Vec::new();
        for look in 1..=LOOKS {
            let mut made = (self.made(), Instant::now());
            while self.progress() < look as f64 / LOOKS as f64 {
                sleep(Duration::from_millis(2));
                if self.made() != made.0 {
                    made = (self.made(), Instant::now());
                }
                assert!(made.1.elapsed() < Duration::from_secs(60), "no call ends any more");
            }
            let (client, emulator) = (Look::at("self"), served.look());
            println!(
                "{:>width$}  {:>10}  {:>3}  {:>7}  {:>5} | {:>12}  {:>3}  {:>7}",
                self.made(),
                client.kib,
                client.descriptors,
                client.threads,
                tasks(),
                emulator.kib,
                emulator.descriptors,
                emulator.threads,
                width = driver.len() + 11,
            );
            looks.push((client, emulator));
        }
        let warm = looks[WARM];
        for look in &looks[WARM..] {
            assert!(look.0.kib <= warm.0.kib + NOISE, "the client grows");
            assert!(look.1.kib <= warm.1.kib + NOISE, "the emulator grows");
            assert_eq!(look.1.threads, warm.1.threads);
        }
    }

    fn report(&self, driver: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        println!(
            "{driver}: {} calls in {seconds:.1} s, {:.0} a second\n",
            self.made(),
            self.made() as f64 / seconds
        );
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        sleep(Duration::from_millis(5));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

fn the_agent() -> Agent {
    agent(APP_ID, ORGANIZATION, OPERATOR)
}

fn config(served: &Served) -> Config {
    Config::new(Credential::new(SECRET_ID, SECRET_KEY))
        .with_endpoint_url(&served.endpoint)
        .unwrap()
        .with_rate_limit(RateLimit::Off)
}

/// The contract that a call is about.
fn flow(number: u64) -> String {
    format!("yDEmuBulk{:023}", number % FLOWS as u64 + 1)
}

/// Makes a call, one of two, and holds that the answer is its own.
macro_rules! call {
    ($client:expr, $number:expr $(, $wait:tt)?) => {{
        let flow = flow($number);
        let answered = if $number % 2 == 0 {
            let read = DescribeFlowDetailInfoRequest::new(the_agent()).flow_ids([&*flow]);
            let answer = $client.call(&read)$(.$wait)?.unwrap();
            answer.flow_info[0].flow_id.clone()
        } else {
            let read = DescribeResourceUrlsByFlowsRequest::new(the_agent(), [&*flow]);
            let answer = $client.call(&read)$(.$wait)?.unwrap();
            answer.flow_resource_url_infos[0].flow_id.clone()
        };
        assert_eq!(answered, flow);
    }};
}

fn tasks(served: &Served) -> u64 {
    let load = Arc::new(Load::begin());
    let runtime = runtime();
    let metrics = runtime.metrics();
    let client = Client::new(config(served), the_agent()).unwrap();
    let all: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (client, load) = (client.clone(), Arc::clone(&load));
            runtime.spawn(async move {
                while let Some(number) = load.next() {
                    call!(client, number, await);
                    load.end();
                }
            })
        })
        .collect();
    load.watch("async", served, || metrics.num_alive_tasks());
    for one in all {
        runtime.block_on(one).unwrap();
    }
    load.report("async");
    drop(client);
    until("tasks stay", || metrics.num_alive_tasks() == 0);
    load.made()
}

fn threads(served: &Served) -> u64 {
    let load = &Load::begin();
    let client = &blocking::Client::new(config(served), the_agent()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(move || {
                while let Some(number) = load.next() {
                    call!(client, number);
                    load.end();
                }
            });
        }
        load.watch("blocking", served, || 0);
    });
    load.report("blocking");
    load.made()
}

#[test]
fn calls_leave_nothing_behind() {
    let served = Served::start();
    // The first runtime of a process leaves what tokio shares between all of them, a pipe for signals among it.
    drop(runtime());
    let (client, emulator) = (Look::at("self"), served.look());
    let made = tasks(&served) + threads(&served);
    assert_eq!(served.answered(), made, "each call is answered once");
    until("the client's descriptors stay", || Look::at("self").descriptors <= client.descriptors);
    until("the client's threads stay", || Look::at("self").threads <= client.threads);
    until("the emulator's descriptors stay", || served.look().descriptors <= emulator.descriptors);
    println!("afterwards: client {:?}, emulator {:?}", Look::at("self"), served.look());
}
