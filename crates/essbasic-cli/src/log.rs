//! What the crates underneath tell of their work, on stderr.

use std::io;

use tracing_subscriber::filter::LevelFilter;

/// Shows warnings, and where `verbose` what is sent, answered and served.
pub(crate) fn start(verbose: bool) {
    tracing_subscriber::fmt()
        .with_max_level(if verbose { LevelFilter::DEBUG } else { LevelFilter::WARN })
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        // A log that nobody can read must not end the work: its own complaint would panic.
        .log_internal_errors(false)
        .init();
}
