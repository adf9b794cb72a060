//! The `tc3` command.

mod call;
mod codegen;
mod diff;
mod failure;
mod import;
mod output;
mod request;
mod search;
mod service;
mod usage;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::{Exit, Failure};

const QUICK_START: &str = "\
Quick start:
  pip download --no-deps tccli
  tc3 import --tccli tccli-*.whl --service cvm --out cvm-spec
  tc3 codegen --spec cvm-spec --out cvm-models

Variables: TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_TOKEN (temporary keys), HTTPS_PROXY, NO_PROXY.

Exit status of every command: 0 it is done, 2 a check failed or nothing was found, 1 it could not start or continue.";

/// Typed clients for any Tencent Cloud service: import its specification, generate models, call
/// any action.
#[derive(Parser)]
#[command(name = "tc3", version, arg_required_else_help = true, after_help = QUICK_START)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Import(import::ImportArgs),
    Codegen(codegen::CodegenArgs),
    Diff(diff::DiffArgs),
    Search(search::SearchArgs),
    Call(Box<call::CallArgs>),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::report(&error),
    };
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::note(format_args!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    fn run(self) -> Result<Exit, Failure> {
        match self.command {
            Command::Import(args) => import::run(&args),
            Command::Codegen(args) => codegen::run(&args),
            Command::Diff(args) => diff::run(&args),
            Command::Search(args) => search::run(&args),
            Command::Call(args) => call::run(&args),
        }
    }
}
