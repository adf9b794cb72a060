//! Tests of the panel.

use std::io::{Read, Write};
use std::net::TcpListener;

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION};
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_700_000_000;

fn start() -> Emulator {
    let emulator = Emulator::builder().with_manual_clock(NOW).start().unwrap();
    for (id, name) in [("yDwLease1", "房屋租赁合同"), ("yDwLease2", "劳动合同")] {
        let mut flow = NewFlow::new(APP_ID, ORGANIZATION, id);
        flow.name = name.into();
        emulator.create_flow(flow);
    }
    emulator
}

fn body<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn shown(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn message<T>(result: Result<T, CommandError>) -> String {
    match result {
        Ok(_) => panic!("no error"),
        Err(CommandError::Invalid(message, _) | CommandError::NotFound(message, _)) => message,
    }
}

/// Runs a future on a runtime that is not the emulator's.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn the_overview_has_contracts_the_clock_faults_and_callbacks() {
    let emulator = start();
    let all = shown(overview(&emulator, ""));
    assert_eq!(all["flows"][0]["flow"], "yDwLease2");
    assert_eq!(all["flows"][0]["status"], "INIT");
    assert_eq!(all["flows"][0]["deadline"], NOW + 7 * 86_400);
    let party = json!({
        "name": "甲方", "organization": null, "status": "PENDING", "signed_at": null, "reminded": false,
    });
    assert_eq!(all["flows"][0]["parties"][0], party);
    assert_eq!((&all["now"], &all["speed"]), (&json!(NOW), &json!(0.0)));
    assert_eq!((&all["faults"], &all["callbacks"]), (&json!([]), &json!([])));
    let kinds = all["fault_kinds"].as_array().unwrap();
    let kinds: Vec<_> = kinds.iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"reset") && !kinds.contains(&"tls-cut"), "{kinds:?}");
    let found = shown(overview(&emulator, "租赁"));
    assert!(found["flows"].as_array().unwrap().iter().any(|flow| flow["flow"] == "yDwLease1"));
    assert!(found["total"].as_u64() < all["total"].as_u64());
    assert_eq!(shown(flow(&emulator, "yDwLease1").unwrap())["name"], "房屋租赁合同");
    assert_eq!(message(flow(&emulator, "x")), "the contract does not exist");
}

#[test]
fn contracts_are_signed_rejected_cancelled_and_expired() {
    let emulator = start();
    let status = |kind, command| shown(change(&emulator, kind, body(command)).unwrap());
    let signed = status(Change::Sign, json!({ "flow": "yDwLease1" }));
    assert_eq!(
        (&signed["status"], &signed["parties"][0]["signed_at"]),
        (&json!("PART"), &json!(NOW))
    );
    let signed = status(Change::Sign, json!({ "flow": "yDwLease1", "party": 1 }));
    assert_eq!(signed["status"], "ALL");
    let rejected = json!({ "flow": "yDwLease2", "party": "乙方", "reason": "条款不符" });
    let rejected = status(Change::Reject, rejected);
    assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("REJECT"), &json!("条款不符")));
    assert_eq!(rejected["parties"][1]["status"], "REJECT");
    for (kind, id, expected) in [(Change::Cancel, "c", "CANCEL"), (Change::Expire, "e", "DEADLINE")]
    {
        emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, id));
        assert_eq!(status(kind, json!({ "flow": id }))["status"], expected);
        let again = change(&emulator, kind, body(json!({ "flow": id })));
        let message = format!("not possible for a contract with status {expected}");
        assert_eq!(again, Err(CommandError::Invalid(message, Some("create another contract"))));
    }
}

#[test]
fn invalid_commands_have_a_reason_and_change_nothing() {
    let emulator = start();
    let sign = |command| message(change(&emulator, Change::Sign, body(command)));
    for (command, reason) in [
        (json!({ "flow": "none" }), "the contract does not exist"),
        (json!({ "flow": "none", "party": 0 }), "the contract does not exist"),
        (json!({ "flow": "yDwLease1", "party": 9 }), "no unsigned party matches"),
        (json!({ "flow": "yDwLease1", "party": "丙方" }), "no unsigned party matches"),
        (json!({ "flow": "yDwLease1", "party": 1 }), "another party must sign first"),
    ] {
        let message = sign(command);
        assert!(message.contains(reason), "{message}");
    }
    for (command, reason) in [
        (json!({}), "neither advance_seconds nor speed"),
        (json!({ "advance_seconds": -1 }), "advance_seconds -1 is not between 0 and"),
        (json!({ "advance_seconds": 1e300 }), "is not between 0 and"),
        (json!({ "advance_seconds": 60, "speed": -1 }), "clock speed -1 is not between 0"),
    ] {
        let message = message(set_clock(&emulator, &body(command)));
        assert!(message.contains(reason), "{message}");
    }
    let handshakes =
        message(set_faults(&emulator, body(json!({ "faults": [{ "kind": "tls-cut" }] }))));
    assert!(handshakes.contains("TLS is not enabled"), "{handshakes}");
    for invalid in [json!({ "kind": "reset", "rate": 2 }), json!({ "kind": "flood" })] {
        assert!(serde_json::from_value::<FaultsCommand>(json!({ "faults": [invalid] })).is_err());
    }
    assert_eq!(emulator.now().as_secs(), NOW);
    assert!(emulator.faults().is_empty());
}

#[test]
fn the_clock_and_the_faults_are_set() {
    let emulator = start();
    let set = set_clock(&emulator, &body(json!({ "advance_seconds": 3600, "speed": 0 }))).unwrap();
    assert_eq!(shown(set)["now"], NOW + 3600);
    set_clock(&emulator, &body(json!({ "speed": 60 }))).unwrap();
    assert_eq!(emulator.speed(), 60.0);
    let faults = json!({ "seed": 7, "faults": [{ "kind": "throttled", "rate": 0.5, "times": 3 }] });
    let set = shown(set_faults(&emulator, body(faults)).unwrap());
    let fault = json!({ "kind": "throttled", "rate": 0.5, "action": null, "times": 3 });
    assert_eq!(set["faults"], json!([fault]));
    let none = shown(set_faults(&emulator, body(json!({ "faults": [] }))).unwrap());
    assert_eq!(none["faults"], json!([]));
}

#[test]
fn a_test_callback_is_sent_to_this_machine_only() {
    let emulator = start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let receiver = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut received = Vec::new();
        let mut buffer = [0; 4096];
        // The body is one line that ends with `"}`.
        while !received.ends_with(b"\"}") {
            let length = stream.read(&mut buffer).unwrap();
            assert!(length > 0, "the request is incomplete");
            received.extend_from_slice(&buffer[..length]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        String::from_utf8(received).unwrap().to_lowercase()
    });
    let key = "CC23FB38AE1D47B09D939CFBAE64195F";
    let send = |command| block_on(send_callback(&emulator, body(command)));
    let sent = send(json!({
        "url": url, "msg_type": "FlowStatusChange", "token": "test-token", "key": key,
    }));
    let sent = shown(sent.unwrap());
    assert_eq!((&sent["status"], &sent["error"]), (&json!(204), &Value::Null));
    let received = receiver.join().unwrap();
    assert!(received.contains("content-signature: sha256="), "{received}");
    assert!(received.contains("{\"encrypt\":\""), "{received}");
    assert!(!received.contains("ydwlease"), "{received}");
    let logged = shown(overview(&emulator, ""));
    assert_eq!(logged["callbacks"][0]["flow"], "yDwLease2");
    assert_eq!(logged["callbacks"][0]["outcome"], "given_up");

    // Nothing listens at the address any more.
    let sent = shown(send(json!({ "url": url })).unwrap());
    assert_eq!(sent["status"], Value::Null);
    assert!(sent["error"].as_str().unwrap().contains("refused"), "{sent}");
    for (command, reason) in [
        (json!({ "url": "http://example.com/" }), "loopback"),
        (json!({ "url": url, "key": "short" }), "32 bytes"),
        (json!({ "url": url, "flow": "none" }), "does not exist"),
        (json!({ "url": url, "msg_type": "Other" }), "expected ping or FlowStatusChange"),
    ] {
        let message = message(send(command));
        assert!(message.contains(reason), "{message}");
    }
}
