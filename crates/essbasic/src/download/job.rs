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
use super::options::{DownloadEvent, DownloadOptions, Report, ReportedFlow, SavedFile};
use crate::error::{Error, FlowError, FlowErrorKind};
use crate::links::{BATCH, ResourceLink, distinct, failed, merge, request};

/// Attempts at one file over links that live, however many links they take.
const ATTEMPTS: u32 = 4;

/// Links tried for one file: the first, and others where it was dead.
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
    flow_id: String,
    /// Its files, as links to them became known.
    files: Vec<FileState>,
    error: Option<FlowError>,
    started: bool,
}

struct FileState {
    /// What the service calls it. Later links to the same file are known by it and the kind: their
    /// order may have changed.
    title: String,
    kind: String,
    /// What it is called on disk.
    name: String,
    stage: Stage,
    /// Attempts that failed, over all its links.
    failed: u32,
    dead_links: u32,
}

enum Stage {
    Waiting,
    Fetching,
    Saved(SavedFile),
}

impl FlowState {
    fn new(flow_id: String) -> Self {
        Self { flow_id, files: Vec::new(), error: None, started: false }
    }

    /// Its files on disk, in the order in which the service named them.
    fn saved(&self) -> Vec<SavedFile> {
        let saved = self.files.iter().filter_map(|file| match &file.stage {
            Stage::Saved(saved) => Some(saved.clone()),
            _ => None,
        });
        saved.collect()
    }

    fn report(self) -> ReportedFlow {
        ReportedFlow { files: self.saved(), flow_id: self.flow_id, error: self.error }
    }
}

impl Job {
    /// Prepares the folder and the job.
    pub(crate) fn new(
        agent: Agent,
        flow_ids: &[String],
        options: DownloadOptions,
    ) -> Result<Self, Error> {
        prepare_folder(&options.folder).map_err(|error| Error::folder(&options.folder, error))?;
        let flows: Vec<_> = distinct(flow_ids).into_iter().map(FlowState::new).collect();
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
        let concurrency = self.options.downloads();
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
            if begins >= fetch.link.expires_at {
                self.ask_again(fetch.flow);
                continue;
            }
            let Some(state) = self.flows.get_mut(fetch.flow) else { continue };
            let Some(file) = state.files.get_mut(fetch.place) else { continue };
            file.stage = Stage::Fetching;
            if !std::mem::replace(&mut state.started, true) {
                self.options.tell(DownloadEvent::Started { flow_id: &state.flow_id });
            }
            return Some(fetch);
        }
        None
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
            if let Some(state) = self.flows.get(flow) {
                ids.push(state.flow_id.clone());
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

    fn enqueue(&mut self, flow: usize, mut links: Vec<ResourceLink>) {
        // What was queued over older links is queued over these.
        self.ready.retain(|fetch| fetch.flow != flow);
        let Some(state) = self.flows.get_mut(flow).filter(|state| state.error.is_none()) else {
            return;
        };
        let mut placed = Vec::with_capacity(links.len());
        for (place, file) in state.files.iter().enumerate() {
            let same = |link: &ResourceLink| link.name == file.title && link.kind == file.kind;
            let link = links.iter().position(same).map(|at| links.remove(at));
            match (&file.stage, link) {
                (Stage::Waiting, Some(link)) => placed.push((place, link)),
                (Stage::Waiting, None) => {
                    let message = "the service no longer links to one of its files";
                    return self.fail(flow, FlowError::new(FlowErrorKind::Missing, message));
                }
                _ => {}
            }
        }
        for link in links {
            let name = self.names.assign(&link.name, &state.flow_id, &link.kind);
            let (title, kind) = (link.name.clone(), link.kind.clone());
            placed.push((state.files.len(), link));
            let stage = Stage::Waiting;
            state.files.push(FileState { title, kind, name, stage, failed: 0, dead_links: 0 });
        }
        for (place, link) in placed {
            let Some(file) = state.files.get(place) else { continue };
            self.ready.push_back(Fetch {
                flow,
                place,
                link,
                folder: self.options.folder.clone(),
                name: file.name.clone(),
                max_bytes: self.options.max_file_bytes,
                delay: Duration::ZERO,
            });
        }
    }

    /// A fetch has ended.
    pub(crate) fn on_fetch(&mut self, fetch: Fetch, end: FetchEnd) {
        self.fetching = self.fetching.saturating_sub(1);
        let Some(state) = self.flows.get_mut(fetch.flow) else { return };
        let Some(file) = state.files.get_mut(fetch.place) else { return };
        if let FetchEnd::Saved(saved) = end {
            file.stage = Stage::Saved(saved);
            let all = state.files.iter().all(|file| matches!(file.stage, Stage::Saved(_)));
            if all && state.error.is_none() {
                let (flow_id, files) = (&state.flow_id, &*state.saved());
                self.options.tell(DownloadEvent::Saved { flow_id, files });
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
        match end {
            FetchEnd::Disk(error) => match error.kind() {
                // This one name is the trouble: a folder stands there, say.
                ErrorKind::IsADirectory | ErrorKind::InvalidFilename => {
                    let message = format!("{}: {error}", fetch.name);
                    self.fail(fetch.flow, FlowError::new(FlowErrorKind::Content, message));
                }
                _ => self.stop(Error::folder(&fetch.folder, error)),
            },
            // Another file of the contract has failed meanwhile.
            _ if failed_before => {}
            FetchEnd::LinkDead(_) if dead_links < LINKS => self.ask_again(fetch.flow),
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

    /// A contract has failed; only its first reason is told.
    fn fail(&mut self, flow: usize, error: FlowError) {
        self.ready.retain(|fetch| fetch.flow != flow);
        self.linkless.retain(|&other| other != flow);
        let Some(state) = self.flows.get_mut(flow).filter(|state| state.error.is_none()) else {
            return;
        };
        let flow_id = &state.flow_id;
        self.options.tell(DownloadEvent::Failed { flow_id, error: &error });
        state.error = Some(error);
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
            None => Ok(Report { flows: self.flows.into_iter().map(FlowState::report).collect() }),
        }
    }
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
