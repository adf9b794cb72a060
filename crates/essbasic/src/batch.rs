//! One action applied to any number of items, in batches.

use std::collections::{HashMap, VecDeque};

use essbasic_models::{
    Agent, DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse, FlowDetailInfo,
};
use tc3_client::api::Action;

use crate::error::{Error, FlowError, FlowErrorKind, affects_every_request, into_flow_error};
use crate::ids::FlowId;
use crate::next::Next;

/// An action whose requests contain several items.
pub(crate) trait Batched {
    type Item;
    type Request: Action;
    /// The result of one item.
    type Output;

    /// Checks an item before it is sent.
    ///
    /// # Errors
    /// Returns an error if the service refuses the item in any case.
    fn check(&self, _: &Self::Item) -> Result<(), FlowError> {
        Ok(())
    }

    /// Returns whether a request can contain a further item.
    fn fits(&self, batch: &[Self::Item], next: &Self::Item) -> bool;

    fn request(&self, agent: &Agent, batch: &[Self::Item]) -> Self::Request;

    /// Returns the request ID of a response.
    fn request_id(response: &<Self::Request as Action>::Response) -> &str;

    /// Returns the result of each item, in the order of the batch. The caller adds the request ID to the errors.
    fn results(
        &self,
        batch: &[Self::Item],
        response: <Self::Request as Action>::Response,
    ) -> Vec<Result<Self::Output, FlowError>>;
}

/// The requests for any number of items, one after another.
pub(crate) struct Batches<B: Batched> {
    action: B,
    agent: Agent,
    remaining: VecDeque<B::Item>,
    batch: Vec<B::Item>,
    /// Number of remaining items that are sent in one request each.
    single: usize,
    results: Vec<Result<B::Output, FlowError>>,
}

impl<B: Batched> Batches<B> {
    pub(crate) fn new(action: B, agent: Agent, items: impl IntoIterator<Item = B::Item>) -> Self {
        let remaining = items.into_iter().collect();
        Self { action, agent, remaining, batch: Vec::new(), single: 0, results: Vec::new() }
    }

    /// Returns the next request.
    pub(crate) fn next(&mut self) -> Next<B::Request> {
        self.batch.clear();
        while let Some(next) = self.remaining.front() {
            if let Err(refusal) = self.action.check(next) {
                // Its result has its place after those of the batch.
                if !self.batch.is_empty() {
                    break;
                }
                self.remaining.pop_front();
                self.single = self.single.saturating_sub(1);
                self.results.push(Err(refusal));
                continue;
            }
            // A batch has at least one item: the service checks whether that is too large.
            let is_full = self.single > 0 || !self.action.fits(&self.batch, next);
            if !self.batch.is_empty() && is_full {
                break;
            }
            self.batch.extend(self.remaining.pop_front());
        }
        self.single = self.single.saturating_sub(1);
        (!self.batch.is_empty()).then(|| self.action.request(&self.agent, &self.batch)).into()
    }

    pub(crate) fn on(
        &mut self,
        response: Result<<B::Request as Action>::Response, tc3_client::Error>,
    ) -> Result<(), Error> {
        let count = self.batch.len();
        let results = match response {
            Ok(response) => {
                let request_id = B::request_id(&response).to_owned();
                let results = self.action.results(&self.batch, response).into_iter();
                let missing = std::iter::repeat_with(|| Err(missing_item()));
                let results = results.chain(missing).take(count);
                let with_id = |error: FlowError| error.with_request_id(&request_id);
                results.map(|result| result.map_err(with_id)).collect::<Vec<_>>()
            }
            Err(error) if count > 1 && is_rejection(&error) => {
                // One invalid item has failed the request: send each in a separate one.
                for item in self.batch.drain(..).rev() {
                    self.remaining.push_front(item);
                }
                self.single = count;
                return Ok(());
            }
            Err(error) => {
                let is_unknown = error.is_outcome_unknown();
                let mut error = into_flow_error(error, count)?;
                if is_unknown {
                    error.kind = FlowErrorKind::OutcomeUnknown;
                }
                (0..count).map(|_| Err(error.clone())).collect()
            }
        };
        self.results.extend(results);
        Ok(())
    }

    /// Fails the items of the current batch, which created or changed nothing, and all remaining ones.
    pub(crate) fn stop(&mut self) {
        let count = self.batch.len() + self.remaining.len();
        self.remaining.clear();
        self.results.extend((0..count).map(|_| Err(FlowError::stopped())));
    }

    /// Returns the result of each item, in the given order.
    pub(crate) fn finish(self) -> Vec<Result<B::Output, FlowError>> {
        self.results
    }
}

/// Returns whether the service rejected a request because of an item, without any effect.
fn is_rejection(error: &tc3_client::Error) -> bool {
    !affects_every_request(error)
        && !error.is_outcome_unknown()
        && (error.is_invalid_parameter() || error.is_not_found())
}

/// Error of an item that the response does not contain.
pub(crate) fn missing_item() -> FlowError {
    FlowError::new(FlowErrorKind::Missing, "the response does not contain this item")
}

#[cfg(feature = "start")]
/// Returns results by position. An empty or missing message is a success.
pub(crate) fn by_position<T>(
    outputs: impl IntoIterator<Item = T>,
    messages: Vec<String>,
) -> Vec<Result<T, FlowError>> {
    let mut messages = messages.into_iter();
    let results = outputs.into_iter().map(|output| match messages.next().unwrap_or_default() {
        message if message.is_empty() => Ok(output),
        message => Err(FlowError::refused(message)),
    });
    results.collect()
}

/// Looks contracts up.
pub(crate) struct FlowDetails;

/// Maximum number of contracts per request.
const MAX_FLOWS: usize = 100;

impl Batched for FlowDetails {
    type Item = FlowId;
    type Request = DescribeFlowDetailInfoRequest;
    type Output = FlowDetailInfo;

    fn fits(&self, batch: &[FlowId], _: &FlowId) -> bool {
        batch.len() < MAX_FLOWS
    }

    fn request(&self, agent: &Agent, batch: &[FlowId]) -> DescribeFlowDetailInfoRequest {
        DescribeFlowDetailInfoRequest::new(agent.clone()).flow_ids(batch)
    }

    fn request_id(response: &DescribeFlowDetailInfoResponse) -> &str {
        &response.request_id
    }

    fn results(
        &self,
        batch: &[FlowId],
        response: DescribeFlowDetailInfoResponse,
    ) -> Vec<Result<FlowDetailInfo, FlowError>> {
        let infos = response.flow_info.into_iter();
        let infos: HashMap<String, _> = infos.map(|info| (info.flow_id.clone(), info)).collect();
        let info = |id: &FlowId| infos.get(id.as_str()).cloned();
        batch.iter().map(|id| info(id).ok_or_else(FlowError::not_found)).collect()
    }
}
