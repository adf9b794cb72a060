//! The download of any number of contracts as a sans-IO state machine: outcomes of steps in, next steps out. Its memory
//! grows with the number of contracts in flight, not with their total number.

mod fetches;
mod links;
mod status;
mod step;
mod waiting;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use essbasic_models::Agent;
use tc3_client::{ErrorKind, Now};

pub(crate) use self::step::{Step, StepOutcome, WaitStep};
use self::waiting::Waiting;
use super::event::DownloadEvent;
use super::fetch::Fetch;
use super::file_name::FileNames;
use super::flow::{FlowState, Stage};
use super::options::DownloadOptions;
use super::report::{Report, ReportedFlow};
use crate::error::{Error, FlowError, FlowErrorKind, into_flow_error};
use crate::ids::{FlowId, distinct};
use crate::links::BATCH;
use crate::next::{InFlight, Next};
use crate::wait::WaitJob;

/// Maximum delay after a failed call.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Rounds of a download: the default number of an archive job.
const ROUNDS: u32 = 3;

/// The policy of a job: status check, retries and batch sizes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Policy {
    /// If set, the status of each contract is checked before its links are requested. The value is the delay after the
    /// last signature, in which the service composes the PDF.
    pub(crate) status_check: Option<Duration>,
    /// If `true`, contracts are downloaded in any status.
    pub(crate) any_state: bool,
    /// Number of rounds of expired links after which a contract fails, with a pause after each round. Zero counts as
    /// one.
    pub(crate) rounds: u32,
    /// Maximum number of consecutive failed calls; after the next one, the contracts of the call fail.
    pub(crate) max_call_failures: u32,
    /// `true` if the caller fsyncs the folder after the files have their names.
    pub(crate) defer_name_sync: bool,
    pub(crate) batch: BatchSizes,
}

/// Maximum number of consecutive failed calls if no connection was ever made: the endpoint is probably wrong.
const MAX_FAILURES_UNREACHED: u32 = 2;

/// Number of contracts per request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchSizes {
    pub(crate) status: usize,
    pub(crate) links: usize,
}

impl Default for BatchSizes {
    fn default() -> Self {
        Self { status: status::BATCH, links: BATCH }
    }
}

pub(crate) struct Job {
    agent: Agent,
    options: DownloadOptions,
    /// Contracts that have not entered the job, each with its index in the input.
    source: Box<dyn Iterator<Item = (usize, FlowId)> + Send>,
    /// `true` if the source has ended.
    exhausted: bool,
    /// Contracts in flight, by their index.
    flows: HashMap<usize, FlowState>,
    /// Contracts that have ended, until they are taken.
    ended: Vec<(usize, ReportedFlow)>,
    names: FileNames,
    policy: Policy,
    /// The wait for signatures, after which contracts enter the job.
    waiting: Option<Waiting>,
    /// Contracts whose status is to be checked.
    unchecked: VecDeque<usize>,
    /// Contracts that need links.
    without_links: VecDeque<usize>,
    /// Files to fetch.
    ready: VecDeque<Fetch>,
    /// `true` while a call is in flight.
    call_in_flight: bool,
    /// `true` after the first response of the service.
    was_reached: bool,
    /// Number of consecutive failed calls.
    call_failures: u32,
    /// Number of files in flight.
    fetching: usize,
    /// Number of consecutive files that the destination rejected.
    rejections: u32,
    /// The error that stops the job.
    fatal: Option<Error>,
}

impl Job {
    /// Prepares the folder and creates a job that collects the outcomes for its report.
    ///
    /// # Errors
    /// Returns [`Error::Names`] if the names for a store lack the flow ID, and [`Error::Folder`] if no file can be
    /// created in the folder.
    pub(crate) fn new(
        agent: Agent,
        flow_ids: &[FlowId],
        options: DownloadOptions,
        now: Now,
    ) -> Result<Self, Error> {
        let target = options.target();
        if target.requires_flow_id() && !options.names.has_flow_id() {
            return Err(Error::Names("a download to a store"));
        }
        if !options.reads_pdf {
            target.prepare()?;
        }
        let names = FileNames::for_download(options.names.clone(), &target);
        let ids = distinct(flow_ids);
        let policy = Policy {
            status_check: Some(options.settle),
            any_state: options.any_state,
            rounds: ROUNDS,
            ..Policy::default()
        };
        let Some(mut wait) = options.wait.clone() else {
            let source = Box::new(ids.into_iter().enumerate());
            return Ok(Self::streaming(agent, source, options, policy, names));
        };
        wait.stop.clone_from(&options.stop);
        let waiting = Waiting::new(WaitJob::new(agent.clone(), ids, wait, now));
        let mut job = Self::streaming(agent, Box::new(std::iter::empty()), options, policy, names);
        job.waiting = Some(waiting);
        Ok(job)
    }

    /// Creates a job that draws its contracts from an iterator, for a prepared target. The driver takes the outcomes
    /// with [`take_ended`](Self::take_ended).
    pub(crate) fn streaming(
        agent: Agent,
        source: Box<dyn Iterator<Item = (usize, FlowId)> + Send>,
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
            without_links: VecDeque::new(),
            ready: VecDeque::new(),
            call_in_flight: false,
            was_reached: false,
            call_failures: 0,
            fetching: 0,
            rejections: 0,
            fatal: None,
        };
        job.fill_queue();
        job
    }

    /// Draws contracts from the source until the first queue has enough for one request.
    fn fill_queue(&mut self) {
        let (queue, batch) = match self.policy.status_check {
            Some(_) => (&mut self.unchecked, self.policy.batch.status),
            None => (&mut self.without_links, self.policy.batch.links),
        };
        while !self.exhausted && queue.len() < batch {
            match self.source.next() {
                Some((index, flow_id)) => {
                    self.flows.insert(index, FlowState::new(flow_id));
                    queue.push_back(index);
                }
                None => self.exhausted = true,
            }
        }
    }

    /// Returns the next step; `Wait` only while steps are in flight, `Done` only if none is.
    pub(crate) fn next(&mut self, now: Now) -> Next<Step, InFlight> {
        let step = self.next_step(now);
        Next::of(step, self.fetching + usize::from(self.call_in_flight) + self.waits_in_flight())
    }

    fn next_step(&mut self, now: Now) -> Option<Step> {
        // Workers are woken by the same condition, so that none sleeps while a step is available.
        if !self.may_have_step() {
            return None;
        }
        let concurrency = self.options.effective_concurrency();
        if self.fetching < concurrency
            && let Some(fetch) = self.next_fetch(now)
        {
            self.fetching += 1;
            return Some(Step::Fetch(fetch));
        }
        if let Some(step) = self.next_wait_step(now) {
            return Some(step);
        }
        // Links are requested only when files to fetch run out, because they expire in the queue.
        if self.call_in_flight || self.ready.len() >= concurrency {
            return None;
        }
        self.fill_queue();
        if self.without_links.len() < self.policy.batch.links && !self.unchecked.is_empty() {
            self.call_in_flight = true;
            return Some(Step::Status(self.status_batch()));
        }
        if self.without_links.is_empty() {
            return None;
        }
        self.call_in_flight = true;
        Some(Step::Links(self.link_batch(now)))
    }

    /// Returns `false` if [`next`](Self::next) would return no step. `true` is not certain, because the source may have
    /// ended.
    pub(crate) fn may_have_step(&self) -> bool {
        if self.is_stopping() {
            return false;
        }
        let concurrency = self.options.effective_concurrency();
        let may_call =
            !self.exhausted || !self.without_links.is_empty() || !self.unchecked.is_empty();
        self.may_wait()
            || (self.fetching < concurrency && !self.ready.is_empty())
            || (!self.call_in_flight && self.ready.len() < concurrency && may_call)
    }

    /// Returns whether the job starts no further steps.
    pub(crate) fn is_stopping(&self) -> bool {
        self.fatal.is_some() || self.options.is_stopped()
    }

    /// Processes the outcome of a step.
    pub(crate) fn on(&mut self, now: Now, outcome: StepOutcome) {
        match outcome {
            StepOutcome::Status(batch, result) => self.on_status(now, batch, result),
            StepOutcome::Links(batch, result) => self.on_links(now, batch, result),
            StepOutcome::Fetch(fetch, outcome) => self.on_fetch(now, fetch, outcome),
            StepOutcome::Poll(result) => self.on_poll(now, result),
            StepOutcome::Slept => self.on_wait_step_ended(),
            StepOutcome::Cancelled(step) => self.on_cancelled(step),
        }
    }

    /// Requeues the contracts of a step that was not performed.
    fn on_cancelled(&mut self, step: Step) {
        match step {
            Step::Status(batch) => {
                self.call_in_flight = false;
                self.unchecked.extend(batch.flows);
            }
            Step::Links(batch) => {
                self.call_in_flight = false;
                for flow in batch.flows {
                    if let Some(state) = self.flows.get_mut(&flow) {
                        state.links_requested = false;
                    }
                    self.without_links.push_back(flow);
                    self.end_if_final(flow);
                }
            }
            Step::Fetch(fetch) => self.requeue(fetch),
            Step::Wait(_) => self.on_wait_step_ended(),
        }
    }

    /// Takes the contracts that have ended since the last call.
    pub(crate) fn take_ended(&mut self) -> Vec<(usize, ReportedFlow)> {
        std::mem::take(&mut self.ended)
    }

    /// Moves a contract to the ended ones if its outcome is final.
    fn end_if_final(&mut self, flow: usize) {
        if self.flows.get(&flow).is_some_and(FlowState::has_ended)
            && let Some(state) = self.flows.remove(&flow)
        {
            // The caller may retry the contract.
            for file in &state.files {
                match &file.stage {
                    Stage::Saved(saved) if state.error.is_some() => {
                        self.names.reserve_saved(state.flow_id.as_str(), saved);
                    }
                    Stage::Saved(_) => {}
                    Stage::Waiting | Stage::Fetching => self.names.release(&file.to),
                }
            }
            self.ended.push((flow, state.report()));
        }
    }

    /// Returns the delay after the consecutive failed calls.
    fn backoff(&self) -> Duration {
        match self.call_failures {
            0 => Duration::ZERO,
            failures => Duration::from_secs(1 << failures.min(5)).min(MAX_BACKOFF),
        }
    }

    fn on_call_succeeded(&mut self) {
        self.was_reached = true;
        self.call_failures = 0;
    }

    /// Processes the error of a call for several contracts. Returns the error of each; `None` if the call is retried or the job
    /// stops.
    fn on_call_error(&mut self, error: tc3_client::Error, contracts: usize) -> Option<FlowError> {
        let never_sent = matches!(error.kind(), ErrorKind::Transport(kind) if kind.never_sent());
        let max_failures = match never_sent && !self.was_reached {
            true => self.policy.max_call_failures.min(MAX_FAILURES_UNREACHED),
            false => self.policy.max_call_failures,
        };
        if error.is_retryable() && self.call_failures < max_failures {
            self.call_failures += 1;
            tracing::debug!(%error, failures = self.call_failures, "call failed, will be retried");
            return None;
        }
        match into_flow_error(error, contracts) {
            Ok(error) => Some(error),
            Err(fatal) => {
                self.stop(fatal);
                None
            }
        }
    }

    /// Records the error of a contract. Only the first error is reported.
    fn fail(&mut self, flow: usize, error: FlowError) {
        self.ready.retain(|fetch| fetch.flow != flow);
        self.without_links.retain(|&other| other != flow);
        let Some(state) = self.flows.get_mut(&flow).filter(|state| state.error.is_none()) else {
            return;
        };
        let flow_id = &state.flow_id;
        self.options.emit(DownloadEvent::Failed { flow_id, error: &error });
        state.error = Some(error);
    }

    /// Stops the job with an error: no further steps are started.
    pub(crate) fn stop(&mut self, error: Error) {
        self.fatal.get_or_insert(error);
    }

    /// Stops the job and forgets the steps in flight, whose outcomes will not be passed.
    #[cfg(feature = "ureq")]
    pub(crate) fn abandon(&mut self) {
        self.stop(Error::Interrupted);
        self.call_in_flight = false;
        self.fetching = 0;
    }

    /// Returns the assigned names.
    ///
    /// # Errors
    /// Returns the error that stopped the job.
    pub(crate) fn into_names(self) -> Result<FileNames, Error> {
        self.fatal.map_or(Ok(self.names), Err)
    }

    /// Returns the outcome of each contract that has not been taken, in the order of the input. Contracts that are not
    /// complete because of a stop fail with [`FlowErrorKind::Stopped`].
    ///
    /// # Errors
    /// Returns the error that stopped the job.
    pub(crate) fn finish(mut self) -> Result<Report, Error> {
        if let Some(error) = self.fatal {
            return Err(error);
        }
        let waiting = self.stopped_waits();
        let started = self.flows.into_iter().chain(waiting);
        let others = self.source.map(|(index, flow_id)| (index, FlowState::new(flow_id)));
        let stopped = started.chain(others).map(|(index, mut state)| {
            state.error.get_or_insert_with(|| {
                let message = "the download was stopped before this contract was complete";
                FlowError::new(FlowErrorKind::Stopped, message)
            });
            (index, state.report())
        });
        let mut ended = self.ended;
        ended.extend(stopped);
        ended.sort_by_key(|(index, _)| *index);
        Ok(Report { flows: ended.into_iter().map(|(_, flow)| flow).collect() })
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
