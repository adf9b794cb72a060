//! Lists in pages: the official Python SDK and both clients receive the same items from the same server.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::Request;
use axum::routing::post;
use golden_paged::{
    DescribeInstancesRequest, DescribeOrdersRequest, DescribeZonesRequest, ListFilesRequest,
    ListRolesRequest, ListUsersRequest, LookUpEventsRequest, SearchLogRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tc3_client::api::Paginated;
use tc3_client::credentials::Credential;
use tc3_client::{Client as AsyncClient, Config, Pages, blocking};

use super::clients::Client;

/// Number of items of each list.
const COUNT: u64 = 23;
/// Maximum size of a page, whatever the request states.
const MAX_SIZE: u64 = 7;

/// Returns the number in a field of a request, which may be a string.
fn number(body: &Value, field: &str) -> Option<u64> {
    match &body[field] {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

/// Returns the response of an action, as its service would.
fn respond(action: &str, body: &Value) -> Value {
    let size = ["Limit", "PageSize", "MaxResults", "MaxKeys"].iter().find_map(|f| number(body, f));
    let size = size.unwrap_or(3).min(MAX_SIZE);
    let page = |field: &str, first: u64| {
        let number = number(body, field).unwrap_or(first);
        assert!(number >= first, "{action}: there is no page {number}");
        (number - first) * size
    };
    let from = match action {
        "DescribeInstances" | "DescribeZones" => number(body, "Offset").unwrap_or(0),
        "DescribeOrders" => page("Offset", 0),
        "ListRoles" => page("Page", 0),
        "ListUsers" => page("PageNumber", 1),
        "LookUpEvents" => number(body, "NextToken").unwrap_or(0),
        "ListFiles" => number(body, "Marker").unwrap_or(0),
        "SearchLog" => number(body, "Context").unwrap_or(0),
        other => panic!("unexpected action {other}"),
    };
    let from = from.min(COUNT);
    let to = (from + size).min(COUNT);
    let of =
        |field: &str| (from..to).map(|item| json!({ field: format!("item-{item}") })).collect();
    let (objects, has_more): (Vec<Value>, bool) = (of("Id"), to < COUNT);
    let texts = || -> Vec<String> { (from..to).map(|item| format!("item-{item}")).collect() };
    let next = to.to_string();
    match action {
        "DescribeInstances" => json!({"TotalCount": COUNT, "InstanceSet": objects}),
        "DescribeZones" => json!({"TotalCount": COUNT.to_string(), "ZoneSet": texts()}),
        "DescribeOrders" => {
            json!({"TotalCount": to - from, "Count": to - from, "Orders": objects})
        }
        "ListUsers" => json!({"Data": {"Total": COUNT, "Users": objects}}),
        "ListRoles" => json!({"Roles": of("Option")}),
        "LookUpEvents" => json!({"Events": of("Vec"),
            "ListOver": !has_more, "NextToken": to, "TotalCount": COUNT}),
        "ListFiles" => json!({"Contents": of("Key"),
            "CommonPrefixes": ["item-"], "IsTruncated": has_more,
            "NextMarker": has_more.then_some(next)}),
        _ => json!({"Result": {"Context": next, "Listover": !has_more, "Lines": texts()}}),
    }
}

/// Starts the server on a runtime of its own, which lives as long as the test.
fn serve() -> (SocketAddr, tokio::runtime::Runtime) {
    let handler = |request: Request| async move {
        let action = request.headers()["x-tc-action"].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
        let mut response = respond(&action, &serde_json::from_slice(&body).unwrap());
        response["RequestId"] = "r".into();
        json!({ "Response": response }).to_string()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let listener = listener.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", post(handler));
    runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, runtime)
}

/// The items of a list.
#[derive(Debug, Deserialize, PartialEq)]
struct List {
    action: String,
    items: Vec<Value>,
}

/// Both clients, which must receive the same items.
struct Clients {
    asynchronous: AsyncClient,
    blocking: blocking::Client,
    runtime: tokio::runtime::Runtime,
}

impl Clients {
    fn list<R>(&self, request: R) -> List
    where
        R: Paginated<Item: Serialize> + Send + Sync + 'static,
        R::Response: Send,
    {
        let pages = self.blocking.pages(request.clone());
        let items: Vec<Value> =
            pages.map(|item| serde_json::to_value(item.unwrap()).unwrap()).collect();
        let mut pages: Pages<R> = self.asynchronous.pages(request);
        let again = self.runtime.block_on(async {
            let mut items = Vec::new();
            while let Some(item) = pages.next().await {
                items.push(serde_json::to_value(item.unwrap()).unwrap());
            }
            items
        });
        assert_eq!(items, again, "{}", R::INFO.name);
        List { action: R::INFO.name.to_owned(), items }
    }
}

#[test]
fn the_python_sdk_and_both_clients_receive_the_same_items() {
    let (address, runtime) = serve();
    let config = || {
        let config = Config::new(Credential::new("AKIDEXAMPLE", "SECRETEXAMPLE"));
        config.with_endpoint_url(&format!("http://{address}")).unwrap()
    };
    let clients = Clients {
        asynchronous: AsyncClient::new(config()).unwrap(),
        blocking: blocking::Client::new(config()).unwrap(),
        runtime,
    };
    let ours = [
        clients.list(DescribeInstancesRequest::new().limit(100)),
        clients.list(DescribeZonesRequest::new("5")),
        clients.list(DescribeOrdersRequest::new().limit(5)),
        clients.list(ListUsersRequest::new(1, 5)),
        clients.list(ListRolesRequest::new().page_size(4)),
        clients.list(LookUpEventsRequest::new().max_results(4)),
        clients.list(ListFilesRequest::new()),
        clients.list(SearchLogRequest::new().limit(100)),
    ];
    for list in &ours {
        let names = list.items.iter().map(|item| match item {
            Value::Object(fields) => {
                fields.values().find_map(|field| field.as_str().map(str::to_owned)).unwrap()
            }
            other => other.as_str().unwrap().to_owned(),
        });
        let expected: Vec<String> = (0..COUNT).map(|item| format!("item-{item}")).collect();
        assert_eq!(names.collect::<Vec<_>>(), expected, "{}", list.action);
    }

    let offset = |action: &str, body: Value, items: &str, text: bool| {
        json!({"action": action, "body": body,
        "kind": "offset", "position": "Offset", "items": items, "text": text})
    };
    let page = |action: &str, body: Value, position: &str, first: u64, items: &str| {
        json!({"action": action,
        "body": body, "kind": "page", "position": position, "first": first, "items": items, "text": false})
    };
    let token = |action: &str,
                 body: Value,
                 [position, next, items, more]: [&str; 4],
                 ends: bool,
                 text: bool| {
        json!({"action": action, "body": body, "kind": "token", "position": position, "next": next,
            "items": items, "more": more, "ends": ends, "text": text})
    };
    let events = ["NextToken", "NextToken", "Events", "ListOver"];
    let files = ["Marker", "NextMarker", "Contents", "IsTruncated"];
    let log = ["Context", "Result.Context", "Result.Lines", "Result.Listover"];
    let lists = [
        offset("DescribeInstances", json!({"Limit": 100}), "InstanceSet", false),
        offset("DescribeZones", json!({"Limit": "5"}), "ZoneSet", true),
        page("DescribeOrders", json!({"Limit": 5}), "Offset", 0, "Orders"),
        page("ListUsers", json!({"PageNumber": 1, "PageSize": 5}), "PageNumber", 1, "Data.Users"),
        page("ListRoles", json!({"PageSize": 4}), "Page", 0, "Roles"),
        token("LookUpEvents", json!({"MaxResults": 4}), events, true, false),
        token("ListFiles", json!({}), files, false, true),
        token("SearchLog", json!({"Limit": 100}), log, true, true),
    ];
    let given = json!({"host": address.to_string(), "lists": lists});
    let Some(theirs) = Client::PythonSdk.run::<List>("pages", &given) else { return };
    assert_eq!(theirs.len(), ours.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours.action, theirs.action);
        // Types of the models add the fields that the response lacks.
        for (ours, theirs) in ours.items.iter().zip(&theirs.items) {
            let Value::Object(fields) = theirs else {
                assert_eq!(ours, theirs);
                continue;
            };
            assert!(fields.iter().all(|(name, value)| ours[name] == *value), "{ours} {theirs}");
        }
        assert_eq!(ours.items.len(), theirs.items.len(), "{}", ours.action);
    }
}
