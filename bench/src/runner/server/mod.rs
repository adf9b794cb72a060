//! `cargo xtask bench server`: callbacks, archives, requests and idle time of the server, with an empty store and with a history.

mod archive;
mod disk;
mod load;
mod process;
mod rate;
mod store;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use self::archive::Archive;
use self::load::Callbacks;
use self::process::{Replica, Settings, configure};
use self::store::{Engine, Stores};
use super::error::Error;
use super::files::{folder, remove, root, save_results};
use super::numbers::median;
use super::table::Table;
use super::targets::Figures;
use super::{Arguments, cargo};

const ROUNDS: usize = 3;

/// Connections of senders.
const CONNECTIONS: f64 = 16.0;
/// Five times the callbacks per second of the vendor's dispatcher with its log, on two cores.
const CALLBACKS_PER_SECOND: f64 = 6_250.0;
/// Part of the rate at which each connection has a callback per synchronization of the disk.
const OF_DISK: f64 = 0.8;

/// Time for the heartbeat and the loops to begin, before the CPU time is read.
const SETTLE: Duration = Duration::from_secs(5);

/// Values of the rounds, by name.
#[derive(Default)]
struct Values(BTreeMap<String, Vec<f64>>);

impl Values {
    fn add(&mut self, name: impl Into<String>, value: f64) {
        self.0.entry(name.into()).or_default().push(value);
    }

    fn median(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(|values| median(values.iter().copied()))
    }

    fn max(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.iter().copied().reduce(f64::max)
    }

    /// Returns the median of the ratios within the rounds.
    fn ratio(&self, name: &str, other: &str) -> Option<f64> {
        let pairs = self.0.get(name)?.iter().zip(self.0.get(other)?);
        median(pairs.map(|(one, other)| one / other))
    }
}

/// Programs, sizes and results.
struct Bench<'a> {
    server: PathBuf,
    scratch: PathBuf,
    arguments: &'a Arguments,
    values: Values,
}

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let programs = ["essbasic-server", "essbasic"];
    cargo::build(&[
        "--package",
        "essbasic-server",
        "--package",
        "essbasic-cli",
        "--bin",
        "essbasic-server",
        "--bin",
        "essbasic",
    ])?;
    let [server, command] = programs.map(|program| root().join("target/release").join(program));
    let scratch = folder().join("server");
    remove(&scratch)?;
    let mut bench = Bench { server: server.clone(), scratch, arguments, values: Values::default() };
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let stores = Stores::prepare(engine, &server, &bench.scratch, arguments.finished)?;
        for round in 1..=arguments.rounds(ROUNDS) {
            let name = engine.name();
            eprintln!("server: {name}, round {round} of {}", arguments.rounds(ROUNDS));
            for has_history in [false, true] {
                bench.callbacks(&stores, has_history)?;
                if arguments.contracts > 0 {
                    bench.archive(&stores, &command, has_history)?;
                }
                if arguments.seconds > 0 {
                    bench.idle(&stores, has_history)?;
                }
            }
        }
        if engine == Engine::Postgres && arguments.seconds > 0 {
            bench.rate(&stores)?;
        }
    }
    let figures = bench.report()?;
    remove(&bench.scratch)?;
    Ok(figures)
}

/// Returns the name of a value.
fn key(value: &str, engine: Engine, has_history: bool) -> String {
    let history = if has_history { ", with history" } else { "" };
    format!("{value}, {}{history}", engine.name())
}

impl Bench<'_> {
    fn start(&self, store: &str, forwards: usize) -> Result<Replica, Error> {
        let settings = Settings {
            store,
            endpoint: "http://127.0.0.1:9",
            // Every loop runs in an idle server.
            reconcile: forwards > 0,
            rate: 20,
            forwards,
        };
        let config = configure(&self.scratch.join("config"), &settings)?;
        Replica::start(&self.server, &config)
    }

    /// Sends callbacks, about contracts that are new.
    fn callbacks(&mut self, stores: &Stores<'_>, has_history: bool) -> Result<(), Error> {
        let key = |value: &str| key(value, stores.engine, has_history);
        let count = self.arguments.callbacks;
        let (first, callbacks) = (Callbacks::new("w", count / 5)?, Callbacks::new("m", count)?);
        let replica = self.start(&stores.copy(has_history)?, 0)?;
        first.send(&replica.callbacks)?;
        let disk = |path: &Path| disk::fsync_seconds(path);
        let (before, cpu) = (disk(&self.scratch)?, replica.cpu_seconds()?);
        let sent = callbacks.send(&replica.callbacks)?;
        let cpu = replica.cpu_seconds()? - cpu;
        let latency = (before + disk(&self.scratch)?) / 2.0;
        let required = CALLBACKS_PER_SECOND.min(OF_DISK * CONNECTIONS / latency);
        for (value, figure) in [
            ("callbacks", sent.per_second),
            ("seconds per callback", 1.0 / sent.per_second),
            ("fsync", latency * 1e3),
            ("required", required),
            ("required / callbacks", required / sent.per_second),
            ("median", sent.median_ms),
            ("p99", sent.p99_ms),
            ("CPU", cpu * 1e6 / count as f64),
            ("peak", replica.peak_bytes()? / 1e6),
        ] {
            self.values.add(key(value), figure);
        }
        replica.stop()
    }

    fn archive(
        &mut self,
        stores: &Stores<'_>,
        command: &Path,
        has_history: bool,
    ) -> Result<(), Error> {
        let archive = Archive {
            server: &self.server,
            command: command.to_owned(),
            scratch: self.scratch.join("archive"),
            contracts: self.arguments.contracts,
        };
        let replica = archive.by_replica(&stores.copy(has_history)?)?;
        // Close together, because the speed of the file system changes.
        let command = archive.by_command()?;
        self.values.add(key("files", stores.engine, has_history), replica);
        self.values.add(key("files of the command", stores.engine, has_history), command);
        self.values.add(key("command / files", stores.engine, has_history), command / replica);
        Ok(())
    }

    fn idle(&mut self, stores: &Stores<'_>, has_history: bool) -> Result<(), Error> {
        let replica = self.start(&stores.copy(has_history)?, 2)?;
        sleep(SETTLE);
        let before = replica.cpu_seconds()?;
        let time = Duration::from_secs(self.arguments.seconds);
        sleep(time);
        let percent = 100.0 * (replica.cpu_seconds()? - before) / time.as_secs_f64();
        self.values.add(key("idle", stores.engine, has_history), percent);
        replica.stop()
    }

    fn rate(&mut self, stores: &Stores<'_>) -> Result<(), Error> {
        eprintln!("server: requests of three replicas");
        let scratch = self.scratch.join("rate");
        let time = Duration::from_secs(self.arguments.seconds);
        let store = stores.copy(false)?;
        let requests = rate::measure(&self.server, &store, &scratch, time)?;
        self.values.add("average", requests.average);
        self.values.add("peak rate", requests.peak);
        Ok(())
    }

    /// Prints the tables and returns the figures.
    fn report(&self) -> Result<Figures, Error> {
        let values = &self.values;
        let mut callbacks = Table::new(
            "callbacks, 16 connections",
            &[
                ("per second", 0),
                ("fsync, ms", 2),
                ("required per second", 0),
                ("median, ms", 2),
                ("99 %, ms", 2),
                ("CPU per callback, µs", 0),
                ("peak, MB", 1),
            ],
        );
        let mut work = Table::new(
            "one replica",
            &[
                ("files per second", 0),
                ("`essbasic archive`", 0),
                ("× of it", 2),
                ("idle, % of a core", 3),
            ],
        );
        let mut figures = Figures::new();
        let mut figure = |name: String, value: Option<f64>| {
            figures.extend(value.map(|value| (name, value)));
        };
        for engine in [Engine::Sqlite, Engine::Postgres] {
            for has_history in [false, true] {
                let key = |value: &str| key(value, engine, has_history);
                let row = if has_history {
                    key("").replace("with history", &self.history())
                } else {
                    key("")
                };
                let row = row.trim_start_matches(", ").to_owned();
                callbacks.row(
                    row.as_str(),
                    ["callbacks", "fsync", "required", "median", "p99", "CPU", "peak"]
                        .map(|value| values.median(&key(value))),
                );
                let ratio = values.median(&key("command / files"));
                work.row(
                    row,
                    [
                        values.median(&key("files")),
                        values.median(&key("files of the command")),
                        ratio.map(|ratio| 1.0 / ratio),
                        values.median(&key("idle")),
                    ],
                );
                figure(key("peak, MB"), values.max(&key("peak")));
                figure(key("idle, % of a core"), values.median(&key("idle")));
            }
            let key = |value: &str, has_history| key(value, engine, has_history);
            let name = engine.name();
            figure(
                format!("callbacks, {name}: required / measured"),
                values.median(&key("required / callbacks", false)),
            );
            figure(
                format!("files, {name}: `essbasic archive` / replica"),
                values.median(&key("command / files", false)),
            );
            for (what, value) in
                [("callbacks", "seconds per callback"), ("files", "command / files")]
            {
                figure(
                    format!("{what}, {name}: time with history / without"),
                    values.ratio(&key(value, true), &key(value, false)),
                );
            }
        }
        let mut requests =
            Table::new("three replicas", &[("requests per second", 2), ("most in any second", 0)]);
        let (average, peak) = (values.median("average"), values.max("peak rate"));
        requests.row("DescribeFlowDetailInfo, PostgreSQL", [average, peak]);
        figure(
            "requests: 20 per second / three replicas".to_owned(),
            average.map(|average| f64::from(rate::RATE) / average),
        );
        figure("requests of three replicas in any second".to_owned(), peak);
        for table in [&callbacks, &work, &requests] {
            println!("{}", table.markdown());
        }
        save_results("server", &[callbacks, work, requests])?;
        Ok(figures)
    }

    fn history(&self) -> String {
        format!("{} finished contracts", self.arguments.finished)
    }
}
