//! Tests of the forward loops.

use std::sync::atomic::{AtomicBool, Ordering};

use essbasic::transport::{
    AsyncBody, Bytes, HeaderMap, Request, Response, StatusCode, TransportError, async_trait,
};
use tokio::time::timeout;

use super::*;
use crate::config::Secret;
use crate::ledger::{ManualClock, Message};

#[test]
fn delays_double_up_to_an_hour() {
    for (attempt, longest) in [(1, 1), (2, 2), (5, 16), (12, 2_048), (13, 3_600), (9_999, 3_600)] {
        for _ in 0..100 {
            let delay = next_delay(attempt).as_secs_f64();
            let longest = f64::from(longest);
            assert!(delay <= longest && delay >= 0.75 * longest, "{attempt}: {delay}");
        }
    }
}

/// Accepts every message, but never responds to the first.
struct StallsOnce(AtomicBool);

#[async_trait]
impl AsyncTransport for StallsOnce {
    async fn send(&self, _: Request) -> Result<Response<AsyncBody>, TransportError> {
        if !self.0.swap(true, Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let (status, headers) = (StatusCode::OK, HeaderMap::new());
        Ok(Response { status, headers, body: AsyncBody::from(Bytes::new()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_delivery_delays_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "0f".repeat(32)).unwrap();
    let bodies = Bodies::new(&Secret::read("k", &key).unwrap()).unwrap();
    let ledger = Ledger::in_memory();
    let count = 3 * MAX_IN_FLIGHT;
    let messages = (0..count).map(|number| Message {
        id: format!("m{number}"),
        kind: "FlowStatusChange".to_owned(),
        flow_id: Some(format!("f{number}")),
        report: None,
        targets: vec!["t".to_owned()],
        body: Some(bodies.seal(&format!("m{number}"), b"{}").unwrap()),
    });
    for result in ledger.receive(messages.collect()).await {
        result.unwrap();
    }
    let (worker, _) = ledger.enter("a", 60_000).await.unwrap();
    let target = toml::from_str("name = \"t\"\nurl = \"http://h/\"").unwrap();
    let target = Arc::new(Target::new(&target).unwrap());
    let shared = Shared {
        ledger: ledger.clone(),
        metrics: Arc::new(Metrics::new(Vec::new(), true)),
        bodies: Arc::new(bodies),
        transport: Arc::new(StallsOnce(false.into())),
        stop: Stop::default(),
    };
    let (pulse, mut gate) = (Pulse::new(), Gate::new("t"));
    let round = round(&target, &shared, &worker, &pulse, &mut gate);
    assert!(timeout(Duration::from_secs(1), round).await.is_err(), "one is in flight");
    let backlog = ledger.counts().await.unwrap().forward_backlog;
    assert_eq!(backlog.values().sum::<i64>(), 1, "{backlog:?}");
}

/// Accepts every message.
struct Accepts;

#[async_trait]
impl AsyncTransport for Accepts {
    async fn send(&self, _: Request) -> Result<Response<AsyncBody>, TransportError> {
        let (status, headers) = (StatusCode::OK, HeaderMap::new());
        Ok(Response { status, headers, body: AsyncBody::from(Bytes::new()) })
    }
}

#[tokio::test]
async fn another_body_key_pauses_the_loop_and_uses_up_no_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let bodies = |key: &str| {
        let path = folder.path().join("key");
        std::fs::write(&path, key.repeat(32)).unwrap();
        Arc::new(Bodies::new(&Secret::read("k", &path).unwrap()).unwrap())
    };
    let (former, other) = (bodies("0f"), bodies("0e"));
    let clock = ManualClock::default();
    let ledger = Ledger::in_memory().with_clock(clock.clone());
    let message = |id: &str, bodies: &Bodies| Message {
        id: id.to_owned(),
        kind: "FlowStatusChange".to_owned(),
        flow_id: Some(id.to_owned()),
        report: None,
        targets: vec!["t".to_owned()],
        body: Some(bodies.seal(id, b"{}").unwrap()),
    };
    for result in ledger.receive(vec![message("m1", &former)]).await {
        result.unwrap();
    }
    let target =
        toml::from_str("name = \"t\"\nurl = \"http://h/\"\ngive_up_after = \"1h\"").unwrap();
    let target = Arc::new(Target::new(&target).unwrap());
    let shared = |bodies: &Arc<Bodies>| Shared {
        ledger: ledger.clone(),
        metrics: Arc::new(Metrics::new(Vec::new(), true)),
        bodies: Arc::clone(bodies),
        transport: Arc::new(Accepts),
        stop: Stop::default(),
    };
    let run = async |bodies: &Arc<Bodies>, gate: &mut Gate| {
        let (worker, _) = ledger.enter("a", 60_000).await.unwrap();
        round(&target, &shared(bodies), &worker, &Pulse::new(), gate).await
    };
    let forward = async |id: &str| ledger.message(id).await.unwrap().forwards.remove(0);
    let paused = async || {
        let pauses = ledger.pauses().await.unwrap();
        pauses.into_iter().map(|pause| pause.name).collect::<Vec<_>>()
    };

    let mut gate = Gate::new("t");
    assert_eq!(run(&other, &mut gate).await, Round::Idle);
    assert_eq!(paused().await, ["forward t"]);
    let unreadable = forward("m1").await;
    assert_eq!((unreadable.attempt, unreadable.dead), (0, None));
    // A process with the former key does not wait for the next probe, only for the message.
    clock.advance(PROBE_MS);
    assert_eq!(run(&former, &mut Gate::new("t")).await, Round::Idle);
    assert!(forward("m1").await.delivered_at.is_some());
    assert_eq!(paused().await, [""; 0], "resumed");

    // Messages behind those of a lost key are delivered, and these are given up in the end.
    let messages = vec![message("m2", &former), message("m3", &other)];
    for result in ledger.receive(messages).await {
        result.unwrap();
    }
    run(&other, &mut Gate::new("t")).await;
    assert!(forward("m3").await.delivered_at.is_some());
    clock.advance(3_600_001);
    run(&other, &mut Gate::new("t")).await;
    assert_eq!(forward("m2").await.dead, Some(Reason::BodyUnreadable));
}
