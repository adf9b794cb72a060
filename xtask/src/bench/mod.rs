//! `cargo xtask bench`: the same call by many clients, each a process of its own, side by side.

mod chart;
mod contenders;
mod growth;
mod numbers;
mod processes;
mod report;
mod sdks;
mod targets;

use std::path::PathBuf;

use self::contenders::Contender;
use self::numbers::{Parts, Rounds};
use self::processes::Programs;
use self::report::Report;
use crate::error::Error;
use crate::files::{root, write};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often each contender runs; figures are medians of the rounds.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Calls of a contender in a round; of the official SDKs a sixth.
    #[arg(long, value_name = "N", default_value_t = 6000)]
    calls: u64,
    /// Fail where a target is missed.
    #[arg(long)]
    check: bool,
    /// Draw how costs grow instead: docs/performance/*.svg.
    #[arg(long, conflicts_with = "check")]
    plot: bool,
}

/// Where programs are built, SDKs installed and figures written.
fn folder() -> PathBuf {
    root().join("target/bench")
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let programs = Programs::build()?;
    let contenders = contenders::all(sdks::python()?.as_deref(), sdks::node()?.as_deref());
    let server = programs.serve()?;
    if arguments.plot {
        return growth::plot(&programs, &contenders, &server.endpoint, arguments);
    }
    let runs = |contender: &Contender| [1, contender.colour.concurrency()];
    let mut rounds = Rounds::default();
    let mut parts = Parts::default();
    let mut order: Vec<&Contender> = contenders.iter().collect();
    let mut random = fastrand::Rng::with_seed(1);
    for round in 1..=arguments.rounds {
        eprintln!("round {round} of {}", arguments.rounds);
        // In another order each time: a process that has just ended may slow the next.
        random.shuffle(&mut order);
        for &contender in &order {
            for concurrency in runs(contender) {
                let calls = arguments.calls / contender.client.share();
                let cost = programs.call(contender, &server.endpoint, calls, concurrency)?;
                rounds.add(contender.name, concurrency, cost);
            }
        }
        parts.add(programs.parts()?);
    }
    for contender in &contenders {
        for concurrency in runs(contender) {
            if let Some(allocations) =
                programs.count(contender, &server.endpoint, arguments.calls / 5, concurrency)?
            {
                rounds.set_allocations(contender.name, concurrency, allocations);
            }
        }
    }
    parts.set_allocations(programs.count_parts()?);

    let report = Report::of(&contenders, &rounds, &parts);
    println!("{}", report.markdown());
    let json = serde_json::to_string_pretty(&report)
        .map_err(|error| Error::new(format!("the figures: {error}")))?;
    write(&folder().join("calls.json"), &format!("{json}\n"))?;
    if arguments.check { targets::check(&rounds, &parts) } else { Ok(()) }
}
