//! A contract on its way to disk.

use std::sync::Arc;
use std::time::Duration;

use essbasic_models::FlowStatus;

use super::destination::Destination;
use super::options::{ReportedFlow, SavedFile};
use crate::error::FlowError;

pub(super) struct FlowState {
    pub(super) flow_id: String,
    /// Its files, as links to them became known.
    pub(super) files: Vec<FileState>,
    pub(super) error: Option<FlowError>,
    pub(super) started: bool,
    /// Fetches under way.
    pub(super) fetching: usize,
    /// Whether a batch that holds it is being asked for.
    pub(super) asked: bool,
    /// No links are asked for before this, on the monotonic clock.
    pub(super) not_before: Duration,
    /// Its state, if it was looked up.
    pub(super) status: Option<FlowStatus>,
}

pub(super) struct FileState {
    /// What the service calls it. Later links to the same file are known by it and the kind: their
    /// order may have changed.
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) to: Arc<Destination>,
    pub(super) stage: Stage,
    /// Attempts that failed, over all its links.
    pub(super) failed: u32,
    pub(super) dead_links: u32,
}

pub(super) enum Stage {
    Waiting,
    Fetching,
    Saved(SavedFile),
}

impl FlowState {
    pub(super) fn new(flow_id: String) -> Self {
        Self {
            flow_id,
            files: Vec::new(),
            error: None,
            started: false,
            fetching: 0,
            asked: false,
            not_before: Duration::ZERO,
            status: None,
        }
    }

    /// Whether all its files are on disk.
    pub(super) fn is_saved(&self) -> bool {
        !self.files.is_empty()
            && self.files.iter().all(|file| matches!(file.stage, Stage::Saved(_)))
    }

    /// Whether nothing more will happen to it.
    pub(super) fn has_ended(&self) -> bool {
        self.fetching == 0 && !self.asked && (self.error.is_some() || self.is_saved())
    }

    /// Its files on disk, in the order in which the service named them.
    pub(super) fn saved(&self) -> Vec<SavedFile> {
        let saved = self.files.iter().filter_map(|file| match &file.stage {
            Stage::Saved(saved) => Some(saved.clone()),
            _ => None,
        });
        saved.collect()
    }

    pub(super) fn report(self) -> ReportedFlow {
        let files = self.saved();
        ReportedFlow { flow_id: self.flow_id, status: self.status, files, error: self.error }
    }
}
