//! `cargo xtask bench calls`: the same call by many clients, and its parts.

use super::clients::{self, Competitor, Driver};
use super::error::Error;
use super::files::save_results;
use super::numbers::{Parts, Rounds};
use super::processes::{Cores, Programs};
use super::report::Report;
use super::{Arguments, growth, sdks};

const ROUNDS: usize = 5;

/// Costs of all calls and of their parts.
pub(super) struct Calls {
    pub(super) rounds: Rounds,
    pub(super) parts: Parts,
}

pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    let programs = Programs::build()?;
    let competitors = clients::all(None, None);
    growth::plot(&programs, &competitors, arguments.rounds(ROUNDS), arguments.calls)
}

pub(super) fn run(arguments: &Arguments) -> Result<Calls, Error> {
    let programs = Programs::build()?;
    let competitors = clients::all(sdks::python()?.as_deref(), sdks::node()?.as_deref());
    let (sequential, concurrent) = (programs.serve(Cores::One)?, programs.serve(Cores::Any)?);
    // Async clients run on one thread, so that one core is never idle with any number of calls in flight.
    let server = |competitor: &Competitor, concurrency| match competitor.driver {
        Driver::Blocking if concurrency > 1 => &concurrent,
        _ => &sequential,
    };
    let runs = |competitor: &Competitor| [1, competitor.driver.concurrency()];
    let mut rounds = Rounds::default();
    let mut parts = Parts::default();
    let mut order: Vec<&Competitor> = competitors.iter().collect();
    let mut random = fastrand::Rng::with_seed(1);
    for round in 1..=arguments.rounds(ROUNDS) {
        eprintln!("calls: round {round} of {}", arguments.rounds(ROUNDS));
        // The order is random, because a process that has just exited may slow down the next one.
        random.shuffle(&mut order);
        for &competitor in &order {
            for concurrency in runs(competitor) {
                let calls = arguments.calls / competitor.client.divisor();
                let cost = server(competitor, concurrency).call(competitor, calls, concurrency)?;
                rounds.add(competitor.name, concurrency, cost);
            }
        }
        parts.add(programs.parts()?);
    }
    for competitor in &competitors {
        for concurrency in runs(competitor) {
            if let Some(allocations) = server(competitor, concurrency).count(
                competitor,
                arguments.calls / 5,
                concurrency,
            )? {
                rounds.set_allocations(competitor.name, concurrency, allocations);
            }
        }
    }
    parts.set_allocations(programs.count_parts()?);

    let report = Report::of(&competitors, &rounds, &parts);
    println!("{}", report.markdown());
    save_results("calls", &report)?;
    Ok(Calls { rounds, parts })
}
