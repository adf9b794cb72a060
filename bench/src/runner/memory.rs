//! `cargo xtask bench memory`: peak memory of an archive job, by number of contracts.

use super::Arguments;
use super::archive::{Archiver, CONCURRENCY};
use super::error::Error;
use super::files::save_results;
use super::table::Table;
use super::targets::Figures;

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let few = (arguments.contracts / 10).max(1);
    let (middle, many) = (20 * few, 100 * few);
    // The smallest PDFs of the emulator.
    let archiver = Archiver::start(many, 0)?;
    let mut table = Table::new(
        "archive by",
        &[
            ("contracts", 0),
            ("peak, MiB", 1),
            ("× the first", 2),
            ("additional bytes per contract", 0),
        ],
    );
    let mut figures = Figures::new();
    for (name, program) in [("ours, blocking", "ours-blocking"), ("ours, async", "ours-async")] {
        let peak = |contracts| -> Result<f64, Error> {
            eprintln!("memory: {contracts} contracts by {name}");
            let cost = archiver.run(program, contracts, CONCURRENCY)?;
            archiver.clear()?;
            let peak = cost.peak_kib.ok_or_else(|| Error::new("peak memory is only on Linux"))?;
            Ok(peak as f64 / 1024.0)
        };
        let peaks = [peak(few)?, peak(middle)?, peak(many)?];
        let [first, second, last] = peaks;
        // Caches of the allocator fill during the first thousands; only later growth is unbounded.
        let growth = (last - second) * f64::from(1 << 20) / (many - middle) as f64;
        for (contracts, peak) in [few, middle, many].into_iter().zip(peaks) {
            let growth = (contracts == many).then_some(growth);
            table.row(name, [Some(contracts as f64), Some(peak), Some(peak / first), growth]);
        }
        figures.insert(format!("{name}, additional bytes per contract"), growth);
    }
    println!("{}", table.markdown());
    save_results("memory", &table)?;
    Ok(figures)
}
