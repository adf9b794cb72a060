//! Both examples as servers, with the independent sender of these tests.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use essbasic_callback::{Message, MessageData, MsgType};

use crate::client::{exchange, head, post};
use crate::{receiver, sender};

#[path = "../../examples/axum.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example has a main")]
mod axum_example;
#[path = "../../examples/blocking.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::duplicate_mod,
    reason = "an example has a main; both examples include the store"
)]
mod blocking_example;

/// The store of the examples writes one message per line, and returns an error if it cannot.
#[test]
fn the_store_of_the_examples_writes_lines() {
    use blocking_example::store::Store;

    let folder = std::env::temp_dir().join(format!("essbasic-callback-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("messages.jsonl");
    let store = Store::open(&path).unwrap();
    let json = [
        "{\n\"MsgId\": \"1\",\r\n\"MsgType\": \"OrgAuth\"}",
        r#"{"MsgId":"2","MsgType":"OrgAuth"}"#,
    ];
    for json in json {
        store.save(&Message::from_json(json).unwrap()).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let ids: Vec<_> = text.lines().map(|line| Message::from_json(line).unwrap().msg_id).collect();
    assert_eq!(ids, ["1", "2"]);
    #[cfg(target_os = "linux")]
    {
        let full = Store::open("/dev/full").unwrap();
        assert!(full.save(&Message::from_json(json[1]).unwrap()).is_err());
    }
}

/// Returns the body and signature of a message about a contract.
fn contract(msg_id: &str) -> (Vec<u8>, String) {
    let data = r#"{"FlowId":"flow","FlowCallbackStatus":4}"#;
    sender::send(&sender::message(msg_id, "FlowStatusChange", data))
}

/// Sends genuine and forged callbacks. `take_handled` returns the messages that were handled since its last call.
fn exercise(address: SocketAddr, mut take_handled: impl FnMut() -> Vec<Message>) {
    let (status, response) = exchange(address, head("GET", &[], 0).as_bytes());
    assert_eq!(status, 405);
    assert!(response.to_lowercase().contains("allow: post\r\n"), "{response}");
    assert_eq!(post(address, &[], b"{}").0, 200);
    assert!(take_handled().is_empty());

    let (body, signature) = contract("1");
    assert_eq!(post(address, &[&signature], &body).0, 200);
    let [message] = &take_handled()[..] else { panic!("not one message") };
    assert_eq!((&*message.msg_id, &message.msg_type), ("1", &MsgType::FlowStatusChange));
    assert!(matches!(&message.data, MessageData::FlowStatusChange(flow) if flow.flow_id == "flow"));
    assert_eq!(post(address, &[&signature], &body).0, 200);
    assert!(take_handled().is_empty(), "a duplicate is acknowledged and not handled");

    let (body, signature) = contract("2");
    let wrong = sender::signature(b"another token", &body);
    let mut changed = body.clone();
    changed[20] ^= 1;
    let plain = sender::message("2", "OrgAuth", "{}");
    let plain_signature = sender::signature(sender::TOKEN.as_bytes(), plain.as_bytes());
    let mut refusals = Vec::new();
    for (signatures, body) in [
        (&[][..], &body[..]),
        (&[&*wrong], &body),
        (&[&*signature], &changed),
        (&[&*signature], &body[..body.len() - 1]),
        (&[&*signature, &*signature], &body),
        (&["签"], &body),
        (&[&*plain_signature], plain.as_bytes()),
        (&[&*signature], b""),
        (&[&*signature], b"garbage"),
    ] {
        let (status, response) = post(address, signatures, body);
        assert_eq!(status, 400, "{signatures:?} {response}");
        let without_date = response.lines().filter(|line| !line.starts_with("date:"));
        refusals.push(without_date.map(str::to_owned).collect::<Vec<_>>());
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "{refusals:?}");
    assert!(take_handled().is_empty());

    // The body is declared and never sent: the server must not wait for it.
    assert_eq!(exchange(address, head("POST", &[], (1 << 20) + 1).as_bytes()).0, 400);

    // Then the genuine message, over several connections at the same time.
    let statuses: Vec<u16> = thread::scope(|scope| {
        let posts: Vec<_> =
            (0..8).map(|_| scope.spawn(|| post(address, &[&signature], &body).0)).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert_eq!(take_handled().len(), 1);
}

#[test]
fn the_axum_example_handles_each_message_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let messages = Arc::new(Mutex::new(Vec::new()));
    let fails = Arc::new(AtomicBool::new(false));
    let save = {
        let (messages, fails) = (Arc::clone(&messages), Arc::clone(&fails));
        move |message: &Message| {
            if fails.load(Ordering::SeqCst) {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            messages.lock().unwrap().push(message.clone());
            Ok(())
        }
    };
    let address = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = axum_example::app(receiver(), save);
        tokio::spawn(async { axum::serve(listener, app).await });
        address
    });
    let mut take_handled = || std::mem::take(&mut *messages.lock().unwrap());
    exercise(address, &mut take_handled);

    // A message that was not stored is not acknowledged, and its next delivery is handled.
    let (body, signature) = contract("again");
    fails.store(true, Ordering::SeqCst);
    assert_eq!(post(address, &[&signature], &body).0, 503);
    fails.store(false, Ordering::SeqCst);
    assert_eq!(post(address, &[&signature], &body).0, 200);
    assert_eq!(take_handled()[0].msg_id, "again");
}

#[test]
fn the_blocking_example_handles_each_message_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let messages = Arc::new(Mutex::new(Vec::new()));
    let fails = Arc::new(AtomicBool::new(false));
    let handler = {
        let (messages, fails) = (Arc::clone(&messages), Arc::clone(&fails));
        move |message: &Message| {
            let is_stored = !fails.load(Ordering::SeqCst);
            if is_stored {
                messages.lock().unwrap().push(message.clone());
            }
            is_stored
        }
    };
    thread::spawn(move || blocking_example::serve(&listener, receiver(), handler));
    let mut take_handled = || std::mem::take(&mut *messages.lock().unwrap());
    exercise(address, &mut take_handled);

    let (body, signature) = contract("again");
    fails.store(true, Ordering::SeqCst);
    assert_eq!(post(address, &[&signature], &body).0, 503);
    assert_eq!(post(address, &[&signature], &body).0, 503);
    fails.store(false, Ordering::SeqCst);
    assert_eq!(post(address, &[&signature], &body).0, 200);
    assert_eq!(take_handled().len(), 1);

    for (request, status) in [
        ("POST / HTTP/1.1\r\n\r\n", 411),
        ("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
        ("nonsense\r\n\r\n", 400),
    ] {
        assert_eq!(exchange(address, request.as_bytes()).0, status, "{request}");
    }
    let endless = format!("POST / HTTP/1.1\r\nX: {}", "x".repeat(16 << 10));
    assert_eq!(exchange(address, &endless.as_bytes()[..16 << 10]).0, 400);
}
