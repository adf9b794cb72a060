//! The other routes, and failures of the store.

use std::time::Duration;

use essbasic::FlowStatus;
use serde_json::{Value, json};

use super::{Page, fields, message};
use crate::ledger::{Fault, Pace, Reason};

#[tokio::test]
async fn the_status_is_that_of_the_ledger_and_of_the_process() {
    let admin = Page::new(true);
    admin.worker().await;
    admin.dead(&["d1", "d2"], Reason::NotFound).await;
    admin.ledger.offer(vec!["late".to_owned()], 0).await.unwrap();
    admin.ledger.receive(vec![message("m", "late", FlowStatus::Init, &["crm"])]).await;
    let cause = "api AuthFailure.SecretIdNotFound 8b0c";
    admin.ledger.pause("archive", cause, 180_000).await.unwrap();
    admin.clock.advance(5_900);
    let mut status = admin.get("/api/status").await;
    let hint = status["paused"][0]["hint"].take();
    assert!(hint.as_str().is_some_and(|hint| hint.contains("SecretId")), "{hint}");
    let expected = json!({
        "now": "2023-11-14T22:13:26.023Z", "version": env!("CARGO_PKG_VERSION"),
        "store": "memory", "writable": true, "ready": true, "draining": false,
        "contracts": { "open": 1, "claimed": 0, "done": 0, "dead": 2 },
        "dead": [{ "reason": "not_found", "count": 2, "hint": Reason::NotFound.hint() }],
        "oldest_due_seconds": 5, "forward_backlog": 1, "forward_dead": 0, "dead_forwards": [], "workers": 1,
        "paused": [{
            "name": "archive", "cause": cause, "since": "2023-11-14T22:13:20.123Z",
            "probe_at": "2023-11-14T22:13:25.123Z", "hint": null,
        }],
        "callbacks_refused": { "count": 0, "last_at": null },
        "explorer": "/explorer/",
    });
    assert_eq!(status, expected);
    // A second later, so that the check is made again.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    admin.ledger.inject("CheckStore", Fault::Refused);
    let unready = admin.get("/api/status").await;
    assert_eq!((&unready["ready"], &unready["draining"]), (&json!(false), &json!(false)));
    admin.ops.drain();
    let status = admin.get("/api/status").await;
    assert_eq!((&status["ready"], &status["draining"]), (&json!(false), &json!(true)));
    let empty = Page::new(false).get("/api/status").await;
    assert_eq!((&empty["oldest_due_seconds"], &empty["writable"]), (&Value::Null, &json!(false)));
}

#[tokio::test]
async fn workers_moments_and_samples_are_shown() {
    let admin = Page::new(false);
    let own = admin.worker().await;
    let (other, _) = admin.ledger.enter("other:2", 60_000).await.unwrap();
    let workers = admin.get("/api/workers").await;
    let by_id = |id: &str| -> Value {
        let all = workers["workers"].as_array().unwrap();
        all.iter().find(|worker| worker["id"] == id).unwrap().clone()
    };
    assert_eq!(
        by_id(own.as_str()),
        json!({
            "id": own.as_str(), "name": "host:1", "entered_at": "2023-11-14T22:13:20.123Z",
            "alive_until": "2023-11-14T22:14:20.123Z", "claimed": 0, "self": true,
        })
    );
    assert_eq!(by_id(other.as_str())["self"], false);

    assert_eq!(admin.get("/api/rate").await, json!({ "per_action": 20, "actions": [] }));
    let pace = |count| Pace {
        action: "DescribeFlowDetailInfo".to_owned(),
        count,
        limit: 20,
        window: 1_025,
        delay: 0,
        horizon: 2_000,
    };
    let rate = async |used: usize, free: usize| {
        let action = json!({ "action": "DescribeFlowDetailInfo", "used": used, "free": free });
        let expected = json!({ "per_action": 20, "actions": [action] });
        assert_eq!(admin.get("/api/rate").await, expected);
    };
    admin.ledger.book(pace(5)).await.unwrap();
    rate(5, 15).await;
    // The later ones are ahead.
    admin.ledger.book(pace(30)).await.unwrap();
    rate(20, 0).await;
    admin.clock.advance(1_025);
    rate(15, 5).await;
    admin.clock.advance(5_000);
    rate(0, 20).await;

    admin.clock.advance(60_000);
    assert!(admin.ledger.sample().await.unwrap());
    let samples = admin.get("/api/samples").await;
    assert_eq!(fields(&samples), "samples");
    let minute = "2023-11-14T22:14:00.000Z";
    assert_eq!(
        samples["samples"],
        json!([{ "minute": minute, "open": 0, "dead": 0, "finished": 0, "messages": 0, "backlog": 0 }])
    );
    for (query, expected) in
        [(minute, 1), ("2023-11-14T22:14:00.001Z", 0), ("2020-01-01T00:00:00Z", 1), ("", 1)]
    {
        let samples = admin.get(&format!("/api/samples?since={query}")).await;
        assert_eq!(samples["samples"].as_array().unwrap().len(), expected, "{query}");
    }
    for path in [
        "/api/samples?since=now",
        "/api/samples?until=2020-01-01T00:00:00Z",
        "/api/workers?x=1",
        "/api/rate?x=1",
        "/api/status?x=1",
    ] {
        admin.refused("GET", path, "", (422, "invalid_request")).await;
    }
}

#[tokio::test]
async fn a_failure_of_the_store_is_503_with_a_hint() {
    let admin = Page::new(true);
    for (operation, method, path, body) in [
        ("CountAll", "GET", "/api/status", ""),
        ("ListContracts", "GET", "/api/contracts", ""),
        ("ShowContract", "GET", "/api/contracts/a", ""),
        ("Offer", "POST", "/api/contracts", "{\"flow_ids\":[\"a\"]}"),
        ("Retry", "POST", "/api/contracts/a/retry", "{}"),
        ("DropContracts", "POST", "/api/contracts/a/drop", "{}"),
        ("RetryReason", "POST", "/api/retry", "{\"reason\":\"no_files\"}"),
        ("ListMessages", "GET", "/api/messages", ""),
        ("ShowMessage", "GET", "/api/messages/a", ""),
        ("Replay", "POST", "/api/messages/a/replay", "{\"target\":\"crm\"}"),
        ("TargetHealth", "GET", "/api/forwards", ""),
        ("ListWorkers", "GET", "/api/workers", ""),
        ("Paces", "GET", "/api/rate", ""),
        ("Samples", "GET", "/api/samples", ""),
    ] {
        admin.ledger.inject(operation, Fault::Refused);
        let text = admin.refused(method, path, body, (503, "store_unavailable")).await;
        assert!(text.starts_with("injected; "), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_respond_is_unavailable() {
    let admin = Page::new(false);
    admin.ledger.inject("ListMessages", Fault::Late(Duration::from_secs(11)));
    let text = admin.refused("GET", "/api/messages", "", (503, "store_unavailable")).await;
    assert!(text.starts_with("the store did not respond within 10 s"), "{text}");
    admin.ledger.inject("ListMessages", Fault::Late(Duration::from_secs(9)));
    admin.get("/api/messages").await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let admin = Page::new(true);
    for (method, path, code) in [
        ("GET", "/api", (404, "not_found")),
        ("GET", "/api/", (404, "not_found")),
        ("GET", "/api/contracts/a/retry", (405, "method_not_allowed")),
        ("POST", "/api/status", (405, "method_not_allowed")),
        ("DELETE", "/api/contracts/a", (405, "method_not_allowed")),
        ("GET", "/assets/absent.js", (404, "not_found")),
        ("GET", "/explorer/absent", (404, "not_found")),
        ("GET", "/explorer//api/history", (404, "not_found")),
    ] {
        let (status, value) =
            admin.send(method, path, if method == "GET" { "" } else { "{}" }).await;
        assert_eq!((status, value["error"]["code"].as_str().unwrap()), code, "{method} {path}");
    }
}
