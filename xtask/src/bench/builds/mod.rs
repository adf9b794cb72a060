//! `cargo xtask bench builds`: the CPU time of cargo's commands in packages of their own.

mod cold;
mod derive;
mod models;
mod programs;
mod scratch;
mod source;

use super::targets::Figures;
use super::{Arguments, keep};
use crate::error::Error;

const ROUNDS: usize = 3;

pub(super) fn run(arguments: &Arguments) -> Result<Figures, Error> {
    let rounds = arguments.rounds(ROUNDS);
    let mut figures = Figures::new();
    let tables = [
        models::run(rounds, &mut figures)?,
        models::one_group(rounds, &mut figures)?,
        cold::run(rounds, &mut figures)?,
    ];
    for table in &tables {
        println!("{}", table.markdown());
    }
    keep("builds", &tables)?;
    Ok(figures)
}

pub(super) fn plot(arguments: &Arguments) -> Result<(), Error> {
    models::plot(arguments.rounds(ROUNDS))
}
