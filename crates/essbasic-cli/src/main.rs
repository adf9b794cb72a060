//! The `essbasic` command.

mod advice;
mod archive;
mod archive_failures;
mod archive_report;
mod body;
mod call;
mod cause;
mod closed;
mod completions;
mod counter;
mod digest;
mod download;
mod emulated;
mod emulator;
mod explore;
mod explore_command;
mod failure;
mod folder;
mod hints;
mod in_flight;
mod input;
mod interrupt;
mod link_hosts;
mod listen;
mod log;
mod options;
mod output;
mod outputs;
mod placeholder;
mod progress;
mod report;
mod sign;
mod start;
mod status;
mod store;
mod streams;
mod tally;
mod terminal;
mod upload;
mod wait;
mod watch;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use tc3_client::__private::{quoted, showable};

use crate::failure::{Exit, Failure};

const QUICK_START: &str = "\
Quick start, without an account: essbasic download --emulated --out contracts

With an account:
  export TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=...
  export ESSBASIC_APP_ID=... ESSBASIC_ORGANIZATION=... ESSBASIC_OPERATOR=...
  essbasic status FLOW_ID
The keys are those of the Cloud API, from the CAM console; the other three identify the caller.

Other variables: TENCENTCLOUD_TOKEN (temporary keys), HTTPS_PROXY, NO_PROXY,
ESSBASIC_CALLBACK_TOKEN and ESSBASIC_CALLBACK_KEY (listen), AWS_* (archive to a bucket).

Exit status of every command: 0 everything succeeded, 2 a part failed, each with its reason, 1 it could not start or
continue, 130 a second signal ended it, or a signal while stdout or stderr was blocked.";

/// Tencent e-sign (essbasic): create, wait for and download contracts, receive callbacks, call
/// any action, explore the API, sign requests, run an emulator.
#[derive(Parser)]
#[command(name = "essbasic", version, arg_required_else_help = true, after_help = QUICK_START)]
struct Cli {
    /// Log requests and responses on stderr, without secrets.
    #[arg(long, short, global = true, display_order = 900)]
    verbose: bool,
    #[command(flatten)]
    options: options::Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Download(download::DownloadArgs),
    Archive(Box<archive::ArchiveArgs>),
    Wait(wait::WaitArgs),
    Status(status::StatusArgs),
    Upload(upload::UploadArgs),
    Start(start::StartArgs),
    Listen(listen::ListenArgs),
    Call(call::CallArgs),
    Search(explore::search::SearchArgs),
    Describe(explore::describe::DescribeArgs),
    Skeleton(explore::skeleton::SkeletonArgs),
    Snippet(explore::snippet::SnippetArgs),
    Openapi(explore::openapi::OpenapiArgs),
    Sign(Box<sign::SignArgs>),
    Explore(explore_command::ExploreArgs),
    Emulator(emulator::EmulatorArgs),
    Completions(completions::CompletionsArgs),
}

fn main() -> ExitCode {
    let parsed = match command().try_get_matches() {
        Ok(found) => refuse_twice().and_then(|()| Cli::from_arg_matches(&found)),
        Err(error) => Err(error),
    };
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return usage(error),
    };
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::note(format_args!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// Refuses a global option that is given both before and after the command's name. clap would silently drop one of
/// them. Other options given twice are refused by clap, or all of their values are taken.
fn refuse_twice() -> Result<(), clap::Error> {
    let local = |command: clap::Command| command.mut_args(|arg| arg.global(false));
    let mut checked = local(command()).mut_subcommands(local);
    let found = checked.try_get_matches_from_mut(std::env::args_os())?;
    let Some((_, below)) = found.subcommand() else { return Ok(()) };
    let given = |found: &clap::ArgMatches, id: &str| {
        found.try_contains_id(id).is_ok()
            && found.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
    };
    for arg in checked.get_arguments().filter(|arg| arg.get_action().takes_values()) {
        let id = arg.get_id().as_str();
        if given(&found, id) && given(below, id) {
            let what = format!("the argument '{arg}' cannot be used multiple times");
            return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, what));
        }
    }
    Ok(())
}

/// Returns the command line. Options of commands that call the service are hidden in the help of the
/// others.
fn command() -> clap::Command {
    let mut command = Cli::command();
    // Propagates the global options.
    command.build();
    command = command
        .mut_args(common)
        .mut_subcommands(|command| with_exit_status(command.mut_args(common)))
        .after_help(reflow(QUICK_START));
    for name in ["search", "describe", "listen", "sign", "emulator", "completions", "openapi"] {
        command = command.mut_subcommand(name, |command| {
            command.mut_args(|arg| {
                let hidden = arg.is_global_set() && arg.get_id() != "verbose";
                arg.hide(hidden)
            })
        });
    }
    command
}

/// Sets what is common to all arguments.
fn common(arg: clap::Arg) -> clap::Arg {
    match arg.get_action() {
        // A flag that is given twice has no second value.
        clap::ArgAction::SetTrue => {
            let id = arg.get_id().clone();
            arg.overrides_with(id)
        }
        // A negative number is a value, which the option's parser refuses with its range.
        action if action.takes_values() && !arg.is_positional() => arg.allow_negative_numbers(true),
        _ => arg,
    }
}

/// Adds the exit status to the help of a command that does not describe it.
fn with_exit_status(command: clap::Command) -> clap::Command {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let help = reflow(&help);
    if help.contains("Exit status") || help.contains("Exit codes") {
        return command.after_help(help);
    }
    let status = "Exit status: 0 it is done, 1 it could not start or go on.";
    let (text, examples) = match help.find("Example") {
        Some(at) => help.split_at(at),
        None => (&*help, ""),
    };
    let help = format!("{text}{status}\n\n{examples}");
    command.after_help(help.trim_end().to_owned())
}

/// Joins the lines of each paragraph, so that clap wraps them to the terminal. Indented lines stay.
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

/// Prints help and version, which clap returns as errors, and invalid arguments: on one
/// line like every other error, and with status 1, since 2 means that a part failed.
fn usage(mut error: clap::Error) -> ExitCode {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_help_of_help(&error)
        && let Err(help) = command().try_get_matches_from(["essbasic", "--help"])
    {
        error = help;
    }
    hide_values(&mut error);
    if !error.use_stderr() || error.kind() == DisplayHelpOnMissingArgumentOrSubcommand {
        if let Err(failure) = output::help(&error) {
            output::note(format_args!("error: {failure}"));
            return ExitCode::FAILURE;
        }
        return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let text = error.to_string();
    let causes = text.split("\n\n").take_while(|part| !part.starts_with("Usage:"));
    let causes = causes.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let causes = causes.filter(|part| !part.starts_with("For more information"));
    output::note(format_args!("{}; see --help", causes.collect::<Vec<_>>().join("; ")));
    ExitCode::FAILURE
}

/// Returns whether the arguments are `help --help`, which clap takes for an unknown command.
fn is_help_of_help(error: &clap::Error) -> bool {
    let name = error.get(ContextKind::InvalidSubcommand);
    matches!(name, Some(ContextValue::String(name)) if matches!(&**name, "--help" | "-h"))
}

/// Replaces values in the error that may be keys.
fn hide_values(error: &mut clap::Error) {
    let kinds =
        [ContextKind::InvalidValue, ContextKind::InvalidSubcommand, ContextKind::InvalidArg];
    for kind in kinds {
        let Some(ContextValue::String(value)) = error.get(kind) else { continue };
        // The argument of other errors is the usage of an option.
        let is_usage =
            kind == ContextKind::InvalidArg && error.kind() != ErrorKind::UnknownArgument;
        if !is_usage && showable(value).is_none() {
            let length = ContextValue::String(quoted(value));
            error.insert(kind, length);
            // Suggestions repeat it.
            error.remove(ContextKind::Suggested);
        }
    }
}

impl Cli {
    fn run(self) -> Result<Exit, Failure> {
        log::start(self.verbose);
        if let Some(language) = self.options.language {
            hints::set_language(language);
        }
        // If it fails, the signal ends the process as before.
        #[cfg(unix)]
        let _ = interrupt::report_file_size_limit();
        // Their output is the record of what they did. `listen` has a check of its own.
        if matches!(self.command, Command::Upload(_) | Command::Start(_) | Command::Call(_)) {
            output::check()?;
        }
        match self.command {
            Command::Download(args) => download::run(&args, &self.options, self.verbose),
            Command::Archive(args) => archive::run(&args, &self.options, self.verbose),
            Command::Wait(args) => wait::run(&args, &self.options, self.verbose),
            Command::Status(args) => status::run(&args, &self.options, self.verbose),
            Command::Upload(args) => upload::run(&args, &self.options),
            Command::Start(args) => start::run(&args, &self.options),
            Command::Listen(args) => listen::run(&args),
            Command::Call(args) => call::run(&args, &self.options),
            Command::Search(args) => explore::search::run(&args),
            Command::Describe(args) => explore::describe::run(&args),
            Command::Skeleton(args) => explore::skeleton::run(&args, &self.options),
            Command::Snippet(args) => explore::snippet::run(&args, &self.options),
            Command::Openapi(args) => explore::openapi::run(&args),
            Command::Sign(args) => sign::run(&args),
            Command::Explore(args) => explore_command::run(&args, &self.options),
            Command::Emulator(args) => emulator::run(&args),
            Command::Completions(args) => completions::run(&args),
        }
    }
}
