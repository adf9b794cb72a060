//! The report of an archive job.

use core::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use essbasic_models::FlowStatus;
use tc3_client::api::json::{self, Encode};

use super::journal::{Reader, Record};
use crate::error::FlowError;
use crate::ids::FlowId;
use crate::trace::Outcome;

/// The result of an archive job: totals, and the path of the journal with the result of each contract.
///
/// [`flows`](Self::flows) reads the results from the journal. In JSON and with the feature `serde`, `took` is a number of
/// seconds with a fraction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveReport {
    /// Number of distinct contracts: the sum of `already`, `saved`, `failed` and `not_started`.
    ///
    /// If the job is stopped and its iterator of flow IDs has no upper bound ([`Iterator::size_hint`]), contracts that
    /// were not drawn are not counted.
    pub total: u64,
    /// Number of contracts that an earlier run had saved.
    pub already: u64,
    /// Number of contracts among `already` whose files were not verified, because the job was stopped before. The next
    /// run verifies them.
    pub unverified: u64,
    /// Number of contracts that this run has saved.
    pub saved: u64,
    /// Number of contracts that failed. The journal contains the reasons.
    pub failed: u64,
    /// Number of contracts that were not started or not completed when the job was stopped.
    pub not_started: u64,
    /// Number of bytes that this run has saved.
    pub bytes: u64,
    /// `true` if the job was stopped early.
    pub stopped: bool,
    /// Duration of this run.
    pub took: Duration,
    /// Path of the journal.
    pub journal: PathBuf,
}

json::object! {
    ArchiveReport {
        "total" => total: required,
        "already" => already: required,
        "unverified" => unverified: default,
        "saved" => saved: required,
        "failed" => failed: required,
        "not_started" => not_started: default,
        "bytes" => bytes: required,
        "stopped" => stopped: required,
        "took" => took: required,
        "journal" => journal: required,
    }
}

/// The result of one contract in an archive.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchivedFlow {
    /// The flow ID of the contract.
    pub flow_id: FlowId,
    /// Saved files: names in the folder or store, and lengths in bytes.
    pub files: Vec<(String, u64)>,
    /// SHA-256 of each of `files`, in hexadecimal; empty if an earlier version without hashes saved them.
    pub sha256: Vec<String>,
    /// Status of the contract when it was checked; `None` if it was not checked, or if an earlier version wrote the
    /// journal.
    pub status: Option<FlowStatus>,
    /// The reason if the contract is not completely saved.
    pub error: Option<FlowError>,
}

impl fmt::Debug for ArchivedFlow {
    /// Omits the file names, which are those of the contracts.
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
        "status" => status: optional,
        "error" => error: optional,
    }
}

impl From<Record> for ArchivedFlow {
    fn from(record: Record) -> Self {
        let Record { flow_id, files, sha256, status, error, .. } = record;
        Self { flow_id: flow_id.into(), files, sha256, status, error }
    }
}

impl Outcome for ArchiveReport {
    fn failed(&self) -> u64 {
        self.failed
    }
}

impl ArchiveReport {
    /// Returns whether every contract is saved.
    pub fn is_complete(&self) -> bool {
        self.failed == 0 && !self.stopped
    }

    /// Returns the results of all contracts, of this run and earlier ones, read one at a time from the journal.
    ///
    /// # Errors
    /// Returns an error if the journal cannot be read.
    pub fn flows(&self) -> io::Result<impl Iterator<Item = io::Result<ArchivedFlow>> + use<>> {
        let reader = Reader::open(&self.journal)?;
        let records = reader.into_iter().flatten();
        let results = records.filter(|record| !record.as_ref().is_ok_and(Record::is_intent));
        Ok(results.map(|record| record.map(ArchivedFlow::from)))
    }

    /// Writes the report as JSON, `{"summary": {...}, "flows": [...]}`, without buffering it in memory.
    ///
    /// # Errors
    /// Returns an error if the journal cannot be read or the report cannot be written.
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
