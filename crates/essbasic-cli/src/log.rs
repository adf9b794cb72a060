//! Log output of the libraries, on stderr.

use tracing_subscriber::filter::LevelFilter;

use crate::streams;

/// Logs warnings, and with `verbose` also requests and responses.
pub(crate) fn start(verbose: bool) {
    tracing_subscriber::fmt()
        .with_max_level(if verbose { LevelFilter::DEBUG } else { LevelFilter::WARN })
        .with_writer(streams::stderr)
        .with_ansi(false)
        .with_target(false)
        // An unwritable log must not end the command: the default reaction is a panic.
        .log_internal_errors(false)
        .init();
}
