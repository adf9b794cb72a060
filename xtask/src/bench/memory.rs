//! `cargo xtask bench memory`: the most memory that an archive job holds, by contracts.

use super::archive::Archiver;
use super::table::Table;
use super::targets::Figures;
use super::{Arguments, keep};
use crate::error::Error;

/// As many as by default.
const AT_ONCE: usize = 8;

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let few = (arguments.contracts / 10).max(1);
    let (middle, many) = (20 * few, 100 * few);
    // As short as the emulator's files get.
    let archiver = Archiver::start(many, 0)?;
    let mut table = Table::new(
        "archive by",
        &[("contracts", 0), ("peak, MiB", 1), ("× the first", 2), ("bytes more by a contract", 0)],
    );
    let mut figures = Figures::new();
    for (name, program) in [("ours, blocking", "ours-blocking"), ("ours, async", "ours-async")] {
        let peak = |contracts| -> Result<f64, Error> {
            eprintln!("memory: {contracts} contracts by {name}");
            let cost = archiver.run(program, contracts, AT_ONCE)?;
            archiver.clear()?;
            let peak = cost.peak_kib.ok_or_else(|| Error::new("this system tells of no peaks"))?;
            Ok(peak as f64 / 1024.0)
        };
        let peaks = [peak(few)?, peak(middle)?, peak(many)?];
        let [first, then, last] = peaks;
        // What allocators hold for each thread fills with the first thousands; what is left grows for ever.
        let more = (last - then) * f64::from(1 << 20) / (many - middle) as f64;
        for (contracts, peak) in [few, middle, many].into_iter().zip(peaks) {
            let more = (contracts == many).then_some(more);
            table.row(name, [Some(contracts as f64), Some(peak), Some(peak / first), more]);
        }
        figures.insert(format!("{name}, bytes more by a contract"), more);
    }
    println!("{}", table.markdown());
    keep("memory", &table)?;
    Ok(figures)
}
