use core::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use tc3_client::api::json::{self, Encode};

use super::journal::{Reader, Record};
use crate::error::FlowErrorKind;

/// What came of an archive job. What came of each contract stands in the journal, which holds any
/// number of them: [`flows`](Self::flows) reads it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ArchiveReport {
    /// Contracts asked for, each once: the sum of `already`, `saved`, `failed` and `not_started`.
    ///
    /// If a job is stopped and its iterator of IDs has no upper bound
    /// ([`Iterator::size_hint`]), the contracts that it had not drawn are not counted.
    pub total: u64,
    /// Of them, those that an earlier run had saved.
    pub already: u64,
    /// Those that this run has saved.
    pub saved: u64,
    /// Those that are not on disk, with a reason each.
    pub failed: u64,
    /// Those that a job which was stopped has not started, or not finished.
    pub not_started: u64,
    /// Bytes that this run has saved.
    pub bytes: u64,
    /// Whether the job was stopped before its end.
    pub stopped: bool,
    /// How long this run took.
    pub took: Duration,
    /// The journal.
    pub journal: PathBuf,
}

json::object! {
    ArchiveReport {
        "total" => total: required,
        "already" => already: required,
        "saved" => saved: required,
        "failed" => failed: required,
        "not_started" => not_started: default,
        "bytes" => bytes: required,
        "stopped" => stopped: required,
        "took" => took: required,
        "journal" => journal: required,
    }
}

/// What came of one contract.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchivedFlow {
    /// The contract.
    pub flow_id: String,
    /// Its files: names in the folder, and lengths in bytes.
    pub files: Vec<(String, u64)>,
    /// SHA-256 of each of `files`, in hexadecimal; empty if a version that recorded none has saved them.
    pub sha256: Vec<String>,
    /// Why it is not, or not whole, on disk.
    pub error: Option<(FlowErrorKind, String)>,
}

impl fmt::Debug for ArchivedFlow {
    /// Not the files' names, which are the contracts'.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchivedFlow")
            .field("flow_id", &self.flow_id)
            .field("files", &self.files.len())
            .field("error", &self.error)
            .finish()
    }
}

json::object! {
    ArchivedFlow {
        "flow_id" => flow_id: required,
        "files" => files: nonempty,
        "sha256" => sha256: nonempty,
        "error" => error: optional,
    }
}

impl From<Record> for ArchivedFlow {
    fn from(record: Record) -> Self {
        let error = record.error.map(|error| (error.kind, error.message));
        Self { flow_id: record.flow_id, files: record.files, sha256: record.sha256, error }
    }
}

impl ArchiveReport {
    /// Whether every contract is on disk.
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && !self.stopped
    }

    /// What came of each contract, this run's and earlier ones', one at a time from the journal.
    ///
    /// # Errors
    /// Where the journal can't be read.
    pub fn flows(&self) -> io::Result<impl Iterator<Item = io::Result<ArchivedFlow>> + use<>> {
        let reader = Reader::open(&self.journal)?;
        let records = reader.into_iter().flatten();
        let results = records.filter(|record| !record.as_ref().is_ok_and(Record::is_intent));
        Ok(results.map(|record| record.map(ArchivedFlow::from)))
    }

    /// Writes the report as JSON, `{"summary": {...}, "flows": [...]}`, without holding it in memory.
    ///
    /// # Errors
    /// Where the journal can't be read or the report not be written.
    pub fn write_json(&self, mut to: impl Write) -> io::Result<()> {
        to.write_all(b"{\"summary\":")?;
        to.write_all(&encoded(self)?)?;
        to.write_all(b",\"flows\":[")?;
        for (index, flow) in self.flows()?.enumerate() {
            to.write_all(if index == 0 { b"\n" } else { b",\n" })?;
            to.write_all(&encoded(&flow?)?)?;
        }
        to.write_all(b"\n]}\n")?;
        to.flush()
    }
}

fn encoded(value: &impl Encode) -> io::Result<Vec<u8>> {
    json::encode(value).map_err(io::Error::other)
}
