//! `cargo xtask bench builds`: CPU time of cargo commands in separate packages.

mod cold;
mod groups;
mod programs;
mod scratch;
mod source;

use super::Arguments;
use super::error::Error;
use super::files::save_results;
use super::targets::Figures;

const ROUNDS: usize = 3;

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let rounds = arguments.rounds(ROUNDS);
    let mut figures = Figures::new();
    let tables = [groups::run(rounds, &mut figures)?, cold::run(rounds, &mut figures)?];
    for table in &tables {
        println!("{}", table.markdown());
    }
    save_results("builds", &tables)?;
    Ok(figures)
}

pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    groups::plot(arguments.rounds(ROUNDS))
}
