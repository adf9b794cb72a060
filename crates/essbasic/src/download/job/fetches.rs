//! Files under way: which is next, and what the end of each means for its contract.

use std::io::ErrorKind;
use std::time::Duration;

use tc3_client::Now;

use super::super::fetch::{Fetch, FetchEnd};
use super::super::flow::Stage;
use super::super::options::DownloadEvent;
use super::Job;
use crate::error::{Error, FlowError, FlowErrorKind};

/// Attempts at one file over links that live, however many links they take.
const ATTEMPTS: u32 = 4;

/// Links tried for one file in a round: the first, and others where it was dead.
const LINKS: u32 = 3;

/// Pause before the next round.
const ROUND_PAUSE: Duration = Duration::from_secs(5);

/// A link this close to its death is not begun with.
const MARGIN: Duration = Duration::from_secs(20);

impl Job {
    pub(super) fn next_fetch(&mut self, now: Now) -> Option<Fetch> {
        while let Some(fetch) = self.ready.pop_front() {
            let begins = now.monotonic.saturating_add(fetch.delay).saturating_add(MARGIN);
            if begins >= fetch.link.expires_at {
                self.ask_again(fetch.flow);
                continue;
            }
            let Some(state) = self.flows.get_mut(&fetch.flow) else { continue };
            let Some(file) = state.files.get_mut(fetch.place) else { continue };
            file.stage = Stage::Fetching;
            state.fetching += 1;
            if !std::mem::replace(&mut state.started, true) {
                self.options.tell(DownloadEvent::Started { flow_id: &state.flow_id });
            }
            return Some(fetch);
        }
        None
    }

    /// A fetch has ended.
    pub(super) fn on_fetch(&mut self, now: Now, fetch: Fetch, end: FetchEnd) {
        let flow = fetch.flow;
        self.leave_flight(flow);
        self.end_fetch(now, fetch, end);
        self.settle(flow);
    }

    /// Returns a file to the front of the queue: it was not fetched.
    pub(super) fn put_back(&mut self, fetch: Fetch) {
        let flow = fetch.flow;
        self.leave_flight(flow);
        if let Some(state) = self.flows.get_mut(&flow)
            && let Some(file) = state.files.get_mut(fetch.place)
        {
            file.stage = Stage::Waiting;
            if state.error.is_none() {
                self.ready.push_front(fetch);
            }
        }
        self.settle(flow);
    }

    fn leave_flight(&mut self, flow: usize) {
        self.fetching = self.fetching.saturating_sub(1);
        if let Some(state) = self.flows.get_mut(&flow) {
            state.fetching = state.fetching.saturating_sub(1);
        }
    }

    fn end_fetch(&mut self, now: Now, fetch: Fetch, end: FetchEnd) {
        let Some(state) = self.flows.get_mut(&fetch.flow) else { return };
        let Some(file) = state.files.get_mut(fetch.place) else { return };
        if let FetchEnd::Saved(saved) = end {
            self.not_stored = 0;
            file.stage = Stage::Saved(saved);
            if state.is_saved() && state.error.is_none() {
                let (flow_id, files) = (&state.flow_id, &*state.saved());
                let status = state.status.as_ref();
                self.options.tell(DownloadEvent::Saved { flow_id, files, status });
            }
            return;
        }
        file.stage = Stage::Waiting;
        match end {
            FetchEnd::LinkDead(_) => file.dead_links += 1,
            FetchEnd::Failed(_) => file.failed += 1,
            _ => {}
        }
        let (failed, dead_links) = (file.failed, file.dead_links);
        if let FetchEnd::LinkDead(error) | FetchEnd::Failed(error) = &end {
            tracing::debug!(flow_id = state.flow_id, failed, dead_links, %error, "fetch failed");
        }
        let failed_before = state.error.is_some();
        if let FetchEnd::Failed(error) = &end {
            self.judge_store(error);
        }
        match end {
            #[cfg(feature = "object-store")]
            FetchEnd::Store(why) => self.stop(Error::Store(why)),
            FetchEnd::Disk(error) => match error.kind() {
                // This one name is the trouble: a folder stands there, say.
                ErrorKind::IsADirectory | ErrorKind::InvalidFilename => {
                    let message = format!("{}: {error}", fetch.to.name);
                    self.fail(fetch.flow, FlowError::new(FlowErrorKind::Content, message));
                }
                _ => self.stop(fetch.target.refused(error)),
            },
            // Another file of the contract has failed meanwhile.
            _ if failed_before => {}
            FetchEnd::LinkDead(_)
                if dead_links < LINKS.saturating_mul(self.policy.rounds.max(1)) =>
            {
                if dead_links.is_multiple_of(LINKS)
                    && let Some(state) = self.flows.get_mut(&fetch.flow)
                {
                    state.not_before = now.monotonic.saturating_add(ROUND_PAUSE);
                }
                self.ask_again(fetch.flow);
            }
            FetchEnd::Failed(_) if failed < ATTEMPTS => {
                let delay = Duration::from_millis(250 << failed);
                self.ready.push_back(Fetch { delay, ..fetch });
            }
            FetchEnd::LinkDead(error) | FetchEnd::Failed(error) | FetchEnd::Refused(error) => {
                self.fail(fetch.flow, error);
            }
            FetchEnd::Saved(_) => {}
        }
    }

    /// A store that has taken nothing for so long that each download under way could have failed for good
    /// will not take the rest either. One file alone never gets that far.
    fn judge_store(&mut self, error: &FlowError) {
        if error.kind != FlowErrorKind::Store {
            return;
        }
        self.not_stored += 1;
        let most = u32::try_from(self.options.downloads()).unwrap_or(u32::MAX);
        if self.not_stored > most.saturating_mul(ATTEMPTS) {
            self.stop(Error::Store(format!(
                "the store has not taken a file {} times in a row, last because of: {}; go on once it \
                 does",
                self.not_stored, error.message
            )));
        }
    }
}
