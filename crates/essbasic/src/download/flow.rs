//! The state of a contract that is being downloaded.

use std::sync::Arc;
use std::time::Duration;

use essbasic_models::FlowStatus;

use super::destination::Destination;
use super::report::{ReportedFlow, SavedFile};
use crate::error::FlowError;
use crate::ids::FlowId;

pub(super) struct FlowState {
    pub(super) flow_id: FlowId,
    /// Its files, in the order in which the service listed them.
    pub(super) files: Vec<FileState>,
    pub(super) error: Option<FlowError>,
    pub(super) started: bool,
    /// Number of its files in flight.
    pub(super) fetching: usize,
    /// `true` while a request for its links is in flight.
    pub(super) links_requested: bool,
    /// Earliest time of the next request for its links, on the monotonic clock.
    pub(super) not_before: Duration,
    /// Status of the contract, if it was looked up.
    pub(super) status: Option<FlowStatus>,
    /// ID of the last response with its links; empty if there was none.
    pub(super) request_id: String,
}

pub(super) struct FileState {
    /// The service's name of the file. Title and kind identify the file in later responses, whose order may differ.
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) to: Arc<Destination>,
    pub(super) stage: Stage,
    /// Failed attempts, over all its links.
    pub(super) failed: u32,
    pub(super) expired_links: u32,
}

pub(super) enum Stage {
    Waiting,
    Fetching,
    Saved(SavedFile),
}

impl FlowState {
    pub(super) fn new(flow_id: FlowId) -> Self {
        Self {
            flow_id,
            files: Vec::new(),
            error: None,
            started: false,
            fetching: 0,
            links_requested: false,
            not_before: Duration::ZERO,
            status: None,
            request_id: String::new(),
        }
    }

    /// Returns whether all its files are saved.
    pub(super) fn is_saved(&self) -> bool {
        !self.files.is_empty()
            && self.files.iter().all(|file| matches!(file.stage, Stage::Saved(_)))
    }

    /// Returns whether its outcome is final.
    pub(super) fn has_ended(&self) -> bool {
        self.fetching == 0 && !self.links_requested && (self.error.is_some() || self.is_saved())
    }

    /// Returns its saved files, in the order in which the service listed them.
    pub(super) fn saved(&self) -> Vec<SavedFile> {
        let saved = self.files.iter().filter_map(|file| match &file.stage {
            Stage::Saved(saved) => Some(saved.clone()),
            _ => None,
        });
        saved.collect()
    }

    pub(super) fn report(self) -> ReportedFlow {
        let files = self.saved();
        let Self { flow_id, status, error, request_id, .. } = self;
        ReportedFlow { flow_id, status, files, error, request_id }
    }
}
