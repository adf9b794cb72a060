//! Both clients: items, whole pages, errors, and the continuation after them.

use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use serde_json::{Value, json};
use tc3_client::credentials::Credential;
use tc3_client::transport::{
    AsyncBody, BlockingBody, Bytes, HeaderMap, Request, Response, StatusCode,
};
use tc3_client::{CallOptions, Client, Config, Error, Pages, RetryPolicy, blocking};

use super::server::{ListItems, OFFSET};

type List = ListItems<OFFSET>;

/// A server of five items in pages of two. It records the bodies and fails the requests with these numbers.
#[derive(Clone, Default)]
struct Server {
    requests: Arc<Mutex<Vec<Value>>>,
    failing: &'static [usize],
}

impl Server {
    fn serve(&self, request: &Request) -> Response<Bytes> {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let from = body["Position"].as_u64().unwrap_or(0);
        let mut requests = self.requests.lock().unwrap();
        requests.push(body);
        let response = match self.failing.contains(&requests.len()) {
            true => {
                json!({"Error": {"Code": "FailedOperation", "Message": "no"}, "RequestId": "r"})
            }
            false => {
                let items: Vec<u64> = (from..5).take(2).collect();
                json!({"Items": items, "Total": 5, "RequestId": "r"})
            }
        };
        let body = json!({ "Response": response }).to_string().into();
        Response { status: StatusCode::OK, headers: HeaderMap::new(), body }
    }

    fn config() -> Config {
        Config::new(Credential::new("id", "key")).with_retry(RetryPolicy::none())
    }

    fn blocking(&self) -> blocking::Client {
        let server = self.clone();
        let serve = move |request: Request| Ok(server.serve(&request).map(BlockingBody::from));
        blocking::Client::with_transport(Self::config(), serve).unwrap()
    }

    fn asynchronous(&self) -> Client {
        let server = self.clone();
        let serve = move |request: Request| ready(Ok(server.serve(&request).map(AsyncBody::from)));
        Client::with_transport(Self::config(), serve).unwrap()
    }

    fn positions(&self) -> Vec<Option<u64>> {
        let requests = std::mem::take(&mut *self.requests.lock().unwrap());
        requests.iter().map(|body| body["Position"].as_u64()).collect()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Returns what a list yields, and the request that it ends with.
fn collected(mut pages: Pages<List>) -> (Vec<Result<u64, String>>, Option<List>) {
    let mut found = Vec::new();
    block_on(async {
        while let Some(item) = pages.next().await {
            found.push(item.map_err(|error| error.code().to_owned()));
        }
        assert!(pages.next().await.is_none());
    });
    (found, pages.request().cloned())
}

/// Asserts that both clients yield the same from the same server.
fn both(failing: &'static [usize], request: &List) -> (Vec<Result<u64, String>>, Option<List>) {
    let server = Server { failing, ..Default::default() };
    let mut pages = server.blocking().pages(request.clone());
    let items = pages.by_ref().map(|item| item.map_err(|error: Error| error.code().to_owned()));
    let found: Vec<_> = items.collect();
    assert!(pages.next().is_none());
    let positions = server.positions();
    let asynchronous = collected(server.asynchronous().pages(request.clone()));
    assert_eq!((&found, pages.request()), (&asynchronous.0, asynchronous.1.as_ref()));
    assert_eq!(positions, server.positions());
    asynchronous
}

#[test]
fn items_of_all_pages() {
    let (items, request) = both(&[], &List::default());
    assert_eq!((items, request), ((0..5).map(Ok).collect(), None));
    let from = List { position: Some(3), ..Default::default() };
    assert_eq!(both(&[], &from).0, [Ok(3), Ok(4)]);
}

#[test]
fn an_error_ends_the_iteration_and_another_one_continues() {
    let (mut items, request) = both(&[2], &List::default());
    assert_eq!(items.pop().unwrap().unwrap_err(), "FailedOperation");
    let request = request.unwrap();
    assert_eq!(request.position, Some(2));
    items.extend(both(&[], &request).0);
    assert_eq!(items, (0..5).map(Ok).collect::<Vec<_>>());
}

#[test]
fn whole_pages() {
    let server = Server::default();
    let pages = server.blocking().pages(List::default()).by_page();
    let pages: Vec<_> = pages.map(Result::unwrap).collect();
    let sizes: Vec<_> = pages.iter().map(|page| (page.items.len(), page.total)).collect();
    assert_eq!(sizes, [(2, Some(5)), (2, Some(5)), (1, Some(5))]);
    let mut asynchronous = server.asynchronous().pages(List::default()).by_page();
    let again = block_on(async {
        let mut again = Vec::new();
        while let Some(page) = asynchronous.next().await {
            again.push(page.unwrap());
        }
        again
    });
    assert_eq!(again, pages);
}

#[test]
fn pages_are_requested_when_they_are_needed_and_with_the_options_of_the_client() {
    let server = Server::default();
    let options = CallOptions::default().with_region("ap-guangzhou");
    let mut pages = server.blocking().with_options(options).pages(List::default());
    assert_eq!(server.positions(), []);
    assert_eq!(pages.by_ref().take(2).map(Result::unwrap).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(server.positions(), [None]);
    assert_eq!(pages.request().unwrap().position, Some(2));
    assert_eq!(pages.next().unwrap().unwrap(), 2);
    assert_eq!(server.positions(), [Some(2)]);
    drop(pages);

    // The region is that of the options.
    let regions = Arc::new(Mutex::new(Vec::new()));
    let (seen, inner) = (Arc::clone(&regions), server.clone());
    let serve = move |request: Request| {
        seen.lock().unwrap().push(request.headers.get("x-tc-region").cloned());
        Ok(inner.serve(&request).map(BlockingBody::from))
    };
    let client = blocking::Client::with_transport(Server::config(), serve).unwrap();
    let client = client.with_options(CallOptions::default().with_region("ap-guangzhou"));
    assert_eq!(client.pages(List::default()).count(), 5);
    let regions = regions.lock().unwrap();
    assert_eq!(regions.len(), 3);
    assert!(regions.iter().all(|region| region.as_ref().is_some_and(|r| r == "ap-guangzhou")));
}

#[test]
fn a_dropped_future_loses_no_item() {
    let server = Server::default();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (inner, waits) = (server.clone(), Arc::clone(&gate));
    let transport = move |request: Request| {
        let response = inner.serve(&request).map(AsyncBody::from);
        let waits = Arc::clone(&waits);
        async move {
            waits.acquire().await.unwrap().forget();
            Ok(response)
        }
    };
    let client = Client::with_transport(Server::config(), transport).unwrap();
    let mut pages = client.pages(List::default());
    block_on(async {
        {
            let mut next = Box::pin(pages.next());
            let mut context = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut next).poll(&mut context).is_pending());
        }
        gate.add_permits(1);
        assert_eq!(pages.next().await.unwrap().unwrap(), 0);
        assert!(matches!(server.positions().as_slice(), [None]));
    });
}

#[test]
fn pages_can_be_sent_to_other_threads() {
    fn is_send<T: Send>(_: &T) {}
    let server = Server::default();
    is_send(&server.asynchronous().pages(List::default()));
    is_send(&server.blocking().pages(List::default()));
    let pages = server.asynchronous().pages(List::default());
    assert_eq!(
        format!("{pages:?}"),
        "Pages { pager: Pager { action: \"ListItems\", pages: 0, is_done: false, .. }, .. }"
    );
}
