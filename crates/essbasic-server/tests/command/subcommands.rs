//! The subcommands on SQLite and PostgreSQL: results, exit codes, and `--json` that agrees with the output for people.

use essbasic_server::ledger::{ForwardClaim, ForwardOutcome, ForwardSettlement, Ledger, Reason};
use serde_json::{Value, json};

use crate::stores::{MESSAGE, Store, populate};

/// Returns the rows of a table, without its header.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect()
}

/// Returns the value next to a name.
fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("  "));
    line.unwrap_or_else(|| panic!("{name}: {text}")).trim()
}

fn string(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn lists_and_changes_on_sqlite() {
    everything(Store::sqlite()).await;
}

#[tokio::test]
async fn lists_and_changes_on_postgres() {
    if let Some(store) = Store::postgres().await {
        everything(store).await;
    }
}

async fn everything(store: Store) {
    // As a server that runs meanwhile.
    let ledger = store.ledger().await;
    populate(&ledger).await;
    lists(&store);
    contract(&store);
    status(&store);
    messages(&store);
    dead_forwards(&store, &ledger).await;
    changes(&store);
    drop(ledger);
}

fn lists(store: &Store) {
    let page = store.json(&["contracts", "list"]);
    let found: Vec<_> = page["contracts"].as_array().unwrap().iter().collect();
    let states: Vec<_> = found
        .iter()
        .map(|one| format!("{} {}", string(&one["flow_id"]), string(&one["state"])))
        .collect();
    let expected =
        ["a-dead dead", "b-dead dead", "c-done done", "d-claimed claimed", "e-open open"];
    assert_eq!(states, expected);
    assert_eq!(page["next"], Value::Null);
    let text = store.text(&["contracts", "list"]);
    for (row, one) in rows(&text).into_iter().zip(&found) {
        let at = if one["finished_at"].is_null() { &one["due"] } else { &one["finished_at"] };
        let result = if one["result"].is_null() { &one["reason"] } else { &one["result"] };
        let expected =
            [&one["flow_id"], &one["state"], &one["status"], &one["attempts"], at, result]
                .map(string);
        // An unknown status is empty.
        let expected = expected.map(|text| if text.is_empty() { "-".to_owned() } else { text });
        assert_eq!(row, expected);
    }
    for (arguments, expected) in [
        (&["--state", "dead"][..], &["a-dead", "b-dead"][..]),
        (&["--state", "open"], &["e-open"]),
        (&["--state", "claimed"], &["d-claimed"]),
        (&["--state", "done"], &["c-done"]),
        (&["--unfinished"], &["a-dead", "b-dead", "d-claimed", "e-open"]),
        (&["--unfinished", "--reason", "storage_failed"], &["b-dead"]),
        (&["--reason", "storage_failed"], &["b-dead"]),
        (&["--prefix", "d-"], &["d-claimed"]),
        (&["--after", "c-done", "--limit", "1"], &["d-claimed"]),
        (&["--prefix", "none"], &[]),
        (&["--all"], &["a-dead", "b-dead", "c-done", "d-claimed", "e-open"]),
    ] {
        let arguments = [&["contracts", "list"], arguments].concat();
        let ids: Vec<_> = store.text(&arguments).lines().skip(1).map(first).collect();
        assert_eq!(ids, expected, "{arguments:?}");
    }
    let page = store.json(&["contracts", "list", "--limit", "2"]);
    assert_eq!((page["contracts"].as_array().unwrap().len(), &page["next"]), (2, &json!("b-dead")));
    let (_, note) = store.finish(&["contracts", "list", "--limit", "2"], b"", 0);
    assert_eq!(note, "there are more; continue with --after b-dead, or use --all\n");
    let (_, note) = store.finish(&["contracts", "list", "--prefix", "none"], b"", 0);
    assert_eq!(note, "no contracts\n");
    unfinished_contracts_are_added_to_another_store(store);
    // One document per line.
    let lines = store.text(&["contracts", "list", "--all", "--json"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().collect::<Vec<_>>(), found);
}

fn unfinished_contracts_are_added_to_another_store(store: &Store) {
    let ids = store.text(&["contracts", "list", "--unfinished", "--all", "--ids"]);
    assert_eq!(ids, "a-dead\nb-dead\nd-claimed\ne-open\n");
    let other = Store::sqlite();
    other.text(&["migrate"]);
    let (_, summary) = other.finish(&["contracts", "add", "-"], ids.as_bytes(), 0);
    assert_eq!(summary, "4 added\n");
    assert_eq!(other.text(&["contracts", "list", "--state", "open", "--ids"]), ids);
    let error = store.error(&["contracts", "list", "--ids", "--json"]);
    assert!(error.contains("--ids cannot be used with --json"), "{error}");
}

fn first(line: &str) -> String {
    line.split_whitespace().next().unwrap().to_owned()
}

fn contract(store: &Store) {
    let done = store.json(&["contracts", "show", "c-done"]);
    assert_eq!(done["files"], json!([{"bytes": 77, "sha256": "0f".repeat(32)}]));
    assert_eq!((&done["result"], &done["request_id"]), (&json!("archived"), &json!("request-1")));
    let text = store.text(&["contracts", "show", "c-done"]);
    for name in ["flow_id", "state", "result", "added_at", "finished_at", "request_id", "attempts"]
    {
        assert_eq!(value(&text, name), string(&done[name]), "{name}");
    }
    assert!(text.contains(&format!("77          {}", "0f".repeat(32))), "{text}");
    let dead = store.json(&["contracts", "show", "b-dead"]);
    let kinds: Vec<_> =
        dead["events"].as_array().unwrap().iter().map(|event| string(&event["kind"])).collect();
    assert_eq!(kinds.first().map(String::as_str), Some("added"));
    assert_eq!(kinds.last().map(String::as_str), Some("dead"));
    let text = store.text(&["contracts", "show", "b-dead"]);
    assert_eq!(value(&text, "hint"), string(&dead["hint"]));
    assert!(text.contains("disk [31m full") && !text.contains('\u{1b}'), "{text}");
    let error = store.error(&["contracts", "show", "none"]);
    assert!(error.contains("no contract has the ID \"none\"; "), "{error}");
}

fn status(store: &Store) {
    let status = store.json(&["status"]);
    let text = store.text(&["status"]);
    assert_eq!(status["contracts"], json!({"open": 1, "claimed": 1, "done": 1, "dead": 2}));
    for (name, expected) in [
        ("store", &status["store"]),
        ("version", &status["version"]),
        ("open", &status["contracts"]["open"]),
        ("claimed", &status["contracts"]["claimed"]),
        ("done", &status["contracts"]["done"]),
        ("forwards queued", &status["forward_backlog"]),
        ("forwards dead", &status["forward_dead"]),
        ("workers", &status["workers"]),
    ] {
        assert_eq!(value(&text, name), string(expected), "{name}");
    }
    assert_eq!(status["forward_backlog"], 1);
    assert_eq!(status["oldest_due_seconds"], Value::Null);
    assert_eq!(value(&text, "oldest contract"), "nothing is due");
    let paused = &status["paused"][0];
    assert_eq!(paused["cause"], "api AuthFailure.SecretIdNotFound (request ID request-2)");
    let reasons = status["dead"].as_array().unwrap();
    assert_eq!(reasons.len(), 2);
    for item in reasons.iter().chain([paused]) {
        let hint = item["hint"].as_str().unwrap();
        assert!(text.contains(&format!(" {hint}\n")), "{hint}: {text}");
    }
    assert!(text.contains("1 not_found\n") && text.contains("1 storage_failed\n"), "{text}");
}

fn messages(store: &Store) {
    let page = store.json(&["messages", "list"]);
    let message = &page["messages"][0];
    assert_eq!((&message["id"], &page["next"]), (&json!(MESSAGE), &Value::Null));
    let text = store.text(&["messages", "list", "--flow-id", "e-open"]);
    let expected = ["seq", "received_at"].map(|name| string(&message[name]));
    let row = rows(&text).remove(0);
    assert_eq!(row[..2], expected);
    assert_eq!(row[2..], ["stored", "0", "FlowStatusChange", "e-open", MESSAGE]);
    for arguments in [&["--flow-id", "other"][..], &["--before", "1"]] {
        let arguments = [&["messages", "list"], arguments].concat();
        assert_eq!(store.finish(&arguments, b"", 0), (String::new(), "no messages\n".to_owned()));
    }

    let replayed = store.json(&["messages", "replay", MESSAGE, "--target", "billing"]);
    let shown = store.json(&["messages", "show", MESSAGE]);
    let forwards = shown["forwards"].as_array().unwrap();
    assert_eq!(forwards.len(), 2);
    assert_eq!((&forwards[1]["seq"], &forwards[1]["replay"]), (&replayed["seq"], &json!(true)));
    let text = store.text(&["messages", "show", MESSAGE]);
    assert_eq!(value(&text, "received_at"), string(&shown["received_at"]));
    assert!(text.lines().last().unwrap().ends_with("queued  -"), "{text}");
    let text = store.text(&["messages", "replay", MESSAGE, "--target", "billing"]);
    assert!(text.starts_with("queued as forward "), "{text}");

    for (id, target, cause) in [
        (MESSAGE, "other", "no target is named \"other\"; expected billing"),
        ("none", "billing", "no message has this ID"),
    ] {
        let error = store.error(&["messages", "replay", id, "--target", target, "--json"]);
        assert!(error.contains(cause), "{error}");
    }
    assert!(store.error(&["messages", "show", "none"]).contains("no message has this ID"));
}

async fn dead_forwards(store: &Store, ledger: &Ledger) {
    let (worker, _) = ledger.enter("b", 600_000).await.unwrap();
    let claim = || ForwardClaim { target: "billing".to_owned(), limit: 9, give_up_after: 600_000 };
    let settle = async |outcome: ForwardOutcome| {
        let claimed = ledger.claim_forwards(&worker, claim()).await.unwrap();
        let settlements = claimed.iter().map(|one| ForwardSettlement {
            seq: one.seq,
            attempt: one.attempt,
            outcome: outcome.clone(),
        });
        ledger.settle_forwards(&worker, settlements.collect()).await.unwrap().len()
    };
    // The forward and its two replays.
    let detail = "status 503; expected 2xx".to_owned();
    assert_eq!(settle(ForwardOutcome::Dead { reason: Reason::TargetFailed, detail }).await, 3);
    let status = store.json(&["status"]);
    assert_eq!(status["forward_dead"], 3);
    let text = store.text(&["status"]);
    for part in [
        "3 target_failed\n",
        Reason::TargetFailed.hint(),
        "  essbasic-server messages list --dead --target billing --config FILE\n",
        "  essbasic-server messages replay --dead --target billing --config FILE\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let listed = store.json(&["messages", "list", "--dead", "--target", "billing"]);
    assert_eq!(listed["messages"][0]["id"], MESSAGE);
    assert_eq!(listed["messages"][0]["dead_forwards"], 3);
    let text = store.text(&["messages", "list", "--dead"]);
    assert_eq!(rows(&text)[0][3], "3");
    let text = store.text(&["messages", "show", MESSAGE]);
    assert!(text.contains("target_failed  status 503; expected 2xx\n"), "{text}");
    assert!(text.ends_with(&format!("hint: {}\n", Reason::TargetFailed.hint())), "{text}");

    let replay = ["messages", "replay", "--target", "billing", "--dead"];
    assert_eq!(store.json(&replay), json!({"replayed": 1}));
    assert_eq!(store.text(&replay), "0 replayed\n");
    assert_eq!(settle(ForwardOutcome::Delivered).await, 1);
    let status = store.json(&["status"]);
    assert_eq!((&status["forward_dead"], &status["dead_forwards"]), (&json!(0), &json!([])));
    assert!(store.text(&["messages", "show", MESSAGE]).contains("target_failed, replayed"));
    let other = ["messages", "replay", "--target", "other", "--dead"];
    assert!(store.error(&other).contains("no target is named \"other\""));
    ledger.leave(&worker).await.unwrap();
}

fn changes(store: &Store) {
    let results = |pairs: &[(&str, &str)]| {
        let results = pairs.iter().map(|(id, result)| json!({"flow_id": id, "result": result}));
        json!({"results": results.collect::<Vec<_>>()})
    };
    let file = store.folder.path().join("ids.txt");
    let ids = file.to_str().unwrap();
    std::fs::write(&file, "\u{feff}# contracts\r\nnew-1\r\n\r\n e-open \r\nnew-1\nnew-2").unwrap();
    let added = store.json(&["contracts", "add", ids]);
    let expected =
        results(&[("new-1", "added"), ("e-open", "known"), ("new-1", "known"), ("new-2", "added")]);
    assert_eq!(added, expected);
    let (text, summary) = store.finish(&["contracts", "add", ids], b"", 0);
    assert_eq!(rows(&text).len(), 3);
    assert!(text.lines().all(|line| line.ends_with("  known")), "{text}");
    assert_eq!(summary, "4 known\n");

    let stdin = b"new-3\n{\"name\":\"Zhang San\"}\nnew-4\n";
    let (text, error) = store.finish(&["contracts", "add", "-"], stdin, 2);
    let lines: Vec<Vec<_>> = text.lines().map(|line| line.split("  ").collect()).collect();
    let lines: Vec<_> = lines.iter().map(|line| (line[0], line.last().unwrap().trim())).collect();
    assert_eq!(lines, [("new-3", "added"), ("line 2", "invalid"), ("new-4", "added")]);
    assert!(error.starts_with("line 2 of stdin is not a contract ID: it contains "), "{error}");
    assert!(error.ends_with("\n2 added, 1 invalid\n") && !error.contains("Zhang"), "{error}");
    let added = store.json_of(&["contracts", "add", "-"], stdin, 2);
    assert_eq!(added["results"][1], json!({"flow_id": "", "line": 2, "result": "invalid"}));
    assert_eq!(added["results"][2], json!({"flow_id": "new-4", "result": "known"}));

    let retry = ["contracts", "retry", "a-dead", "e-open", "none", "", "a-dead"];
    let retried = store.json_of(&retry, b"", 2);
    let expected = results(&[
        ("a-dead", "done"),
        ("e-open", "not_dead"),
        ("none", "not_found"),
        ("", "invalid"),
        ("a-dead", "done"),
    ]);
    assert_eq!(retried, expected);
    let (text, summary) = store.finish(&["contracts", "retry", "c-done"], b"", 2);
    assert_eq!((&*first(&text), &*summary), ("c-done", "1 finished\n"));
    assert_eq!(store.json(&["contracts", "retry", "--reason", "not_found"])["retried"], 0);
    assert_eq!(store.text(&["contracts", "retry", "--reason", "storage_failed"]), "1 retried\n");

    let dropped = store.json(&["contracts", "drop", "d-claimed", "new-1"]);
    assert_eq!(dropped, results(&[("d-claimed", "done"), ("new-1", "done")]));
    let (_, summary) = store.finish(&["contracts", "drop", "new-1", "new-2"], b"", 2);
    assert_eq!(summary, "1 done, 1 finished\n");
    // Who adds a dropped contract again wants it back, and nothing else opens it.
    assert!(store.finish(&["contracts", "retry", "new-2"], b"", 2).0.ends_with("  finished\n"));
    let added = store.json_of(&["contracts", "add", "-"], b"new-2\nc-done\n", 0);
    assert_eq!(added, results(&[("new-2", "added"), ("c-done", "known")]));
    store.text(&["contracts", "drop", "new-2"]);
    let status = store.json(&["status"]);
    assert_eq!(status["contracts"], json!({"open": 5, "claimed": 0, "done": 4, "dead": 0}));
}

#[tokio::test]
async fn any_number_of_contracts_is_added_retried_and_listed() {
    let store = Store::sqlite();
    store.text(&["migrate"]);
    let ids: Vec<String> = (0..2_500).map(|number| format!("yD{number:030}")).collect();
    let text = ids.join("\n");
    let added = store.json_of(&["contracts", "add", "-"], text.as_bytes(), 0);
    let results = added["results"].as_array().unwrap();
    assert_eq!(results.len(), ids.len());
    assert!(
        results
            .iter()
            .zip(&ids)
            .all(|(one, id)| one["flow_id"] == **id && one["result"] == "added")
    );
    let listed = store.text(&["contracts", "list", "--all"]);
    let listed: Vec<String> = listed.lines().skip(1).map(first).collect();
    assert_eq!(listed, ids);
    let few: Vec<&str> = ids.iter().map(String::as_str).take(1_500).collect();
    let dropped = store.json(&[&["contracts", "drop"][..], &few].concat());
    assert_eq!(dropped["results"].as_array().unwrap().len(), few.len());
    // What was added before an error is reported, in a complete document.
    let (text, error) =
        store.finish(&["contracts", "add", "-", "--json"], &[0xff, 0xfe, b'a', 0], 1);
    assert_eq!(text, "{\"results\":[]}\n");
    assert!(error.contains("stdin is UTF-16 text; save it as UTF-8"), "{error}");
}
