//! The download of any number of contracts as a machine: told what ended, it says what to begin. Its
//! memory grows with what is under way, not with what there is.

mod check;
mod fetches;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use essbasic_models::{
    Agent, DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse,
};
use tc3_client::Now;

pub(crate) use self::check::Check;
use super::fetch::Fetch;
use super::file_name::{FileNames, Named};
use super::flow::{FileState, FlowState, Stage};
use super::options::{DownloadEvent, DownloadOptions, Report, ReportedFlow};
use crate::error::{Error, FlowError, FlowErrorKind};
use crate::links::{BATCH, ResourceLink, distinct, failed, merge, request};

/// The longest pause after a failed call for many contracts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What to begin.
pub(crate) enum Step {
    Check(Check),
    Ask(Ask),
    Fetch(Fetch),
}

/// A batch of contracts to ask links for.
#[derive(Debug)]
pub(crate) struct Ask {
    flows: Vec<usize>,
    ids: Vec<String>,
    /// How long to wait first.
    pub(crate) delay: Duration,
    pub(crate) request: DescribeResourceUrlsByFlowsRequest,
}

/// How a job goes about its work.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Policy {
    /// Looks whether a contract is signed by all before it asks for links, and gives its PDF this long
    /// to be composed after the last signature.
    pub(crate) check: Option<Duration>,
    /// How many calls in a row may fail before their contracts do.
    pub(crate) patience: u32,
    /// Whether somebody else makes the files' names durable.
    pub(crate) names_later: bool,
}

pub(crate) struct Job {
    agent: Agent,
    options: DownloadOptions,
    /// Contracts not yet looked at, each with its place among all.
    source: Box<dyn Iterator<Item = (usize, String)> + Send>,
    /// Whether that has given its last.
    exhausted: bool,
    /// Those under way, by their place.
    flows: HashMap<usize, FlowState>,
    /// Those that have ended, and have not been taken away.
    ended: Vec<(usize, ReportedFlow)>,
    names: FileNames,
    policy: Policy,
    /// Contracts of which it is not known whether they are signed.
    unchecked: VecDeque<usize>,
    /// Contracts without links.
    linkless: VecDeque<usize>,
    /// Files to be fetched.
    ready: VecDeque<Fetch>,
    /// Whether a call is under way.
    asking: bool,
    /// Calls in a row that have failed.
    failures: u32,
    fetching: usize,
    /// Files in a row that the store did not take.
    not_stored: u32,
    /// Whether nothing new is to be begun.
    stopping: bool,
    /// What stops everything.
    fatal: Option<Error>,
}

impl Job {
    /// Prepares the folder and a job that keeps what comes of each contract for its report.
    pub(crate) fn new(
        agent: Agent,
        flow_ids: &[String],
        options: DownloadOptions,
    ) -> Result<Self, Error> {
        options.target().prepare()?;
        let names = FileNames::new(options.names.clone());
        let source = distinct(flow_ids).into_iter().enumerate();
        Ok(Self::streaming(agent, Box::new(source), options, Policy::default(), names))
    }

    /// A job that takes its contracts as it needs them, to a place that is ready. Whoever drives it takes
    /// away what comes of them.
    pub(crate) fn streaming(
        agent: Agent,
        source: Box<dyn Iterator<Item = (usize, String)> + Send>,
        options: DownloadOptions,
        policy: Policy,
        names: FileNames,
    ) -> Self {
        let mut job = Self {
            agent,
            options,
            source,
            exhausted: false,
            flows: HashMap::new(),
            ended: Vec::new(),
            names,
            policy,
            unchecked: VecDeque::new(),
            linkless: VecDeque::new(),
            ready: VecDeque::new(),
            asking: false,
            failures: 0,
            fetching: 0,
            not_stored: 0,
            stopping: false,
            fatal: None,
        };
        job.take_in();
        job
    }

    /// Takes contracts from the source while fewer than one call's worth are waiting.
    fn take_in(&mut self) {
        let (queue, enough) = match self.policy.check {
            Some(_) => (&mut self.unchecked, check::BATCH),
            None => (&mut self.linkless, BATCH),
        };
        while !self.exhausted && queue.len() < enough {
            match self.source.next() {
                Some((place, flow_id)) => {
                    self.flows.insert(place, FlowState::new(flow_id));
                    queue.push_back(place);
                }
                None => self.exhausted = true,
            }
        }
    }

    /// The next thing to begin; `None` where something under way must end first.
    pub(crate) fn next(&mut self, now: Now) -> Option<Step> {
        // What wakes a worker is what it looks for: none sleeps through something to begin.
        if !self.may_begin_more() {
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
        if self.asking || self.ready.len() >= concurrency {
            return None;
        }
        self.take_in();
        if self.linkless.len() < BATCH && !self.unchecked.is_empty() {
            self.asking = true;
            return Some(Step::Check(self.check(now)));
        }
        if self.linkless.is_empty() {
            return None;
        }
        self.asking = true;
        Some(Step::Ask(self.ask(now)))
    }

    /// Whether [`next`](Self::next) may have something more to begin. Where it has not, that changes only when
    /// something under way ends.
    pub(crate) fn may_begin_more(&self) -> bool {
        if self.fatal.is_some() || self.stopping {
            return false;
        }
        let concurrency = self.options.downloads();
        let to_ask = !self.exhausted || !self.linkless.is_empty() || !self.unchecked.is_empty();
        (self.fetching < concurrency && !self.ready.is_empty())
            || (!self.asking && self.ready.len() < concurrency && to_ask)
    }

    /// Whether nothing is left to begin or to end.
    pub(crate) fn is_finished(&self) -> bool {
        let idle = !self.asking && self.fetching == 0;
        let queued = self.ready.len() + self.linkless.len() + self.unchecked.len();
        idle && (self.fatal.is_some() || self.stopping || (queued == 0 && self.exhausted))
    }

    /// Begins nothing new; what is under way ends.
    pub(crate) fn wind_up(&mut self) {
        self.stopping = true;
    }

    /// Takes away what has come of contracts since the last time.
    pub(crate) fn take_ended(&mut self) -> Vec<(usize, ReportedFlow)> {
        std::mem::take(&mut self.ended)
    }

    /// Lets go of a contract to which nothing more will happen.
    fn settle(&mut self, flow: usize) {
        if self.flows.get(&flow).is_some_and(FlowState::has_ended)
            && let Some(state) = self.flows.remove(&flow)
        {
            // The contract may be tried anew.
            for file in &state.files {
                if !matches!(file.stage, Stage::Saved(_)) {
                    self.names.give_back(&file.name);
                }
            }
            self.ended.push((flow, state.report()));
        }
    }

    /// Asks for new links of a contract, whose other files still in the queue then come again too.
    fn ask_again(&mut self, flow: usize) {
        self.ready.retain(|fetch| fetch.flow != flow);
        // Links that are on their way are new enough.
        let asked = self.flows.get(&flow).is_none_or(|state| state.asked);
        if !asked && !self.linkless.contains(&flow) {
            self.linkless.push_back(flow);
        }
    }

    fn ask(&mut self, now: Now) -> Ask {
        let count = self.linkless.len().min(BATCH);
        let flows: Vec<usize> = self.linkless.drain(..count).collect();
        let mut ids = Vec::with_capacity(count);
        let mut delay = self.pause();
        for flow in &flows {
            if let Some(state) = self.flows.get_mut(flow) {
                state.asked = true;
                delay = delay.max(state.composed_at.saturating_sub(now.monotonic));
                ids.push(state.flow_id.clone());
            }
        }
        let request = request(&self.agent, &ids);
        Ask { flows, ids, delay, request }
    }

    /// How long to wait after calls that have failed.
    fn pause(&self) -> Duration {
        match self.failures {
            0 => Duration::ZERO,
            failures => Duration::from_secs(1 << failures.min(5)).min(LONGEST_PAUSE),
        }
    }

    /// A call for many contracts has failed: what that means for each, or `None` where it is to be made
    /// again.
    fn judge(&mut self, error: tc3_client::Error) -> Option<FlowError> {
        if error.is_retryable() && self.failures < self.policy.patience {
            self.failures += 1;
            tracing::debug!(%error, failures = self.failures, "a call failed, will be made again");
            return None;
        }
        match failed(error) {
            Ok(error) => Some(error),
            Err(fatal) => {
                self.stop(fatal);
                None
            }
        }
    }

    /// The links of a batch have come, or not.
    pub(crate) fn on_links(
        &mut self,
        now: Now,
        ask: Ask,
        answer: Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error>,
    ) {
        self.asking = false;
        for flow in &ask.flows {
            if let Some(state) = self.flows.get_mut(flow) {
                state.asked = false;
            }
        }
        let results = match answer {
            Ok(answer) => {
                self.failures = 0;
                merge(&ask.ids, answer, now)
            }
            Err(error) => match self.judge(error) {
                Some(error) => vec![Err(error); ask.ids.len()],
                None => return self.linkless.extend(ask.flows),
            },
        };
        for (flow, result) in ask.flows.into_iter().zip(results) {
            match result {
                Ok(links) => self.enqueue(flow, links),
                Err(error) => self.fail(flow, error),
            }
            self.settle(flow);
        }
    }

    fn enqueue(&mut self, flow: usize, mut links: Vec<ResourceLink>) {
        // What was queued over older links is queued over these.
        self.ready.retain(|fetch| fetch.flow != flow);
        let Some(state) = self.flows.get_mut(&flow).filter(|state| state.error.is_none()) else {
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
            let name = self.names.assign(Named {
                name: &link.name,
                flow_id: &state.flow_id,
                kind: &link.kind,
                index: flow,
                at: link.asked_at,
            });
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
                target: self.options.target(),
                name: file.name.clone(),
                max_bytes: self.options.max_file_bytes,
                sync_name: !self.policy.names_later,
                delay: Duration::ZERO,
            });
        }
    }

    /// A contract has failed; only its first reason is told.
    fn fail(&mut self, flow: usize, error: FlowError) {
        self.ready.retain(|fetch| fetch.flow != flow);
        self.linkless.retain(|&other| other != flow);
        let Some(state) = self.flows.get_mut(&flow).filter(|state| state.error.is_none()) else {
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

    /// The names it has given out.
    pub(crate) fn into_names(self) -> Result<FileNames, Error> {
        self.fatal.map_or(Ok(self.names), Err)
    }

    /// What came of each contract that has not been taken away, in their order.
    pub(crate) fn finish(mut self) -> Result<Report, Error> {
        match self.fatal {
            Some(error) => Err(error),
            None => {
                self.ended.sort_by_key(|(place, _)| *place);
                Ok(Report { flows: self.ended.into_iter().map(|(_, flow)| flow).collect() })
            }
        }
    }
}

#[cfg(test)]
mod tests;
