//! Development tasks of the repository.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "commands write to standard output and error"
)]

mod bench;
mod browser;
mod cargo;
mod codegen;
mod diff;
mod import;
mod load;
mod root;
mod server_trial;
mod surface;
mod sweep;
mod trial;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Run development tasks of the repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate the models from the spec.
    Codegen(codegen::Arguments),
    /// Import the spec from the official machine-readable reference.
    Import(import::Arguments),
    /// Show the changes between two specs, and mark breaking changes.
    Diff(diff::Arguments),
    /// Import, generate, compile and document many services, and print a result for each.
    Sweep(sweep::Arguments),
    /// Compare the public dependencies of the libraries with the table in docs/stability.md.
    Surface(surface::Arguments),
    /// Run a load test over many connections, and detect leaks.
    Load(load::Arguments),
    /// Measure calls, archives, builds and the generator: see `cargo xtask bench --help`.
    #[command(disable_help_flag = true)]
    Bench(bench::Arguments),
    /// Test the page of `essbasic explore` in Chromium.
    Browser(browser::TestArguments),
    /// Write screenshots of all pages of `essbasic explore`.
    Screenshots(browser::ScreenshotArguments),
    /// Measure the page of `essbasic explore`: first paint, search, and size.
    ExplorerBench(browser::BenchArguments),
    /// Kill replicas of essbasic-server under faults, and check every contract: see `cargo xtask server-trial --help`.
    #[command(disable_help_flag = true)]
    ServerTrial(server_trial::Arguments),
    /// Kill an archive job repeatedly, and count lost contracts.
    Trial(trial::Arguments),
}

fn main() -> ExitCode {
    if surface::is_rustdoc() {
        return surface::rustdoc();
    }
    let result = match Arguments::parse().command {
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Surface(arguments) => surface::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Browser(arguments) => browser::test(&arguments),
        Command::Screenshots(arguments) => browser::screenshots(&arguments),
        Command::ExplorerBench(arguments) => browser::bench(&arguments),
        Command::ServerTrial(arguments) => server_trial::run(&arguments),
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
