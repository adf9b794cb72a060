//! The writer of a journal: lines of many threads are batched, written together, and fsynced once per second.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use essbasic_files::{Lock, is_at};

use super::line::{Record, line_of};
use crate::download::{Entry, IntentLog};
use crate::trace::Context;

/// Maximum time until a written line is fsynced.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// Time in which results are batched. A killed process loses them, but their files are identified by their intents.
/// Without batching, each line would wake the writer and cost a system call.
const BATCH_DELAY: Duration = Duration::from_millis(5);

/// The open journal, shared by all threads that write lines.
pub(super) struct Shared {
    path: PathBuf,
    /// Locked while lines are written, so that they are complete and in order.
    write_lock: Mutex<()>,
    file: File,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Lines to write.
    pending: Vec<u8>,
    /// Time at which the first line was written that is not fsynced yet.
    unsynced: Option<Instant>,
    closed: bool,
    /// The error after which no further line is written, because the file may end with an incomplete line.
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
    pub(super) fn new(path: PathBuf, file: File) -> Arc<Self> {
        let (write_lock, state, changed) = (Mutex::new(()), Mutex::default(), Condvar::new());
        Arc::new(Self { path, write_lock, file, state, changed })
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

    /// Adds a line and returns after it and all earlier lines are written.
    fn write(&self, record: &Record) -> io::Result<()> {
        let line = line_of(record)?;
        {
            let mut state = self.state();
            state.check()?;
            state.pending.extend(line);
        }
        self.flush()
    }

    /// Writes the pending lines. If a thread waits for the lock, the thread before it may have written its lines.
    fn flush(&self) -> io::Result<()> {
        let _guard = self.write_lock.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = {
            let mut state = self.state();
            state.check()?;
            std::mem::take(&mut state.pending)
        };
        if lines.is_empty() {
            return Ok(());
        }
        (&self.file).write_all(&lines).map_err(|error| self.fail(error))?;
        let mut state = self.state();
        if state.unsynced.is_none() {
            state.unsynced = Some(Instant::now());
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Records the error after which no further line is written.
    fn fail(&self, error: io::Error) -> io::Error {
        self.state().failure.get_or_insert((error.kind(), error.to_string()));
        error
    }

    /// Checks that the journal can still be written.
    ///
    /// # Errors
    /// Returns the error after which no further line was written.
    pub(super) fn check(&self) -> io::Result<()> {
        self.state().check()
    }

    fn sync(&self, sync_files: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
        self.state().unsynced = None;
        let check_path = || match is_at(&self.file, &self.path)? {
            true => Ok(()),
            false => Err(io::Error::other("removed or replaced by another program")),
        };
        sync_files()
            .and_then(|()| self.file.sync_data())
            .and_then(|()| check_path())
            .map_err(|error| self.fail(error))
    }

    /// Waits until lines are pending or written lines must be fsynced. Returns whether the journal was closed.
    fn wait(&self) -> bool {
        let mut state = self.state();
        while state.pending.is_empty() && !state.closed {
            let Some(since) = state.unsynced else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let Some(left) =
                SYNC_INTERVAL.checked_sub(since.elapsed()).filter(|left| !left.is_zero())
            else {
                break;
            };
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.closed
    }

    fn is_sync_due(&self) -> bool {
        self.state().unsynced.is_some_and(|since| since.elapsed() >= SYNC_INTERVAL)
    }

    fn run(&self, sync_files: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
        loop {
            let closed = self.wait();
            if !closed && !self.is_sync_due() {
                std::thread::sleep(BATCH_DELAY);
            }
            self.flush()?;
            if closed {
                return self.sync(sync_files);
            }
            if self.is_sync_due() {
                self.sync(sync_files)?;
            }
        }
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }
}

impl IntentLog for Shared {
    fn record_intent(&self, flow_id: &str, file: &Entry) -> io::Result<()> {
        let record = Record::of_intent(flow_id, std::slice::from_ref(file));
        self.write(&record).map_err(|error| {
            // With the path, because the caller attributes the error to the folder of the files.
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })
    }
}

/// Starts the thread that writes and fsyncs lines. It holds the lock until it ends.
pub(super) fn start(
    shared: Arc<Shared>,
    lock: Lock,
    sync_files: impl Fn() -> io::Result<()> + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("essbasic-journal".into());
    let context = Context::current();
    thread.spawn(move || {
        let _lock = lock;
        // The error is recorded as the failure of the journal.
        let _ = context.enter(|| shared.run(&sync_files));
    })
}
