//! Waiting until every party has signed, by polling and callbacks.

mod options;
mod outcome;
mod signals;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use essbasic_models::{
    Agent, DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse, FlowDetailInfo,
    FlowStatus,
};
use tc3_client::__private::Pace;
use tc3_client::Now;

pub use self::options::{WaitEvent, WaitOptions};
pub use self::outcome::{FlowWait, WaitOutcome};
pub(crate) use self::signals::SignalQueue;
pub use self::signals::Signals;
use self::signals::Subscription;
use crate::error::{Error, FlowError, FlowErrorKind, into_flow_error};
use crate::ids::{FlowId, distinct};
use crate::next::Next;

/// Maximum number of contracts per request.
const BATCH: usize = 100;

/// Number of consecutive responses without a contract after which it counts as not found. A new contract may be missing
/// for a moment.
const MAX_MISSES: u32 = 3;

/// Maximum clock skew between the service and this machine, for judging the age of a signature.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(60);

/// Upper limit of the time until a PDF counts as composed, for any options.
pub(crate) const MAX_SETTLE: Duration = Duration::from_secs(3600);

/// Engine that waits for any number of contracts.
pub(crate) struct WaitJob {
    agent: Agent,
    options: WaitOptions,
    /// All given contracts, including duplicates.
    flow_ids: Vec<FlowId>,
    /// Each contract once. Other fields refer to the indexes.
    flows: Vec<Flow>,
    /// Index of each contract; empty if no callbacks are received.
    indexes: HashMap<FlowId, usize>,
    /// Statuses from callbacks.
    signals: Option<Subscription>,
    /// Number of contracts that are still polled.
    polled: usize,
    /// Contracts signed by every party, ordered by the time at which their PDF is composed.
    composing: BinaryHeap<Reverse<(Duration, usize)>>,
    /// Remaining batches of the current round.
    batches: VecDeque<Vec<usize>>,
    deadline: Duration,
    pace: Pace,
    /// Start of the next round.
    next_round: Duration,
    /// `true` if a status has changed in the current round.
    changed: bool,
    /// `true` after the start of the first round.
    started: bool,
    /// `true` after the first response.
    responded: bool,
    /// Contracts that have ended and were not taken by [`take_ended`](Self::take_ended).
    ended: Vec<usize>,
}

struct Flow {
    id: FlowId,
    stage: Stage,
    /// ID of the last response about it, which the contracts of a batch share.
    request_id: Arc<str>,
    /// `true` after [`WaitJob::take_ended`] has returned the outcome.
    is_taken: bool,
}

impl Flow {
    fn new(id: FlowId) -> Self {
        let stage = Stage::Polled(LastPoll::default());
        Self { id, stage, request_id: "".into(), is_taken: false }
    }
}

enum Stage {
    /// Still polled.
    Polled(LastPoll),
    /// Signed by every party; its PDF is being composed.
    Composing,
    Ended(WaitOutcome),
}

/// State of a polled contract after the last response.
#[derive(Default)]
struct LastPoll {
    status: Option<FlowStatus>,
    error: Option<FlowError>,
    misses: u32,
}

impl Stage {
    fn last_poll(&mut self) -> Option<&mut LastPoll> {
        match self {
            Self::Polled(poll) => Some(poll),
            Self::Composing | Self::Ended(_) => None,
        }
    }

    fn into_outcome(self) -> WaitOutcome {
        match self {
            // The last response did not contain it.
            Self::Polled(LastPoll { status: None, error: None, misses: 1.. }) => {
                WaitOutcome::NotFound
            }
            Self::Polled(poll) => WaitOutcome::Pending { status: poll.status, error: poll.error },
            Self::Composing => WaitOutcome::Pending { status: Some(FlowStatus::All), error: None },
            Self::Ended(outcome) => outcome,
        }
    }
}

impl From<Flow> for FlowWait {
    fn from(flow: Flow) -> Self {
        let request_id = (*flow.request_id).to_owned();
        Self { flow_id: flow.id, outcome: flow.stage.into_outcome(), request_id }
    }
}

impl WaitJob {
    pub(crate) fn new(agent: Agent, flow_ids: Vec<FlowId>, options: WaitOptions, now: Now) -> Self {
        let flows = distinct(&flow_ids);
        let indexes = match options.signals() {
            Some(_) => flows.iter().cloned().zip(0..).collect(),
            None => HashMap::new(),
        };
        let signals = options.signals().map(|signals| signals.subscribe(flows.iter()));
        Self {
            agent,
            indexes,
            signals,
            polled: flows.len(),
            flows: flows.into_iter().map(Flow::new).collect(),
            flow_ids,
            composing: BinaryHeap::new(),
            batches: VecDeque::new(),
            deadline: now.monotonic.saturating_add(options.timeout),
            pace: Pace::new(options.interval, options.max_interval),
            next_round: now.monotonic,
            changed: true,
            started: false,
            responded: false,
            ended: Vec::new(),
            options,
        }
    }

    /// Returns the next request, or the time until there is one.
    pub(crate) fn next(&mut self, now: Now) -> Next<DescribeFlowDetailInfoRequest, Duration> {
        self.receive_signals(now);
        while let Some(&Reverse((at, flow))) = self.composing.peek()
            && at <= now.monotonic
        {
            self.composing.pop();
            self.end(flow, WaitOutcome::Signed);
        }
        let is_idle = self.polled == 0 && self.composing.is_empty();
        let is_late = self.started && self.batches.is_empty() && now.monotonic >= self.deadline;
        if is_idle || is_late || self.options.is_stopped() {
            return Next::Done;
        }
        if self.batches.is_empty() && now.monotonic >= self.next_round {
            self.start_round(now);
        }
        if let Some(batch) = self.batches.front() {
            let ids = batch.iter().filter_map(|&flow| Some(&self.flows.get(flow)?.id));
            let request = DescribeFlowDetailInfoRequest::new(self.agent.clone());
            return Next::Step(request.flow_ids(ids));
        }
        let composed = self.composing.peek().map(|&Reverse((at, _))| at);
        let round = (self.polled > 0).then_some(self.next_round);
        let wake = composed.into_iter().chain(round).fold(self.deadline, Duration::min);
        Next::Wait(wake.saturating_sub(now.monotonic))
    }

    /// Returns the queue of statuses received in callbacks, which ends a delay.
    pub(crate) fn signals(&self) -> Option<&Arc<SignalQueue>> {
        self.signals.as_ref().map(Subscription::queue)
    }

    /// Applies the statuses received in callbacks.
    fn receive_signals(&mut self, now: Now) {
        let Some(signals) = self.signals().map(|signals| signals.drain()) else { return };
        for signal in signals {
            let index = self.indexes.get(&signal.flow_id).copied();
            let Some(flow) = index.filter(|&flow| self.last_poll(flow).is_some()) else { continue };
            self.update_status(flow, &signal.status);
            let composed_at = now.monotonic.saturating_add(self.options.settle.min(MAX_SETTLE));
            self.end_if_final(flow, signal.status, signal.reason, composed_at);
        }
    }

    fn start_round(&mut self, now: Now) {
        let changed = std::mem::take(&mut self.changed);
        self.started = true;
        self.next_round = now.monotonic.saturating_add(self.pace.next(changed));
        let flows = 0..self.flows.len();
        let polled: Vec<usize> = flows.filter(|&flow| self.last_poll(flow).is_some()).collect();
        self.batches = polled.chunks(BATCH).map(<[usize]>::to_vec).collect();
    }

    /// Returns the state of a contract that is still polled.
    fn last_poll(&mut self, flow: usize) -> Option<&mut LastPoll> {
        self.flows.get_mut(flow)?.stage.last_poll()
    }

    pub(crate) fn on(
        &mut self,
        now: Now,
        response: Result<DescribeFlowDetailInfoResponse, tc3_client::Error>,
    ) -> Result<(), Error> {
        let Some(batch) = self.batches.pop_front() else { return Ok(()) };
        let (mut infos, request_id) = match response {
            Ok(response) => {
                self.responded = true;
                let infos = response.flow_info.into_iter();
                let infos = infos.map(|info| (info.flow_id.clone(), info));
                (infos.collect::<HashMap<_, _>>(), Arc::<str>::from(response.request_id))
            }
            // The next round polls these contracts again.
            Err(error) => {
                let error = match into_flow_error(error, batch.len()) {
                    Ok(error) => error,
                    // After a first response, a network failure does not end the wait.
                    Err(Error::Call(error)) if self.responded && error.is_retryable() => {
                        FlowError::of_call(FlowErrorKind::Call, error)
                    }
                    Err(fatal) => return Err(fatal),
                };
                for flow in batch {
                    let Some(poll) = self.last_poll(flow) else { continue };
                    poll.error = Some(error.clone());
                    poll.misses += u32::from(error.is_not_found());
                    if poll.misses >= MAX_MISSES {
                        let status = poll.status.clone();
                        let error = Some(error.clone());
                        self.end(flow, WaitOutcome::Pending { status, error });
                    }
                }
                return Ok(());
            }
        };
        for flow in batch {
            let Some(state) = self.flows.get_mut(flow) else { continue };
            state.request_id = Arc::clone(&request_id);
            let info = infos.remove(state.id.as_str());
            self.on_info(flow, info, now);
        }
        Ok(())
    }

    fn on_info(&mut self, flow: usize, info: Option<FlowDetailInfo>, now: Now) {
        let Some(poll) = self.last_poll(flow) else { return };
        poll.error = None;
        let Some(info) = info else {
            poll.misses += 1;
            if poll.misses >= MAX_MISSES {
                self.end(flow, WaitOutcome::NotFound);
            }
            return;
        };
        poll.misses = 0;
        self.update_status(flow, &info.flow_status);
        let composed_at = composed_at(&info, self.options.settle, now);
        self.end_if_final(flow, info.flow_status, info.flow_message, composed_at);
    }

    /// Records a status, and emits an event if it has changed.
    fn update_status(&mut self, flow: usize, status: &FlowStatus) {
        let Some(flow) = self.flows.get_mut(flow) else { return };
        let Some(poll) = flow.stage.last_poll() else { return };
        if poll.status.as_ref() != Some(status) {
            poll.status = Some(status.clone());
            self.changed = true;
            self.options.emit(WaitEvent::Status { flow_id: &flow.id, status });
        }
    }

    /// Ends the polling of a contract if its status is final.
    fn end_if_final(
        &mut self,
        flow: usize,
        status: FlowStatus,
        reason: String,
        composed_at: Duration,
    ) {
        match status {
            FlowStatus::All => {
                self.end_polling(flow, Stage::Composing);
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
            self.options.emit(WaitEvent::Ended { flow_id: id, outcome: &outcome });
        }
        self.end_polling(flow, Stage::Ended(outcome));
        self.ended.push(flow);
    }

    /// Sets a stage in which the contract is no longer polled.
    fn end_polling(&mut self, flow: usize, stage: Stage) {
        let Some(flow) = self.flows.get_mut(flow) else { return };
        if flow.stage.last_poll().is_some() {
            self.polled -= 1;
        }
        flow.stage = stage;
    }

    /// Takes the contracts that have ended since the last call, with their indexes.
    pub(crate) fn take_ended(&mut self) -> Vec<(usize, FlowWait)> {
        let ended = std::mem::take(&mut self.ended).into_iter().filter_map(|index| {
            let flow = self.flows.get_mut(index).filter(|flow| !flow.is_taken)?;
            flow.is_taken = true;
            let Stage::Ended(outcome) = &flow.stage else { return None };
            let (outcome, request_id) = (outcome.clone(), (*flow.request_id).to_owned());
            Some((index, FlowWait { flow_id: flow.id.clone(), outcome, request_id }))
        });
        ended.collect()
    }

    /// Returns the contracts that were not taken by [`take_ended`](Self::take_ended).
    pub(crate) fn into_unfinished(self) -> Vec<(usize, FlowWait)> {
        let flows = self.flows.into_iter().enumerate().filter(|(_, flow)| !flow.is_taken);
        flows.map(|(index, flow)| (index, FlowWait::from(flow))).collect()
    }

    pub(crate) fn finish(self) -> Vec<FlowWait> {
        let waits = self.flows.into_iter().map(|flow| (flow.id.clone(), FlowWait::from(flow)));
        let waits: HashMap<FlowId, FlowWait> = waits.collect();
        self.flow_ids.into_iter().filter_map(|flow_id| waits.get(&flow_id).cloned()).collect()
    }
}

/// Returns the time on the monotonic clock at which the PDF of a signed contract is composed.
///
/// That is now if the last signature is old enough in spite of [`MAX_CLOCK_SKEW`], and after the full delay otherwise.
pub(crate) fn composed_at(info: &FlowDetailInfo, settle: Duration, now: Now) -> Duration {
    let settle = settle.min(MAX_SETTLE);
    let times = info.flow_approver_infos.iter().map(|approver| approver.approve_time);
    let last = times.max().and_then(|at| u64::try_from(at).ok()).filter(|&at| at > 0);
    let is_composed = last.is_some_and(|at| {
        let composed = Duration::from_secs(at).saturating_add(settle);
        composed.saturating_add(MAX_CLOCK_SKEW) <= now.unix
    });
    if is_composed { now.monotonic } else { now.monotonic.saturating_add(settle) }
}

#[cfg(test)]
mod tests;
