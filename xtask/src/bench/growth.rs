//! `cargo xtask bench --plot`: what grows, and whether in proportion.

use super::chart::{Chart, Line, save};
use super::contenders::{Contender, Driver};
use super::numbers::{Cost, Pair, Parts, Rounds};
use super::processes::{Cores, Programs};
use crate::error::Error;

pub(super) fn plot(
    programs: &Programs,
    contenders: &[Contender],
    rounds: usize,
    calls: u64,
) -> Result<(), Error> {
    save("decoding", &decoding(programs, rounds)?)?;
    save("at-once", &at_once(programs, contenders, rounds, calls)?)
}

/// The time of decoding by the contracts in an answer.
fn decoding(programs: &Programs, rounds: usize) -> Result<Chart, Error> {
    let (mut parts, mut last) = (Parts::default(), Vec::new());
    for _ in 0..rounds {
        last = programs.growth()?;
        parts.add(last.clone());
    }
    let point = |pair: &Pair, figure: fn(&Pair) -> f64| {
        let flows: f64 = pair.name.parse().ok()?;
        Some((flows, parts.median(&pair.name, figure)? / flows))
    };
    let line = |name: &str, figure: fn(&Pair) -> f64| Line {
        name: name.to_owned(),
        points: last.iter().filter_map(|pair| point(pair, figure)).collect(),
    };
    Ok(Chart {
        title: "Decoding, ns a contract, by contracts in the answer",
        lines: vec![line("ours", |pair| pair.ours_ns), line("derived", |pair| pair.other_ns)],
    })
}

/// The CPU time of a call by calls in flight; in so many rounds, of so many calls.
fn at_once(
    programs: &Programs,
    contenders: &[Contender],
    repeated: usize,
    calls: u64,
) -> Result<Chart, Error> {
    let server = programs.serve(Cores::One)?;
    let shown = [Driver::Async.ours(), "reqwest", "hyper"];
    let compared = || contenders.iter().filter(|contender| shown.contains(&contender.name));
    let doubled = || (0..7).map(|doubled| 1 << doubled);
    let mut rounds = Rounds::default();
    for _ in 0..repeated {
        for concurrency in doubled() {
            for contender in compared() {
                let cost = server.call(contender, calls, concurrency)?;
                rounds.add(contender.name, concurrency, cost);
            }
        }
    }
    let line = |contender: &Contender| {
        let point = |concurrency| {
            let figure = rounds.median(contender.name, concurrency, Cost::cpu_us)?;
            Some((concurrency as f64, figure))
        };
        Line { name: contender.name.to_owned(), points: doubled().filter_map(point).collect() }
    };
    Ok(Chart {
        title: "CPU time of a call, µs, by calls in flight",
        lines: compared().map(line).collect(),
    })
}
