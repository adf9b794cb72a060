//! The journal of an archive job: a file of JSON lines with the result of each contract, and an intent for each file
//! that is about to get its name.
//!
//! The intent of a file is written before the file gets its name, and the result of a contract after its files have
//! their names. If a job is killed at any moment, its next run can identify its own files.

mod line;
mod reader;
mod writer;

use core::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use essbasic_files::{Lock, TemporaryFile, parent, remove_orphans, sync_folder, with_suffix};

use self::line::line_of;
pub(super) use self::line::{Header, Record, VERSION};
pub(super) use self::reader::Reader;
use self::reader::invalid_data;
use self::writer::Shared;
use crate::download::IntentLog;

/// Number of records passed to a [`RecordFilter`] at a time.
const BATCH: usize = 1000;

/// Selects the records of earlier runs that are kept.
pub(super) trait RecordFilter {
    /// Returns the records to keep, of a journal of this version.
    fn retain(&mut self, version: u64, records: Vec<Record>) -> io::Result<Vec<Record>>;

    /// Returns records to add after all records were passed.
    fn additional(&mut self) -> Vec<Record>;
}

/// The job that a journal must belong to.
pub(super) struct Job {
    pub(super) header: Header,
    /// The identity of the store in journals of version 1.
    pub(super) store_v1: Option<String>,
}

impl Job {
    /// Checks that a journal belongs to this job.
    ///
    /// # Errors
    /// Returns an error that lists the differences.
    fn check(&self, found: &Header) -> io::Result<()> {
        let own = &self.header;
        let store = match found.essbasic_archive {
            1 => &self.store_v1,
            _ => &own.store,
        };
        let differs: Vec<_> = [
            ("application", found.app_id != own.app_id),
            ("organization", found.organization != own.organization),
            ("shard", found.shard != own.shard),
            ("store", found.store != *store),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect();
        if differs.is_empty() {
            return Ok(());
        }
        let differs = differs.join(" and ");
        Err(invalid_data(&format!("the journal belongs to another job: different {differs}")))
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

/// Suffix of the lock file of a journal.
const LOCK_SUFFIX: &str = ".lock";

/// Returns the names of a journal and of its lock file.
pub(super) fn names(path: &Path) -> impl Iterator<Item = String> {
    let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    [path.to_owned(), with_suffix(path, LOCK_SUFFIX)].into_iter().filter_map(name)
}

impl Journal {
    /// Locks the journal and rewrites it with the records that `filter` keeps. `sync_files` fsyncs the names of saved
    /// files, before the lines that list them are fsynced.
    pub(super) fn open(
        path: &Path,
        job: &Job,
        sync_files: impl Fn() -> io::Result<()> + Send + 'static,
        filter: &mut dyn RecordFilter,
    ) -> io::Result<Self> {
        let lock =
            Lock::acquire(&with_suffix(path, LOCK_SUFFIX)).map_err(|error| match error.kind() {
                io::ErrorKind::ResourceBusy => {
                    io::Error::new(error.kind(), "another job is using this journal")
                }
                kind => io::Error::new(kind, format!("lock file: {error}")),
            })?;
        let folder = parent(path);
        // Temporary files of jobs that were killed while they rewrote a journal.
        if let Err(error) = remove_orphans(folder) {
            tracing::debug!(%error, "failed to remove temporary files of killed jobs");
        }
        let mut file = TemporaryFile::create_in(folder)?;
        let mut kept = BufWriter::new(&mut file);
        kept.write_all(&line_of(&job.header)?)?;
        if let Some(mut reader) = Reader::open(path)? {
            let version = reader.header.essbasic_archive;
            job.check(&reader.header)?;
            loop {
                let records = reader.by_ref().take(BATCH).collect::<io::Result<Vec<_>>>()?;
                if records.is_empty() {
                    break;
                }
                for record in filter.retain(version, records)? {
                    kept.write_all(&line_of(&record)?)?;
                }
            }
            for record in filter.additional() {
                kept.write_all(&line_of(&record)?)?;
            }
        }
        kept.flush()?;
        drop(kept);
        file.sync()?;
        file.persist(path)?;
        sync_folder(folder)?;
        let shared = Shared::new(path.to_owned(), file.file().try_clone()?);
        let writer = writer::start(Arc::clone(&shared), lock, sync_files)?;
        Ok(Self { path: path.to_owned(), shared, writer: Some(writer) })
    }

    /// Adds the result of a contract.
    pub(super) fn add(&self, record: &Record) -> io::Result<()> {
        self.shared.add(record)
    }

    /// Checks that the journal can still be written.
    ///
    /// # Errors
    /// Returns the error after which no further line was written.
    pub(super) fn check(&self) -> io::Result<()> {
        self.shared.check()
    }

    pub(super) fn intent_log(&self) -> Arc<dyn IntentLog> {
        Arc::clone(&self.shared) as Arc<dyn IntentLog>
    }

    /// Writes and fsyncs all lines, and returns the path of the journal.
    pub(super) fn close(mut self) -> io::Result<PathBuf> {
        self.end()?;
        self.shared.check()?;
        Ok(std::mem::take(&mut self.path))
    }

    fn end(&mut self) -> io::Result<()> {
        self.shared.close();
        match self.writer.take().map(JoinHandle::join) {
            Some(Err(_)) => Err(io::Error::other("the writer of the journal panicked")),
            _ => Ok(()),
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // An error cannot be returned here.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests;
