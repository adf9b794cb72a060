//! The report of a download.

use core::fmt;
use std::path::PathBuf;

use essbasic_models::FlowStatus;
use tc3_client::api::json;

use crate::error::FlowError;
use crate::ids::FlowId;
use crate::trace::Outcome;

/// A saved file.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedFile {
    /// Path of the file in the folder, with the number that it got if another file had its name. `None` in a store or
    /// sink.
    pub path: Option<PathBuf>,
    /// Key of the object in the store, or the key that the sink returned; in a folder, the name of the file.
    pub key: String,
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl SavedFile {
    /// Returns the name of the file: the last segment of its key.
    pub(crate) fn name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }
}

impl fmt::Debug for SavedFile {
    /// Omits path and key, because the file name is that of the contract.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedFile").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// The result of a download: each contract once, in the order in which the contracts were first given.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The contracts.
    pub flows: Vec<ReportedFlow>,
}

/// The result of one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedFlow {
    /// The flow ID of the contract.
    pub flow_id: FlowId,
    /// Status of the contract, if it was looked up: `All` unless contracts in any status are downloaded.
    pub status: Option<FlowStatus>,
    /// Saved files; if `error` is set, those saved before the error.
    pub files: Vec<SavedFile>,
    /// The reason if the contract is not completely saved.
    pub error: Option<FlowError>,
    /// ID of the last response with links of its files, for the support of the service; empty if there was none.
    pub request_id: String,
}

json::object! {
    SavedFile {
        "path" => path: optional,
        "key" => key: default,
        "bytes" => bytes: required,
        "sha256" => sha256: required,
    }
}

json::object! {
    Report { "flows" => flows: required }
}

json::object! {
    ReportedFlow {
        "flow_id" => flow_id: required,
        "status" => status: optional,
        "files" => files: default,
        "error" => error: optional,
        "request_id" => request_id: nonempty,
    }
}

impl Outcome for Report {
    fn failed(&self) -> u64 {
        Self::failed(self).count() as u64
    }
}

impl Report {
    /// Returns whether every contract is saved.
    pub fn is_complete(&self) -> bool {
        self.failed().next().is_none()
    }

    /// Returns the contracts that are saved.
    pub fn saved(&self) -> impl Iterator<Item = &ReportedFlow> {
        self.flows.iter().filter(|flow| flow.error.is_none())
    }

    /// Returns the contracts that failed.
    pub fn failed(&self) -> impl Iterator<Item = &ReportedFlow> {
        self.flows.iter().filter(|flow| flow.error.is_some())
    }
}
