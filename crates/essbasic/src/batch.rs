//! One kind of call for any number of things, so many a call.

use std::collections::{HashMap, VecDeque};

use essbasic_models::{
    Agent, DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse, FlowDetailInfo,
};
use tc3_client::api::Action;

use crate::error::{Error, FlowError, FlowErrorKind};
use crate::links::failed;
use crate::next::Next;

/// A kind of call.
pub(crate) trait Batched {
    /// What a call is about several of.
    type Item;
    type Request: Action;
    /// What comes of one.
    type Done;

    /// Whether another one goes into the call.
    fn fits(&self, batch: &[Self::Item], next: &Self::Item) -> bool;

    fn request(&self, agent: &Agent, batch: &[Self::Item]) -> Self::Request;

    /// What came of each, in the batch's order.
    fn read(
        &self,
        batch: &[Self::Item],
        answer: <Self::Request as Action>::Response,
    ) -> Vec<Result<Self::Done, FlowError>>;
}

/// The calls for any number of things, one after another.
pub(crate) struct Batches<B: Batched> {
    kind: B,
    agent: Agent,
    left: VecDeque<B::Item>,
    batch: Vec<B::Item>,
    /// How many of those left go alone.
    alone: usize,
    results: Vec<Result<B::Done, FlowError>>,
}

impl<B: Batched> Batches<B> {
    pub(crate) fn new(kind: B, agent: Agent, items: impl IntoIterator<Item = B::Item>) -> Self {
        let left = items.into_iter().collect();
        Self { kind, agent, left, batch: Vec::new(), alone: 0, results: Vec::new() }
    }

    /// Returns the next request.
    pub(crate) fn next(&mut self) -> Next<B::Request> {
        self.batch.clear();
        while let Some(next) = self.left.front() {
            // One alone always goes: whether it is too much for a call the service says.
            let full = self.alone > 0 || !self.kind.fits(&self.batch, next);
            if !self.batch.is_empty() && full {
                break;
            }
            self.batch.extend(self.left.pop_front());
        }
        self.alone = self.alone.saturating_sub(1);
        (!self.batch.is_empty()).then(|| self.kind.request(&self.agent, &self.batch)).into()
    }

    pub(crate) fn on(
        &mut self,
        answer: Result<<B::Request as Action>::Response, tc3_client::Error>,
    ) -> Result<(), Error> {
        let count = self.batch.len();
        let results = match answer {
            Ok(answer) => self.kind.read(&self.batch, answer),
            Err(error) if count > 1 && is_refusal(&error) => {
                // One of them has spoilt it for the others.
                for item in self.batch.drain(..).rev() {
                    self.left.push_front(item);
                }
                self.alone = count;
                return Ok(());
            }
            Err(error) => {
                let unknown = error.is_outcome_unknown();
                let mut error = failed(error)?;
                if unknown {
                    error.kind = FlowErrorKind::OutcomeUnknown;
                }
                (0..count).map(|_| Err(error.clone())).collect()
            }
        };
        let lacking = count.saturating_sub(results.len());
        let missing = || FlowError::new(FlowErrorKind::Missing, "the answer left it out");
        self.results.extend(results.into_iter().take(count));
        self.results.extend((0..lacking).map(|_| Err(missing())));
        Ok(())
    }

    /// What came of each, in the order given.
    pub(crate) fn finish(self) -> Vec<Result<B::Done, FlowError>> {
        self.results
    }
}

/// Whether the service found a request wrong before it did anything.
fn is_refusal(error: &tc3_client::Error) -> bool {
    let kinds =
        ["InvalidParameter", "InvalidParameterValue", "MissingParameter", "ResourceNotFound"];
    kinds.contains(&error.code().split('.').next().unwrap_or_default())
}

#[cfg(feature = "start")]
/// Results by position: an empty text, or none at all, is a success.
pub(crate) fn by_position<T>(
    done: impl IntoIterator<Item = T>,
    messages: Vec<String>,
) -> Vec<Result<T, FlowError>> {
    let mut messages = messages.into_iter();
    let results = done.into_iter().map(|done| match messages.next().unwrap_or_default() {
        none if none.is_empty() => Ok(done),
        message => Err(FlowError::new(FlowErrorKind::Refused, message)),
    });
    results.collect()
}

/// Contracts looked up.
pub(crate) struct Look;

/// The most contracts that one call takes.
const MOST_LOOKED_UP: usize = 100;

impl Batched for Look {
    type Item = String;
    type Request = DescribeFlowDetailInfoRequest;
    type Done = FlowDetailInfo;

    fn fits(&self, batch: &[String], _: &String) -> bool {
        batch.len() < MOST_LOOKED_UP
    }

    fn request(&self, agent: &Agent, batch: &[String]) -> DescribeFlowDetailInfoRequest {
        DescribeFlowDetailInfoRequest::new(agent.clone()).flow_ids(batch)
    }

    fn read(
        &self,
        batch: &[String],
        answer: DescribeFlowDetailInfoResponse,
    ) -> Vec<Result<FlowDetailInfo, FlowError>> {
        let infos = answer.flow_info.into_iter();
        let infos: HashMap<String, _> = infos.map(|info| (info.flow_id.clone(), info)).collect();
        let results = batch.iter().map(|flow_id| match infos.get(flow_id) {
            Some(info) => Ok(info.clone()),
            None => Err(FlowError::new(
                FlowErrorKind::Refused,
                "the service does not know the contract, or not as this agent's",
            )),
        });
        results.collect()
    }
}
