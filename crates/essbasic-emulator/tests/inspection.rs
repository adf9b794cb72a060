//! Inspection of contracts, faults, the clock and callbacks, and test callbacks.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use essbasic_emulator::{
    APP_ID, Builder, Callback, CallbackOutcome, Emulator, Fault, FaultKind, NewFlow, NotLoopback,
    ORGANIZATION, Status,
};

use crate::support::receiver::Receiver;
use crate::support::{FIRST, NOW, start, urls};

const KEY: &str = "CC23FB38AE1D47B09D939CFBAE64195F";

fn new_flow(id: &str, name: &str) -> NewFlow {
    let mut flow = NewFlow::new(APP_ID, ORGANIZATION, id);
    flow.name = name.to_owned();
    flow.parties = vec![("张三".into(), None), ("李四".into(), Some("典子谦示例企业".into()))];
    flow
}

/// Runs a future on a runtime that is not the emulator's.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn lists_the_newest_contracts_first_and_filters_them() {
    let emulator = start();
    emulator.create_flow(new_flow("yDwLease1", "房屋租赁合同"));
    emulator.create_flow(new_flow("yDwLease2", "劳动合同"));
    let ids = |filter: &str, limit| {
        let list = emulator.flows(filter, limit);
        (list.total, list.flows.into_iter().map(|flow| flow.id).collect::<Vec<_>>())
    };
    let all = emulator.flows("", 200).total;
    assert_eq!(ids("", 2), (all, vec!["yDwLease2".to_owned(), "yDwLease1".to_owned()]));
    assert_eq!(ids("Lease1", 10), (1, vec!["yDwLease1".to_owned()]));
    assert_eq!(ids("Lease", 1), (2, vec!["yDwLease2".to_owned()]));
    assert_eq!(ids("Lease", 0), (2, Vec::new()));
    assert!(ids("劳动", 10).1.contains(&"yDwLease2".to_owned()));
    assert_eq!(ids("none", 10), (0, Vec::new()));
}

#[test]
fn describes_a_contract_with_its_parties() {
    let emulator = start();
    emulator.create_flow_in(new_flow("yDwLease1", "房屋租赁合同"), Status::Part).unwrap();
    let flow = emulator.flow("yDwLease1").unwrap();
    assert_eq!((flow.status, flow.created, flow.composed), (Status::Part, NOW, 0));
    assert_eq!(flow.deadline, NOW + 7 * 86_400);
    let [first, second] = &flow.parties[..] else { panic!("{} parties", flow.parties.len()) };
    assert_eq!((first.name.as_str(), first.status, first.signed_at), ("张三", "ACCEPT", Some(NOW)));
    assert_eq!((second.status, second.signed_at), ("PENDING", None));
    assert_eq!(second.organization.as_deref(), Some("典子谦示例企业"));
    let shown = format!("{flow:?} {first:?}");
    assert!(shown.contains("yDwLease1") && !shown.contains("张三"), "{shown}");
    emulator.reject("yDwLease1", None, "条款不符").unwrap();
    assert_eq!(emulator.flow("yDwLease1").unwrap().reason, "条款不符");
    assert!(emulator.flow("unknown").is_none());
}

#[test]
fn shows_the_faults_with_their_remaining_hits_and_the_speed() {
    let emulator = start();
    assert!(emulator.faults().is_empty());
    emulator.set_faults([Fault::new(FaultKind::InternalError).with_times(2)], 0);
    assert_eq!(urls(&[FIRST]).code(&emulator), "InternalError");
    assert_eq!(emulator.faults(), [Fault::new(FaultKind::InternalError).with_times(1)]);
    assert_eq!(emulator.speed(), 0.0);
    emulator.set_speed(60.0).unwrap();
    assert_eq!(emulator.speed(), 60.0);
    for speed in [-1.0, f64::NAN, Builder::MAX_SPEED + 1.0] {
        let error = emulator.set_speed(speed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("is not between 0 and"), "{error}");
    }
    assert_eq!(emulator.speed(), 60.0);
}

#[test]
fn logs_callbacks_with_their_outcomes() {
    let receiver = Receiver::start();
    let callback = Callback::to(format!("{}?token=secret", receiver.url));
    let emulator =
        Emulator::builder().with_manual_clock(NOW).with_callback(callback).start().unwrap();
    emulator.create_flow(new_flow("yDwLease1", "房屋租赁合同"));
    assert!(emulator.wait_for_callbacks(Duration::from_secs(20)));
    let [change, ping] = &emulator.callbacks()[..] else { panic!("{:?}", emulator.callbacks()) };
    assert_eq!((change.msg_type, change.flow.as_deref()), ("FlowStatusChange", Some("yDwLease1")));
    assert_eq!((ping.msg_type, ping.flow.as_deref()), ("ping", None));
    for entry in [change, ping] {
        assert_eq!((entry.at, &entry.url), (NOW, &receiver.url));
        assert_eq!((entry.outcome, entry.attempts), (CallbackOutcome::Acknowledged, 1));
        assert_eq!((entry.status, entry.error.as_deref()), (Some(200), None));
    }
}

#[test]
fn logs_the_reason_if_a_callback_is_given_up() {
    // The port is free as soon as the listener is dropped.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let callback = Callback::to(format!("http://{closed}/"))
        .with_max_attempts(2)
        .with_initial_backoff(Duration::ZERO);
    let emulator = Emulator::builder().with_callback(callback).start().unwrap();
    emulator.create_flow(new_flow("yDwLease1", "房屋租赁合同"));
    assert!(emulator.wait_for_callbacks(Duration::from_secs(20)));
    let callbacks = emulator.callbacks();
    let change = callbacks.iter().find(|entry| entry.flow.is_some()).unwrap();
    assert_eq!((change.outcome, change.attempts), (CallbackOutcome::GivenUp, 2));
    assert!(change.error.as_ref().unwrap().contains("refused"), "{change:?}");
}

#[test]
fn sends_a_signed_test_callback_to_this_machine() {
    let emulator = start();
    let receiver = Receiver::start();
    let callback = Callback::to(&receiver.url);
    assert_eq!(block_on(emulator.send_callback(&callback, None)).unwrap(), 200);
    receiver.wait_for("{}");
    assert_eq!(block_on(emulator.send_callback(&callback, Some(FIRST))).unwrap(), 200);
    receiver.wait_for(&format!("\"FlowId\":\"{FIRST}\""));
    let signed = callback.with_token("token").with_key(KEY);
    assert_eq!(block_on(emulator.send_callback(&signed, Some(FIRST))).unwrap(), 200);
    receiver.wait_for("sha256=");
    receiver.wait_for("{\"encrypt\":");
    let logged: Vec<_> = emulator.callbacks().into_iter().map(|entry| entry.msg_type).collect();
    assert_eq!(logged, ["FlowStatusChange", "FlowStatusChange", "ping"]);
    assert_eq!(emulator.stats().callbacks.messages, 0);
}

#[test]
fn refuses_test_callbacks_with_invalid_settings() {
    let emulator = Emulator::builder().allow_remote().start().unwrap();
    let url = "http://127.0.0.1:9/";
    for (callback, flow, kind, reason) in [
        (Callback::to("http://example.com/"), None, ErrorKind::InvalidInput, "loopback"),
        (Callback::to("https://127.0.0.1/"), None, ErrorKind::InvalidInput, "begin with http://"),
        (Callback::to(url).with_key("short"), None, ErrorKind::InvalidInput, "32 bytes"),
        (
            Callback::to(url).with_token(""),
            None,
            ErrorKind::InvalidInput,
            "token of callbacks is empty",
        ),
        (Callback::to(url), Some("unknown"), ErrorKind::NotFound, "does not exist"),
    ] {
        let error = block_on(emulator.send_callback(&callback, flow)).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(NotLoopback::is_cause_of(&error), reason == "loopback");
    }
    assert!(emulator.callbacks().is_empty());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let callback = Callback::to(format!("http://{closed}/"));
    let error = block_on(emulator.send_callback(&callback, None)).unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    assert_eq!(emulator.callbacks()[0].outcome, CallbackOutcome::GivenUp);
}
