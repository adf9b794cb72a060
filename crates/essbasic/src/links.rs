//! Download links of any number of contracts.

use core::fmt;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use essbasic_models::{
    Agent, DescribeResourceUrlsByFlowsRequest, DescribeResourceUrlsByFlowsResponse,
    FlowResourceUrlInfo,
};
use tc3_client::Now;
use tc3_client::api::json::{self, Decode, Encode, Reader, Writer};
use tc3_client::api::{__deserialize, __serialize};

use crate::error::{Error, FlowError, FlowErrorKind, into_flow_error};
use crate::ids::{FlowId, distinct};
use crate::next::Next;

/// Maximum number of contracts per request.
pub(crate) const BATCH: usize = 50;

/// Maximum number of files of a contract. Real contracts have a few.
const MAX_FILES: usize = 1_000;

/// Validity of a link.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// Download links of one contract, or the reason why there are none.
///
/// With the feature `serde` it is a map of `flow_id`, `links` or `error`, and `request_id` if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowLinks {
    /// Flow ID of the contract.
    pub flow_id: FlowId,
    /// One link for each file of the contract.
    pub result: Result<Vec<ResourceLink>, FlowError>,
    /// ID of the response that contains the links, for the support of the service; empty if there are none.
    pub request_id: String,
}

/// Download link of one file of a contract.
///
/// The link is enough to read the file, therefore `Debug` omits it and the name. `Serialize` writes both, because a
/// program that stores links needs them; keep them as safe as the file.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceLink {
    /// URL of the file, for the method `GET`.
    pub url: String,
    /// File name reported by the service. It may contain any characters.
    pub name: String,
    /// File type, such as `PDF`.
    pub kind: String,
    /// Time of the request for this link, in full seconds.
    pub requested_at: SystemTime,
    /// Time at which the link expires, five minutes after the request.
    pub expires_at: SystemTime,
}

/// The JSON of a [`ResourceLink`], with times in seconds since the Unix epoch.
struct LinkJson {
    url: String,
    name: String,
    kind: String,
    requested_at: u64,
    expires_at: u64,
}

json::object! {
    LinkJson {
        "url" => url: required,
        "name" => name: default,
        "kind" => kind: default,
        "requested_at" => requested_at: required,
        "expires_at" => expires_at: required,
    }
}

/// Returns a time; the epoch if [`SystemTime`] cannot represent it.
fn from_seconds(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

/// Returns the full seconds since the Unix epoch; zero for times before it.
pub(crate) fn to_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

impl From<LinkJson> for ResourceLink {
    fn from(json: LinkJson) -> Self {
        let LinkJson { url, name, kind, requested_at, expires_at } = json;
        let (requested_at, expires_at) = (from_seconds(requested_at), from_seconds(expires_at));
        Self { url, name, kind, requested_at, expires_at }
    }
}

impl Encode for ResourceLink {
    fn encode(&self, writer: &mut Writer) {
        let Self { url, name, kind, requested_at, expires_at } = self.clone();
        let (requested_at, expires_at) = (to_seconds(requested_at), to_seconds(expires_at));
        LinkJson { url, name, kind, requested_at, expires_at }.encode(writer);
    }
}

impl Decode for ResourceLink {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        Ok(LinkJson::optional(reader)?.map(Self::from))
    }

    fn blank() -> Self {
        LinkJson::blank().into()
    }
}

__serialize!(ResourceLink);
__deserialize!(ResourceLink);

impl Encode for FlowLinks {
    fn encode(&self, writer: &mut Writer) {
        writer.open();
        writer.member("flow_id", &self.flow_id);
        match &self.result {
            Ok(links) => writer.member("links", links),
            Err(error) => writer.member("error", error),
        }
        if !self.request_id.is_empty() {
            writer.member("request_id", &self.request_id);
        }
        writer.close();
    }
}

/// The fields of [`FlowLinks`] in a serialized form.
struct Fields {
    flow_id: FlowId,
    links: Option<Vec<ResourceLink>>,
    error: Option<FlowError>,
    request_id: String,
}

json::object! {
    decode Fields {
        "flow_id" => flow_id: required,
        "links" => links: optional,
        "error" => error: optional,
        "request_id" => request_id: default,
    }
}

impl Decode for FlowLinks {
    const NULL_IS_BLANK: bool = false;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        let neither = reader.expected("an object with links or an error");
        let Some(fields) = Fields::optional(reader)? else { return Ok(None) };
        let result = match (fields.error, fields.links) {
            (Some(error), _) => Err(error),
            (None, Some(links)) => Ok(links),
            (None, None) => return Err(neither),
        };
        Ok(Some(Self { flow_id: fields.flow_id, result, request_id: fields.request_id }))
    }

    fn blank() -> Self {
        Self { flow_id: FlowId::blank(), result: Ok(Vec::new()), request_id: String::new() }
    }
}

__serialize!(FlowLinks);
__deserialize!(FlowLinks);

impl fmt::Debug for ResourceLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceLink")
            .field("kind", &self.kind)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Returns the request for one batch.
pub(crate) fn request(agent: &Agent, batch: &[FlowId]) -> DescribeResourceUrlsByFlowsRequest {
    DescribeResourceUrlsByFlowsRequest::new(agent.clone(), batch)
}

/// Returns the result of each requested contract, in the order of the batch.
///
/// `ErrorMessages` are in the order of the request. Links have a `FlowId` and may be in any order.
pub(crate) fn merge(
    batch: &[FlowId],
    response: DescribeResourceUrlsByFlowsResponse,
    now: Now,
) -> Vec<Result<Vec<ResourceLink>, FlowError>> {
    let mut infos: HashMap<String, FlowResourceUrlInfo> = HashMap::new();
    for info in response.flow_resource_url_infos {
        infos.entry(info.flow_id.clone()).or_insert(info);
    }
    let request_id = response.request_id;
    let mut messages = response.error_messages.into_iter();
    let results = batch.iter().map(|flow_id| {
        let message = messages.next().unwrap_or_default();
        if !message.is_empty() {
            return Err(FlowError::refused(message));
        }
        let links: Vec<ResourceLink> = infos
            .remove(flow_id.as_str())
            .into_iter()
            .flat_map(|info| info.resource_url_infos)
            .map(|resource| ResourceLink {
                url: resource.url,
                name: resource.name,
                kind: resource.r#type,
                requested_at: from_seconds(now.unix.as_secs()),
                expires_at: from_seconds(now.unix.saturating_add(LIFETIME).as_secs()),
            })
            .collect();
        if links.len() > MAX_FILES {
            let message = format!(
                "the response contains {} links to files of one contract; the limit is {MAX_FILES}",
                links.len()
            );
            return Err(FlowError::new(FlowErrorKind::Link, message));
        }
        if links.is_empty() {
            let message = "the response contains neither a link nor an error for this contract";
            return Err(FlowError::new(FlowErrorKind::Missing, message));
        }
        Ok(links)
    });
    let with_id = |error: FlowError| error.with_request_id(&request_id);
    results.map(|result| result.map_err(with_id)).collect()
}

/// Engine that requests the links of any number of contracts in batches.
pub(crate) struct LinksJob {
    agent: Agent,
    /// All given contracts, including duplicates.
    flow_ids: Vec<FlowId>,
    batches: VecDeque<Vec<FlowId>>,
    /// Results, and the IDs of the responses that contain links.
    results: HashMap<FlowId, (Result<Vec<ResourceLink>, FlowError>, String)>,
}

impl LinksJob {
    pub(crate) fn new(agent: Agent, flow_ids: Vec<FlowId>) -> Self {
        let unique = distinct(&flow_ids);
        let batches = unique.chunks(BATCH).map(<[FlowId]>::to_vec).collect();
        Self { agent, flow_ids, batches, results: HashMap::new() }
    }

    /// Returns the next request.
    pub(crate) fn next(&self) -> Next<DescribeResourceUrlsByFlowsRequest> {
        self.batches.front().map(|batch| request(&self.agent, batch)).into()
    }

    pub(crate) fn on(
        &mut self,
        now: Now,
        response: Result<DescribeResourceUrlsByFlowsResponse, tc3_client::Error>,
    ) -> Result<(), Error> {
        let Some(batch) = self.batches.pop_front() else { return Ok(()) };
        let (results, request_id) = match response {
            Ok(response) => {
                let request_id = response.request_id.clone();
                (merge(&batch, response, now), request_id)
            }
            Err(error) => {
                (vec![Err(into_flow_error(error, batch.len())?); batch.len()], String::new())
            }
        };
        let results = results.into_iter().map(|result| match result {
            Ok(links) => (Ok(links), request_id.clone()),
            Err(error) => (Err(error), String::new()),
        });
        self.results.extend(batch.into_iter().zip(results));
        Ok(())
    }

    /// Fails the contracts whose links were not received.
    pub(crate) fn stop(&mut self) {
        for flow_id in self.batches.drain(..).flatten() {
            self.results.insert(flow_id, (Err(FlowError::stopped()), String::new()));
        }
    }

    pub(crate) fn finish(self) -> Vec<FlowLinks> {
        let mut results = self.results;
        let missing = || {
            let error = FlowError::new(FlowErrorKind::Missing, "the contract was not requested");
            (Err(error), String::new())
        };
        // A result is cloned only if its contract was given more than once.
        let mut remaining: HashMap<FlowId, usize> = HashMap::new();
        for flow_id in &self.flow_ids {
            *remaining.entry(flow_id.clone()).or_default() += 1;
        }
        let links = self.flow_ids.into_iter().map(|flow_id| {
            let count = remaining.entry(flow_id.clone()).or_default();
            *count = count.saturating_sub(1);
            let result = match *count {
                0 => results.remove(&flow_id),
                _ => results.get(&flow_id).cloned(),
            };
            let (result, request_id) = result.unwrap_or_else(missing);
            FlowLinks { flow_id, result, request_id }
        });
        links.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::collect;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: Now = Now { unix: Duration::from_secs(7), monotonic: Duration::ZERO };

    fn response(value: serde_json::Value) -> DescribeResourceUrlsByFlowsResponse {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn links_match_by_flow_id_and_errors_by_position() {
        let response = response(json!({
            "FlowResourceUrlInfos": [
                {"FlowId": "c", "ResourceUrlInfos": [{"Url": "u", "Name": "n", "Type": "PDF"}]},
                {"FlowId": "a", "ResourceUrlInfos": []},
                {"FlowId": "x", "ResourceUrlInfos": null},
            ],
            "ErrorMessages": ["查询流程不存在", "", ""],
        }));
        let merged = merge(&collect(["a", "b", "c"]), response, NOW);
        let kind = |index: usize| merged[index].as_ref().unwrap_err().kind;
        assert_eq!((kind(0), kind(1)), (FlowErrorKind::NotFound, FlowErrorKind::Missing));
        let link = &merged[2].as_ref().unwrap()[0];
        let times = [link.requested_at, link.expires_at].map(to_seconds);
        assert_eq!((link.url.as_str(), times), ("u", [7, 307]));
        assert!(!format!("{merged:?}").contains("\"u\""));
    }

    #[test]
    fn rejects_a_contract_with_too_many_files() {
        let file = json!({"Url": "u", "Name": "n", "Type": "PDF"});
        for (count, kind) in [(MAX_FILES, None), (MAX_FILES + 1, Some(FlowErrorKind::Link))] {
            let infos = json!([{"FlowId": "a", "ResourceUrlInfos": vec![file.clone(); count]}]);
            let response = response(json!({"FlowResourceUrlInfos": infos, "ErrorMessages": [""]}));
            let merged = merge(&collect(["a"]), response, NOW);
            assert_eq!(merged[0].as_ref().err().map(|error| error.kind), kind);
        }
    }

    proptest! {
        #[test]
        fn returns_one_result_per_contract_in_the_given_order(
            given in prop::collection::vec("[a-f]{1,2}", 0..200),
            known in prop::collection::vec("[a-f]{1,2}", 0..60),
            messages in prop::collection::vec(prop_oneof![Just(""), Just("no")], 0..60),
        ) {
            let mut job = LinksJob::new(Agent::new("app"), collect(&given));
            let mut requested = 0;
            while let Next::Step(request) = job.next() {
                prop_assert!(request.flow_ids.len() <= BATCH && !request.flow_ids.is_empty());
                requested += request.flow_ids.len();
                let infos: Vec<_> = known
                    .iter()
                    .map(|id| json!({"FlowId": id, "ResourceUrlInfos": [{"Url": id}]}))
                    .collect();
                let body = json!({"FlowResourceUrlInfos": infos, "ErrorMessages": messages});
                job.on(NOW, Ok(response(body))).unwrap();
            }
            prop_assert_eq!(requested, distinct(&collect(&given)).len());
            let results = job.finish();
            prop_assert_eq!(results.len(), given.len());
            for (result, flow_id) in results.iter().zip(&given) {
                prop_assert_eq!(&result.flow_id, flow_id);
                if let Ok(links) = &result.result {
                    prop_assert_eq!(&links[0].url, flow_id);
                }
            }
        }
    }
}
