//! `/api/contracts` and `/api/retry`.

use essbasic::FlowStatus;
use serde_json::{Value, json};

use super::{Page, fields, message};
use crate::ledger::{Evidence, FileEvidence, Outcome, Reason, Task};

const FIELDS: &str = "added_at attempts due files finished_at flow_id hint reason request_id result \
    state status status_at task";

/// Returns the IDs and the `next` of a page.
fn page(value: &Value) -> (Vec<String>, Option<String>) {
    assert_eq!(fields(value), "contracts next");
    let contracts = value["contracts"].as_array().unwrap();
    for contract in contracts {
        assert_eq!(fields(contract), FIELDS);
    }
    let id = |contract: &Value| contract["flow_id"].as_str().unwrap().to_owned();
    (contracts.iter().map(id).collect(), value["next"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn contracts_have_every_field_and_their_timeline() {
    let admin = Page::new(false);
    let worker = admin.worker().await;
    admin.ledger.receive(vec![message("m", "done", FlowStatus::All, &[])]).await;
    // The service composes the PDF meanwhile.
    admin.clock.advance(3_000);
    admin
        .settle(&worker, Task::Archive, |_| {
            Outcome::Archived(Evidence {
                files: vec![FileEvidence { bytes: 9, sha256: "ab".to_owned() }],
                request_id: "request".to_owned(),
            })
        })
        .await;
    admin.dead(&["dead"], Reason::NotFound).await;
    admin.ledger.offer(vec!["open".to_owned()], 60_000).await.unwrap();
    let (time, later) = ("2023-11-14T22:13:20.123Z", "2023-11-14T22:13:23.123Z");
    let done = json!({
        "flow_id": "done", "state": "done", "task": null, "status": "ALL", "status_at": time,
        "due": null, "attempts": 1, "reason": null, "hint": null, "added_at": time,
        "finished_at": later, "result": "archived", "files": [{ "bytes": 9, "sha256": "ab" }],
        "request_id": "request",
    });
    let dead = json!({
        "flow_id": "dead", "state": "dead", "task": "poll", "status": "UNKNOWN", "status_at": null,
        "due": later, "attempts": 1, "reason": "not_found", "hint": Reason::NotFound.hint(),
        "added_at": later, "finished_at": later, "result": null, "files": [], "request_id": null,
    });
    let open = json!({
        "flow_id": "open", "state": "open", "task": "poll", "status": "UNKNOWN", "status_at": null,
        "due": "2023-11-14T22:14:23.123Z", "attempts": 0, "reason": null, "hint": null,
        "added_at": later, "finished_at": null, "result": null, "files": [], "request_id": null,
    });
    let mut list = admin.get("/api/contracts").await;
    let unknown = list["contracts"][2]["status"].take();
    list["contracts"][2]["status"] = json!("UNKNOWN");
    list["contracts"][0]["status"] = json!("UNKNOWN");
    assert_eq!(list, json!({ "contracts": [dead, done, open], "next": null }), "{unknown}");

    let detail = admin.get("/api/contracts/done").await;
    assert_eq!(fields(&detail), format!("added_at attempts due events {}", &FIELDS[22..]));
    assert_eq!(
        detail["events"],
        json!([
            { "number": 1, "at": time, "kind": "message", "detail": "FlowStatusChange" },
            { "number": 2, "at": time, "kind": "status", "detail": "ALL" },
            { "number": 3, "at": later, "kind": "archived", "detail": "1 file" },
        ])
    );
    for (path, code) in [
        ("/api/contracts/absent", (404, "not_found")),
        ("/api/contracts/%00", (422, "invalid_request")),
        ("/api/contracts/%ff", (404, "not_found")),
        ("/api/contracts/done?x=1", (422, "invalid_request")),
    ] {
        admin.refused("GET", path, "", code).await;
    }
    let long = format!("/api/contracts/{}", "a".repeat(129));
    admin.refused("GET", &long, "", (422, "invalid_request")).await;
}

#[tokio::test]
async fn pages_follow_each_other_and_filters_select() {
    let admin = Page::new(false);
    let ids = (0..7).map(|number| format!("b{number}")).collect();
    admin.ledger.offer(ids, 0).await.unwrap();
    admin.dead(&["a/1", "c"], Reason::NoFiles).await;
    let (mut all, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let list = admin.get(&format!("/api/contracts?limit=3&after={after}")).await;
        let (ids, next) = page(&list);
        all.extend(ids);
        pages += 1;
        let Some(next) = next else { break };
        after = next.replace('/', "%2F");
    }
    assert_eq!(all.join(" "), "a/1 b0 b1 b2 b3 b4 b5 b6 c");
    assert_eq!(pages, 3, "the last page is full and has no next one");
    for (query, expected) in [
        ("state=dead", 9),
        ("state=open", 0),
        ("state=done", 0),
        ("state=", 9),
        ("reason=no_files", 9),
        ("reason=not_found", 0),
        ("prefix=b", 7),
        ("prefix=b&after=b4", 2),
        ("prefix=a%2F", 1),
        ("limit=200", 9),
    ] {
        let (ids, _) = page(&admin.get(&format!("/api/contracts?{query}")).await);
        assert_eq!(ids.len(), expected, "{query}");
    }
    let slash = admin.get("/api/contracts/a%2F1").await;
    assert_eq!(slash["flow_id"], "a/1");
    for (query, expected) in [
        ("state=ended", "no state is named \"ended\"; expected open, claimed, done or dead"),
        ("state=Dead", "no state is named"),
        ("reason=gone", "no reason is named \"gone\"; expected not_found, "),
        ("limit=0", "invalid limit \"0\"; expected 1 to 200"),
        ("limit=201", "invalid limit"),
        ("limit=ten", "invalid limit"),
        ("stat=dead", "unknown parameter \"stat\"; expected state, reason, prefix, after, limit"),
        ("state=dead&state=open", "the parameter state occurs twice"),
    ] {
        let path = format!("/api/contracts?{query}");
        let text = admin.refused("GET", &path, "", (422, "invalid_request")).await;
        assert!(text.starts_with(expected), "{text}");
    }
    let long = format!("/api/contracts?prefix={}", "a".repeat(129));
    admin.refused("GET", &long, "", (422, "invalid_request")).await;
}

#[tokio::test]
async fn changes_have_one_result_per_id() {
    let admin = Page::new(true);
    let flow_ids = json!({ "flow_ids": ["new", "", "new", "a".repeat(129), "other", "n\0"] });
    let added = admin.post("/api/contracts", &flow_ids).await;
    let results: Vec<&str> = added["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            assert_eq!(fields(one), "flow_id result");
            one["result"].as_str().unwrap()
        })
        .collect();
    assert_eq!(results, ["added", "invalid", "known", "invalid", "added", "invalid"]);
    assert_eq!(added["results"][1]["flow_id"], "");
    admin.ledger.drop_contracts(vec!["new".to_owned(), "other".to_owned()]).await.unwrap();
    admin.dead(&["dead"], Reason::NotFound).await;
    let result = async |path: &str| {
        let results = admin.post(path, &json!({})).await;
        assert_eq!(fields(&results), "results");
        results["results"][0]["result"].as_str().unwrap().to_owned()
    };
    for (path, expected) in [
        ("/api/contracts/dead/retry", "done"),
        ("/api/contracts/dead/retry", "not_dead"),
        ("/api/contracts/absent/retry", "not_found"),
        ("/api/contracts/%00/retry", "invalid"),
        ("/api/contracts/dead/drop", "done"),
        ("/api/contracts/dead/drop", "finished"),
        ("/api/contracts/dead/retry", "finished"),
        ("/api/contracts/absent/drop", "not_found"),
    ] {
        assert_eq!(result(path).await, expected, "{path}");
    }
    // A person who adds a dropped contract wants it back.
    let again = admin.post("/api/contracts", &json!({ "flow_ids": ["new", "new"] })).await;
    assert_eq!(again["results"][0]["result"], "added");
    assert_eq!(again["results"][1]["result"], "known");
    // As `contracts add` of the command.
    let strange = ["x y", "a/b", "id!", "a,b", ".hidden", "{}", "#a", "-_.合同9"];
    let strange = admin.post("/api/contracts", &json!({ "flow_ids": strange })).await;
    let strange = strange["results"].as_array().unwrap();
    let strange: Vec<_> = strange.iter().map(|one| one["result"].as_str().unwrap()).collect();
    assert_eq!(strange[..7], ["invalid"; 7]);
    assert_eq!(strange[7], "added");
    let opened = vec!["new".to_owned(), "-_.合同9".to_owned()];
    admin.ledger.drop_contracts(opened).await.unwrap();
    admin.dead(&["d1", "d2"], Reason::NoFiles).await;
    let retried = admin.post("/api/retry", &json!({ "reason": "not_found" })).await;
    assert_eq!(retried, json!({ "retried": 0, "more": false }));
    let retried = admin.post("/api/retry", &json!({ "reason": "no_files" })).await;
    assert_eq!(retried, json!({ "retried": 2, "more": false }));
    for (path, body, code) in [
        ("/api/retry", "{\"reason\":\"gone\"}", (422, "invalid_request")),
        ("/api/retry", "{\"reason\":\"target_failed\"}", (422, "invalid_request")),
        ("/api/contracts", "{\"flow_ids\":\"a\"}", (422, "invalid_request")),
        ("/api/contracts", "{\"flow_ids\":[],\"more\":1}", (422, "invalid_request")),
        ("/api/contracts", "{\"flow_ids\":", (400, "invalid_json")),
        ("/api/contracts", "", (400, "invalid_json")),
        ("/api/contracts/a/retry", "{\"all\":true}", (422, "invalid_request")),
        ("/api/contracts/a/drop", "[1]", (400, "invalid_json")),
    ] {
        let (status, value) = admin.send("POST", path, body).await;
        assert_eq!((status, value["error"]["code"].as_str().unwrap()), code, "{path} {body}");
    }
}

#[tokio::test]
async fn an_addition_has_at_most_a_thousand_ids() {
    let admin = Page::new(true);
    let ids = |count: usize| {
        let ids: Vec<String> = (0..count).map(|number| format!("{number:0128}")).collect();
        json!({ "flow_ids": ids })
    };
    let added = admin.post("/api/contracts", &ids(1_000)).await;
    assert_eq!(added["results"].as_array().unwrap().len(), 1_000);
    let body = ids(1_001).to_string();
    let text = admin.refused("POST", "/api/contracts", &body, (422, "invalid_request")).await;
    assert_eq!(text, "1001 IDs exceed the limit of 1000; send them in several requests");
    let body = format!("{{\"flow_ids\":[{}\"a\"]}}", " ".repeat(1 << 20));
    admin.refused("POST", "/api/contracts", &body, (413, "too_large")).await;
    // Each retry by reason makes up to 1,000 due again.
    let dead: Vec<String> = (0..1_001).map(|number| format!("dead{number}")).collect();
    for ids in dead.chunks(100) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        admin.dead(&ids, Reason::NoFiles).await;
    }
    let reason = json!({ "reason": "no_files" });
    let first = admin.post("/api/retry", &reason).await;
    assert_eq!((&first["retried"], &first["more"]), (&json!(1_000), &json!(true)));
    let rest = admin.post("/api/retry", &reason).await;
    assert_eq!(rest["more"], false);
}

#[tokio::test]
async fn a_page_that_is_not_writable_changes_nothing() {
    let admin = Page::new(false);
    admin.dead(&["dead"], Reason::NotFound).await;
    for (path, body) in [
        ("/api/contracts", "{\"flow_ids\":[\"a\"]}"),
        ("/api/contracts/dead/retry", "{}"),
        ("/api/contracts/dead/drop", "{}"),
        ("/api/retry", "{\"reason\":\"not_found\"}"),
        ("/api/messages/m/replay", "{\"target\":\"crm\"}"),
        ("/api/forwards/crm/replay", "{}"),
    ] {
        let text = admin.refused("POST", path, body, (403, "read_only")).await;
        assert!(text.contains("writable = true"), "{text}");
    }
    let counts = admin.ledger.counts().await.unwrap();
    assert_eq!((counts.open, counts.dead[&Reason::NotFound]), (0, 1));
}
