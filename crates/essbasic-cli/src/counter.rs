//! Progress of commands that query contracts: a bar on a terminal, otherwise a line every few seconds.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::cause::counted;
use crate::progress::Progress;

/// Interval between two lines, if there is no bar.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

pub(crate) struct Counter {
    progress: Progress,
    total: usize,
    last_line: Mutex<Instant>,
}

impl Counter {
    /// Starts the progress of `total` contracts; `lines` replaces a bar, for example by a log.
    pub(crate) fn new(total: usize, lines: bool) -> Self {
        let progress = Progress::new(total, lines);
        Self { progress, total, last_line: Mutex::new(Instant::now()) }
    }

    /// Shows that this many contracts are finished.
    pub(crate) fn reached(&self, count: usize, what: &str) {
        self.progress.reached(count);
        self.progress.doing(what);
        if self.progress.is_bar() {
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= LINE_INTERVAL {
            *last = Instant::now();
            self.progress
                .note(format_args!("{count} of {} {what}", counted(self.total, "contract")));
        }
    }

    /// Returns the bar, for lines above it.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }
}
