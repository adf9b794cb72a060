//! Stdout and stderr, whose writes may block: a pipe whose reader does not read, or a stopped terminal.

use std::io::{self, Stderr, StdoutLock, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Number of writes that were started, and of those that ended.
static STARTED: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// A stream whose writes are counted.
pub(crate) struct Counted<W>(W);

/// Returns stdout.
pub(crate) fn stdout() -> Counted<StdoutLock<'static>> {
    Counted(io::stdout().lock())
}

/// Returns stderr.
pub(crate) fn stderr() -> Counted<Stderr> {
    Counted(io::stderr())
}

/// Returns the number of ended writes, or `None` if no write is in progress. A write is blocked if the number stays the
/// same.
pub(crate) fn in_progress() -> Option<usize> {
    let ended = ENDED.load(Ordering::SeqCst);
    (STARTED.load(Ordering::SeqCst) > ended).then_some(ended)
}

/// Counts a write to stdout or stderr, which may block.
pub(crate) fn count<T>(write: impl FnOnce() -> T) -> T {
    STARTED.fetch_add(1, Ordering::SeqCst);
    let result = write();
    ENDED.fetch_add(1, Ordering::SeqCst);
    result
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        count(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        count(|| self.0.flush())
    }
}
