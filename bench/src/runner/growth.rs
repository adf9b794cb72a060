//! `cargo xtask bench calls --plot`: growth of the costs of decoding and of concurrent calls.

use super::chart::{Chart, Line, save};
use super::clients::{Competitor, Driver};
use super::error::Error;
use super::numbers::{Cost, Pair, Parts, Rounds};
use super::processes::{Cores, Programs};

pub(super) fn plot(
    programs: &Programs,
    competitors: &[Competitor],
    rounds: usize,
    calls: u64,
) -> Result<(), Error> {
    save("decoding", &decoding(programs, rounds)?)?;
    save("concurrency", &concurrency(programs, competitors, rounds, calls)?)
}

/// Measures the time of decoding, by number of contracts in the response.
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
        title: "Decoding, ns per contract, by contracts in the response",
        lines: vec![line("ours", |pair| pair.ours_ns), line("derived", |pair| pair.other_ns)],
    })
}

/// Measures the CPU time of a call, by number of calls in flight.
fn concurrency(
    programs: &Programs,
    competitors: &[Competitor],
    round_count: usize,
    calls: u64,
) -> Result<Chart, Error> {
    let server = programs.serve(Cores::One)?;
    let names = [Driver::Async.ours(), "reqwest", "hyper"];
    let plotted = || competitors.iter().filter(|competitor| names.contains(&competitor.name));
    let in_flight = || (0..7).map(|doublings| 1 << doublings);
    let mut rounds = Rounds::default();
    for _ in 0..round_count {
        for concurrency in in_flight() {
            for competitor in plotted() {
                let cost = server.call(competitor, calls, concurrency)?;
                rounds.add(competitor.name, concurrency, cost);
            }
        }
    }
    let line = |competitor: &Competitor| {
        let point = |concurrency| {
            let figure = rounds.median(competitor.name, concurrency, Cost::cpu_us)?;
            Some((concurrency as f64, figure))
        };
        Line { name: competitor.name.to_owned(), points: in_flight().filter_map(point).collect() }
    };
    Ok(Chart {
        title: "CPU time of a call, µs, by calls in flight",
        lines: plotted().map(line).collect(),
    })
}
