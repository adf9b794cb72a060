//! `cargo xtask bench archive`: contracts of an emulator to files in a folder, by this SDK and by hand-written loops.

use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;

use super::chart::{Chart, Line, save};
use super::clients::Driver;
use super::error::Error;
use super::files::{folder, remove, root, save_results, write};
use super::numbers::{Cost, Rounds};
use super::processes::{Server, local_command, measure};
use super::table::Table;
use super::targets::Figures;
use super::{Arguments, cargo};

const ROUNDS: usize = 5;
/// Minimum size of a contract's PDF, in bytes.
const PDF_BYTES: usize = 100_000;
/// Number of concurrent downloads: the SDK's default.
pub(super) const CONCURRENCY: usize = 8;

/// Name in tables, name on the command line, and driver.
const COMPETITORS: [(&str, &str, Driver); 6] = [
    ("ours, blocking", "ours-blocking", Driver::Blocking),
    ("ureq, files synced", "ureq-synced", Driver::Blocking),
    ("ureq, not synced", "ureq-unsynced", Driver::Blocking),
    ("ours, async", "ours-async", Driver::Async),
    ("reqwest, files synced", "reqwest-synced", Driver::Async),
    ("reqwest, not synced", "reqwest-unsynced", Driver::Async),
];

/// The archiving program, its emulator, and a folder below `target`, which should be on a disk.
pub(super) struct Archiver {
    program: PathBuf,
    server: Server,
    /// Contract IDs, one per line.
    ids: String,
    /// One folder per run, all removed at the end: file systems create files slowly after a removal.
    scratch: PathBuf,
    runs: Cell<u32>,
}

impl Drop for Archiver {
    fn drop(&mut self) {
        // The next start removes what remains.
        let _ = remove(&self.scratch);
    }
}

impl Archiver {
    /// Builds the program and starts an emulator with this number of contracts.
    pub(super) fn start(contracts: usize, pdf_bytes: usize) -> Result<Self, Error> {
        cargo::build(&["--package", "bench", "--bin", "archiver"])?;
        let program = root().join("target/release/archiver");
        let arguments = ["emulate", &contracts.to_string(), &pdf_bytes.to_string()];
        let server = Server::start(local_command(&program, arguments))?;
        let failed =
            |error: ureq::Error| Error::new(format!("contract IDs of the emulator: {error}"));
        let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
        let mut response =
            agent.get(format!("{}/_emulator/flows", server.endpoint)).call().map_err(failed)?;
        let ids =
            response.body_mut().with_config().limit(64 << 20).read_to_string().map_err(failed)?;
        let scratch = folder().join("archive");
        remove(&scratch)?;
        Ok(Self { program, server, ids, scratch, runs: Cell::default() })
    }

    /// Removes all archived files.
    pub(super) fn clear(&self) -> Result<(), Error> {
        remove(&self.scratch)
    }

    /// Archives the first `contracts` contracts and returns the cost.
    pub(super) fn run(
        &self,
        name: &str,
        contracts: usize,
        concurrency: usize,
    ) -> Result<Cost, Error> {
        self.runs.set(self.runs.get() + 1);
        let scratch = self.scratch.join(self.runs.get().to_string());
        let ids: String = self.ids.split_inclusive('\n').take(contracts).collect();
        let list = scratch.join("ids.txt");
        write(&list, &ids)?;
        let mut command = local_command(&self.program, [name, &self.server.endpoint]);
        command.arg(list).arg(scratch.join("files")).arg(concurrency.to_string());
        let cost: Cost = measure(&mut command, name)?;
        // Otherwise the system would write unsynced files during the next run.
        let status = Command::new("sync").status();
        status.map_err(|error| Error::new(format!("sync: {error}")))?;
        match cost.calls == contracts as u64 {
            true => Ok(cost),
            false => Err(Error::new(format!("{name} saved {} of {contracts}", cost.calls))),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let archiver = Archiver::start(arguments.contracts, PDF_BYTES)?;
    let mut rounds = Rounds::default();
    let mut drivers = [Driver::Blocking, Driver::Async];
    let mut random = fastrand::Rng::with_seed(1);
    for round in 1..=arguments.rounds(ROUNDS) {
        eprintln!("archive: round {round} of {}", arguments.rounds(ROUNDS));
        random.shuffle(&mut drivers);
        for driver in drivers {
            // Runs that are compared are close together, because the speed of the file system changes.
            let mut order: Vec<_> =
                COMPETITORS.into_iter().filter(|(.., of)| *of == driver).collect();
            // No target refers to the unsynced ones; one run is enough.
            order.retain(|(_, program, _)| round == 1 || is_durable(program));
            random.shuffle(&mut order);
            for (name, program, _) in order {
                let cost = archiver.run(program, arguments.contracts, CONCURRENCY)?;
                rounds.add(name, CONCURRENCY, cost);
            }
        }
    }
    let mut table = Table::new(
        "archive by",
        &[("files per second", 0), ("wall, × ours", 2), ("CPU per file, µs", 0), ("peak, MiB", 1)],
    );
    let mut figures = Figures::new();
    for (name, _, driver) in COMPETITORS {
        let median = |figure: fn(&Cost) -> f64| rounds.median(name, CONCURRENCY, figure);
        let ours = driver.ours();
        table.row(
            name,
            [
                median(Cost::wall_us).map(|wall| 1e6 / wall),
                rounds.ratio(name, ours, CONCURRENCY, Cost::wall_us),
                median(Cost::cpu_us),
                median(|cost| cost.peak_kib.unwrap_or_default() as f64 / 1024.0),
            ],
        );
        let ratio = rounds.ratio(ours, name, CONCURRENCY, Cost::wall_us);
        figures.extend(ratio.map(|ratio| (format!("{ours} / {name}"), ratio)));
    }
    println!("{}", table.markdown());
    save_results("archive", &table)?;
    Ok(figures)
}

/// Returns whether saved files survive a loss of power.
fn is_durable(program: &str) -> bool {
    program.starts_with("ours") || program.ends_with("-synced")
}

/// Returns the competitors of the charts: name and program.
fn plotted() -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = COMPETITORS.into_iter().map(|(name, program, _)| (name, program));
    named.filter(|(_, program)| is_durable(program))
}

pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    let contracts = || (0..5).map(|doublings| 1000 << doublings);
    let concurrency = || (0..5).map(|doublings| 1 << doublings);
    let archiver = Archiver::start(16_000, PDF_BYTES)?;
    let (mut by_contracts, mut by_concurrency) = (Rounds::default(), Rounds::default());
    let mut order: Vec<_> = plotted().collect();
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..arguments.rounds(ROUNDS) {
        for (contracts, concurrency) in contracts().zip(concurrency()) {
            random.shuffle(&mut order);
            for (name, program) in &order {
                by_contracts.add(name, contracts, archiver.run(program, contracts, CONCURRENCY)?);
                by_concurrency.add(name, concurrency, archiver.run(program, 2000, concurrency)?);
            }
        }
        archiver.clear()?;
    }
    let line = |name: &str, rounds: &Rounds, xs: Vec<usize>, figure: fn(&Cost) -> f64| {
        let point = |x| Some((x as f64, rounds.median(name, x, figure)?));
        Line { name: name.to_owned(), points: xs.into_iter().filter_map(point).collect() }
    };
    save(
        "archive-contracts",
        &Chart {
            title: "Archive: CPU time per contract, µs, by contracts",
            lines: plotted()
                .map(|(name, _)| line(name, &by_contracts, contracts().collect(), Cost::cpu_us))
                .collect(),
        },
    )?;
    save(
        "archive-concurrency",
        &Chart {
            title: "Archive: files per second, by concurrent downloads",
            lines: plotted()
                .map(|(name, _)| {
                    let rate = |cost: &Cost| 1e6 / cost.wall_us();
                    line(name, &by_concurrency, concurrency().collect(), rate)
                })
                .collect(),
        },
    )
}
