//! The steps of a job, and their outcomes.

use std::sync::Arc;
use std::time::Duration;

use essbasic_models::{
    DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse,
    DescribeResourceUrlsByFlowsResponse,
};

use super::super::fetch::Fetch;
use super::super::outcome::FetchOutcome;
use super::links::LinkBatch;
use super::status::StatusBatch;
use crate::wait::SignalQueue;

/// A step for the driver to perform.
pub(crate) enum Step {
    Status(StatusBatch),
    Links(LinkBatch),
    Fetch(Fetch),
    Wait(WaitStep),
}

/// A step of the wait for signatures.
pub(crate) enum WaitStep {
    Poll(Box<DescribeFlowDetailInfoRequest>),
    /// Sleep for this time, or until a callback is received.
    Sleep(Duration, Option<Arc<SignalQueue>>),
}

impl Step {
    /// Returns the delay before the step.
    pub(crate) fn delay(&self) -> Duration {
        match self {
            Self::Status(batch) => batch.delay,
            Self::Links(batch) => batch.delay,
            Self::Fetch(fetch) => fetch.delay,
            Self::Wait(_) => Duration::ZERO,
        }
    }
}

/// The outcome of a step.
pub(crate) enum StepOutcome {
    Status(StatusBatch, Result<DescribeFlowDetailInfoResponse, tc3_client::Error>),
    Links(LinkBatch, Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error>),
    Fetch(Fetch, FetchOutcome),
    Poll(Result<DescribeFlowDetailInfoResponse, tc3_client::Error>),
    Slept,
    /// The job was stopped before the step had an outcome.
    Cancelled(Step),
}
