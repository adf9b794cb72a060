//! `cargo xtask bench`: what calls, archives, builds and the generator cost, beside what else does the same.

mod archive;
mod builds;
mod calls;
mod chart;
mod contenders;
mod cpu;
mod generator;
mod growth;
mod memory;
mod numbers;
mod processes;
mod report;
mod sdks;
mod table;
mod targets;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;

use self::targets::Measured;
use crate::error::Error;
use crate::files::{root, write};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to measure; without, all.
    #[arg(value_enum)]
    subjects: Vec<Subject>,
    /// How often each contender runs; figures are medians of the rounds. By default 5 for calls, 3 for others.
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Calls of a contender in a round; of the official SDKs a sixth.
    #[arg(long, value_name = "N", default_value_t = 6000)]
    calls: u64,
    /// Contracts of an archive; for its memory a tenth, twice and ten times as many.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    contracts: usize,
    /// The wheel of the PyPI package `tccli`, or its folder: all services through the generator.
    #[arg(long, value_name = "WHEEL|FOLDER")]
    tccli: Option<PathBuf>,
    /// Fail where a target is missed.
    #[arg(long)]
    check: bool,
    /// Draw how costs grow instead: docs/performance/*.svg.
    #[arg(long, conflicts_with = "check")]
    plot: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
enum Subject {
    /// A call by many clients, and its parts.
    Calls,
    /// Contracts to files in a folder.
    Archive,
    /// The memory of an archive by contracts.
    Memory,
    /// Building programs with the SDK, and its models.
    Builds,
    /// Making models from specs.
    Generator,
}

impl Arguments {
    /// How many rounds, where nobody says it.
    fn rounds(&self, usual: usize) -> usize {
        self.rounds.unwrap_or(usual)
    }

    fn subjects(&self) -> Vec<Subject> {
        let all: &[Subject] = <Subject as clap::ValueEnum>::value_variants();
        all.iter()
            .copied()
            .filter(|subject| self.subjects.is_empty() || self.subjects.contains(subject))
            .collect()
    }
}

/// Where programs are built, SDKs installed and figures written.
fn folder() -> PathBuf {
    root().join("target/bench")
}

/// Removes a folder that need not be there.
fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(folder, &error)),
        _ => Ok(()),
    }
}

/// Writes the figures of a subject.
fn keep(name: &str, figures: &impl Serialize) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(figures)
        .map_err(|error| Error::new(format!("the figures: {error}")))?;
    write(&folder().join(format!("{name}.json")), &format!("{json}\n")).map(|_| ())
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut measured = Measured::default();
    for subject in arguments.subjects() {
        match (subject, arguments.plot) {
            (Subject::Calls, true) => calls::plot(arguments)?,
            (Subject::Calls, false) => measured.calls = Some(calls::run(arguments)?),
            (Subject::Archive, true) => archive::plot(arguments)?,
            (Subject::Archive, false) => measured.add(subject, archive::run(arguments)?),
            // Three places, of which one counts most, are no line.
            (Subject::Memory, true) => {}
            (Subject::Memory, false) => measured.add(subject, memory::run(arguments)?),
            (Subject::Builds, true) => builds::plot(arguments)?,
            (Subject::Builds, false) => measured.add(subject, builds::run(arguments)?),
            (Subject::Generator, true) => generator::plot(arguments)?,
            (Subject::Generator, false) => measured.add(subject, generator::run(arguments)?),
        }
    }
    if arguments.check { targets::check(&measured) } else { Ok(()) }
}
