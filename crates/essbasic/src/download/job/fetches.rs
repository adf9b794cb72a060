//! Fetches: the next file, and the consequences of each outcome for its contract.

use std::io::ErrorKind;
use std::time::Duration;

use tc3_client::Now;

use super::super::event::DownloadEvent;
use super::super::fetch::Fetch;
use super::super::flow::{FileState, Stage};
use super::super::outcome::FetchOutcome;
use super::Job;
use crate::error::{Error, FlowError, FlowErrorKind};
use crate::ids::FlowId;

/// Maximum attempts for one file, over all its links; expired links are not counted.
const MAX_ATTEMPTS: u32 = 4;

/// Maximum expired links of one file per round.
const LINKS_PER_ROUND: u32 = 3;

/// Delay before the next round.
const ROUND_PAUSE: Duration = Duration::from_secs(5);

/// Minimum remaining validity of a link at the start of a fetch.
const MIN_LINK_VALIDITY: Duration = Duration::from_secs(20);

impl Job {
    pub(super) fn next_fetch(&mut self, now: Now) -> Option<Fetch> {
        while let Some(fetch) = self.ready.pop_front() {
            let start = now.monotonic.saturating_add(fetch.delay);
            if start.saturating_add(MIN_LINK_VALIDITY) >= fetch.link_expires_at {
                self.renew_links(fetch.flow);
                continue;
            }
            let Some(state) = self.flows.get_mut(&fetch.flow) else { continue };
            let Some(file) = state.files.get_mut(fetch.file) else { continue };
            file.stage = Stage::Fetching;
            state.fetching += 1;
            if !std::mem::replace(&mut state.started, true) {
                self.options.emit(DownloadEvent::Started { flow_id: &state.flow_id });
            }
            return Some(fetch);
        }
        None
    }

    /// Processes the outcome of a fetch.
    pub(super) fn on_fetch(&mut self, now: Now, fetch: Fetch, outcome: FetchOutcome) {
        if matches!(outcome, FetchOutcome::Stopped) {
            return self.requeue(fetch);
        }
        let flow = fetch.flow;
        self.count_as_ended(flow);
        self.apply(now, fetch, outcome);
        self.end_if_final(flow);
    }

    /// Returns a file that was not fetched to the front of the queue.
    pub(super) fn requeue(&mut self, fetch: Fetch) {
        let flow = fetch.flow;
        self.count_as_ended(flow);
        if let Some(state) = self.flows.get_mut(&flow)
            && let Some(file) = state.files.get_mut(fetch.file)
        {
            file.stage = Stage::Waiting;
            if state.error.is_none() {
                self.ready.push_front(fetch);
            }
        }
        self.end_if_final(flow);
    }

    fn count_as_ended(&mut self, flow: usize) {
        self.fetching = self.fetching.saturating_sub(1);
        if let Some(state) = self.flows.get_mut(&flow) {
            state.fetching = state.fetching.saturating_sub(1);
        }
    }

    fn apply(&mut self, now: Now, fetch: Fetch, outcome: FetchOutcome) {
        let Some(state) = self.flows.get_mut(&fetch.flow) else { return };
        let Some(file) = state.files.get_mut(fetch.file) else { return };
        match outcome {
            FetchOutcome::LinkExpired(_) => file.expired_links += 1,
            FetchOutcome::Failed(_) => file.failed += 1,
            _ => {}
        }
        log(&state.flow_id, fetch.file, file, &outcome);
        if let FetchOutcome::Saved(saved) = outcome {
            self.rejections = 0;
            file.stage = Stage::Saved(saved);
            if state.is_saved() && state.error.is_none() {
                let (flow_id, files) = (&state.flow_id, &*state.saved());
                let (status, request_id) = (state.status.as_ref(), &*state.request_id);
                self.options.emit(DownloadEvent::Saved { flow_id, files, status, request_id });
            }
            return;
        }
        file.stage = Stage::Waiting;
        let (failed, expired_links) = (file.failed, file.expired_links);
        let failed_before = state.error.is_some();
        if let FetchOutcome::Failed(error) = &outcome {
            self.count_rejection(error);
        }
        match outcome {
            #[cfg(any(feature = "object-store", all(feature = "async-core", feature = "ureq")))]
            FetchOutcome::Destination(message, hint) if self.options.is_independent => {
                let error = FlowError::new(FlowErrorKind::Destination, message);
                self.fail(fetch.flow, error.with_hint(hint));
            }
            #[cfg(any(feature = "object-store", all(feature = "async-core", feature = "ureq")))]
            FetchOutcome::Destination(message, hint) => {
                let hint = Some(hint);
                self.stop(Error::Destination { message, hint, is_transient: false });
            }
            FetchOutcome::Disk(error) => match error.kind() {
                // Only this name is affected, for example because it is the name of a folder.
                ErrorKind::IsADirectory | ErrorKind::InvalidFilename => {
                    let message = format!("{}: {error}", fetch.to.name);
                    self.fail(fetch.flow, FlowError::new(FlowErrorKind::Content, message));
                }
                _ => self.stop(fetch.target.error(error)),
            },
            // Another file of the contract has failed in the meantime.
            _ if failed_before => {}
            FetchOutcome::LinkExpired(_)
                if expired_links < LINKS_PER_ROUND.saturating_mul(self.policy.rounds.max(1)) =>
            {
                if expired_links.is_multiple_of(LINKS_PER_ROUND)
                    && let Some(state) = self.flows.get_mut(&fetch.flow)
                {
                    state.not_before = now.monotonic.saturating_add(ROUND_PAUSE);
                }
                self.renew_links(fetch.flow);
            }
            FetchOutcome::Failed(error) if failed < MAX_ATTEMPTS => {
                let delay = Duration::from_millis(250 << failed);
                let new_connection = error.kind == FlowErrorKind::Network;
                self.ready.push_back(Fetch { delay, new_connection, ..fetch });
            }
            FetchOutcome::LinkExpired(error)
            | FetchOutcome::Failed(error)
            | FetchOutcome::Refused(error) => self.fail(fetch.flow, error),
            FetchOutcome::Saved(_) | FetchOutcome::Stopped => {}
        }
    }

    /// Stops the job if the destination has rejected more consecutive files than all concurrent downloads can attempt
    /// together. The attempts for a single file do not reach this number.
    fn count_rejection(&mut self, error: &FlowError) {
        if error.kind != FlowErrorKind::Destination || self.options.is_independent {
            return;
        }
        self.rejections += 1;
        let downloads = u32::try_from(self.options.effective_concurrency()).unwrap_or(u32::MAX);
        if self.rejections > downloads.saturating_mul(MAX_ATTEMPTS) {
            let message = format!(
                "the destination rejected {} files in a row, the last with: {}",
                self.rejections, error.message
            );
            let hint = Some("run again when the destination accepts files");
            self.stop(Error::Destination { message, hint, is_transient: true });
        }
    }
}

/// Logs the end of a fetch, without its link and without the name of the file, which messages of some kinds contain.
fn log(flow_id: &FlowId, index: usize, file: &FileState, outcome: &FetchOutcome) {
    let flow_id = flow_id.as_str();
    let (failed, expired_links) = (file.failed, file.expired_links);
    let (kind, cause) = match outcome {
        FetchOutcome::Saved(saved) => {
            let bytes = saved.bytes;
            tracing::debug!(flow_id, file = index, bytes, failed, expired_links, "file complete");
            return;
        }
        FetchOutcome::LinkExpired(error)
        | FetchOutcome::Failed(error)
        | FetchOutcome::Refused(error) => match error.kind {
            FlowErrorKind::Destination | FlowErrorKind::Exists => {
                (error.kind.as_str(), String::new())
            }
            kind => (kind.as_str(), error.message.clone()),
        },
        FetchOutcome::Disk(error) => ("disk", error.kind().to_string()),
        #[cfg(any(feature = "object-store", all(feature = "async-core", feature = "ureq")))]
        FetchOutcome::Destination(..) => (FlowErrorKind::Destination.as_str(), String::new()),
        FetchOutcome::Stopped => return,
    };
    tracing::debug!(flow_id, file = index, failed, expired_links, kind, cause, "file failed");
}
