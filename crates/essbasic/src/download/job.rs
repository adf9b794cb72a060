//! The download of any number of contracts as a machine: told what ended, it says what to begin.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::time::Duration;

use essbasic_models::{
    Agent, DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse,
};
use tc3_client::Now;

use super::fetch::{Fetch, FetchEnd};
use super::file::prepare_folder;
use super::file_name::FileNames;
use super::options::{DownloadEvent, DownloadOptions, Report, ReportedFlow};
use crate::error::{Error, FlowError, FlowErrorKind};
use crate::links::{BATCH, ResourceLink, distinct, failed, merge, request};

/// Attempts at one file over links that live.
const ATTEMPTS: u32 = 4;

/// Links asked for one contract: the first, and others where it died.
const LINKS: u32 = 3;

/// A link this close to its death is not begun with.
const MARGIN: Duration = Duration::from_secs(20);

/// What to begin.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, on its way to a task")]
pub(crate) enum Step {
    Ask(Ask),
    Fetch(Fetch),
}

/// A batch of contracts to ask links for.
#[derive(Debug)]
pub(crate) struct Ask {
    flows: Vec<usize>,
    ids: Vec<String>,
    pub(crate) request: DescribeResourceUrlsByFlowsRequest,
}

pub(crate) struct Job {
    agent: Agent,
    options: DownloadOptions,
    flows: Vec<FlowState>,
    names: FileNames,
    /// Contracts without links.
    linkless: VecDeque<usize>,
    /// Files to be fetched.
    ready: VecDeque<Fetch>,
    /// Whether links are being asked for.
    asking: bool,
    fetching: usize,
    /// What stops everything.
    fatal: Option<Error>,
}

struct FlowState {
    report: ReportedFlow,
    links_asked: u32,
    /// Its files, by their place among the links.
    files: Vec<FileState>,
}

struct FileState {
    name: String,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Fetching,
    Saved,
}

impl Job {
    /// Prepares the folder and the job.
    pub(crate) fn new(
        agent: Agent,
        flow_ids: &[String],
        options: DownloadOptions,
    ) -> Result<Self, Error> {
        prepare_folder(&options.folder).map_err(|error| Error::folder(&options.folder, error))?;
        let flows: Vec<FlowState> = distinct(flow_ids)
            .into_iter()
            .map(|flow_id| FlowState {
                report: ReportedFlow { flow_id, files: Vec::new(), error: None },
                links_asked: 0,
                files: Vec::new(),
            })
            .collect();
        Ok(Self {
            agent,
            options,
            linkless: (0..flows.len()).collect(),
            flows,
            names: FileNames::default(),
            ready: VecDeque::new(),
            asking: false,
            fetching: 0,
            fatal: None,
        })
    }

    /// The next thing to begin; `None` where something under way must end first.
    pub(crate) fn next(&mut self, now: Now) -> Option<Step> {
        if self.fatal.is_some() {
            return None;
        }
        let concurrency = self.options.concurrency.max(1);
        if self.fetching < concurrency
            && let Some(fetch) = self.next_fetch(now)
        {
            self.fetching += 1;
            return Some(Step::Fetch(fetch));
        }
        // Only when the downloads would soon run dry: a link asked for early dies in the queue.
        if !self.asking && self.ready.len() < concurrency && !self.linkless.is_empty() {
            self.asking = true;
            return Some(Step::Ask(self.ask()));
        }
        None
    }

    /// Whether nothing is left to begin or to end.
    pub(crate) fn is_finished(&self) -> bool {
        let idle = !self.asking && self.fetching == 0;
        idle && (self.fatal.is_some() || (self.ready.is_empty() && self.linkless.is_empty()))
    }

    fn next_fetch(&mut self, now: Now) -> Option<Fetch> {
        while let Some(fetch) = self.ready.pop_front() {
            let begins = now.monotonic.saturating_add(fetch.delay).saturating_add(MARGIN);
            if begins < fetch.link.expires_at {
                self.set_stage(&fetch, Stage::Fetching);
                return Some(fetch);
            }
            self.ask_again(fetch.flow);
        }
        None
    }

    fn set_stage(&mut self, fetch: &Fetch, stage: Stage) {
        let state = self.flows.get_mut(fetch.flow);
        if let Some(file) = state.and_then(|state| state.files.get_mut(fetch.place)) {
            file.stage = stage;
        }
    }

    /// Asks for new links of a contract, whose other files still in the queue then come again too.
    fn ask_again(&mut self, flow: usize) {
        self.ready.retain(|fetch| fetch.flow != flow);
        if !self.linkless.contains(&flow) {
            self.linkless.push_back(flow);
        }
    }

    fn ask(&mut self) -> Ask {
        let count = self.linkless.len().min(BATCH);
        let flows: Vec<usize> = self.linkless.drain(..count).collect();
        let mut ids = Vec::with_capacity(count);
        for &flow in &flows {
            if let Some(state) = self.flows.get_mut(flow) {
                state.links_asked += 1;
                ids.push(state.report.flow_id.clone());
            }
        }
        let request = request(&self.agent, &ids);
        Ask { flows, ids, request }
    }

    /// The links of a batch have come, or not.
    pub(crate) fn on_links(
        &mut self,
        now: Now,
        ask: Ask,
        answer: Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error>,
    ) {
        self.asking = false;
        let results = match answer {
            Ok(answer) => merge(&ask.ids, answer, now),
            Err(error) => match failed(error) {
                Ok(error) => vec![Err(error); ask.ids.len()],
                Err(fatal) => return self.stop(fatal),
            },
        };
        for (flow, result) in ask.flows.into_iter().zip(results) {
            match result {
                Ok(links) => self.enqueue(flow, links),
                Err(error) => self.fail(flow, error),
            }
        }
    }

    fn enqueue(&mut self, flow: usize, links: Vec<ResourceLink>) {
        let Some(state) = self.flows.get_mut(flow) else { return };
        for (place, link) in links.into_iter().enumerate() {
            if state.files.len() <= place {
                let name = self.names.assign(&link.name, &state.report.flow_id, &link.kind);
                state.files.push(FileState { name, stage: Stage::Waiting });
            }
            let file = state.files.get(place).filter(|file| file.stage == Stage::Waiting);
            let Some(file) = file else { continue };
            self.ready.push_back(Fetch {
                flow,
                place,
                link,
                folder: self.options.folder.clone(),
                name: file.name.clone(),
                max_bytes: self.options.max_file_bytes,
                failed: 0,
                delay: Duration::ZERO,
            });
        }
    }

    /// A fetch has ended.
    pub(crate) fn on_fetch(&mut self, fetch: Fetch, end: FetchEnd) {
        self.fetching = self.fetching.saturating_sub(1);
        let saved = matches!(end, FetchEnd::Saved(_));
        self.set_stage(&fetch, if saved { Stage::Saved } else { Stage::Waiting });
        let Some(state) = self.flows.get_mut(fetch.flow) else { return };
        if state.report.error.is_some() {
            // Another file of the contract has failed meanwhile.
            if let FetchEnd::Saved(file) = end {
                state.report.files.push(file);
            }
            return;
        }
        match end {
            FetchEnd::Saved(file) => {
                state.report.files.push(file);
                if state.files.iter().all(|file| file.stage == Stage::Saved) {
                    let flow_id = &state.report.flow_id;
                    let files = &state.report.files;
                    self.options.tell(DownloadEvent::Saved { flow_id, files });
                }
            }
            FetchEnd::LinkDead(_) if state.links_asked < LINKS => self.ask_again(fetch.flow),
            FetchEnd::Failed(error) => {
                let failed = fetch.failed + 1;
                if failed >= ATTEMPTS {
                    return self.fail(fetch.flow, error);
                }
                let delay = Duration::from_millis(250 << failed);
                self.ready.push_back(Fetch { failed, delay, ..fetch });
            }
            FetchEnd::LinkDead(error) | FetchEnd::Refused(error) => self.fail(fetch.flow, error),
            FetchEnd::Disk(error) => match error.kind() {
                // This one name is the trouble: a folder stands there, say.
                ErrorKind::IsADirectory | ErrorKind::InvalidFilename => {
                    let message = format!("{}: {error}", fetch.name);
                    self.fail(fetch.flow, FlowError::new(FlowErrorKind::Content, message));
                }
                _ => self.stop(Error::folder(&fetch.folder, error)),
            },
        }
    }

    fn fail(&mut self, flow: usize, error: FlowError) {
        self.ready.retain(|fetch| fetch.flow != flow);
        let Some(state) = self.flows.get_mut(flow) else { return };
        let flow_id = &state.report.flow_id;
        self.options.tell(DownloadEvent::Failed { flow_id, error: &error });
        state.report.error = Some(error);
    }

    /// Stops everything: nothing more is begun.
    pub(crate) fn stop(&mut self, error: Error) {
        self.fatal.get_or_insert(error);
    }

    /// Gives up, also what is under way and will not be told of.
    #[cfg(feature = "blocking")]
    pub(crate) fn abandon(&mut self) {
        self.stop(Error::Interrupted);
        self.asking = false;
        self.fetching = 0;
    }

    pub(crate) fn finish(self) -> Result<Report, Error> {
        match self.fatal {
            Some(error) => Err(error),
            None => {
                Ok(Report { flows: self.flows.into_iter().map(|state| state.report).collect() })
            }
        }
    }
}
