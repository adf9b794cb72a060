//! `cargo xtask bench calls`: the same call by many clients, and parts of it.

use super::contenders::{self, Contender};
use super::numbers::{Parts, Rounds};
use super::processes::{Cores, Programs};
use super::report::Report;
use super::{Arguments, growth, keep, sdks};
use crate::error::Error;

const ROUNDS: usize = 5;

/// Every run of the calls and of their parts.
pub(super) struct Calls {
    pub(super) rounds: Rounds,
    pub(super) parts: Parts,
}

pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    let programs = Programs::build()?;
    let contenders = contenders::all(None, None);
    growth::plot(&programs, &contenders, arguments.rounds(ROUNDS), arguments.calls)
}

pub(super) fn run(arguments: &Arguments) -> Result<Calls, Error> {
    let programs = Programs::build()?;
    let contenders = contenders::all(sdks::python()?.as_deref(), sdks::node()?.as_deref());
    let (in_turn, at_once) = (programs.serve(Cores::One)?, programs.serve(Cores::Any)?);
    let server = |concurrency| if concurrency == 1 { &in_turn } else { &at_once };
    let runs = |contender: &Contender| [1, contender.driver.concurrency()];
    let mut rounds = Rounds::default();
    let mut parts = Parts::default();
    let mut order: Vec<&Contender> = contenders.iter().collect();
    let mut random = fastrand::Rng::with_seed(1);
    for round in 1..=arguments.rounds(ROUNDS) {
        eprintln!("calls: round {round} of {}", arguments.rounds(ROUNDS));
        // In another order each time: a process that has just ended may slow the next.
        random.shuffle(&mut order);
        for &contender in &order {
            for concurrency in runs(contender) {
                let calls = arguments.calls / contender.client.share();
                let cost = server(concurrency).call(contender, calls, concurrency)?;
                rounds.add(contender.name, concurrency, cost);
            }
        }
        parts.add(programs.parts()?);
    }
    for contender in &contenders {
        for concurrency in runs(contender) {
            if let Some(allocations) =
                server(concurrency).count(contender, arguments.calls / 5, concurrency)?
            {
                rounds.set_allocations(contender.name, concurrency, allocations);
            }
        }
    }
    parts.set_allocations(programs.count_parts()?);

    let report = Report::of(&contenders, &rounds, &parts);
    println!("{}", report.markdown());
    keep("calls", &report)?;
    Ok(Calls { rounds, parts })
}
