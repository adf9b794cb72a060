//! Help, version and invalid arguments.

use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::output;

/// Prints help and version, which clap returns as errors, and invalid arguments: on one line like every other error, and
/// with status 1, since 2 means that a check failed.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    let missing = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || missing {
        // The output may be a closed pipe.
        let _ = error.print();
        return if missing { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let text = error.to_string();
    let causes = text.split("\n\n").take_while(|part| !part.starts_with("Usage:"));
    let causes = causes.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let causes = causes.filter(|part| !part.starts_with("For more information"));
    output::note(format_args!("{}; see --help", causes.collect::<Vec<_>>().join("; ")));
    ExitCode::FAILURE
}
