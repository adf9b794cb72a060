//! The JSON of `download --json`, `status --json` and `archive --report`, and its summary for people.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use essbasic::{FlowError, SavedFile};
use indicatif::HumanBytes;
use serde::Serialize;

use crate::cause::{Cause, counted};

/// Description of the format, for the help of each command.
macro_rules! json_format {
    () => {
        "\
JSON: flows lists each contract once: flow_id, state (done, failed, not_reached), status (of the service, such as
ALL, when it was last asked for; null if it never was, as with archive --any-state), files [path, below --out as
given, bytes, sha256 of archived ones], bytes, error (kind, message, hint if one is known; null without one). complete,
total, done, failed, not_reached, bytes and repeated (duplicate IDs) summarize that list."
    };
}
pub(crate) use json_format;

/// A whole report.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    #[serde(flatten)]
    pub(crate) summary: Summary,
    flows: Vec<Flow<'a>>,
}

/// Counts of the list of contracts.
#[derive(Serialize, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Whether every contract is done.
    pub(crate) complete: bool,
    total: u64,
    done: u64,
    failed: u64,
    not_reached: u64,
    bytes: u64,
    /// Number of duplicate IDs, each processed once.
    repeated: u64,
}

/// The result of one contract.
#[derive(Serialize)]
pub(crate) struct Flow<'a> {
    flow_id: &'a str,
    state: State,
    status: Option<&'a str>,
    files: Vec<File<'a>>,
    bytes: u64,
    error: Option<Reason<'a>>,
    /// Fields of `status` only.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

/// A saved file.
#[derive(Serialize)]
pub(crate) struct File<'a> {
    pub(crate) path: Cow<'a, str>,
    pub(crate) bytes: u64,
    /// SHA-256 in hexadecimal, if it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<&'a str>,
}

/// Reason for which a contract is not done.
#[derive(Serialize)]
pub(crate) struct Reason<'a> {
    pub(crate) kind: &'static str,
    pub(crate) message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<&'a str>,
}

impl Cause {
    pub(crate) fn reason(&self, kind: &'static str) -> Reason<'_> {
        Reason { kind, message: &self.message, hint: self.hint.as_deref() }
    }
}

/// Returns the path of a file, or its key in a store.
pub(crate) fn location(file: &SavedFile) -> Cow<'_, str> {
    file.path.as_deref().map_or(Cow::Borrowed(&*file.key), Path::to_string_lossy)
}

impl<'a> From<&'a SavedFile> for File<'a> {
    fn from(file: &'a SavedFile) -> Self {
        Self { path: location(file), bytes: file.bytes, sha256: None }
    }
}

impl<'a> From<&'a FlowError> for Reason<'a> {
    fn from(error: &'a FlowError) -> Self {
        Self { kind: error.kind.as_str(), message: &error.message, hint: error.hint() }
    }
}

/// Details of a contract.
#[derive(Serialize)]
pub(crate) struct Details<'a> {
    pub(crate) name: &'a str,
    pub(crate) reason: &'a str,
    /// Number of parties that have signed.
    pub(crate) signed: usize,
    pub(crate) parties: usize,
    pub(crate) created: i64,
    pub(crate) deadline: i64,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Done,
    Failed,
    NotReached,
}

impl<'a> Flow<'a> {
    /// Returns a contract without a result: the command ended first.
    pub(crate) fn not_reached(flow_id: &'a str) -> Self {
        Self {
            flow_id,
            state: State::NotReached,
            status: None,
            files: Vec::new(),
            bytes: 0,
            error: None,
            details: None,
        }
    }

    /// Returns a contract that is done, with its files.
    pub(crate) fn done(flow_id: &'a str, files: impl IntoIterator<Item: Into<File<'a>>>) -> Self {
        let files: Vec<File<'a>> = files.into_iter().map(Into::into).collect();
        let bytes = files.iter().map(|file| file.bytes).sum();
        Self { state: State::Done, files, bytes, ..Self::not_reached(flow_id) }
    }

    /// Returns a contract that failed, with the files that were saved before.
    pub(crate) fn failed(
        flow_id: &'a str,
        files: impl IntoIterator<Item: Into<File<'a>>>,
        error: impl Into<Reason<'a>>,
    ) -> Self {
        Self { state: State::Failed, error: Some(error.into()), ..Self::done(flow_id, files) }
    }

    /// Adds the status that the service returned.
    pub(crate) fn with_status(self, status: Option<&'a str>) -> Self {
        Self { status, ..self }
    }

    /// Adds the fields of `status`.
    pub(crate) fn with_details(self, details: Details<'a>) -> Self {
        Self { details: Some(details), ..self }
    }
}

impl Summary {
    /// Returns the summary of an empty list.
    pub(crate) fn new(repeated: usize) -> Self {
        Self { complete: true, repeated: repeated as u64, ..Self::default() }
    }

    /// Returns whether no contract has been counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Counts one contract.
    pub(crate) fn add(&mut self, flow: &Flow<'_>) {
        self.count(flow.state);
        self.bytes += flow.bytes;
    }

    /// Counts one contract without files.
    pub(crate) fn count(&mut self, state: State) {
        match state {
            State::Done => self.done += 1,
            State::Failed => self.failed += 1,
            State::NotReached => self.not_reached += 1,
        }
        self.total += 1;
        self.complete = self.done == self.total;
    }
}

impl<'a> Document<'a> {
    pub(crate) fn new(flows: Vec<Flow<'a>>, repeated: usize) -> Self {
        let mut summary = Summary::new(repeated);
        flows.iter().for_each(|flow| summary.add(flow));
        Self { summary, flows }
    }
}

impl fmt::Display for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { total, done, failed, not_reached, bytes, .. } = self.summary;
        let contracts = counted(usize::try_from(total).unwrap_or(usize::MAX), "contract");
        write!(f, "{done} of {contracts} on disk, {}", HumanBytes(bytes))?;
        for (count, what) in [(failed, "failed"), (not_reached, "not reached")] {
            if count > 0 {
                write!(f, "; {count} {what}")?;
            }
        }
        Ok(())
    }
}
