//! Writing of a journal by many threads: lines are gathered, written together and synced once a second.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use essbasic_files::{Lock, is_at};

use super::line::{Record, line_of};
use crate::download::{Entry, Ledger};

/// Longest time until a line is durable against a power failure.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// How long a result waits for others, to be written with them. A killed process loses those that wait; their files
/// are recognized by their intents. Without, each line would wake the writer and cost a system call.
const GATHER: Duration = Duration::from_millis(5);

/// The open journal, shared by all who write lines.
pub(super) struct Shared {
    path: PathBuf,
    /// Locked while lines are written, so that they stay whole and in order.
    file: Mutex<()>,
    opened: File,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Lines that are not written yet.
    pending: Vec<u8>,
    /// When the first of the lines that are not durable was written.
    unsynced: Option<Instant>,
    closed: bool,
    /// The error after which nothing more is written: the file may end in a part of a line.
    failure: Option<(io::ErrorKind, String)>,
}

impl State {
    fn check(&self) -> io::Result<()> {
        match &self.failure {
            Some((kind, text)) => Err(io::Error::new(*kind, text.clone())),
            None => Ok(()),
        }
    }
}

impl Shared {
    pub(super) fn new(path: PathBuf, opened: File) -> Arc<Self> {
        let (file, state, changed) = (Mutex::new(()), Mutex::default(), Condvar::new());
        Arc::new(Self { path, file, opened, state, changed })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line, which is written within milliseconds.
    pub(super) fn add(&self, record: &Record) -> io::Result<()> {
        let line = line_of(record)?;
        let mut state = self.state();
        state.check()?;
        if state.pending.is_empty() {
            self.changed.notify_one();
        }
        state.pending.extend(line);
        Ok(())
    }

    /// Adds a line and returns after it is written, with all lines before it.
    fn write(&self, record: &Record) -> io::Result<()> {
        let line = line_of(record)?;
        {
            let mut state = self.state();
            state.check()?;
            state.pending.extend(line);
        }
        self.flush()
    }

    /// Writes what is pending. A thread that waits here finds its lines written by the one before.
    fn flush(&self) -> io::Result<()> {
        let _file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = {
            let mut state = self.state();
            state.check()?;
            std::mem::take(&mut state.pending)
        };
        if lines.is_empty() {
            return Ok(());
        }
        (&self.opened).write_all(&lines).map_err(|error| self.fail(error))?;
        let mut state = self.state();
        if state.unsynced.is_none() {
            state.unsynced = Some(Instant::now());
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Notes the error that ends the journal.
    fn fail(&self, error: io::Error) -> io::Error {
        self.state().failure.get_or_insert((error.kind(), error.to_string()));
        error
    }

    /// Returns the error that has ended the journal.
    pub(super) fn check(&self) -> io::Result<()> {
        self.state().check()
    }

    fn sync(&self, settle: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
        self.state().unsynced = None;
        let in_place = || match is_at(&self.opened, &self.path)? {
            true => Ok(()),
            false => Err(io::Error::other("removed or replaced by another program")),
        };
        settle()
            .and_then(|()| self.opened.sync_data())
            .and_then(|()| in_place())
            .map_err(|error| self.fail(error))
    }

    /// Waits for lines, or until those written must be synced. Returns whether the journal was closed.
    fn wait(&self) -> bool {
        let mut state = self.state();
        while state.pending.is_empty() && !state.closed {
            let Some(since) = state.unsynced else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let Some(left) = SYNC_EVERY.checked_sub(since.elapsed()).filter(|left| !left.is_zero())
            else {
                break;
            };
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.closed
    }

    fn is_due(&self) -> bool {
        self.state().unsynced.is_some_and(|since| since.elapsed() >= SYNC_EVERY)
    }

    fn run(&self, settle: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
        loop {
            let closed = self.wait();
            if !closed && !self.is_due() {
                std::thread::sleep(GATHER);
            }
            self.flush()?;
            if closed {
                return self.sync(settle);
            }
            if self.is_due() {
                self.sync(settle)?;
            }
        }
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }
}

impl Ledger for Shared {
    fn intend(&self, flow_id: &str, file: &Entry) -> io::Result<()> {
        let record = Record::of_intent(flow_id, std::slice::from_ref(file));
        self.write(&record).map_err(|error| {
            // Where it comes out, the folder of the files would be blamed.
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })
    }
}

/// Starts the thread that writes and syncs, and holds the lock as long as it runs.
pub(super) fn start(
    shared: Arc<Shared>,
    lock: Lock,
    settle: impl Fn() -> io::Result<()> + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("essbasic-journal".into());
    thread.spawn(move || {
        let _lock = lock;
        // Kept as the journal's failure.
        let _ = shared.run(&settle);
    })
}
