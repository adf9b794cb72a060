//! Cold builds of a program with the SDK, next to one with the HTTP client below it.

use std::collections::BTreeMap;

use super::super::error::Error;
use super::super::numbers::median;
use super::super::table::Table;
use super::super::targets::Figures;
use super::programs::{self, Program};
use super::scratch::Scratch;

pub(super) fn run(rounds: usize, figures: &mut Figures) -> Result<Table, Error> {
    let mut scratches = Vec::new();
    for program in programs::all() {
        let folder = program.name.replace([',', ' '], "-");
        let scratch = Scratch::new(&folder, &program.dependencies, &program.main, program.lock)?;
        scratch.fetch()?;
        scratches.push((program, scratch));
    }
    let mut costs: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..rounds {
        for (program, scratch) in &scratches {
            if round == 0 || !program.once {
                eprintln!("builds: round {} of {rounds}: {}", round + 1, program.name);
                scratch.clean()?;
                costs.entry(program.name).or_default().push(scratch.run("build", &[])?);
                scratch.clean()?;
            }
        }
    }
    let mut sizes: BTreeMap<&str, f64> = BTreeMap::new();
    for (program, scratch) in &scratches {
        eprintln!("builds: {}, release", program.name);
        scratch.run("build", &["--release"])?;
        sizes.insert(program.name, scratch.size()? as f64);
        scratch.clean()?;
    }
    let mut table = Table::new(
        "debug build of a program with",
        &[
            ("CPU, s", 1),
            ("× the HTTP client", 2),
            ("stripped release, bytes", 0),
            ("difference, bytes", 0),
        ],
    );
    let rounds = |name: &str| costs.get(name).map_or(&[][..], Vec::as_slice).iter().copied();
    let ratio_of = |name: &str, other: &str| {
        median(rounds(name).zip(rounds(other)).map(|(cost, other)| cost / other))
    };
    for (Program { name, baseline, others, .. }, _) in &scratches {
        for other in *others {
            let ratio = ratio_of(name, other);
            figures.extend(ratio.map(|ratio| (format!("{name} / {other}, cold build"), ratio)));
        }
        let ratio = ratio_of(name, baseline);
        let size = sizes.get(name).copied();
        let difference = size.zip(sizes.get(baseline)).map(|(size, other)| size - other);
        table.row(*name, [median(rounds(name)), ratio, size, difference]);
        figures.extend(ratio.map(|ratio| (format!("{name} / {baseline}, cold build"), ratio)));
        figures.extend(difference.map(|bytes| (format!("{name}, bytes above {baseline}"), bytes)));
    }
    Ok(table)
}
