//! Links: which contracts are asked for them, and what the answers mean.

use std::sync::Arc;
use std::time::Duration;

use essbasic_models::{DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse};
use tc3_client::Now;

use super::super::fetch::Fetch;
use super::super::file_name::Named;
use super::super::flow::{FileState, Stage};
use super::Job;
use crate::error::{FlowError, FlowErrorKind};
use crate::links::{ResourceLink, merge, request};

/// A batch of contracts to ask links for.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(super) flows: Vec<usize>,
    pub(super) ids: Vec<String>,
    /// How long to wait first.
    pub(crate) delay: Duration,
    pub(crate) request: DescribeResourceUrlsByFlowsRequest,
}

impl Job {
    /// Asks for new links of a contract, whose other files still in the queue then come again too.
    pub(super) fn ask_again(&mut self, flow: usize) {
        self.ready.retain(|fetch| fetch.flow != flow);
        // Links that are on their way are new enough.
        let asked = self.flows.get(&flow).is_none_or(|state| state.asked);
        if !asked && !self.linkless.contains(&flow) {
            self.linkless.push_back(flow);
        }
    }

    pub(super) fn ask(&mut self, now: Now) -> Ask {
        let count = self.linkless.len().min(self.policy.batch.links);
        let flows: Vec<usize> = self.linkless.drain(..count).collect();
        let mut ids = Vec::with_capacity(count);
        let mut delay = self.pause();
        for flow in &flows {
            if let Some(state) = self.flows.get_mut(flow) {
                state.asked = true;
                delay = delay.max(state.not_before.saturating_sub(now.monotonic));
                ids.push(state.flow_id.clone());
            }
        }
        let request = request(&self.agent, &ids);
        Ask { flows, ids, delay, request }
    }

    /// The links of a batch have come, or not.
    pub(super) fn on_links(
        &mut self,
        now: Now,
        ask: Ask,
        answer: Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error>,
    ) {
        self.asking = false;
        for flow in &ask.flows {
            if let Some(state) = self.flows.get_mut(flow) {
                state.asked = false;
            }
        }
        let results = match answer {
            Ok(answer) => {
                self.on_call_succeeded();
                merge(&ask.ids, answer, now)
            }
            Err(error) => match self.judge(error) {
                Some(error) => vec![Err(error); ask.ids.len()],
                None => return self.linkless.extend(ask.flows),
            },
        };
        for (flow, result) in ask.flows.into_iter().zip(results) {
            match result {
                Ok(links) => self.enqueue(flow, links),
                Err(error) => self.fail(flow, error),
            }
            self.settle(flow);
        }
    }

    fn enqueue(&mut self, flow: usize, mut links: Vec<ResourceLink>) {
        // What was queued over older links is queued over these.
        self.ready.retain(|fetch| fetch.flow != flow);
        let Some(state) = self.flows.get_mut(&flow).filter(|state| state.error.is_none()) else {
            return;
        };
        let mut placed = Vec::with_capacity(links.len());
        for (place, file) in state.files.iter().enumerate() {
            let same = |link: &ResourceLink| link.name == file.title && link.kind == file.kind;
            let link = links.iter().position(same).map(|at| links.remove(at));
            match (&file.stage, link) {
                (Stage::Waiting, Some(link)) => placed.push((place, link)),
                (Stage::Waiting, None) => {
                    let message = "the service no longer links to one of its files";
                    return self.fail(flow, FlowError::new(FlowErrorKind::Missing, message));
                }
                _ => {}
            }
        }
        for link in links {
            let to = Arc::new(self.names.assign(Named {
                name: &link.name,
                flow_id: &state.flow_id,
                kind: &link.kind,
                index: flow,
                at: link.asked_at,
            }));
            let (title, kind) = (link.name.clone(), link.kind.clone());
            placed.push((state.files.len(), link));
            let stage = Stage::Waiting;
            state.files.push(FileState { title, kind, to, stage, failed: 0, dead_links: 0 });
        }
        for (place, link) in placed {
            let Some(file) = state.files.get(place) else { continue };
            self.ready.push_back(Fetch {
                flow,
                place,
                link,
                target: self.options.target(),
                to: Arc::clone(&file.to),
                max_bytes: self.options.max_file_bytes,
                sync_name: !self.policy.names_later,
                delay: Duration::ZERO,
            });
        }
    }
}
