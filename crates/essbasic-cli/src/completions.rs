use clap_complete::{Shell, generate};

use crate::failure::{Exit, Failure};
use crate::output;

const EXAMPLES: &str = "\
Example:
  essbasic completions bash > ~/.local/share/bash-completion/completions/essbasic";

/// Print the completions of a shell.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut crate::command(), "essbasic", &mut script);
    output::bytes(&script)?;
    Ok(Exit::Done)
}
