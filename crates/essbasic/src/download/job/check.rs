//! Whether contracts are signed by all, asked before links are.

use std::collections::HashMap;
use std::time::Duration;

use essbasic_models::{DescribeFlowDetailInfoRequest, DescribeFlowDetailInfoResponse, FlowStatus};
use tc3_client::Now;

use super::Job;
use crate::error::{FlowError, FlowErrorKind};
use crate::wait::composed_at;

/// The most contracts that one call takes.
pub(super) const BATCH: usize = 100;

/// A batch of contracts to look up.
#[derive(Debug)]
pub(crate) struct Check {
    pub(super) flows: Vec<usize>,
    /// How long to wait first.
    pub(crate) delay: Duration,
    pub(crate) request: DescribeFlowDetailInfoRequest,
}

impl Job {
    pub(super) fn check(&mut self, _: Now) -> Check {
        let count = self.unchecked.len().min(self.policy.batch.checks);
        let flows: Vec<usize> = self.unchecked.drain(..count).collect();
        let ids = flows.iter().filter_map(|flow| self.flows.get(flow));
        let ids = ids.map(|state| state.flow_id.as_str());
        let request = DescribeFlowDetailInfoRequest::new(self.agent.clone()).flow_ids(ids);
        Check { flows, delay: self.pause(), request }
    }

    /// What the service says of a batch has come, or not.
    pub(super) fn on_check(
        &mut self,
        now: Now,
        check: Check,
        answer: Result<DescribeFlowDetailInfoResponse, tc3_client::Error>,
    ) {
        self.asking = false;
        let infos = match answer {
            Ok(answer) => {
                self.on_call_succeeded();
                answer.flow_info
            }
            Err(error) => match self.judge(error) {
                Some(error) => {
                    for flow in check.flows {
                        self.fail(flow, error.clone());
                        self.settle(flow);
                    }
                    return;
                }
                None => return self.unchecked.extend(check.flows),
            },
        };
        let mut infos: HashMap<String, _> =
            infos.into_iter().map(|info| (info.flow_id.clone(), info)).collect();
        let settle = self.policy.check.unwrap_or_default();
        for flow in check.flows {
            let Some(state) = self.flows.get_mut(&flow) else { continue };
            let info = infos.remove(&state.flow_id);
            state.status = info.as_ref().map(|info| info.flow_status.clone());
            let refused = match info {
                None if self.policy.any_state => {
                    self.linkless.push_back(flow);
                    continue;
                }
                None => {
                    let message = "the service does not know the contract, or not as this agent's";
                    FlowError::new(FlowErrorKind::Refused, message)
                }
                Some(info) if info.flow_status == FlowStatus::All || self.policy.any_state => {
                    if info.flow_status == FlowStatus::All {
                        state.not_before = composed_at(&info, settle, now);
                    }
                    self.linkless.push_back(flow);
                    continue;
                }
                Some(info) => {
                    // Not why: that is what a person wrote.
                    let message = format!("not signed by all ({})", info.flow_status);
                    FlowError::new(FlowErrorKind::NotSigned, message)
                }
            };
            self.fail(flow, refused);
            self.settle(flow);
        }
    }
}
