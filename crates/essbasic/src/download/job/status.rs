//! The check that contracts are signed by every party, before their links are requested.

use std::collections::HashMap;
use std::time::Duration;

use essbasic_models::{DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse, FlowStatus};
use tc3_client::Now;

use super::Job;
use crate::error::{FlowError, FlowErrorKind};
use crate::wait::composed_at;

/// Maximum number of contracts per request.
pub(super) const BATCH: usize = 100;

/// A batch of contracts whose status is checked.
#[derive(Debug)]
pub(crate) struct StatusBatch {
    pub(super) flows: Vec<usize>,
    /// Delay before the request.
    pub(crate) delay: Duration,
    pub(crate) request: DescribeFlowDetailInfoRequest,
}

impl Job {
    pub(super) fn status_batch(&mut self) -> StatusBatch {
        let count = self.unchecked.len().min(self.policy.batch.status);
        let flows: Vec<usize> = self.unchecked.drain(..count).collect();
        let ids = flows.iter().filter_map(|flow| self.flows.get(flow));
        let ids = ids.map(|state| state.flow_id.as_str());
        let request = DescribeFlowDetailInfoRequest::new(self.agent.clone()).flow_ids(ids);
        StatusBatch { flows, delay: self.backoff(), request }
    }

    /// Processes the result of a status check.
    pub(super) fn on_status(
        &mut self,
        now: Now,
        batch: StatusBatch,
        result: Result<DescribeFlowDetailInfoResponse, tc3_client::Error>,
    ) {
        self.call_in_flight = false;
        let (infos, request_id) = match result {
            Ok(response) => {
                self.on_call_succeeded();
                (response.flow_info, response.request_id)
            }
            Err(error) => match self.on_call_error(error, batch.flows.len()) {
                Some(error) => {
                    for flow in batch.flows {
                        self.fail(flow, error.clone());
                        self.end_if_final(flow);
                    }
                    return;
                }
                None => return self.unchecked.extend(batch.flows),
            },
        };
        let mut infos: HashMap<String, _> =
            infos.into_iter().map(|info| (info.flow_id.clone(), info)).collect();
        let settle = self.policy.status_check.unwrap_or_default();
        for flow in batch.flows {
            let Some(state) = self.flows.get_mut(&flow) else { continue };
            let info = infos.remove(state.flow_id.as_str());
            state.status = info.as_ref().map(|info| info.flow_status.clone());
            let refused = match info {
                None if self.policy.any_state => {
                    self.without_links.push_back(flow);
                    continue;
                }
                None => FlowError::not_found(),
                Some(info) if info.flow_status == FlowStatus::All || self.policy.any_state => {
                    if info.flow_status == FlowStatus::All {
                        state.not_before = composed_at(&info, settle, now);
                    }
                    self.without_links.push_back(flow);
                    continue;
                }
                Some(info) => {
                    // Without the reason of the signer, which is personal data.
                    let message = format!("not signed by every party ({})", info.flow_status);
                    FlowError::new(FlowErrorKind::NotSigned, message)
                }
            };
            self.fail(flow, refused.with_request_id(&request_id));
            self.end_if_final(flow);
        }
    }
}
