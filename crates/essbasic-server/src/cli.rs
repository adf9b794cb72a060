//! The command line.

use std::path::PathBuf;

/// Receive callbacks of Tencent e-sign, archive signed contracts and forward messages, with any number of replicas.
#[derive(clap::Parser)]
#[command(name = "essbasic-server", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Read this configuration (TOML).
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "emulated",
        conflicts_with = "emulated"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Check the configuration, print it with its defaults and without secrets, and exit.
    #[arg(long, requires = "config")]
    pub(crate) check: bool,
    /// Start an emulator with contracts that are being signed, and archive them.
    #[arg(long, requires = "data")]
    pub(crate) emulated: bool,
    /// Folder of the database and the contracts of --emulated.
    #[arg(long, value_name = "DIR", requires = "emulated")]
    pub(crate) data: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Prints {\"ready\":true,...} with the URLs of the listeners on stdout once callbacks are received, and runs until Ctrl-C or
SIGTERM. A second signal ends it at once.

Exit status: 0 it was stopped, 1 it could not start or continue.

Examples:
  essbasic-server --emulated --data data
  essbasic-server --config essbasic.toml --check
  essbasic-server --config essbasic.toml";
