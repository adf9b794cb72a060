//! A program with the SDK, built from nothing, beside one with the HTTP client under it.

use std::collections::BTreeMap;

use super::programs::{self, Program};
use super::scratch::Scratch;
use crate::bench::numbers::median;
use crate::bench::table::Table;
use crate::bench::targets::Figures;
use crate::error::Error;

pub(super) fn run(rounds: usize, figures: &mut Figures) -> Result<Table, Error> {
    let mut scratches = Vec::new();
    for program in programs::all() {
        let folder = program.name.replace([',', ' '], "-");
        let scratch = Scratch::new(&folder, &program.dependencies, &program.main)?;
        scratch.fetch()?;
        scratches.push((program, scratch));
    }
    let mut costs: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..rounds {
        for (program, scratch) in &scratches {
            if round == 0 || !program.once {
                eprintln!("builds: round {} of {rounds}: {}", round + 1, program.name);
                scratch.empty()?;
                costs.entry(program.name).or_default().push(scratch.run("build", &[])?);
                scratch.empty()?;
            }
        }
    }
    let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
    for (program, scratch) in &scratches {
        eprintln!("builds: {}, for release", program.name);
        scratch.run("build", &["--release"])?;
        sizes.insert(program.name, scratch.size()? as f64);
        scratch.empty()?;
    }
    let mut table = Table::new(
        "debug build of a program with",
        &[
            ("CPU, s", 1),
            ("× the client alone", 2),
            ("stripped release, bytes", 0),
            ("more, bytes", 0),
        ],
    );
    for (Program { name, beside, .. }, _) in &scratches {
        let rounds = |name: &str| costs.get(name).map_or(&[][..], Vec::as_slice).iter().copied();
        let ratio = median(rounds(name).zip(rounds(beside)).map(|(cost, other)| cost / other));
        let size = sizes.get(name).copied();
        let more = size.zip(sizes.get(beside)).map(|(size, other)| size - other);
        table.row(*name, [median(rounds(name)), ratio, size, more]);
        figures.extend(ratio.map(|ratio| (format!("{name} / {beside}, cold build"), ratio)));
        figures.extend(more.map(|more| (format!("{name}, bytes above {beside}"), more)));
    }
    Ok(table)
}
