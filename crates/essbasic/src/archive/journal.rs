//! What is done, on disk: a line of JSON for each contract that has ended.
//!
//! A contract's line is written after its files stand under their names. Killed at any moment, a job
//! finds on its next run every contract either done with its files or not done at all.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tc3_client::api::json::{self, Encode};

use crate::download::{ReportedFlow, cut};
use crate::error::FlowError;

/// How long a line may wait until it is made durable against a loss of power.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// How long it may wait for others, to be written with them. What a process that is killed has not written is
/// a contract that is fetched again; each line alone would wake the writer and cost a call of the system.
const GATHER: Duration = Duration::from_millis(5);

/// The first line: whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) essbasic_archive: u64,
    pub(super) app_id: String,
    pub(super) organization: String,
    pub(super) shard: String,
    /// The store that the files are in, where they are not in a folder.
    pub(super) store: Option<String>,
}

json::object! {
    Header {
        "essbasic_archive" => essbasic_archive: required,
        "app_id" => app_id: required,
        "organization" => organization: required,
        "shard" => shard: required,
        "store" => store: optional,
    }
}

/// A contract that has ended.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) flow_id: String,
    /// Names in the folder or store, and lengths.
    pub(super) files: Vec<(String, u64)>,
    pub(super) error: Option<FlowError>,
}

json::object! {
    Record {
        "flow_id" => flow_id: required,
        "files" => files: nonempty,
        "error" => error: optional,
    }
}

impl Record {
    pub(super) fn of(flow: &ReportedFlow) -> Self {
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let failure = |error: &FlowError| {
            let message = cut(&error.message, LONGEST_REASON).to_owned();
            FlowError::new(error.kind, message)
        };
        Self {
            flow_id: flow.flow_id.clone(),
            files: flow.files.iter().map(|file| (name(&file.path), file.bytes)).collect(),
            error: flow.error.as_ref().map(failure),
        }
    }
}

/// The journal of a job that runs.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    lines: Option<Sender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
    failure: Arc<Mutex<Option<io::Error>>>,
}

/// What stands beside a journal: its lock, and the next one while it is written.
const LOCK: &str = "lock";
const NEW: &str = "new";

/// The names of a journal and of what stands beside it.
pub(super) fn names(path: &Path) -> impl Iterator<Item = String> {
    let paths = [path.to_owned(), path.with_extension(LOCK), path.with_extension(NEW)];
    let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    paths.into_iter().filter_map(name)
}

fn invalid(path: &Path, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", path.display()))
}

fn too_long(path: &Path, line: u64) -> io::Error {
    invalid(path, &format!("line {line} is longer than 1 MiB"))
}

impl Journal {
    /// Opens the journal for this job alone, and shows `done` each contract that is done. What is not,
    /// failures of earlier runs among it, is dropped from the journal: it is tried again. `settle` makes durable
    /// what lines speak of, before they are.
    pub(super) fn open(
        path: &Path,
        header: &Header,
        settle: impl Fn() -> io::Result<()> + Send + 'static,
        mut done: impl FnMut(&Record) -> bool,
    ) -> io::Result<Self> {
        let lock = OpenOptions::new().append(true).create(true).open(path.with_extension(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {
                let what = "another job is at work with this journal";
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, what));
            }
        }
        let fresh = path.with_extension(NEW);
        let mut kept = BufWriter::new(File::create(&fresh)?);
        kept.write_all(&line_of(header)?)?;
        if let Some(reader) = Reader::open(path)? {
            if reader.header != *header {
                let what = "is the journal of another job: of another application, organisation, \
                            part or store; give another folder or another journal";
                return Err(invalid(path, what));
            }
            for record in reader {
                let record = record?;
                if record.error.is_none() && done(&record) {
                    kept.write_all(&line_of(&record)?)?;
                }
            }
        }
        let kept = kept.into_inner().map_err(io::IntoInnerError::into_error)?;
        kept.sync_all()?;
        std::fs::rename(&fresh, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        let (lines, received) = channel();
        let failure = Arc::new(Mutex::new(None));
        let told = Arc::clone(&failure);
        let writer =
            std::thread::Builder::new().name("essbasic-journal".into()).spawn(move || {
                // Held as long as the journal is written.
                let _lock = lock;
                if let Err(error) = append(&file, &received, &settle) {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            })?;
        Ok(Self { path: path.to_owned(), lines: Some(lines), writer: Some(writer), failure })
    }

    /// Adds what came of a contract.
    pub(super) fn add(&self, record: &Record) -> io::Result<()> {
        let line = line_of(record)?;
        match self.lines.as_ref().map(|lines| lines.send(line)) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.failure()),
        }
    }

    fn failure(&self) -> io::Error {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take().unwrap_or_else(|| io::Error::other("the journal is closed"))
    }

    /// Makes all of it durable.
    pub(super) fn close(mut self) -> io::Result<PathBuf> {
        self.lines = None;
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            return Err(io::Error::other("the journal's writer panicked"));
        }
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failure {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut self.path)),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            // What it failed with has no one to be told any more.
            let _ = writer.join();
        }
    }
}

fn line_of(value: &impl Encode) -> io::Result<Vec<u8>> {
    let mut line = json::encode(value).map_err(io::Error::other)?;
    line.push(b'\n');
    Ok(line)
}

/// Writes each line whole within some milliseconds, and makes them durable a second's worth at a time.
fn append(
    mut file: &File,
    lines: &Receiver<Vec<u8>>,
    settle: &dyn Fn() -> io::Result<()>,
) -> io::Result<()> {
    let sync = || settle().and_then(|()| file.sync_data());
    let mut unsynced: Option<Instant> = None;
    loop {
        let wait = unsynced.map_or(SYNC_EVERY, |since| SYNC_EVERY.saturating_sub(since.elapsed()));
        match lines.recv_timeout(wait) {
            Ok(mut gathered) => {
                std::thread::sleep(GATHER);
                gathered.extend(lines.try_iter().flatten());
                file.write_all(&gathered)?;
                unsynced.get_or_insert_with(Instant::now);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return sync(),
        }
        if unsynced.is_some_and(|since| since.elapsed() >= SYNC_EVERY) {
            sync()?;
            unsynced = None;
        }
    }
}

/// A journal read line by line. A last line without its end is one that was being written when the job
/// was killed: it counts as not there.
pub(super) struct Reader {
    path: PathBuf,
    lines: BufReader<File>,
    line: u64,
    pub(super) header: Header,
}

impl Reader {
    /// `None` where there is no journal, an empty one, or one of which not even the head was written.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lines = BufReader::new(file);
        let head = line(&mut lines)?.ok_or_else(|| too_long(path, 1))?;
        let ours = head.starts_with(HEAD) || HEAD.starts_with(&head);
        if ours && !head.ends_with(b"\n") {
            return Ok(None);
        }
        let header =
            json::decode(&head).map_err(|_| invalid(path, "is no journal of an archive job"))?;
        Ok(Some(Self { path: path.to_owned(), lines, line: 1, header }))
    }
}

impl Iterator for Reader {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line += 1;
        let broken = |_| invalid(&self.path, &format!("line {} is broken", self.line));
        match line(&mut self.lines) {
            Ok(None) => Some(Err(too_long(&self.path, self.line))),
            Ok(Some(line)) if line.ends_with(b"\n") => Some(json::decode(&line).map_err(broken)),
            Ok(Some(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// A reason is a sentence; one that the service gives may be anything.
const LONGEST_REASON: usize = 4 << 10;

/// No line is longer: a contract has a few files, and its reason was cut.
const LONGEST_LINE: u64 = 1 << 20;

/// How every journal begins.
const HEAD: &[u8] = b"{\"essbasic_archive\":";

/// The next line with its end, where that is there; `None` where it is too long.
fn line(lines: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    io::Read::take(&mut *lines, LONGEST_LINE + 1).read_until(b'\n', &mut line)?;
    Ok(Some(line).filter(|line| line.len() as u64 <= LONGEST_LINE))
}

#[cfg(test)]
mod tests;
