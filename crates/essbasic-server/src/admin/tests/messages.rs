//! `/api/messages` and `/api/forwards`.

use essbasic::FlowStatus;
use serde_json::{Value, json};

use super::{Page, fields, message};
use crate::ledger::{ForwardClaim, ForwardOutcome, ForwardSettlement, Reason};

const DAY: i64 = 24 * 3_600_000;

impl Page {
    /// Claims the forwards to a target and settles them.
    async fn forward(&self, target: &str, outcome: &ForwardOutcome) -> usize {
        let worker = self.worker().await;
        let claim = ForwardClaim { target: target.to_owned(), limit: 9, give_up_after: DAY };
        let claimed = self.ledger.claim_forwards(&worker, claim).await.unwrap();
        let settlements = claimed.iter().map(|one| ForwardSettlement {
            seq: one.seq,
            attempt: one.attempt,
            outcome: outcome.clone(),
        });
        self.ledger.settle_forwards(&worker, settlements.collect()).await.unwrap().len()
    }

    async fn target(&self, name: &str) -> Value {
        let forwards = self.get("/api/forwards").await;
        assert_eq!(fields(&forwards), "targets");
        let targets = forwards["targets"].as_array().unwrap();
        let found = targets.iter().find(|target| target["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {forwards}")).clone()
    }
}

#[tokio::test]
async fn messages_are_listed_shown_and_replayed() {
    let admin = Page::new(true);
    let messages = ["m1", "m2", "m3"].map(|id| message(id, "flow", FlowStatus::Init, &["crm"]));
    admin.ledger.receive(messages.to_vec()).await;
    admin.ledger.receive(vec![message("other", "b", FlowStatus::Init, &[])]).await;
    let list = admin.get("/api/messages?limit=3").await;
    assert_eq!(fields(&list), "messages next");
    let ids = |list: &Value| -> Vec<String> {
        let messages = list["messages"].as_array().unwrap();
        messages.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&list), ["other", "m3", "m2"]);
    assert_eq!(
        list["messages"][0],
        json!({
            "seq": 4, "id": "other", "type": "FlowStatusChange", "flow_id": "b",
            "received_at": "2023-11-14T22:13:20.123Z", "has_body": false,
            "body": "not_stored", "dead_forwards": 0, "forwards": [],
        })
    );
    let rest = admin.get(&format!("/api/messages?limit=3&before={}", list["next"])).await;
    assert_eq!((ids(&rest), &rest["next"]), (vec!["m1".to_owned()], &Value::Null));
    assert_eq!(ids(&admin.get("/api/messages?flow_id=flow").await).len(), 3);
    assert_eq!(ids(&admin.get("/api/messages?flow_id=absent").await).len(), 0);

    let targets = ["billing", "crm"].map(str::to_owned);
    admin.ledger.announce(targets.to_vec(), 0, 1).await.unwrap();
    let replayed = admin.post("/api/messages/m1/replay", &json!({ "target": "billing" })).await;
    assert_eq!(replayed, json!({ "seq": 4 }));
    let shown = admin.get("/api/messages/m1").await;
    let due = "2023-11-14T22:13:20.123Z";
    assert_eq!(
        shown["forwards"],
        json!([
            { "seq": 1, "target": "crm", "replay": false, "attempts": 0, "due": due,
              "delivered_at": null, "dead": null, "hint": null, "replayed_at": null,
              "failed_at": null, "error": null },
            { "seq": 4, "target": "billing", "replay": true, "attempts": 0, "due": due,
              "delivered_at": null, "dead": null, "hint": null, "replayed_at": null,
              "failed_at": null, "error": null },
        ])
    );
    let crm = "{\"target\":\"crm\"}";
    for (method, path, body, code) in [
        ("GET", "/api/messages/absent", "", (404, "not_found")),
        ("GET", "/api/messages/%00", "", (422, "invalid_request")),
        ("GET", "/api/messages?before=x", "", (422, "invalid_request")),
        ("GET", "/api/messages?before=-1", "", (422, "invalid_request")),
        ("GET", "/api/messages?limit=201", "", (422, "invalid_request")),
        ("GET", "/api/messages?flow_id=%00", "", (422, "invalid_request")),
        ("GET", "/api/messages?state=dead", "", (422, "invalid_request")),
        ("POST", "/api/messages/absent/replay", crm, (404, "not_found")),
        ("POST", "/api/messages/m1/replay", "{\"target\":\"erp\"}", (404, "unknown_target")),
        ("POST", "/api/messages/m1/replay", "{\"target\":\"\"}", (404, "unknown_target")),
        ("POST", "/api/messages/other/replay", crm, (409, "body_not_stored")),
        ("GET", "/api/messages?dead=yes", "", (422, "invalid_request")),
        ("POST", "/api/forwards/erp/replay", "{}", (404, "unknown_target")),
    ] {
        admin.refused(method, path, body, code).await;
    }
    let (status, _) = admin.send("POST", "/api/messages/m1/replay", "{}").await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn targets_have_their_health() {
    let admin = Page::new(false);
    let idle = json!({
        "name": "billing", "host": "billing.example:8443", "types": ["FlowStatusChange"],
        "backlog": 0, "dead": 0, "state": "idle", "last_delivered_at": null, "last_error": null,
        "last_error_at": null, "configured": true,
    });
    assert_eq!(admin.target("billing").await, idle);
    let targets = ["billing", "crm", "removed"];
    admin.ledger.receive(vec![message("m1", "a", FlowStatus::Init, &targets)]).await;
    assert_eq!(admin.target("billing").await["state"], "ok", "it has not failed yet");
    let again = ForwardOutcome::Again { delay: 1_000, detail: "status 500".to_owned() };
    assert_eq!(admin.forward("billing", &again).await, 1);
    let failing = admin.target("billing").await;
    assert_eq!((&failing["state"], &failing["backlog"]), (&json!("failing"), &json!(1)));
    assert_eq!(failing["last_error"], "status 500");
    assert_eq!(failing["last_error_at"], "2023-11-14T22:13:20.123Z");
    admin.clock.advance(1_000);
    assert_eq!(admin.forward("billing", &ForwardOutcome::Delivered).await, 1);
    let delivered = admin.target("billing").await;
    assert_eq!((&delivered["state"], &delivered["backlog"]), (&json!("ok"), &json!(0)));
    assert_eq!(delivered["last_delivered_at"], "2023-11-14T22:13:21.123Z");
    assert_eq!(delivered["last_error"], "status 500", "of the latest failure");

    let dead =
        ForwardOutcome::Dead { reason: Reason::TargetRefused, detail: "status 401".to_owned() };
    admin.forward("crm", &dead).await;
    let crm = admin.target("crm").await;
    assert_eq!((&crm["state"], &crm["dead"]), (&json!("failing"), &json!(1)));
    let removed = admin.target("removed").await;
    assert_eq!(
        removed,
        json!({
            "name": "removed", "host": null, "types": [], "backlog": 1, "dead": 0, "state": "ok",
            "last_delivered_at": null, "last_error": null, "last_error_at": null,
            "configured": false,
        })
    );
    admin.refused("GET", "/api/forwards?x=1", "", (422, "invalid_request")).await;
}

#[tokio::test]
async fn dead_forwards_are_found_explained_and_replayed() {
    let admin = Page::new(true);
    let messages = ["m1", "m2"].map(|id| message(id, id, FlowStatus::Init, &["crm", "billing"]));
    admin.ledger.receive(messages.to_vec()).await;
    let targets = ["billing", "crm"].map(str::to_owned);
    admin.ledger.announce(targets.to_vec(), 0, 1).await.unwrap();
    let dead = ForwardOutcome::Dead { reason: Reason::TargetRefused, detail: "status 401".into() };
    assert_eq!(admin.forward("crm", &dead).await, 2);
    let status = admin.get("/api/status").await;
    let expected = json!([{ "target": "crm", "count": 2, "reasons": [{
        "reason": "target_refused", "count": 2, "hint": Reason::TargetRefused.hint() }] }]);
    assert_eq!((&status["dead_forwards"], &status["forward_dead"]), (&expected, &json!(2)));
    for (query, expected) in [
        ("dead=true", 2),
        ("dead=true&target=crm", 2),
        ("dead=true&target=billing", 0),
        ("dead=true&flow_id=m1", 1),
        ("target=billing", 2),
        ("target=absent", 0),
        ("dead=false", 2),
        ("dead=true&limit=1", 1),
    ] {
        let list = admin.get(&format!("/api/messages?{query}")).await;
        let list = list["messages"].as_array().unwrap().clone();
        assert_eq!(list.len(), expected, "{query}");
        assert!(list.iter().all(|one| one["dead_forwards"] == 1), "{query}");
    }
    let shown = admin.get("/api/messages/m1").await;
    let forward = &shown["forwards"][0];
    assert_eq!(
        (&forward["error"], &forward["dead"]),
        (&json!("status 401"), &json!("target_refused"))
    );
    assert_eq!(forward["failed_at"], "2023-11-14T22:13:20.123Z");
    assert_eq!(forward["hint"], Reason::TargetRefused.hint());
    let replayed = admin.post("/api/forwards/crm/replay", &json!({})).await;
    assert_eq!(replayed, json!({ "replayed": 2, "more": false }));
    let replayed = admin.post("/api/forwards/crm/replay", &json!({})).await;
    assert_eq!(replayed["replayed"], 0);
    assert_eq!(admin.forward("crm", &ForwardOutcome::Delivered).await, 2);
    let status = admin.get("/api/status").await;
    assert_eq!((&status["dead_forwards"], &status["forward_dead"]), (&json!([]), &json!(0)));
    assert_eq!(admin.target("crm").await["dead"], 0);
    let shown = admin.get("/api/messages/m1").await;
    assert_eq!(shown["dead_forwards"], 0);
    assert_eq!(shown["forwards"][0]["replayed_at"], "2023-11-14T22:13:20.123Z");
}
