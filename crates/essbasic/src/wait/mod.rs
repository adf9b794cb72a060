//! Waiting until contracts are signed by all, by asking a hundred a call.

use core::fmt;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use essbasic_models::{
    Agent, DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse, FlowDetailInfo,
    FlowStatus,
};
use tc3_client::Now;

use crate::error::{Error, FlowError, FlowErrorKind};
use crate::links::{distinct, failed};
use crate::next::Next;

mod options;
mod signals;

pub use options::{WaitEvent, WaitOptions};
pub use signals::Signals;

/// The most contracts that one call takes.
const BATCH: usize = 100;

/// Answers in a row that leave a contract out before it counts as not found: a new contract may take
/// a moment to be known.
const MISSES: u32 = 3;

/// How far apart the service's clock and ours may be for the age of a signature to be believed.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// A round sooner than this would only repeat the answer of the one before.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// Longest pause between two rounds, whatever the options say.
const LONGEST_INTERVAL: Duration = Duration::from_secs(3600);

/// Longest time for which a PDF is taken to be composed, whatever the options say.
pub(crate) const LONGEST_SETTLE: Duration = Duration::from_secs(3600);

/// What came of waiting for one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowWait {
    /// The contract.
    pub flow_id: String,
    /// How it ended, or how far it came.
    pub outcome: WaitOutcome,
}

/// How waiting for one contract ended.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitOutcome {
    /// Everybody has signed, and the PDF is composed.
    Signed,
    /// It will not be signed by all: `REJECT`, `CANCEL`, `DEADLINE`, `INVALID` or `RELIEVED`.
    Ended {
        /// Which of them.
        status: FlowStatus,
        /// The reason that the service gives for a refusal or a withdrawal; may be empty.
        reason: String,
    },
    /// The time was up. Holds the last state, if one was learnt, and else why not.
    Pending {
        /// The last state.
        status: Option<FlowStatus>,
        /// Why the last attempt to learn it failed.
        error: Option<FlowError>,
    },
    /// The service does not know the contract, or not as this agent's.
    NotFound,
}

impl fmt::Debug for WaitOutcome {
    /// Not the reason, which is what a person wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed => f.write_str("Signed"),
            Self::Ended { status, reason: _ } => {
                f.debug_struct("Ended").field("status", status).finish_non_exhaustive()
            }
            Self::Pending { status, error } => {
                f.debug_struct("Pending").field("status", status).field("error", error).finish()
            }
            Self::NotFound => f.write_str("NotFound"),
        }
    }
}

/// Waits for any number of contracts.
pub(crate) struct WaitJob {
    agent: Agent,
    options: WaitOptions,
    asked: Vec<String>,
    /// Each contract once; known by its place here.
    flows: Vec<Flow>,
    /// Their places, where callbacks are listened to.
    places: HashMap<String, usize>,
    /// How many are still asked for.
    open: usize,
    /// Those signed by all, by the time when their PDF is composed.
    composing: BinaryHeap<Reverse<(Duration, usize)>>,
    /// The batches of this round that are still to be asked.
    batches: VecDeque<Vec<usize>>,
    deadline: Duration,
    interval: Duration,
    /// When the next round of asking is due.
    next_round: Duration,
    changed: bool,
    /// Whether a round has begun.
    begun: bool,
    /// Whether the service has answered.
    answered: bool,
    /// Contracts that have ended and have not been taken.
    ended: Vec<usize>,
}

struct Flow {
    id: String,
    stage: Stage,
    /// Whether its outcome has been taken.
    is_taken: bool,
}

enum Stage {
    /// Still asked for.
    Open(Open),
    /// Signed by all; its PDF is being composed.
    Composing,
    Ended(WaitOutcome),
}

#[derive(Default)]
struct Open {
    status: Option<FlowStatus>,
    error: Option<FlowError>,
    misses: u32,
}

impl Stage {
    fn open(&mut self) -> Option<&mut Open> {
        match self {
            Self::Open(open) => Some(open),
            Self::Composing | Self::Ended(_) => None,
        }
    }

    fn outcome(self) -> WaitOutcome {
        match self {
            Self::Open(open) => WaitOutcome::Pending { status: open.status, error: open.error },
            Self::Composing => WaitOutcome::Pending { status: Some(FlowStatus::All), error: None },
            Self::Ended(outcome) => outcome,
        }
    }
}

impl WaitJob {
    pub(crate) fn new(agent: Agent, flow_ids: Vec<String>, options: WaitOptions, now: Now) -> Self {
        let flows = distinct(&flow_ids);
        let places = match options.signals() {
            Some(_) => flows.iter().cloned().zip(0..).collect(),
            None => HashMap::new(),
        };
        let open = |id| Flow { id, stage: Stage::Open(Open::default()), is_taken: false };
        Self {
            agent,
            places,
            open: flows.len(),
            flows: flows.into_iter().map(open).collect(),
            asked: flow_ids,
            composing: BinaryHeap::new(),
            batches: VecDeque::new(),
            deadline: now.monotonic.saturating_add(options.timeout),
            interval: options.interval,
            next_round: now.monotonic,
            changed: true,
            begun: false,
            answered: false,
            ended: Vec::new(),
            options,
        }
    }

    /// Returns the next request, or the time until there is one.
    pub(crate) fn next(&mut self, now: Now) -> Next<DescribeFlowDetailInfoRequest, Duration> {
        self.listen(now);
        while let Some(&Reverse((at, flow))) = self.composing.peek()
            && at <= now.monotonic
        {
            self.composing.pop();
            self.end(flow, WaitOutcome::Signed);
        }
        let idle = self.open == 0 && self.composing.is_empty();
        let late = self.begun && self.batches.is_empty() && now.monotonic >= self.deadline;
        if idle || late || self.options.stop.is_stopped() {
            return Next::Done;
        }
        if self.batches.is_empty() && now.monotonic >= self.next_round {
            self.begin_round(now);
        }
        if let Some(batch) = self.batches.front() {
            let ids = batch.iter().filter_map(|&flow| Some(&self.flows.get(flow)?.id));
            let request = DescribeFlowDetailInfoRequest::new(self.agent.clone());
            return Next::Step(request.flow_ids(ids));
        }
        let composed = self.composing.peek().map(|&Reverse((at, _))| at);
        let asking = (self.open > 0).then_some(self.next_round);
        let wake = composed.into_iter().chain(asking).fold(self.deadline, Duration::min);
        Next::Wait(wake.saturating_sub(now.monotonic))
    }

    /// Takes what callbacks have said.
    fn listen(&mut self, now: Now) {
        let Some(told) = self.options.signals().map(Signals::take) else { return };
        for signal in told {
            // Callbacks come for all contracts of the application.
            let place = self.places.get(&signal.flow_id).copied();
            let Some(flow) = place.filter(|&flow| self.open(flow).is_some()) else { continue };
            self.see(flow, &signal.status);
            let composed_at = now.monotonic.saturating_add(self.options.settle.min(LONGEST_SETTLE));
            self.conclude(flow, signal.status, signal.reason, composed_at);
        }
    }

    fn begin_round(&mut self, now: Now) {
        self.interval = if self.changed {
            self.options.interval
        } else {
            let longer = self.interval.saturating_add(self.interval / 2);
            longer.min(self.options.max_interval)
        };
        self.changed = false;
        self.begun = true;
        self.interval = self.interval.min(LONGEST_INTERVAL);
        self.next_round = now.monotonic.saturating_add(self.interval.max(SHORTEST_INTERVAL));
        let places = 0..self.flows.len();
        let open: Vec<usize> = places.filter(|&flow| self.open(flow).is_some()).collect();
        self.batches = open.chunks(BATCH).map(<[usize]>::to_vec).collect();
    }

    /// A contract that is still asked for.
    fn open(&mut self, flow: usize) -> Option<&mut Open> {
        self.flows.get_mut(flow)?.stage.open()
    }

    pub(crate) fn on(
        &mut self,
        now: Now,
        answer: Result<DescribeFlowDetailInfoResponse, tc3_client::Error>,
    ) -> Result<(), Error> {
        let Some(batch) = self.batches.pop_front() else { return Ok(()) };
        let mut infos = match answer {
            Ok(answer) => {
                self.answered = true;
                let infos = answer.flow_info.into_iter();
                infos.map(|info| (info.flow_id.clone(), info)).collect::<HashMap<_, _>>()
            }
            // A round that failed is followed by another.
            Err(error) => {
                let error = match failed(error) {
                    Ok(error) => error,
                    // It worked before: a network that is away for a while does not end a wait.
                    Err(Error::Call(error)) if self.answered && error.is_retryable() => {
                        FlowError::new(FlowErrorKind::Call, error.to_string())
                    }
                    Err(fatal) => return Err(fatal),
                };
                for flow in batch {
                    if let Some(open) = self.open(flow) {
                        open.error = Some(error.clone());
                    }
                }
                return Ok(());
            }
        };
        for flow in batch {
            let info = self.flows.get(flow).and_then(|flow| infos.remove(&flow.id));
            self.learn(flow, info, now);
        }
        Ok(())
    }

    fn learn(&mut self, flow: usize, info: Option<FlowDetailInfo>, now: Now) {
        let Some(open) = self.open(flow) else { return };
        open.error = None;
        let Some(info) = info else {
            open.misses += 1;
            if open.misses >= MISSES {
                self.end(flow, WaitOutcome::NotFound);
            }
            return;
        };
        open.misses = 0;
        self.see(flow, &info.flow_status);
        let composed_at = composed_at(&info, self.options.settle, now);
        self.conclude(flow, info.flow_status, info.flow_message, composed_at);
    }

    /// Tells of a state that is another than before.
    fn see(&mut self, flow: usize, status: &FlowStatus) {
        let Some(flow) = self.flows.get_mut(flow) else { return };
        let Some(open) = flow.stage.open() else { return };
        if open.status.as_ref() != Some(status) {
            open.status = Some(status.clone());
            self.changed = true;
            self.options.tell(WaitEvent::Status { flow_id: &flow.id, status });
        }
    }

    /// Ends the wait for a contract whose state is final.
    fn conclude(&mut self, flow: usize, status: FlowStatus, reason: String, composed_at: Duration) {
        match status {
            FlowStatus::All => {
                self.close(flow, Stage::Composing);
                self.composing.push(Reverse((composed_at, flow)));
            }
            FlowStatus::Reject
            | FlowStatus::Cancel
            | FlowStatus::Deadline
            | FlowStatus::Invalid
            | FlowStatus::Relieved => self.end(flow, WaitOutcome::Ended { status, reason }),
            _ => {}
        }
    }

    fn end(&mut self, flow: usize, outcome: WaitOutcome) {
        if let Some(Flow { id, .. }) = self.flows.get(flow) {
            self.options.tell(WaitEvent::Ended { flow_id: id, outcome: &outcome });
        }
        self.close(flow, Stage::Ended(outcome));
        self.ended.push(flow);
    }

    /// Takes the outcomes of contracts that have ended since the last time, each with its place and ID.
    pub(crate) fn take_ended(&mut self) -> Vec<(usize, String, WaitOutcome)> {
        let ended = std::mem::take(&mut self.ended).into_iter().filter_map(|place| {
            let flow = self.flows.get_mut(place).filter(|flow| !flow.is_taken)?;
            flow.is_taken = true;
            let Stage::Ended(outcome) = &flow.stage else { return None };
            Some((place, flow.id.clone(), outcome.clone()))
        });
        ended.collect()
    }

    /// Returns how far the contracts have come whose outcomes were not taken.
    pub(crate) fn into_left(self) -> Vec<(usize, String, WaitOutcome)> {
        let left = self.flows.into_iter().enumerate().filter(|(_, flow)| !flow.is_taken);
        left.map(|(place, flow)| (place, flow.id, flow.stage.outcome())).collect()
    }

    /// A contract comes to a stage in which it is not asked for.
    fn close(&mut self, flow: usize, stage: Stage) {
        let Some(flow) = self.flows.get_mut(flow) else { return };
        if flow.stage.open().is_some() {
            self.open -= 1;
        }
        flow.stage = stage;
    }

    pub(crate) fn finish(self) -> Vec<FlowWait> {
        let outcomes = self.flows.into_iter().map(|flow| (flow.id, flow.stage.outcome()));
        let outcomes: HashMap<String, WaitOutcome> = outcomes.collect();
        let answer = |flow_id: String| {
            let outcome = outcomes.get(&flow_id).cloned().unwrap_or(WaitOutcome::NotFound);
            FlowWait { flow_id, outcome }
        };
        self.asked.into_iter().map(answer).collect()
    }
}

/// When, on the monotonic clock, the PDF of a contract signed by all is composed: at once where the last
/// signature is certainly old enough, and else after the whole time, since the clocks need not agree.
pub(crate) fn composed_at(info: &FlowDetailInfo, settle: Duration, now: Now) -> Duration {
    let settle = settle.min(LONGEST_SETTLE);
    let times = info.flow_approver_infos.iter().map(|approver| approver.approve_time);
    let last = times.max().and_then(|at| u64::try_from(at).ok()).filter(|&at| at > 0);
    let settled = last.is_some_and(|at| {
        let composed = Duration::from_secs(at).saturating_add(settle);
        composed.saturating_add(CLOCKS_APART) <= now.unix
    });
    if settled { now.monotonic } else { now.monotonic.saturating_add(settle) }
}

#[cfg(test)]
mod tests;
