//! What is done about each fault: the tables of `docs/faults.md`, cell by cell, over each transport.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed assumption is a failed test"
)]

mod client;
mod trial;

use std::collections::BTreeMap;

use client::Over;
use essbasic_emulator::FaultKind;
use trial::Trial;

const DOCUMENT: &str = include_str!("../../../docs/faults.md");

/// The cells of each fault's rows, those of the second table after those of the first.
fn tables() -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::<_, Vec<_>>::new();
    for line in DOCUMENT.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        let kind = cells.next().unwrap().trim_matches('`').to_owned();
        tables.entry(kind).or_default().extend(cells);
    }
    tables
}

/// What is found over each transport, all at the same time.
fn found(kinds: &[FaultKind]) -> Vec<(FaultKind, Over, Vec<String>)> {
    let each = [Over::Hyper, Over::Reqwest, Over::Ureq];
    let trials = kinds.iter().flat_map(|&kind| each.map(|over| (kind, over)));
    std::thread::scope(|scope| {
        let begin = |(kind, over)| {
            let cells = move || Trial::new(kind, over).cells();
            (kind, over, scope.spawn(cells))
        };
        let begun: Vec<_> = trials.map(begin).collect();
        let ended = begun.into_iter().map(|(kind, over, trial)| {
            (kind, over, trial.join().unwrap_or_else(|_| panic!("{kind}, {over:?}")))
        });
        ended.collect()
    })
}

#[test]
fn each_cell_of_the_tables_holds() {
    let mut tables = tables();
    // Those that take their time are not to be held up by the others.
    let slow = |kind: &FaultKind| {
        use FaultKind::{Drip, Refused, StallBody, StallHead, TlsStall};
        matches!(kind, Drip | Refused | StallBody | StallHead | TlsStall)
    };
    let (slow, fast): (Vec<_>, Vec<_>) = FaultKind::ALL.into_iter().partition(slow);
    let found = [found(&fast), found(&slow)].concat();
    let wrong: Vec<_> = found
        .into_iter()
        .filter(|(kind, _, cells)| tables.get(&kind.to_string()) != Some(cells))
        .map(|(kind, over, cells)| {
            let [calls, jobs] = [&cells[..3], &cells[3..]].map(|cells| cells.join(" | "));
            format!("{over:?}\n| `{kind}` | {calls} |\n| `{kind}` | {jobs} |")
        })
        .collect();
    assert!(wrong.is_empty(), "docs/faults.md says otherwise:\n{}", wrong.join("\n"));
    for kind in FaultKind::ALL {
        tables.remove(&kind.to_string());
    }
    assert!(tables.is_empty(), "there is no such fault: {tables:?}");
}
