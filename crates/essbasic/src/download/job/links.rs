//! Requests for links, and the processing of their responses.

use std::sync::Arc;
use std::time::Duration;

use essbasic_models::{DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse};
use tc3_client::Now;

use super::super::fetch::Fetch;
use super::super::flow::{FileState, Stage};
use super::super::format::Expected;
use super::super::template::NameValues;
use super::Job;
use crate::error::{FlowError, FlowErrorKind};
use crate::ids::FlowId;
use crate::links::{LIFETIME, ResourceLink, merge, request, to_seconds};

/// A batch of contracts whose links are requested.
#[derive(Debug)]
pub(crate) struct LinkBatch {
    pub(super) flows: Vec<usize>,
    pub(super) ids: Vec<FlowId>,
    /// Delay before the request.
    pub(crate) delay: Duration,
    pub(crate) request: DescribeResourceUrlsByFlowsRequest,
}

impl Job {
    /// Requests new links for a contract. Its other queued files are queued again with the new links.
    pub(super) fn renew_links(&mut self, flow: usize) {
        self.ready.retain(|fetch| fetch.flow != flow);
        // A request in flight returns new links.
        let requested = self.flows.get(&flow).is_none_or(|state| state.links_requested);
        if !requested && !self.without_links.contains(&flow) {
            self.without_links.push_back(flow);
        }
    }

    pub(super) fn link_batch(&mut self, now: Now) -> LinkBatch {
        let count = self.without_links.len().min(self.policy.batch.links);
        let flows: Vec<usize> = self.without_links.drain(..count).collect();
        let mut ids = Vec::with_capacity(count);
        let mut delay = self.backoff();
        for flow in &flows {
            if let Some(state) = self.flows.get_mut(flow) {
                state.links_requested = true;
                delay = delay.max(state.not_before.saturating_sub(now.monotonic));
                ids.push(state.flow_id.clone());
            }
        }
        let request = request(&self.agent, &ids);
        LinkBatch { flows, ids, delay, request }
    }

    /// Processes the result of a request for links.
    pub(super) fn on_links(
        &mut self,
        now: Now,
        batch: LinkBatch,
        result: Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error>,
    ) {
        self.call_in_flight = false;
        for flow in &batch.flows {
            if let Some(state) = self.flows.get_mut(flow) {
                state.links_requested = false;
            }
        }
        let mut request_id = String::new();
        let results = match result {
            Ok(response) => {
                self.on_call_succeeded();
                request_id.clone_from(&response.request_id);
                merge(&batch.ids, response, now)
            }
            Err(error) => match self.on_call_error(error, batch.ids.len()) {
                Some(error) => vec![Err(error); batch.ids.len()],
                None => return self.without_links.extend(batch.flows),
            },
        };
        for (flow, result) in batch.flows.into_iter().zip(results) {
            match result {
                Ok(links) => {
                    if let Some(state) = self.flows.get_mut(&flow) {
                        state.request_id.clone_from(&request_id);
                    }
                    self.enqueue(flow, links, now.monotonic.saturating_add(LIFETIME));
                }
                Err(error) => self.fail(flow, error),
            }
            self.end_if_final(flow);
        }
    }

    fn enqueue(&mut self, flow: usize, mut links: Vec<ResourceLink>, expires_at: Duration) {
        // The new links replace the older ones.
        self.ready.retain(|fetch| fetch.flow != flow);
        let Some(state) = self.flows.get_mut(&flow).filter(|state| state.error.is_none()) else {
            return;
        };
        let mut fetches = Vec::with_capacity(links.len());
        for (index, file) in state.files.iter().enumerate() {
            let same = |link: &ResourceLink| link.name == file.title && link.kind == file.kind;
            let link = links.iter().position(same).map(|at| links.remove(at));
            match (&file.stage, link) {
                (Stage::Waiting, Some(link)) => fetches.push((index, link)),
                (Stage::Waiting, None) => {
                    let message = "the service returned no new link for one of its files";
                    let error = FlowError::new(FlowErrorKind::Missing, message);
                    let error = error.with_request_id(&state.request_id);
                    return self.fail(flow, error);
                }
                _ => {}
            }
        }
        if self.options.reads_pdf {
            // A further request lists the same file again.
            links.retain(|link| Expected::may_be_pdf(&link.kind, &link.name));
            links.truncate(usize::from(state.files.is_empty()));
            if links.is_empty() && state.files.is_empty() {
                let error = FlowError::new(FlowErrorKind::Missing, "the contract has no PDF");
                let error = error.with_request_id(&state.request_id);
                return self.fail(flow, error);
            }
        }
        for link in links {
            let to = Arc::new(self.names.assign(NameValues {
                name: &link.name,
                flow_id: state.flow_id.as_str(),
                kind: &link.kind,
                index: flow,
                file_index: state.files.len(),
                at: to_seconds(link.requested_at),
            }));
            let (title, kind) = (link.name.clone(), link.kind.clone());
            fetches.push((state.files.len(), link));
            let stage = Stage::Waiting;
            state.files.push(FileState { title, kind, to, stage, failed: 0, expired_links: 0 });
        }
        for (index, link) in fetches {
            let Some(file) = state.files.get(index) else { continue };
            self.ready.push_back(Fetch {
                flow,
                file: index,
                link,
                link_expires_at: expires_at,
                target: self.options.target(),
                to: Arc::clone(&file.to),
                max_bytes: self.options.max_file_bytes,
                sync_name: !self.policy.defer_name_sync,
                delay: Duration::ZERO,
                new_connection: false,
            });
        }
    }
}
