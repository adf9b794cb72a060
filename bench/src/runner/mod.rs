//! Runs the benchmarks of the chosen subjects, and checks targets or draws charts.

mod archive;
mod builds;
mod calls;
mod cargo;
mod chart;
mod clients;
mod cpu;
mod emulator;
mod error;
mod files;
mod generator;
mod growth;
mod memory;
mod numbers;
mod processes;
mod report;
mod sdks;
mod server;
mod table;
mod targets;

use std::path::PathBuf;

use self::error::Error;
use self::targets::Measured;

/// Measure calls, archives, builds, the generator and the server, and compare them with competitors.
#[derive(clap::Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
pub(crate) struct Arguments {
    /// Subjects to measure [default: all].
    #[arg(value_enum)]
    subjects: Vec<Subject>,
    /// Number of rounds, of which the median counts [default: 5; builds, generator and server: 3].
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Number of calls per competitor and round; a sixth of it for the official SDKs.
    #[arg(long, value_name = "N", default_value_t = 6000)]
    calls: u64,
    /// Number of contracts of an archive; for `memory` a tenth, twice and ten times the number;
    /// `server` skips its archives if it is 0.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    contracts: usize,
    /// Number of callbacks per run of `server`.
    #[arg(long, value_name = "N", default_value_t = 40_000)]
    callbacks: usize,
    /// Number of finished contracts in the larger store of `server`.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    finished: usize,
    /// Time for which `server` measures idle processes and requests, in seconds; none if it is 0.
    #[arg(long, value_name = "SECS", default_value_t = 30)]
    seconds: u64,
    /// Wheel or folder of the PyPI package `tccli`, to generate all services.
    #[arg(long, value_name = "WHEEL|FOLDER")]
    tccli: Option<PathBuf>,
    /// Fail if a target is missed.
    #[arg(long)]
    check: bool,
    /// Draw the growth of costs instead: docs/performance/*.svg.
    #[arg(long, conflicts_with = "check")]
    plot: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
enum Subject {
    /// A call by many clients, and its parts.
    Calls,
    /// Contracts to files in a folder.
    Archive,
    /// The peak memory of an archive, by number of contracts.
    Memory,
    /// Builds of programs with the SDK, and of the models.
    Builds,
    /// Generation of models from specs.
    Generator,
    /// Callbacks, archives, requests and idle time of the server.
    Server,
    /// Start and requests of the emulator, and the start of the command `essbasic`.
    Emulator,
}

impl Arguments {
    /// Returns the number of rounds.
    fn rounds(&self, default: usize) -> usize {
        self.rounds.unwrap_or(default)
    }

    fn subjects(&self) -> Vec<Subject> {
        let all: &[Subject] = <Subject as clap::ValueEnum>::value_variants();
        all.iter()
            .copied()
            .filter(|subject| self.subjects.is_empty() || self.subjects.contains(subject))
            .collect()
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut measured = Measured::default();
    for subject in arguments.subjects() {
        match (subject, arguments.plot) {
            (Subject::Calls, true) => calls::plot(arguments)?,
            (Subject::Calls, false) => measured.calls = Some(calls::run(arguments)?),
            (Subject::Archive, true) => archive::plot(arguments)?,
            (Subject::Archive, false) => measured.add(subject, archive::run(arguments)?),
            // Measured at three points only.
            (Subject::Memory, true) => {}
            (Subject::Memory, false) => measured.add(subject, memory::run(arguments)?),
            (Subject::Builds, true) => builds::plot(arguments)?,
            (Subject::Builds, false) => measured.add(subject, builds::run(arguments)?),
            (Subject::Generator, true) => generator::plot(arguments)?,
            (Subject::Generator, false) => measured.add(subject, generator::run(arguments)?),
            // Has no growth by size: the ratios with and without a history are targets.
            (Subject::Server, true) => {}
            (Subject::Server, false) => measured.add(subject, server::run(arguments)?),
            (Subject::Emulator, true) => emulator::plot(arguments)?,
            (Subject::Emulator, false) => measured.add(subject, emulator::run(arguments)?),
        }
    }
    if arguments.check { targets::check(&measured) } else { Ok(()) }
}
