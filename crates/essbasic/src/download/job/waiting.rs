//! Waiting for signatures: a contract enters the job when the wait for it ends.

use std::time::Duration;

use essbasic_models::{DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse, FlowStatus};
use tc3_client::Now;

use super::super::flow::FlowState;
use super::Job;
use super::step::Step;
use crate::error::{FlowError, FlowErrorKind};
use crate::next::Next;
use crate::wait::{LONGEST_SETTLE, WaitJob, WaitOutcome};

/// The wait of a job.
pub(super) struct Waiting {
    wait: WaitJob,
    in_flight: Option<Flight>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flight {
    Poll,
    Timer,
}

/// The next step of a wait.
pub(crate) enum WaitStep {
    Poll(Box<DescribeFlowDetailInfoRequest>),
    /// Sleep for this time, or until a callback is received.
    Sleep(Duration),
}

impl Waiting {
    pub(super) fn new(wait: WaitJob) -> Self {
        Self { wait, in_flight: None }
    }
}

impl Job {
    /// Whether the wait may have a step to begin.
    pub(super) fn may_wait(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.in_flight.is_none())
    }

    /// Steps of the wait in flight. A timer does not keep a job from ending early.
    pub(super) fn waits_in_flight(&self) -> usize {
        let flight = self.waiting.as_ref().and_then(|waiting| waiting.in_flight);
        match flight {
            Some(Flight::Timer) if self.is_ending() => 0,
            flight => usize::from(flight.is_some()),
        }
    }

    pub(super) fn begin_wait(&mut self, now: Now) -> Option<Step> {
        let waiting = self.waiting.as_mut().filter(|waiting| waiting.in_flight.is_none())?;
        let (step, flight) = match waiting.wait.next(now) {
            Next::Step(request) => (Some(WaitStep::Poll(Box::new(request))), Some(Flight::Poll)),
            Next::Wait(time) => (Some(WaitStep::Sleep(time)), Some(Flight::Timer)),
            Next::Done => (None, None),
        };
        waiting.in_flight = flight;
        let mut ended = waiting.wait.take_ended();
        if step.is_none()
            && let Some(waiting) = self.waiting.take()
        {
            ended.extend(waiting.wait.into_left());
        }
        for (place, flow_id, outcome) in ended {
            self.on_outcome(now, place, flow_id, outcome);
        }
        step.map(Step::Wait)
    }

    pub(super) fn on_poll(
        &mut self,
        now: Now,
        answer: Result<DescribeFlowDetailInfoResponse, tc3_client::Error>,
    ) {
        let Some(waiting) = &mut self.waiting else { return };
        waiting.in_flight = None;
        if let Err(error) = waiting.wait.on(now, answer) {
            self.stop(error);
        }
    }

    /// The step in flight is over and has changed nothing.
    pub(super) fn on_waited(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            waiting.in_flight = None;
        }
    }

    fn on_outcome(&mut self, now: Now, place: usize, flow_id: String, outcome: WaitOutcome) {
        let mut state = FlowState::new(flow_id);
        let (status, refused) = match outcome {
            WaitOutcome::Signed => (Some(FlowStatus::All), None),
            WaitOutcome::Ended { status, reason: _ } => {
                // Not why: that is what a person wrote.
                let message = format!("not signed by all ({status})");
                (Some(status), Some(FlowError::new(FlowErrorKind::NotSigned, message)))
            }
            WaitOutcome::Pending { status: Some(FlowStatus::All), error: _ } => {
                state.not_before =
                    now.monotonic.saturating_add(self.options.settle.min(LONGEST_SETTLE));
                (Some(FlowStatus::All), None)
            }
            WaitOutcome::Pending { status, error: Some(error) } => (status, Some(error)),
            WaitOutcome::Pending { status, error: None } => {
                let known = status.as_ref().map_or("unknown", FlowStatus::as_str);
                let message = format!("not signed by all ({known}) within the time to wait");
                (status, Some(FlowError::new(FlowErrorKind::NotSigned, message)))
            }
            WaitOutcome::NotFound => {
                let message = "the service does not know the contract, or not as this agent's";
                (None, Some(FlowError::new(FlowErrorKind::Refused, message)))
            }
        };
        let is_taken = self.policy.any_state && status.is_some();
        state.status = status;
        self.flows.insert(place, state);
        match refused.filter(|_| !is_taken) {
            None => self.linkless.push_back(place),
            Some(error) => {
                self.fail(place, error);
                self.settle(place);
            }
        }
    }

    /// Returns the contracts that a stop has cut off while they were waited for.
    pub(super) fn cut_off_waits(&mut self) -> Vec<(usize, FlowState)> {
        let left = self.waiting.take().map(|waiting| waiting.wait.into_left());
        let left = left.into_iter().flatten().map(|(place, flow_id, outcome)| {
            let mut state = FlowState::new(flow_id);
            state.status = match outcome {
                WaitOutcome::Signed => Some(FlowStatus::All),
                WaitOutcome::Ended { status, .. } => Some(status),
                WaitOutcome::Pending { status, .. } => status,
                WaitOutcome::NotFound => None,
            };
            (place, state)
        });
        left.collect()
    }
}
