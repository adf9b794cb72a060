//! What a person sees while a command works: a bar on a terminal, lines elsewhere. All on stderr, so
//! that stdout holds results only.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::failure::Failure;
use crate::output;

pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    bytes: AtomicU64,
}

impl Progress {
    /// `lines` is what takes the place of a bar, for instance a log on the same terminal.
    pub(crate) fn new(flows: usize, lines: bool) -> Self {
        if lines || !io::stderr().is_terminal() {
            return Self { bar: None, bytes: AtomicU64::new(0) };
        }
        let bar = ProgressBar::new(flows as u64);
        // The template is a constant; were it wrong, the plain bar would do.
        if let Ok(style) = ProgressStyle::with_template(
            "{bar:30} {pos}/{len} contracts {per_sec} {elapsed} {left} {wide_msg}",
        ) {
            bar.set_style(style.with_key("left", left));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar: Some(bar), bytes: AtomicU64::new(0) }
    }

    /// Whether there is a bar.
    pub(crate) fn is_bar(&self) -> bool {
        self.bar.is_some()
    }

    /// So many flows have come to their end.
    pub(crate) fn reached(&self, flows: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(flows as u64);
        }
    }

    /// So many more bytes have come.
    pub(crate) fn received(&self, bytes: u64) {
        let sum = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.doing(HumanBytes(sum).to_string());
    }

    /// What is going on, beside the bar.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.into());
        }
    }

    /// A line that stays, above the bar.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None => output::note(text),
        }
    }

    /// A result on stdout, above the bar.
    pub(crate) fn line(&self, text: impl fmt::Display) -> Result<(), Failure> {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::line(text)),
            None => output::line(text),
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The remaining time, once it can be estimated.
fn left(state: &ProgressState, to: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // A bar that cannot be drawn is left out.
        let _ = write!(to, "(left {:#})", HumanDuration(state.eta()));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
