//! What the crates underneath tell of their work, on stderr.

use std::io;

pub(crate) use tracing_subscriber::filter::LevelFilter as Level;

/// Shows events of this level and above; `None` shows none.
pub(crate) fn start(level: Option<Level>) {
    if let Some(level) = level {
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(io::stderr)
            .with_ansi(false)
            .with_target(false)
            .init();
    }
}
