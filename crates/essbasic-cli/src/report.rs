//! What became of each flow, for people and for programs.

use std::fmt;

use essbasic::SavedFile;
use indicatif::HumanBytes;
use serde::Serialize;

/// The document of `download --json`.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    /// Whether every flow is on disk.
    pub(crate) complete: bool,
    on_disk: usize,
    failed: usize,
    bytes: u64,
    /// Ids that were given more than once and asked for once.
    repeated: usize,
    flows: Vec<Flow<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Flow<'a> {
    flow_id: &'a str,
    state: State,
    files: &'a [SavedFile],
    bytes: u64,
    error: Option<&'a str>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum State {
    OnDisk,
    Failed,
}

impl<'a> Flow<'a> {
    pub(crate) fn on_disk(flow_id: &'a str, files: &'a [SavedFile]) -> Self {
        let bytes = files.iter().map(|file| file.bytes).sum();
        Self { flow_id, state: State::OnDisk, files, bytes, error: None }
    }

    pub(crate) fn failed(flow_id: &'a str, files: &'a [SavedFile], reason: &'a str) -> Self {
        Self { state: State::Failed, error: Some(reason), ..Self::on_disk(flow_id, files) }
    }
}

impl<'a> Document<'a> {
    pub(crate) fn new(flows: Vec<Flow<'a>>, repeated: usize) -> Self {
        let on_disk = flows.iter().filter(|flow| flow.state == State::OnDisk).count();
        Self {
            complete: on_disk == flows.len(),
            on_disk,
            failed: flows.len() - on_disk,
            bytes: flows.iter().map(|flow| flow.bytes).sum(),
            repeated,
            flows,
        }
    }
}

impl fmt::Display for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.flows.len();
        write!(f, "{} of {total} contracts on disk, {}", self.on_disk, HumanBytes(self.bytes))?;
        match self.failed {
            0 => Ok(()),
            failed => write!(f, "; {failed} failed"),
        }
    }
}
