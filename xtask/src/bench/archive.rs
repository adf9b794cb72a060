//! `cargo xtask bench archive`: contracts of an emulator to files in a folder, by this SDK and by bare loops.

use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;

use super::chart::{Chart, Line, save};
use super::contenders::Driver;
use super::numbers::{Cost, Rounds};
use super::processes::{Server, measured, with};
use super::table::Table;
use super::targets::Figures;
use super::{Arguments, folder, keep, remove};
use crate::cargo;
use crate::error::Error;
use crate::files::{root, write};

const ROUNDS: usize = 5;
/// The least length of a contract's file.
const BYTES: usize = 100_000;
/// Downloads at a time, where nobody says it: the SDK's default.
const AT_ONCE: usize = 8;

/// Who does it: the name in tables, the one on the command line, and in which driver.
const CONTENDERS: [(&str, &str, Driver); 6] = [
    ("ours, blocking", "ours-blocking", Driver::Blocking),
    ("ureq, files synced", "ureq-synced", Driver::Blocking),
    ("ureq, not synced", "ureq-unsynced", Driver::Blocking),
    ("ours, async", "ours-async", Driver::Async),
    ("reqwest, files synced", "reqwest-synced", Driver::Async),
    ("reqwest, not synced", "reqwest-unsynced", Driver::Async),
];

/// The program that archives, an emulator, and where files go: a real disk, as far as `target` is on one.
pub(super) struct Archiver {
    program: PathBuf,
    server: Server,
    ids: String,
    /// One folder for each run. They stay until the end: where files have just been removed, file systems
    /// take far longer to make others.
    scratch: PathBuf,
    runs: Cell<u32>,
}

impl Drop for Archiver {
    fn drop(&mut self) {
        // What stays is removed before the next.
        let _ = remove(&self.scratch);
    }
}

impl Archiver {
    /// With an emulator that has so many contracts.
    pub(super) fn start(contracts: usize, bytes: usize) -> Result<Self, Error> {
        cargo::build(&["--package", "workspace-benches", "--bin", "archiver"])?;
        let program = root().join("target/release/archiver");
        let arguments = ["emulate", &contracts.to_string(), &bytes.to_string()];
        let server = Server::start(with(&program, arguments))?;
        let failed = |error: ureq::Error| Error::new(format!("the emulator's contracts: {error}"));
        let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
        let mut answer =
            agent.get(format!("{}/_emulator/flows", server.endpoint)).call().map_err(failed)?;
        let ids =
            answer.body_mut().with_config().limit(64 << 20).read_to_string().map_err(failed)?;
        let scratch = folder().join("archive");
        remove(&scratch)?;
        Ok(Self { program, server, ids, scratch, runs: Cell::default() })
    }

    /// Removes what was archived so far.
    pub(super) fn clear(&self) -> Result<(), Error> {
        remove(&self.scratch)
    }

    /// Archives the first so many contracts, and tells what it cost.
    pub(super) fn run(&self, name: &str, contracts: usize, at_once: usize) -> Result<Cost, Error> {
        self.runs.set(self.runs.get() + 1);
        let scratch = self.scratch.join(self.runs.get().to_string());
        let ids: String = self.ids.split_inclusive('\n').take(contracts).collect();
        let list = scratch.join("ids.txt");
        write(&list, &ids)?;
        let mut command = with(&self.program, [name, &self.server.endpoint]);
        command.arg(list).arg(scratch.join("files")).arg(at_once.to_string());
        let cost: Cost = measured(&mut command, name)?;
        // What one has left to the system to write is not to be written in the time of the next.
        let synced = Command::new("sync").status();
        synced.map_err(|error| Error::new(format!("sync: {error}")))?;
        match cost.calls == contracts as u64 {
            true => Ok(cost),
            false => Err(Error::new(format!("{name} saved {} of {contracts}", cost.calls))),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let archiver = Archiver::start(arguments.contracts, BYTES)?;
    let mut rounds = Rounds::default();
    let mut drivers = [Driver::Blocking, Driver::Async];
    let mut random = fastrand::Rng::with_seed(1);
    for round in 1..=arguments.rounds(ROUNDS) {
        eprintln!("archive: round {round} of {}", arguments.rounds(ROUNDS));
        random.shuffle(&mut drivers);
        for driver in drivers {
            // What is compared runs close together: the file system is another one a minute later.
            let mut order: Vec<_> =
                CONTENDERS.into_iter().filter(|(.., of)| *of == driver).collect();
            // No target is about the others: once is enough.
            order.retain(|(_, program, _)| round == 1 || keeps(program));
            random.shuffle(&mut order);
            for (name, program, _) in order {
                rounds.add(name, AT_ONCE, archiver.run(program, arguments.contracts, AT_ONCE)?);
            }
        }
    }
    let mut table = Table::new(
        "archive by",
        &[("files a second", 0), ("wall, × ours", 2), ("CPU of a file, µs", 0), ("peak, MiB", 1)],
    );
    let mut figures = Figures::new();
    for (name, _, driver) in CONTENDERS {
        let median = |figure: fn(&Cost) -> f64| rounds.median(name, AT_ONCE, figure);
        let ours = driver.ours();
        table.row(
            name,
            [
                median(Cost::wall_us).map(|wall| 1e6 / wall),
                rounds.ratio(name, ours, AT_ONCE, Cost::wall_us),
                median(Cost::cpu_us),
                median(|cost| cost.peak_kib.unwrap_or_default() as f64 / 1024.0),
            ],
        );
        let ratio = rounds.ratio(ours, name, AT_ONCE, Cost::wall_us);
        figures.extend(ratio.map(|ratio| (format!("{ours} / {name}"), ratio)));
    }
    println!("{}", table.markdown());
    keep("archive", &table)?;
    Ok(figures)
}

/// Whether what it has saved is kept by a loss of power.
fn keeps(program: &str) -> bool {
    program.starts_with("ours") || program.ends_with("-synced")
}

/// What is drawn.
fn drawn() -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = CONTENDERS.into_iter().map(|(name, program, _)| (name, program));
    named.filter(|(_, program)| keeps(program))
}

pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    let contracts = || (0..5).map(|doubled| 1000 << doubled);
    let at_once = || (0..5).map(|doubled| 1 << doubled);
    let archiver = Archiver::start(16_000, BYTES)?;
    let (mut by_contracts, mut by_concurrency) = (Rounds::default(), Rounds::default());
    let mut order: Vec<_> = drawn().collect();
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..arguments.rounds(ROUNDS) {
        for (contracts, at_once) in contracts().zip(at_once()) {
            random.shuffle(&mut order);
            for (name, program) in &order {
                let cost = archiver.run(program, contracts, AT_ONCE)?;
                by_contracts.add(name, contracts, cost);
                by_concurrency.add(name, at_once, archiver.run(program, 2000, at_once)?);
            }
        }
        archiver.clear()?;
    }
    let line = |name: &str, rounds: &Rounds, places: Vec<usize>, figure: fn(&Cost) -> f64| {
        let point = |place| Some((place as f64, rounds.median(name, place, figure)?));
        Line { name: name.to_owned(), points: places.into_iter().filter_map(point).collect() }
    };
    save(
        "archive-contracts",
        &Chart {
            title: "Archive: CPU time of a contract, µs, by contracts",
            lines: drawn()
                .map(|(name, _)| line(name, &by_contracts, contracts().collect(), Cost::cpu_us))
                .collect(),
        },
    )?;
    save(
        "archive-at-once",
        &Chart {
            title: "Archive: files a second, by downloads at a time",
            lines: drawn()
                .map(|(name, _)| {
                    let rate = |cost: &Cost| 1e6 / cost.wall_us();
                    line(name, &by_concurrency, at_once().collect(), rate)
                })
                .collect(),
        },
    )
}
