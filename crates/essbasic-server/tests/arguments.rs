//! Limits of the arguments of the ledger.

use essbasic_server::ledger::{ErrorKind, Pace, Task, limits};

use crate::support::{LEASE, claim, enter, forwarded, ledger};

#[tokio::test]
async fn arguments_above_their_limits_are_refused() {
    let (ledger, _) = ledger();
    let worker = enter(&ledger).await;
    let pace =
        Pace { action: "a".to_owned(), count: 101, limit: 20, window: 1_025, delay: 0, horizon: 0 };
    let many: Vec<String> = (0..=limits::MAX_BATCH).map(|n| n.to_string()).collect();
    let mut message = forwarded("m", "flow");
    message.body = Some(vec![0; limits::MAX_BODY_BYTES + 1]);
    let mut targets = forwarded("n", "flow");
    targets.targets = (0..=limits::MAX_TARGETS).map(|n| n.to_string()).collect();
    let twice = vec!["a".to_owned(), "a".to_owned()];
    for (number, result) in [
        ledger.offer(many, 0).await.map(|_| ()),
        ledger.offer(vec!["a".to_owned()], limits::MAX_DELAY_MS + 1).await.map(|_| ()),
        ledger.offer(vec![String::new()], 0).await.map(|_| ()),
        ledger.retry(twice).await.map(|_| ()),
        ledger.claim(&worker, claim(Task::Poll, 1_001)).await.map(|_| ()),
        ledger.claim(&worker, claim(Task::Poll, 0)).await.map(|_| ()),
        ledger.book(pace).await.map(|_| ()),
        ledger.receive(vec![message]).await.remove(0).map(|_| ()),
        ledger.receive(vec![targets]).await.remove(0).map(|_| ()),
        ledger.enter("a\0b", LEASE).await.map(|_| ()),
        ledger.enter("a", -1).await.map(|_| ()),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Invalid, "{number}");
    }
}
