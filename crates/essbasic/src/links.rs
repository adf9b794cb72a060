//! Download links of any number of contracts, fifty a call.

use core::fmt;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use essbasic_models::{
    Agent, DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse,
    FlowResourceUrlInfo,
};
use tc3_client::Now;

use crate::error::{Error, FlowError, FlowErrorKind, concerns_every_batch};
use crate::next::Next;

/// The most contracts that one call takes.
pub(crate) const BATCH: usize = 50;

/// The most files of a contract that are believed in. They have a few.
const MOST_FILES: usize = 1_000;

/// How long a link lives.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// What came of asking for one contract's links.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowLinks {
    /// The contract.
    pub flow_id: String,
    /// Its files, or why there are none.
    pub result: Result<Vec<ResourceLink>, FlowError>,
}

/// A link to one file of a contract.
///
/// Whoever has the link has the file: `Debug` shows neither link nor name.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceLink {
    /// The link, to be fetched with `GET`.
    pub url: String,
    /// The file's name as the service gives it: any text.
    pub name: String,
    /// `PDF`.
    pub kind: String,
    /// When it was asked for, in seconds since the epoch.
    pub asked_at: u64,
    /// When the link dies, five minutes after it was asked for, on the client's monotonic clock.
    pub expires_at: Duration,
}

impl fmt::Debug for ResourceLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceLink")
            .field("kind", &self.kind)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The request for one batch.
pub(crate) fn request(agent: &Agent, batch: &[String]) -> DescribeResourceUrlsByFlowsRequest {
    DescribeResourceUrlsByFlowsRequest::new(agent.clone(), batch)
}

/// Puts an answer together: one result for each contract asked for, in that order.
///
/// `ErrorMessages` goes by position; links are found by their `FlowId`, wherever they stand.
pub(crate) fn merge(
    batch: &[String],
    answer: DescribeResourceUrlsByFlowsResponse,
    now: Now,
) -> Vec<Result<Vec<ResourceLink>, FlowError>> {
    let mut found: HashMap<String, FlowResourceUrlInfo> = HashMap::new();
    for info in answer.flow_resource_url_infos {
        found.entry(info.flow_id.clone()).or_insert(info);
    }
    let mut messages = answer.error_messages.into_iter();
    let results = batch.iter().map(|flow_id| {
        let message = messages.next().unwrap_or_default();
        if !message.is_empty() {
            return Err(FlowError::new(FlowErrorKind::Refused, message));
        }
        let links: Vec<ResourceLink> = found
            .remove(flow_id)
            .into_iter()
            .flat_map(|info| info.resource_url_infos)
            .map(|resource| ResourceLink {
                url: resource.url,
                name: resource.name,
                kind: resource.r#type,
                asked_at: now.unix.as_secs(),
                expires_at: now.monotonic.saturating_add(LIFETIME),
            })
            .collect();
        if links.len() > MOST_FILES {
            let message = format!("the answer links to {} files of one contract", links.len());
            return Err(FlowError::new(FlowErrorKind::Link, message));
        }
        if links.is_empty() {
            let message = "the answer holds neither a link nor a reason";
            return Err(FlowError::new(FlowErrorKind::Missing, message));
        }
        Ok(links)
    });
    results.collect()
}

/// What a failed call means for the contracts of its batch; an error where it means the same for all.
pub(crate) fn failed(error: tc3_client::Error) -> Result<FlowError, Error> {
    if concerns_every_batch(&error) {
        return Err(error.into());
    }
    Ok(FlowError::new(FlowErrorKind::Call, error.to_string()))
}

/// Asks for the links of any number of contracts, batch by batch.
pub(crate) struct LinksJob {
    agent: Agent,
    /// As they were given, repeats included.
    asked: Vec<String>,
    batches: VecDeque<Vec<String>>,
    results: HashMap<String, Result<Vec<ResourceLink>, FlowError>>,
}

impl LinksJob {
    pub(crate) fn new(agent: Agent, flow_ids: Vec<String>) -> Self {
        let unique = distinct(&flow_ids);
        let batches = unique.chunks(BATCH).map(<[String]>::to_vec).collect();
        Self { agent, asked: flow_ids, batches, results: HashMap::new() }
    }

    /// Returns the next request.
    pub(crate) fn next(&self) -> Next<DescribeResourceUrlsByFlowsRequest> {
        self.batches.front().map(|batch| request(&self.agent, batch)).into()
    }

    pub(crate) fn on(
        &mut self,
        now: Now,
        answer: Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error>,
    ) -> Result<(), Error> {
        let Some(batch) = self.batches.pop_front() else { return Ok(()) };
        let results = match answer {
            Ok(answer) => merge(&batch, answer, now),
            Err(error) => vec![Err(failed(error)?); batch.len()],
        };
        self.results.extend(batch.into_iter().zip(results));
        Ok(())
    }

    pub(crate) fn finish(self) -> Vec<FlowLinks> {
        let mut results = self.results;
        let missing = || Err(FlowError::new(FlowErrorKind::Missing, "was not asked for"));
        // Cloned only for contracts that were given more than once.
        let mut left: HashMap<String, usize> = HashMap::new();
        for flow_id in &self.asked {
            *left.entry(flow_id.clone()).or_default() += 1;
        }
        let answers = self.asked.into_iter().map(|flow_id| {
            let count = left.entry(flow_id.clone()).or_default();
            *count = count.saturating_sub(1);
            let result = match *count {
                0 => results.remove(&flow_id),
                _ => results.get(&flow_id).cloned(),
            };
            FlowLinks { result: result.unwrap_or_else(missing), flow_id }
        });
        answers.collect()
    }
}

/// Each id once, in the order of its first place.
pub(crate) fn distinct(flow_ids: &[String]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    flow_ids.iter().filter(|id| seen.insert(id.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: Now = Now { unix: Duration::ZERO, monotonic: Duration::from_secs(7) };

    fn answer(value: serde_json::Value) -> DescribeResourceUrlsByFlowsResponse {
        serde_json::from_value(value).unwrap()
    }

    fn ids(list: &[&str]) -> Vec<String> {
        list.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn an_answer_is_put_together_by_flow_id_and_position() {
        let answer = answer(json!({
            "FlowResourceUrlInfos": [
                {"FlowId": "c", "ResourceUrlInfos": [{"Url": "u", "Name": "n", "Type": "PDF"}]},
                {"FlowId": "a", "ResourceUrlInfos": []},
                {"FlowId": "x", "ResourceUrlInfos": null},
            ],
            "ErrorMessages": ["查询流程不存在", "", ""],
        }));
        let merged = merge(&ids(&["a", "b", "c"]), answer, NOW);
        let kind = |index: usize| merged[index].as_ref().unwrap_err().kind;
        assert_eq!((kind(0), kind(1)), (FlowErrorKind::Refused, FlowErrorKind::Missing));
        let link = &merged[2].as_ref().unwrap()[0];
        assert_eq!((link.url.as_str(), link.expires_at), ("u", Duration::from_secs(307)));
        assert!(!format!("{merged:?}").contains("\"u\""));
    }

    #[test]
    fn files_past_all_measure_are_not_believed_in() {
        let file = json!({"Url": "u", "Name": "n", "Type": "PDF"});
        for (count, kind) in [(MOST_FILES, None), (MOST_FILES + 1, Some(FlowErrorKind::Link))] {
            let infos = json!([{"FlowId": "a", "ResourceUrlInfos": vec![file.clone(); count]}]);
            let answer = answer(json!({"FlowResourceUrlInfos": infos, "ErrorMessages": [""]}));
            let merged = merge(&ids(&["a"]), answer, NOW);
            assert_eq!(merged[0].as_ref().err().map(|error| error.kind), kind);
        }
    }

    proptest! {
        #[test]
        fn every_contract_gets_exactly_one_result_in_its_place(
            asked in prop::collection::vec("[a-f]{1,2}", 0..200),
            known in prop::collection::vec("[a-f]{1,2}", 0..60),
            messages in prop::collection::vec(prop_oneof![Just(""), Just("no")], 0..60),
        ) {
            let mut job = LinksJob::new(Agent::new("app"), asked.clone());
            let mut seen = 0;
            while let Next::Step(request) = job.next() {
                prop_assert!(request.flow_ids.len() <= BATCH && !request.flow_ids.is_empty());
                seen += request.flow_ids.len();
                let infos: Vec<_> = known
                    .iter()
                    .map(|id| json!({"FlowId": id, "ResourceUrlInfos": [{"Url": id}]}))
                    .collect();
                let body = json!({"FlowResourceUrlInfos": infos, "ErrorMessages": messages});
                job.on(NOW, Ok(answer(body))).unwrap();
            }
            prop_assert_eq!(seen, distinct(&asked).len());
            let results = job.finish();
            prop_assert_eq!(results.len(), asked.len());
            for (result, asked) in results.iter().zip(&asked) {
                prop_assert_eq!(&result.flow_id, asked);
                if let Ok(links) = &result.result {
                    prop_assert_eq!(&links[0].url, asked);
                }
            }
        }
    }
}
