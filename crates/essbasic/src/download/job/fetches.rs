//! Fetches: the next file, and the consequences of each outcome for its contract.

use std::io::ErrorKind;
use std::time::Duration;

use tc3_client::Now;

use super::super::event::DownloadEvent;
use super::super::fetch::Fetch;
use super::super::flow::Stage;
use super::super::outcome::FetchOutcome;
use super::Job;
use crate::error::{Error, FlowError, FlowErrorKind};

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
        if let FetchOutcome::Saved(saved) = outcome {
            self.store_failures = 0;
            file.stage = Stage::Saved(saved);
            if state.is_saved() && state.error.is_none() {
                let (flow_id, files) = (&state.flow_id, &*state.saved());
                let status = state.status.as_ref();
                self.options.emit(DownloadEvent::Saved { flow_id, files, status });
            }
            return;
        }
        file.stage = Stage::Waiting;
        match outcome {
            FetchOutcome::LinkExpired(_) => file.expired_links += 1,
            FetchOutcome::Failed(_) => file.failed += 1,
            _ => {}
        }
        let (failed, expired_links) = (file.failed, file.expired_links);
        if let FetchOutcome::LinkExpired(error) | FetchOutcome::Failed(error) = &outcome {
            tracing::debug!(flow_id = state.flow_id.as_str(), failed, expired_links, %error, "fetch failed");
        }
        let failed_before = state.error.is_some();
        if let FetchOutcome::Failed(error) = &outcome {
            self.count_store_failure(error);
        }
        match outcome {
            #[cfg(any(feature = "object-store", all(feature = "async-core", feature = "ureq")))]
            FetchOutcome::Store(message, hint) => {
                self.stop(Error::Store { message, hint: Some(hint) });
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
            FetchOutcome::Failed(_) if failed < MAX_ATTEMPTS => {
                let delay = Duration::from_millis(250 << failed);
                self.ready.push_back(Fetch { delay, ..fetch });
            }
            FetchOutcome::LinkExpired(error)
            | FetchOutcome::Failed(error)
            | FetchOutcome::Refused(error) => self.fail(fetch.flow, error),
            FetchOutcome::Saved(_) | FetchOutcome::Stopped => {}
        }
    }

    /// Stops the job if the store has rejected more consecutive files than all concurrent downloads can attempt
    /// together. The attempts for a single file do not reach this number.
    fn count_store_failure(&mut self, error: &FlowError) {
        if error.kind != FlowErrorKind::Store {
            return;
        }
        self.store_failures += 1;
        let downloads = u32::try_from(self.options.effective_concurrency()).unwrap_or(u32::MAX);
        if self.store_failures > downloads.saturating_mul(MAX_ATTEMPTS) {
            let message = format!(
                "the store rejected {} files in a row, the last with: {}",
                self.store_failures, error.message
            );
            let hint = Some("run again when the store accepts files");
            self.stop(Error::Store { message, hint });
        }
    }
}
