//! A real server, and a sender that is not ours.

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
    reason = "an example has a main; both examples have the store"
)]
mod blocking_example;

/// The examples store messages as lines, and report that they could not.
#[test]
fn the_store_of_the_examples() {
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

fn contract(msg_id: &str) -> (Vec<u8>, String) {
    let data = r#"{"FlowId":"flow","FlowCallbackStatus":4}"#;
    sender::seal(&sender::message(msg_id, "FlowStatusChange", data))
}

/// What the platform and others may send. `take` gives the messages that were handed over since.
fn exercise(address: SocketAddr, mut take: impl FnMut() -> Vec<Message>) {
    let (status, answer) = exchange(address, head("GET", &[], 0).as_bytes());
    assert_eq!(status, 405);
    assert!(answer.to_lowercase().contains("allow: post\r\n"), "{answer}");
    assert_eq!(post(address, &[], b"{}").0, 200);
    assert!(take().is_empty());

    let (body, signature) = contract("1");
    assert_eq!(post(address, &[&signature], &body).0, 200);
    let [message] = &take()[..] else { panic!("one message was sent") };
    assert_eq!((&*message.msg_id, &message.msg_type), ("1", &MsgType::FlowStatusChange));
    assert!(matches!(&message.data, MessageData::FlowStatusChange(flow) if flow.flow_id == "flow"));
    assert_eq!(post(address, &[&signature], &body).0, 200);
    assert!(take().is_empty(), "a repeat is acknowledged and not handled");

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
        let (status, answer) = post(address, signatures, body);
        assert_eq!(status, 400, "{signatures:?} {answer}");
        let without_date = answer.lines().filter(|line| !line.starts_with("date:"));
        refusals.push(without_date.map(str::to_owned).collect::<Vec<_>>());
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "{refusals:?}");
    assert!(take().is_empty());

    // Only said, never sent: it must not be waited for.
    assert_eq!(exchange(address, head("POST", &[], (1 << 20) + 1).as_bytes()).0, 413);

    // After all that, the message itself; at once from many connections.
    let statuses: Vec<u16> = thread::scope(|scope| {
        let posts: Vec<_> =
            (0..8).map(|_| scope.spawn(|| post(address, &[&signature], &body).0)).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert_eq!(take().len(), 1);
}

#[test]
fn in_axum() {
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
    let mut take = || std::mem::take(&mut *messages.lock().unwrap());
    exercise(address, &mut take);

    // A message that was not stored is not acknowledged, and comes again.
    let (body, signature) = contract("again");
    fails.store(true, Ordering::SeqCst);
    assert_eq!(post(address, &[&signature], &body).0, 503);
    fails.store(false, Ordering::SeqCst);
    assert_eq!(post(address, &[&signature], &body).0, 200);
    assert_eq!(take()[0].msg_id, "again");
}

#[test]
fn blocking() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let messages = Arc::new(Mutex::new(Vec::new()));
    let fails = Arc::new(AtomicBool::new(false));
    let handler = {
        let (messages, fails) = (Arc::clone(&messages), Arc::clone(&fails));
        move |message: &Message| {
            let taken = !fails.load(Ordering::SeqCst);
            if taken {
                messages.lock().unwrap().push(message.clone());
            }
            taken
        }
    };
    thread::spawn(move || blocking_example::serve(&listener, receiver(), handler));
    let mut take = || std::mem::take(&mut *messages.lock().unwrap());
    exercise(address, &mut take);

    let (body, signature) = contract("again");
    fails.store(true, Ordering::SeqCst);
    assert_eq!(post(address, &[&signature], &body).0, 503);
    assert_eq!(post(address, &[&signature], &body).0, 503);
    fails.store(false, Ordering::SeqCst);
    assert_eq!(post(address, &[&signature], &body).0, 200);
    assert_eq!(take().len(), 1);

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
