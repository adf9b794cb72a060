//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::commands::Command;
use crate::{log, output};

/// Environment variable with the default of --config.
pub(crate) const CONFIG_VARIABLE: &str = "ESSBASIC_SERVER_CONFIG";

/// Receive callbacks of Tencent e-sign, archive signed contracts and forward messages, with any number of replicas.
#[derive(clap::Parser)]
#[command(
    name = "essbasic-server",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = EXAMPLES
)]
pub(crate) struct Cli {
    /// Read this configuration (TOML).
    #[arg(long, value_name = "FILE", global = true, display_order = 900)]
    pub(crate) config: Option<PathBuf>,
    /// Print results as JSON; `essbasic-server --help` describes its fields.
    #[arg(long, global = true, display_order = 901)]
    pub(crate) json: bool,
    /// Check the configuration, its secrets and the settings of a bucket, print it with its defaults and without secrets, and exit.
    #[arg(long, requires = "config")]
    pub(crate) check: bool,
    /// Start an emulator with contracts that are being signed, and archive them.
    #[arg(long, requires = "data")]
    pub(crate) emulated: bool,
    /// Folder of the database and the contracts of --emulated.
    #[arg(long, value_name = "DIR", requires = "emulated")]
    pub(crate) data: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXAMPLES: &str = "\
Without a subcommand, it runs the server: it prints {\"ready\":true,...} with the URLs of the listeners on stdout once callbacks
are received, and runs until Ctrl-C or SIGTERM. A second signal ends it at once.

The subcommands open the store of --config directly, next to running servers. Of the files that the configuration names, they
read only store.password_file. Only `migrate` and the server change the schema of the store.

JSON of --json, one document on one line. Times are in RFC 3339, absent values are null.
  contracts list           {contracts: [CONTRACT], next}
  contracts list --all     CONTRACT, one per line
  contracts show           CONTRACT with events [{number, at, kind, detail}]
  contracts add, drop      {results: [{flow_id, result}]}
  contracts retry ID       {results: [{flow_id, result}]}
  contracts retry --reason {retried}
  messages list            {messages: [MESSAGE], next}
  messages show            MESSAGE
  messages replay ID       {seq}, the number of the forward
  messages replay --dead   {replayed}
  migrate                  {schema, migrated}
  status                   {now, version, store, oldest_due_seconds, forward_backlog,
                           forward_dead, workers,
                           contracts {open, claimed, done, dead},
                           dead [{reason, count, hint}],
                           dead_forwards [{target, count, reasons [{reason, count, hint}]}],
                           paused [{name, cause, since, probe_at, hint}]}
  probe                    {ok, status}
  CONTRACT                 {flow_id, state, task, status, status_at, due, attempts,
                           reason, hint, added_at, finished_at, result,
                           files [{bytes, sha256}], request_id}
  MESSAGE                  {seq, id, type, flow_id, received_at, has_body,
                           body, dead_forwards,
                           forwards [{seq, target, replay, attempts, due,
                           delivered_at, dead, hint, replayed_at, failed_at,
                           error}]}, without forwards in lists

The result of an ID is added, known, done, finished, not_found, not_dead or invalid. A line of a file that is not an ID is invalid and has its
number in `line` in place of the flow_id.

Exit status: 0 done, and the server was stopped; 1 an error, also of the arguments; 2 some IDs failed, each with its result;
130 a second signal ended the server.

Examples:
  essbasic-server --emulated --data data
  essbasic-server --config essbasic.toml --check
  essbasic-server --config essbasic.toml
  essbasic-server status --config essbasic.toml
  essbasic-server contracts retry --reason storage_failed --config essbasic.toml";

impl Cli {
    /// Parses the arguments, the name of the program first.
    ///
    /// # Errors
    /// Returns an error for invalid arguments, and the help or the version if it was requested.
    pub(crate) fn parsed(arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        // A global option may be on both sides of a subcommand, and one of them would be ignored.
        let is_config = |argument: &&OsString| {
            let argument = argument.to_string_lossy();
            argument == "--config" || argument.starts_with("--config=")
        };
        let options = arguments.iter().take_while(|argument| *argument != "--");
        let count = options.filter(is_config).count();
        let found = reflowed(with_variable(Self::command())).try_get_matches_from(&arguments)?;
        let mut cli = Self::from_arg_matches(&found)?;
        if cli.emulated && count == 0 {
            // The variable is a default, which --emulated replaces.
            cli.config = None;
        }
        let conflict = |text: &str| Err(clap::Error::raw(ErrorKind::ArgumentConflict, text));
        if count > 1 {
            return conflict("the argument '--config <FILE>' cannot be used multiple times");
        }
        match &cli.command {
            None if cli.config.is_none() && !cli.emulated => conflict(crate::config::NO_CONFIG),
            None if cli.emulated && cli.config.is_some() => {
                conflict("the argument '--emulated' cannot be used with '--config <FILE>'")
            }
            Some(_) if cli.check || cli.emulated => {
                conflict("--check and --emulated cannot be used with a subcommand")
            }
            _ => Ok(cli),
        }
    }
}

/// Adds the environment variable of --config. An empty one counts as unset.
fn with_variable(command: clap::Command) -> clap::Command {
    match std::env::var_os(CONFIG_VARIABLE) {
        Some(value) if value.is_empty() => command,
        _ => command.mut_arg("config", |config| config.env(CONFIG_VARIABLE)),
    }
}

/// Joins the lines of each paragraph of the help, so that clap wraps them to the terminal.
fn reflowed(command: clap::Command) -> clap::Command {
    let help = command.get_after_help().map(|help| reflow(&help.to_string()));
    let command = match help {
        Some(help) => command.after_help(help),
        None => command,
    };
    command.mut_subcommands(reflowed)
}

/// Joins the lines of each paragraph. Indented lines stay.
fn reflow(text: &str) -> String {
    let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
    let mut out = String::new();
    let mut after_prose = false;
    for (index, line) in text.lines().enumerate() {
        if index > 0 {
            out.push(if after_prose && is_prose(line) { ' ' } else { '\n' });
        }
        out.push_str(line);
        after_prose = is_prose(line);
    }
    out
}

/// Prints the help, the version, or the error of the arguments, and returns the exit code. An error has 1, because 2 means that some
/// IDs failed.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ExitCode::FAILURE,
        _ => {
            log::line(&causes(error));
            return ExitCode::FAILURE;
        }
    };
    match output::written(error.print()) {
        Ok(_) => code,
        Err(failure) => {
            log::line(&format!("error: {failure}"));
            failure.exit_code()
        }
    }
}

/// Returns the causes of an error on one line.
fn causes(error: &clap::Error) -> String {
    let text = error.to_string();
    let causes = text.split("\n\n").take_while(|part| !part.starts_with("Usage:"));
    let causes = causes.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let causes =
        causes.filter(|part| !part.is_empty() && !part.starts_with("For more information"));
    format!("{}; see --help", causes.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
