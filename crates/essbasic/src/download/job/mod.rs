//! The download of any number of contracts as a machine: told what ended, it says what to begin. Its
//! memory grows with what is under way, not with what there is.

mod asks;
mod check;
mod fetches;
mod step;
mod waiting;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use essbasic_models::Agent;
use tc3_client::{ErrorKind, Now};

pub(crate) use self::step::{Ended, Step};
pub(crate) use self::waiting::WaitStep;
use self::waiting::Waiting;
use super::fetch::Fetch;
use super::file_name::FileNames;
use super::flow::{FlowState, Stage};
use super::options::{DownloadEvent, DownloadOptions, Report, ReportedFlow};
use crate::error::{Error, FlowError, FlowErrorKind};
use crate::links::{BATCH, distinct, failed};
use crate::next::{InFlight, Next};
use crate::wait::WaitJob;

/// The longest pause after a failed call for many contracts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Rounds of a download: as many as an archive job has by default.
const ROUNDS: u32 = 3;

/// How a job goes about its work.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Policy {
    /// Looks whether a contract is signed by all before it asks for links, and gives its PDF this long
    /// to be composed after the last signature.
    pub(crate) check: Option<Duration>,
    /// Whether a contract that is looked up is downloaded in any state.
    pub(crate) any_state: bool,
    /// How many times as many links as in one round may expire before a contract fails, with a pause after
    /// each round. Zero counts as one.
    pub(crate) rounds: u32,
    /// How many calls in a row may fail before their contracts do.
    pub(crate) patience: u32,
    /// Whether somebody else makes the files' names durable.
    pub(crate) names_later: bool,
    pub(crate) batch: BatchSizes,
}

/// Contracts per request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchSizes {
    pub(crate) checks: usize,
    pub(crate) links: usize,
}

impl Default for BatchSizes {
    fn default() -> Self {
        Self { checks: check::BATCH, links: BATCH }
    }
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
    /// Contracts that are waited for before they enter the job.
    waiting: Option<Waiting>,
    /// Contracts of which it is not known whether they are signed.
    unchecked: VecDeque<usize>,
    /// Contracts without links.
    linkless: VecDeque<usize>,
    /// Files to be fetched.
    ready: VecDeque<Fetch>,
    /// Whether a call is under way.
    asking: bool,
    /// Whether the service has answered a request of this job.
    was_reached: bool,
    /// Calls in a row that have failed.
    failures: u32,
    fetching: usize,
    /// Files in a row that the store did not take.
    not_stored: u32,
    /// What stops everything.
    fatal: Option<Error>,
}

impl Job {
    /// Prepares the folder and a job that keeps what comes of each contract for its report.
    pub(crate) fn new(
        agent: Agent,
        flow_ids: &[String],
        options: DownloadOptions,
        now: Now,
    ) -> Result<Self, Error> {
        let target = options.target();
        if target.folder().is_none() && !options.names.has_flow_id() {
            return Err(Error::Names("a download to a store"));
        }
        target.prepare()?;
        let names = FileNames::of_download(options.names.clone(), &target);
        let ids = distinct(flow_ids);
        let policy = Policy {
            check: Some(options.settle),
            any_state: options.any_state,
            rounds: ROUNDS,
            ..Policy::default()
        };
        let Some(wait) = options.wait.clone() else {
            let source = Box::new(ids.into_iter().enumerate());
            return Ok(Self::streaming(agent, source, options, policy, names));
        };
        let wait = wait.with_stop(options.stop.clone());
        let waiting = Waiting::new(WaitJob::new(agent.clone(), ids, wait, now));
        let mut job = Self::streaming(agent, Box::new(std::iter::empty()), options, policy, names);
        job.waiting = Some(waiting);
        Ok(job)
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
            waiting: None,
            unchecked: VecDeque::new(),
            linkless: VecDeque::new(),
            ready: VecDeque::new(),
            asking: false,
            was_reached: false,
            failures: 0,
            fetching: 0,
            not_stored: 0,
            fatal: None,
        };
        job.take_in();
        job
    }

    /// Takes contracts from the source while fewer than one call's worth are waiting.
    fn take_in(&mut self) {
        let (queue, enough) = match self.policy.check {
            Some(_) => (&mut self.unchecked, self.policy.batch.checks),
            None => (&mut self.linkless, self.policy.batch.links),
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

    /// Returns the next step; `Wait` only while steps are in flight, `Done` only if none is.
    pub(crate) fn next(&mut self, now: Now) -> Next<Step, InFlight> {
        let step = self.begin(now);
        Next::of(step, self.fetching + usize::from(self.asking) + self.waits_in_flight())
    }

    fn begin(&mut self, now: Now) -> Option<Step> {
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
        if let Some(step) = self.begin_wait(now) {
            return Some(step);
        }
        // Only when the downloads would soon run dry: a link asked for early dies in the queue.
        if self.asking || self.ready.len() >= concurrency {
            return None;
        }
        self.take_in();
        if self.linkless.len() < self.policy.batch.links && !self.unchecked.is_empty() {
            self.asking = true;
            return Some(Step::Check(self.check(now)));
        }
        if self.linkless.is_empty() {
            return None;
        }
        self.asking = true;
        Some(Step::Ask(self.ask(now)))
    }

    /// Returns false only if [`next`](Self::next) would return no step: true may be wrong, as it is not known
    /// whether the source holds more.
    pub(crate) fn may_begin_more(&self) -> bool {
        if self.is_ending() {
            return false;
        }
        let concurrency = self.options.downloads();
        let to_ask = !self.exhausted || !self.linkless.is_empty() || !self.unchecked.is_empty();
        self.may_wait()
            || (self.fetching < concurrency && !self.ready.is_empty())
            || (!self.asking && self.ready.len() < concurrency && to_ask)
    }

    /// Whether nothing more is begun.
    pub(crate) fn is_ending(&self) -> bool {
        self.fatal.is_some() || self.options.stop.is_stopped()
    }

    /// Takes the outcome of a step.
    pub(crate) fn on(&mut self, now: Now, ended: Ended) {
        match ended {
            Ended::Check(check, answer) => self.on_check(now, check, answer),
            Ended::Ask(ask, answer) => self.on_links(now, ask, answer),
            Ended::Fetch(fetch, end) => self.on_fetch(now, fetch, end),
            Ended::Poll(answer) => self.on_poll(now, answer),
            Ended::Slept => self.on_waited(),
            Ended::Cancelled(step) => self.on_cancelled(step),
        }
    }

    /// Puts back the contracts of a step that was not performed.
    fn on_cancelled(&mut self, step: Step) {
        match step {
            Step::Check(check) => {
                self.asking = false;
                self.unchecked.extend(check.flows);
            }
            Step::Ask(ask) => {
                self.asking = false;
                for flow in ask.flows {
                    if let Some(state) = self.flows.get_mut(&flow) {
                        state.asked = false;
                    }
                    self.linkless.push_back(flow);
                    self.settle(flow);
                }
            }
            Step::Fetch(fetch) => self.put_back(fetch),
            Step::Wait(_) => self.on_waited(),
        }
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
            // The contract may be tried again.
            for file in &state.files {
                match &file.stage {
                    Stage::Saved(saved) if state.error.is_some() => {
                        self.names.own_saved(&state.flow_id, saved);
                    }
                    Stage::Saved(_) => {}
                    Stage::Waiting | Stage::Fetching => self.names.release(&file.to),
                }
            }
            self.ended.push((flow, state.report()));
        }
    }

    /// How long to wait after calls that have failed.
    fn pause(&self) -> Duration {
        match self.failures {
            0 => Duration::ZERO,
            failures => Duration::from_secs(1 << failures.min(5)).min(LONGEST_PAUSE),
        }
    }

    fn on_call_succeeded(&mut self) {
        self.was_reached = true;
        self.failures = 0;
    }

    /// A call for many contracts has failed: what that means for each, or `None` where it is to be made
    /// again.
    fn judge(&mut self, error: tc3_client::Error) -> Option<FlowError> {
        // A server to which no connection was ever made is more likely the wrong one than one that is away for a while.
        let never_sent = matches!(error.kind(), ErrorKind::Transport(kind) if kind.never_sent());
        let is_elsewhere = never_sent && !self.was_reached;
        if error.is_retryable() && !is_elsewhere && self.failures < self.policy.patience {
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

    /// Returns the outcome of each contract that has not been taken away, in their order. Contracts that a
    /// stop has cut off are among them.
    pub(crate) fn finish(mut self) -> Result<Report, Error> {
        if let Some(error) = self.fatal {
            return Err(error);
        }
        let waited = self.cut_off_waits();
        let begun = self.flows.into_iter().chain(waited);
        let others = self.source.map(|(place, flow_id)| (place, FlowState::new(flow_id)));
        let cut_off = begun.chain(others).map(|(place, mut state)| {
            state.error.get_or_insert_with(|| {
                let message = "the download was stopped before this contract was complete";
                FlowError::new(FlowErrorKind::Stopped, message)
            });
            (place, state.report())
        });
        let mut ended = self.ended;
        ended.extend(cut_off);
        ended.sort_by_key(|(place, _)| *place);
        Ok(Report { flows: ended.into_iter().map(|(_, flow)| flow).collect() })
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
