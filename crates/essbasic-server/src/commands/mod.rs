//! The subcommands. They open the ledger directly, next to running servers.

mod add;
mod check;
mod context;
mod contracts;
mod lines;
mod messages;
mod migrate;
mod probe;
mod results;
mod status;
mod table;

use std::path::Path;
use std::process::ExitCode;

pub(crate) use self::check::run as check;
use self::context::Context;
use self::contracts::ContractsCommand;
use self::messages::MessagesCommand;
use self::migrate::MigrateArgs;
use self::probe::ProbeArgs;
use self::status::StatusArgs;
use crate::config::Config;
use crate::config::NO_CONFIG;
use crate::failure::Failure;
use crate::output::Output;

/// A subcommand.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    #[command(subcommand)]
    Contracts(ContractsCommand),
    #[command(subcommand)]
    Messages(MessagesCommand),
    Migrate(MigrateArgs),
    Status(StatusArgs),
    Probe(ProbeArgs),
}

/// Result of a command that has no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything succeeded.
    Done,
    /// A check failed. Each problem was printed.
    Refused,
    /// Some IDs failed. Each has its result.
    Partly,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Refused => Self::FAILURE,
            Exit::Partly => Self::from(2),
        }
    }
}

/// Performs a subcommand.
///
/// # Errors
/// Returns an error if the command cannot start or continue.
pub(crate) fn run(command: &Command, config: Option<&Path>, json: bool) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the runtime: {error}")))?;
    let result = runtime.block_on(perform(command, config, json));
    // A thread may still look up a name.
    runtime.shutdown_background();
    result
}

async fn perform(command: &Command, config: Option<&Path>, json: bool) -> Result<Exit, Failure> {
    let output = Output::new(json);
    if let Command::Probe(args) = command {
        return probe::run(args, output).await;
    }
    let path = config.ok_or_else(|| Failure::new(NO_CONFIG))?;
    let config = Config::read(path)?;
    match command {
        Command::Contracts(command) => {
            contracts::run(command, Context::open(&config, output).await?).await
        }
        Command::Messages(command) => {
            messages::run(command, &config, Context::open(&config, output).await?).await
        }
        Command::Migrate(_) => migrate::run(&config, output).await,
        Command::Status(_) => status::run(Context::open(&config, output).await?).await,
        Command::Probe(_) => Ok(Exit::Done),
    }
}
