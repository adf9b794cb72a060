//! Lists in pages, with both clients: the agent of the client, offsets that count pages, and a stop.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::sync::{Arc, Mutex};

use essbasic::api::{Action, ActionInfo, Envelope, Paginated, Pagination, Position};
use essbasic::credentials::Credential;
use essbasic::models::{
    ChannelDescribeRolesRequest, DescribeTemplatesRequest, DescribeTemplatesResponse,
    DescribeUsageRequest, TemplateInfo,
};
use essbasic::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode,
};
use essbasic::{Client, Config, Error, Stop, agent, blocking};
use serde_json::{Value, json};

/// A server of five items in pages of two, with the offset of the list. It records the bodies.
#[derive(Clone)]
struct Service {
    bodies: Arc<Mutex<Vec<Value>>>,
    list: &'static str,
    item: fn(u64) -> Value,
    counts_pages: bool,
}

impl Service {
    fn new(list: &'static str, counts_pages: bool, item: fn(u64) -> Value) -> Self {
        Self { bodies: Arc::default(), list, item, counts_pages }
    }

    fn serve(&self, request: &Request) -> Response<Bytes> {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let offset = body["Offset"].as_u64().unwrap_or(0);
        let from = if self.counts_pages { offset * 2 } else { offset };
        let items: Vec<Value> = (from..5).take(2).map(self.item).collect();
        self.bodies.lock().unwrap().push(body);
        let response = json!({ (self.list): items, "Total": 5, "TotalCount": 5, "RequestId": "r" });
        let body = json!({ "Response": response }).to_string().into();
        Response { status: StatusCode::OK, headers: HeaderMap::new(), body }
    }

    fn blocking(&self) -> blocking::Client {
        let service = self.clone();
        let serve = move |request: Request| Ok(service.serve(&request).map(BlockingBody::from));
        let config = Config::new(Credential::new("id", "key"));
        blocking::Client::with_transport(config, agent("own", "o", "p"), serve).unwrap()
    }

    fn asynchronous(&self) -> Client {
        let service = self.clone();
        let serve = move |request: Request| {
            std::future::ready(Ok(service.serve(&request).map(AsyncBody::from)))
        };
        let config = Config::new(Credential::new("id", "key"));
        Client::with_transport(config, agent("own", "o", "p"), serve).unwrap()
    }

    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.bodies.lock().unwrap())
    }

    /// Returns the number of items and the offsets of the requests, which are the same for both clients.
    fn walk<R>(&self, request: R) -> (usize, Vec<Option<u64>>)
    where
        R: Paginated + Send + Sync + 'static,
        R::Response: Send,
    {
        let found = self.blocking().pages(request.clone()).map(Result::unwrap).count();
        let bodies = self.take();
        let mut pages = self.asynchronous().pages(request);
        let again = block_on(async {
            let mut again = 0;
            while let Some(item) = pages.next().await {
                item.unwrap();
                again += 1;
            }
            again
        });
        assert_eq!((found, &bodies), (again, &self.take()));
        for body in &bodies {
            assert_eq!(body["Agent"]["AppId"], "own");
        }
        (found, bodies.iter().map(|body| body["Offset"].as_u64()).collect())
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn offsets_count_items_or_pages() {
    let own = agent("own", "o", "p");
    let templates = Service::new("Templates", false, |id| json!({"TemplateId": id.to_string()}));
    let request = DescribeTemplatesRequest::new(own.clone()).limit(100);
    assert_eq!(templates.walk(request), (5, vec![None, Some(2), Some(4)]));
    let roles = Service::new("ChannelRoles", true, |id| json!({"RoleId": id.to_string()}));
    let request = ChannelDescribeRolesRequest::new(own.clone(), "2");
    assert_eq!(roles.walk(request), (5, vec![None, Some(1), Some(2)]));
    let usage =
        Service::new("Details", true, |id| json!({"ProxyOrganizationOpenId": id.to_string()}));
    let request = DescribeUsageRequest::new(own, "2026-01-01", "2026-02-01").offset(1);
    assert_eq!(usage.walk(request), (3, vec![Some(1), Some(2), Some(3)]));
}

/// A request without agent.
#[derive(Clone)]
struct Templates {
    offset: Option<u64>,
}

impl Action for Templates {
    const INFO: ActionInfo<'static> = DescribeTemplatesRequest::INFO;
    type Response = DescribeTemplatesResponse;

    fn encode(&self) -> Result<Vec<u8>, essbasic::api::json::Error> {
        let body = self.offset.map_or(json!({}), |offset| json!({ "Offset": offset }));
        Ok(body.to_string().into_bytes())
    }

    fn decode(body: &[u8]) -> Result<Envelope<Self::Response>, essbasic::api::json::Error> {
        Envelope::decode(body)
    }
}

impl Paginated for Templates {
    const PAGINATION: Pagination = Pagination::Offset;
    type Item = TemplateInfo;

    fn position(&self) -> Option<Position> {
        Position::number(&self.offset)
    }

    fn set_position(&mut self, position: &Position) {
        position.write_to(&mut self.offset);
    }

    fn items(response: &Self::Response) -> &[TemplateInfo] {
        DescribeTemplatesRequest::items(response)
    }

    fn into_items(response: Self::Response) -> Vec<TemplateInfo> {
        DescribeTemplatesRequest::into_items(response)
    }
}

#[test]
fn a_request_without_agent_gets_that_of_the_client() {
    let templates = Service::new("Templates", false, |id| json!({"TemplateId": id.to_string()}));
    let offsets = vec![None, Some(2), Some(4), Some(5)];
    assert_eq!(templates.walk(Templates { offset: None }), (5, offsets));
}

#[test]
fn a_stop_ends_the_iteration_with_an_error() {
    let templates = Service::new("Templates", false, |id| json!({"TemplateId": id.to_string()}));
    let stop = Stop::default();
    let mut pages = templates.blocking().with_stop(stop.clone()).pages(Templates { offset: None });
    assert!(pages.next().unwrap().is_ok());
    stop.stop();
    // The items of the current page are returned.
    assert!(pages.next().unwrap().is_ok());
    assert!(matches!(pages.next().unwrap(), Err(Error::Stopped)));
    assert!(pages.next().is_none());
    assert_eq!(pages.request().unwrap().offset, Some(2));

    let stop = Stop::default();
    let client = templates.asynchronous().with_stop(stop.clone());
    let mut pages = client.pages(Templates { offset: None });
    block_on(async {
        assert!(pages.next().await.unwrap().is_ok());
        stop.stop();
        assert!(pages.next().await.unwrap().is_ok());
        assert!(matches!(pages.next().await.unwrap(), Err(Error::Stopped)));
        assert!(pages.next().await.is_none());
    });
}
