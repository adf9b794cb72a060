//! Checks the tables of `docs/faults.md`, cell by cell, over each transport.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod client;
mod time;
mod trial;

use std::collections::BTreeMap;

use client::Library;
use essbasic_emulator::FaultKind;
use trial::Trial;

const DOCUMENT: &str = include_str!("../../../docs/faults.md");

/// Returns the cells of each fault, those of the second table after those of the first.
fn tables() -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::<_, Vec<_>>::new();
    for line in DOCUMENT.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        let kind = cells.next().unwrap().trim_matches('`').to_owned();
        tables.entry(kind).or_default().extend(cells);
    }
    tables
}

/// Runs the trials of the faults over each transport in parallel.
fn run(kinds: &[FaultKind]) -> Vec<(FaultKind, Library, Vec<String>)> {
    let each = [Library::Hyper, Library::Reqwest, Library::Ureq];
    let trials = kinds.iter().flat_map(|&kind| each.map(|library| (kind, library)));
    std::thread::scope(|scope| {
        let start = |(kind, library)| {
            let cells = move || Trial::new(kind, library).cells();
            (kind, library, scope.spawn(cells))
        };
        let started: Vec<_> = trials.map(start).collect();
        let finished = started.into_iter().map(|(kind, library, trial)| {
            (kind, library, trial.join().unwrap_or_else(|_| panic!("{kind}, {library:?}")))
        });
        finished.collect()
    })
}

#[test]
fn every_cell_of_the_tables_is_correct() {
    let mut tables = tables();
    // Faults that depend on timeouts run separately, so that the others do not delay them.
    let slow = |kind: &FaultKind| {
        use FaultKind::{Drip, Refused, StallBody, StallHead, TlsStall};
        matches!(kind, Drip | Refused | StallBody | StallHead | TlsStall)
    };
    let (slow, fast): (Vec<_>, Vec<_>) = FaultKind::ALL.into_iter().partition(slow);
    let found = [run(&fast), run(&slow)].concat();
    let wrong: Vec<_> = found
        .into_iter()
        .filter(|(kind, _, cells)| tables.get(&kind.to_string()) != Some(cells))
        .map(|(kind, library, cells)| {
            let [calls, jobs] = [&cells[..3], &cells[3..]].map(|cells| cells.join(" | "));
            format!("{library:?}\n| `{kind}` | {calls} |\n| `{kind}` | {jobs} |")
        })
        .collect();
    assert!(wrong.is_empty(), "docs/faults.md differs:\n{}", wrong.join("\n"));
    for kind in FaultKind::ALL {
        tables.remove(&kind.to_string());
    }
    assert!(tables.is_empty(), "unknown faults: {tables:?}");
}
