//! The shortcuts for tests, on a runtime and without one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::net::TcpListener;

use essbasic_emulator::{
    APP_ID, Callback, Emulator, NewFlow, ORGANIZATION, Status, TransitionError,
};

const ALL: [Status; 8] = [
    Status::Init,
    Status::Part,
    Status::Reject,
    Status::All,
    Status::Deadline,
    Status::Cancel,
    Status::Invalid,
    Status::Relieved,
];

fn new_flow(id: &str) -> NewFlow {
    NewFlow::new(APP_ID, ORGANIZATION, id)
}

/// Returns the status of a contract, by the routes for control.
fn status(emulator: &Emulator, id: &str) -> String {
    let url = format!("{}/_emulator/flows/{id}", emulator.endpoint());
    let json = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    json["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_contract_can_be_created_in_any_status() {
    let emulator = Emulator::builder().start().unwrap();
    for expected in ALL {
        let id = expected.as_str();
        emulator.create_flow_in(new_flow(id), expected).unwrap();
        assert_eq!(status(&emulator, id), id);
    }
    let mut one_party = new_flow("one");
    one_party.parties.truncate(1);
    let refused = emulator.create_flow_in(one_party, Status::Part);
    assert_eq!(refused, Err(TransitionError::Ended(Status::All)));
}

#[test]
fn a_contract_can_be_completed_from_any_open_status() {
    let emulator = Emulator::builder().start().unwrap();
    assert_eq!(emulator.complete("unknown"), Err(TransitionError::NoSuchFlow));
    for from in ALL {
        let id = from.as_str();
        emulator.create_flow_in(new_flow(id), from).unwrap();
        let expected = match from {
            Status::Init | Status::Part | Status::All => Ok(()),
            ended => Err(ended),
        };
        let completed = emulator.complete(id);
        assert_eq!(completed.is_ok(), expected.is_ok(), "{id}: {completed:?}");
        assert_eq!(status(&emulator, id), expected.map_or(id, |()| "ALL"));
    }
}

/// Returns whether a request has all bytes of its body.
fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.is_none_or(|length| body.len() >= length.trim().parse().unwrap())
}

#[tokio::test]
async fn an_emulator_starts_on_a_runtime_and_its_callbacks_settle() {
    let invalid = Emulator::builder().with_speed(-1.0).start_async().await;
    assert_eq!(invalid.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);

    let silent = Emulator::builder().start_async().await.unwrap();
    silent.callbacks_settled().await;

    // A receiver that acknowledges everything, and one whose port is closed.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let open = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !is_complete(&request) && stream.read_buf(&mut request).await.unwrap() > 0 {}
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
    });
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, acknowledged) in [(open, 3), (closed, 0)] {
        let callback = Callback::to(format!("http://{address}/")).with_max_attempts(1);
        let emulator = Emulator::builder().with_callback(callback).start_async().await.unwrap();
        emulator.create_flow_in(new_flow("f"), Status::All).unwrap();
        emulator.callbacks_settled().await;
        let stats = emulator.stats().callbacks;
        assert_eq!((stats.messages, stats.acknowledged), (3, acknowledged));
        assert_eq!(stats.given_up, 3 - acknowledged);
    }
}

#[test]
fn the_number_of_calls_is_asserted() {
    let emulator = Emulator::builder().start().unwrap();
    emulator.assert_called("DescribeFlowDetailInfo", 0);
    let message = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        emulator.assert_called("DescribeFlowDetailInfo", 2);
    }));
    let message = message.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(*message, "DescribeFlowDetailInfo was called 0 times, not 2; calls: {}");
}
