//! What the repository automates.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks on its standard streams"
)]

mod bench;
mod cargo;
mod codegen;
mod diff;
mod error;
mod files;
mod import;
mod json;
mod load;
mod scaffold;
mod schema;
mod surface;
mod sweep;
mod tccli;
mod trial;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What the repository automates.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the models from the spec.
    Codegen(codegen::Arguments),
    /// Make the spec from the official machine-readable reference.
    Import(import::Arguments),
    /// Tell what changed between two specs, and what of it breaks callers.
    Diff(diff::Arguments),
    /// Import, generate, compile and document many services, and tell how each went.
    Sweep(sweep::Arguments),
    /// Compare the foreign types that public APIs show with those that docs/stability.md lists.
    Surface(surface::Arguments),
    /// Make many calls over many connections, and tell what they leave behind.
    Load(load::Arguments),
    /// Measure what calls, archives, builds and the generator cost, beside what else does the same.
    Bench(bench::Arguments),
    /// Kill an archive job again and again, and count what it lost.
    Trial(trial::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Surface(arguments) => surface::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Trial(arguments) => trial::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
