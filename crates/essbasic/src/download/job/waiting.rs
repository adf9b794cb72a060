//! The wait for signatures: a contract enters the job when its wait ends.

use essbasic_models::{DescribeFlowDetailInfoResponse, FlowStatus};
use tc3_client::Now;

use super::super::flow::FlowState;
use super::Job;
use super::step::{Step, WaitStep};
use crate::error::{FlowError, FlowErrorKind};
use crate::next::Next;
use crate::wait::{FlowWait, MAX_SETTLE, WaitJob, WaitOutcome};

/// The wait of a job.
pub(super) struct Waiting {
    wait: WaitJob,
    in_flight: Option<InFlight>,
}

/// The kind of step in flight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InFlight {
    Poll,
    Timer,
}

impl Waiting {
    pub(super) fn new(wait: WaitJob) -> Self {
        Self { wait, in_flight: None }
    }
}

impl Job {
    /// Returns whether the wait may have a next step.
    pub(super) fn may_wait(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.in_flight.is_none())
    }

    /// Returns the number of wait steps in flight. A timer does not delay the end of a stopped job.
    pub(super) fn waits_in_flight(&self) -> usize {
        let in_flight = self.waiting.as_ref().and_then(|waiting| waiting.in_flight);
        match in_flight {
            Some(InFlight::Timer) if self.is_stopping() => 0,
            in_flight => usize::from(in_flight.is_some()),
        }
    }

    pub(super) fn next_wait_step(&mut self, now: Now) -> Option<Step> {
        let waiting = self.waiting.as_mut().filter(|waiting| waiting.in_flight.is_none())?;
        let (step, in_flight) = match waiting.wait.next(now) {
            Next::Step(request) => (Some(WaitStep::Poll(Box::new(request))), Some(InFlight::Poll)),
            Next::Wait(time) => {
                let signals = waiting.wait.signals().cloned();
                (Some(WaitStep::Sleep(time, signals)), Some(InFlight::Timer))
            }
            Next::Done => (None, None),
        };
        waiting.in_flight = in_flight;
        let mut ended = waiting.wait.take_ended();
        if step.is_none()
            && let Some(waiting) = self.waiting.take()
        {
            ended.extend(waiting.wait.into_unfinished());
        }
        for (index, wait) in ended {
            self.on_wait_ended(now, index, wait);
        }
        step.map(Step::Wait)
    }

    pub(super) fn on_poll(
        &mut self,
        now: Now,
        result: Result<DescribeFlowDetailInfoResponse, tc3_client::Error>,
    ) {
        let Some(waiting) = &mut self.waiting else { return };
        waiting.in_flight = None;
        if let Err(error) = waiting.wait.on(now, result) {
            self.stop(error);
        }
    }

    /// Processes the end of a wait step that has no result.
    pub(super) fn on_wait_step_ended(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            waiting.in_flight = None;
        }
    }

    fn on_wait_ended(&mut self, now: Now, index: usize, wait: FlowWait) {
        let mut state = FlowState::new(wait.flow_id);
        let (status, error) = match wait.outcome {
            WaitOutcome::Signed => (Some(FlowStatus::All), None),
            WaitOutcome::Ended { status, reason: _ } => {
                // Without the reason of the signer, which is personal data.
                let message = format!("not signed by every party ({status})");
                (Some(status), Some(FlowError::new(FlowErrorKind::NotSigned, message)))
            }
            WaitOutcome::Pending { status: Some(FlowStatus::All), error: _ } => {
                state.not_before =
                    now.monotonic.saturating_add(self.options.settle.min(MAX_SETTLE));
                (Some(FlowStatus::All), None)
            }
            WaitOutcome::Pending { status, error: Some(error) } => (status, Some(error)),
            WaitOutcome::Pending { status, error: None } => {
                let known = status.as_ref().map_or("unknown", FlowStatus::as_str);
                let message = format!("not signed by every party ({known}) before the deadline");
                (status, Some(FlowError::new(FlowErrorKind::NotSigned, message)))
            }
            WaitOutcome::NotFound => {
                (None, Some(FlowError::not_found().with_request_id(&wait.request_id)))
            }
        };
        let is_accepted = self.policy.any_state && status.is_some();
        state.status = status;
        self.flows.insert(index, state);
        match error.filter(|_| !is_accepted) {
            None => self.without_links.push_back(index),
            Some(error) => {
                self.fail(index, error);
                self.end_if_final(index);
            }
        }
    }

    /// Returns the contracts whose wait was stopped.
    pub(super) fn stopped_waits(&mut self) -> Vec<(usize, FlowState)> {
        let left = self.waiting.take().map(|waiting| waiting.wait.into_unfinished());
        let left = left.into_iter().flatten().map(|(index, wait)| {
            let mut state = FlowState::new(wait.flow_id);
            state.status = match wait.outcome {
                WaitOutcome::Signed => Some(FlowStatus::All),
                WaitOutcome::Ended { status, .. } => Some(status),
                WaitOutcome::Pending { status, .. } => status,
                WaitOutcome::NotFound => None,
            };
            (index, state)
        });
        left.collect()
    }
}
