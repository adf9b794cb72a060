//! Progress of a command: a bar on a terminal, lines elsewhere. It is written to stderr, so
//! that stdout contains results only.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::failure::Failure;
use crate::{output, terminal};

pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    bytes: AtomicU64,
}

impl Progress {
    /// `lines` replaces the bar by lines, for example because of a log on the same terminal.
    pub(crate) fn new(flows: usize, lines: bool) -> Self {
        if lines || !io::stderr().is_terminal() {
            return Self { bar: None, bytes: AtomicU64::new(0) };
        }
        let bar = ProgressBar::with_draw_target(Some(flows as u64), terminal::stderr());
        // The template is a constant; the default bar replaces an invalid one.
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:30} {pos}/{len} contracts {per_sec} {elapsed} {left} {wide_msg}",
        ) {
            bar.set_style(style.with_key("left", left));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar: Some(bar), bytes: AtomicU64::new(0) }
    }

    /// Returns whether there is a bar.
    pub(crate) fn is_bar(&self) -> bool {
        self.bar.is_some()
    }

    /// Sets the number of finished contracts.
    pub(crate) fn reached(&self, flows: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(flows as u64);
        }
    }

    /// Adds received bytes.
    pub(crate) fn received(&self, bytes: u64) {
        let sum = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.doing(HumanBytes(sum).to_string());
    }

    /// Sets the message next to the bar.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.into());
        }
    }

    /// Prints a line on stderr, above the bar.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None => output::note(text),
        }
    }

    /// Prints a result on stdout, above the bar.
    pub(crate) fn line(&self, text: impl fmt::Display) -> Result<(), Failure> {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::line(text)),
            None => output::line(text),
        }
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Writes the remaining time, once it can be estimated.
fn left(state: &ProgressState, to: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // Writing to the bar's buffer cannot fail.
        let _ = write!(to, "(left {:#})", HumanDuration(state.eta()));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
