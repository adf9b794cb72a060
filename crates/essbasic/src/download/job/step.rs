//! The steps of a job, and their outcomes.

use std::time::Duration;

use essbasic_models::{DescribeFlowDetailInfoResponse, DescribeResourceUrlsByFlowsResponse};

use super::super::fetch::{Fetch, FetchEnd};
use super::asks::Ask;
use super::check::Check;
use super::waiting::WaitStep;

/// What to begin.
pub(crate) enum Step {
    Check(Check),
    Ask(Ask),
    Fetch(Fetch),
    Wait(WaitStep),
}

impl Step {
    /// Pause before the step, on the monotonic clock.
    pub(crate) fn delay(&self) -> Duration {
        match self {
            Self::Check(check) => check.delay,
            Self::Ask(ask) => ask.delay,
            Self::Fetch(fetch) => fetch.delay,
            Self::Wait(_) => Duration::ZERO,
        }
    }
}

/// A step that has ended, with its outcome.
pub(crate) enum Ended {
    Check(Check, Result<DescribeFlowDetailInfoResponse, tc3_client::Error>),
    Ask(Ask, Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error>),
    Fetch(Fetch, FetchEnd),
    Poll(Result<DescribeFlowDetailInfoResponse, tc3_client::Error>),
    Slept,
    /// The job was stopped before the step had an outcome.
    Cancelled(Step),
}
