//! The journal of an archive job: a file with a line of JSON for each contract that has ended, and for each file that
//! is about to get its name.
//!
//! A file's intent is written before the file gets its name, and a contract's result after its files have theirs. A
//! job that is killed at any moment thus finds on its next run which files are its own.

mod line;
mod reader;
mod writer;

use core::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use essbasic_files::{Lock, TemporaryFile, remove_orphans, sync_folder, with_suffix};

use self::line::line_of;
pub(super) use self::line::{Header, Record, VERSION};
pub(super) use self::reader::Reader;
use self::reader::invalid;
use self::writer::Shared;
use crate::download::Ledger;

/// Records passed to [`Sift`] at a time.
const BATCH: usize = 1000;

/// Decides which lines of earlier runs stay.
pub(super) trait Sift {
    /// Returns those of the records, of a journal of this version, that stay.
    fn sift(&mut self, version: u64, records: Vec<Record>) -> io::Result<Vec<Record>>;

    /// Returns lines to add after all records were passed.
    fn rest(&mut self) -> Vec<Record>;
}

/// The job that a journal must belong to.
pub(super) struct Job {
    pub(super) header: Header,
    /// The identity of the store as version 1 has it.
    pub(super) store_v1: Option<String>,
}

impl Job {
    /// Refuses the journal of another job and names the difference.
    fn check(&self, found: &Header) -> io::Result<()> {
        let ours = &self.header;
        let store = match found.essbasic_archive {
            1 => &self.store_v1,
            _ => &ours.store,
        };
        let differs: Vec<_> = [
            ("application", found.app_id != ours.app_id),
            ("organization", found.organization != ours.organization),
            ("shard", found.shard != ours.shard),
            ("store", found.store != *store),
        ]
        .into_iter()
        .filter_map(|(what, differs)| differs.then_some(what))
        .collect();
        if differs.is_empty() {
            return Ok(());
        }
        let what = differs.join(" and ");
        Err(invalid(&format!(
            "the journal of another job, whose {what} differs; give another folder or another journal"
        )))
    }
}

/// The journal of a running job.
pub(super) struct Journal {
    path: PathBuf,
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Suffix of the lock of a journal.
const LOCK: &str = ".lock";

/// The names of a journal and of its lock.
pub(super) fn names(path: &Path) -> impl Iterator<Item = String> {
    let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    [path.to_owned(), with_suffix(path, LOCK)].into_iter().filter_map(name)
}

impl Journal {
    /// Opens the journal for this job only and rewrites it with the lines that stay. `settle` makes durable what lines
    /// list, before the lines are.
    pub(super) fn open(
        path: &Path,
        job: &Job,
        settle: impl Fn() -> io::Result<()> + Send + 'static,
        sift: &mut dyn Sift,
    ) -> io::Result<Self> {
        let lock = Lock::acquire(&with_suffix(path, LOCK)).map_err(|error| match error.kind() {
            io::ErrorKind::ResourceBusy => {
                io::Error::new(error.kind(), "another job is at work with this journal")
            }
            kind => io::Error::new(kind, format!("its lock: {error}")),
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        // Journals that killed jobs were about to rewrite.
        if let Err(error) = remove_orphans(folder) {
            tracing::debug!(%error, "temporary files of killed jobs could not be removed");
        }
        let mut fresh = TemporaryFile::create_in(folder)?;
        let mut kept = BufWriter::new(&mut fresh);
        kept.write_all(&line_of(&job.header)?)?;
        if let Some(mut reader) = Reader::open(path)? {
            let version = reader.header.essbasic_archive;
            job.check(&reader.header)?;
            loop {
                let records = reader.by_ref().take(BATCH).collect::<io::Result<Vec<_>>>()?;
                if records.is_empty() {
                    break;
                }
                for record in sift.sift(version, records)? {
                    kept.write_all(&line_of(&record)?)?;
                }
            }
            for record in sift.rest() {
                kept.write_all(&line_of(&record)?)?;
            }
        }
        kept.flush()?;
        drop(kept);
        fresh.sync()?;
        fresh.persist(path)?;
        sync_folder(folder)?;
        let shared = Shared::new(path.to_owned(), fresh.file().try_clone()?);
        let writer = writer::start(Arc::clone(&shared), lock, settle)?;
        Ok(Self { path: path.to_owned(), shared, writer: Some(writer) })
    }

    /// Adds the result of a contract.
    pub(super) fn add(&self, record: &Record) -> io::Result<()> {
        self.shared.add(record)
    }

    /// Returns the error after which nothing more was written.
    pub(super) fn check(&self) -> io::Result<()> {
        self.shared.check()
    }

    pub(super) fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::clone(&self.shared) as Arc<dyn Ledger>
    }

    /// Makes all lines durable.
    pub(super) fn close(mut self) -> io::Result<PathBuf> {
        self.end()?;
        self.shared.check()?;
        Ok(std::mem::take(&mut self.path))
    }

    fn end(&mut self) -> io::Result<()> {
        self.shared.close();
        match self.writer.take().map(JoinHandle::join) {
            Some(Err(_)) => Err(io::Error::other("the journal's writer panicked")),
            _ => Ok(()),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // There is nobody to return an error to.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests;
