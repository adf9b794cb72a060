//! Rules of messages and forwards, on the store in memory: tests/model.rs shows that the databases agree with it.

use essbasic_server::ledger::{
    BodyState, ErrorKind, ForwardClaim, ForwardOutcome, ForwardSettlement, Ledger, MessageQuery,
    Reason, limits,
};

use crate::support::{DAY, LEASE, enter, forwarded, ledger};

/// Time without a target before its forwards are given up, in milliseconds.
const GRACE: i64 = 3_600_000;

async fn announce(ledger: &Ledger, targets: &[&str]) -> usize {
    let targets = targets.iter().map(|&target| target.to_owned()).collect();
    ledger.announce(targets, GRACE, 2).await.unwrap()
}

fn forwards(limit: usize) -> ForwardClaim {
    ForwardClaim { target: "target".to_owned(), limit, give_up_after: DAY }
}

#[tokio::test]
async fn forwards_of_a_contract_wait_for_their_predecessor() {
    let (ledger, _) = ledger();
    let worker = enter(&ledger).await;
    let messages = ["a1", "b1", "a2", "a3"].map(|id| forwarded(id, &id[..1])).to_vec();
    ledger.receive(messages).await;
    let ids = |claimed: &[essbasic_server::ledger::Forward]| -> Vec<String> {
        claimed.iter().map(|one| one.message_id.clone()).collect()
    };
    let settle = |seq, attempt, outcome| {
        ledger.settle_forwards(&worker, vec![ForwardSettlement { seq, attempt, outcome }])
    };
    let first = ledger.claim_forwards(&worker, forwards(9)).await.unwrap();
    assert_eq!(ids(&first), ["a1", "b1"]);
    settle(first[0].seq, 1, ForwardOutcome::Again { delay: 0, detail: "status 500".to_owned() })
        .await
        .unwrap();
    let again = ledger.claim_forwards(&worker, forwards(9)).await.unwrap();
    assert_eq!((ids(&again), again[0].attempt), (vec!["a1".to_owned()], 2));
    // A redelivery has no order.
    announce(&ledger, &["target"]).await;
    ledger.replay("a3", "target").await.unwrap();
    let replayed = ledger.claim_forwards(&worker, forwards(9)).await.unwrap();
    assert_eq!(ids(&replayed), ["a3"]);
    let dead = ForwardOutcome::Dead { reason: Reason::TargetRefused, detail: String::new() };
    settle(again[0].seq, 2, dead).await.unwrap();
    let second = ledger.claim_forwards(&worker, forwards(9)).await.unwrap();
    assert_eq!(ids(&second), ["a2"]);
    settle(second[0].seq, 1, ForwardOutcome::Delivered).await.unwrap();
    let third = ledger.claim_forwards(&worker, forwards(9)).await.unwrap();
    assert_eq!(ids(&third), ["a3"]);
    let counts = ledger.counts().await.unwrap();
    // b1, a3 and its redelivery are claimed; a1 is dead.
    assert_eq!(counts.forward_backlog["target"], 3);
    assert_eq!(counts.forward_dead["target"], 1);
}

#[tokio::test]
async fn forwards_to_removed_targets_are_given_up_after_a_grace_in_which_servers_run() {
    let (ledger, clock) = ledger();
    ledger.receive(["a1", "a2", "a3", "b1"].map(|id| forwarded(id, &id[..1])).to_vec()).await;
    announce(&ledger, &["target"]).await;
    // No server runs for a week.
    clock.advance(7 * DAY);
    assert_eq!(announce(&ledger, &["new"]).await, 0);
    clock.advance(GRACE - 1);
    assert_eq!(announce(&ledger, &["new"]).await, 0);
    assert_eq!(ledger.targets().await.unwrap().len(), 2);
    // During a rolling update, both configurations are announced.
    announce(&ledger, &["target"]).await;
    clock.advance(GRACE);
    assert_eq!(announce(&ledger, &["new"]).await, 0);
    ledger.replay("b1", "target").await.unwrap();
    assert_eq!(ledger.counts().await.unwrap().forward_backlog["target"], 5);
    clock.advance(GRACE);
    // Two claimable ones per call, which make their successors claimable.
    let mut given_up = Vec::new();
    while given_up.last() != Some(&0) {
        given_up.push(announce(&ledger, &["new"]).await);
    }
    assert_eq!(given_up, [2, 2, 1, 0]);
    let counts = ledger.counts().await.unwrap();
    assert_eq!((counts.forward_backlog.get("target"), counts.forward_dead["target"]), (None, 5));
    let message = ledger.message("a3").await.unwrap();
    assert_eq!(message.forwards[0].dead, Some(Reason::TargetRemoved));
    let error = ledger.replay("a3", "target").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownTarget);
    let expected = "no server has the forward target \"target\"; known targets: new";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn forwards_to_a_target_that_was_never_announced_are_given_up_after_the_grace() {
    let (ledger, clock) = ledger();
    // The server ends before its first announcement, and its successor has another target.
    ledger.receive(vec![forwarded("a1", "a")]).await;
    assert_eq!(announce(&ledger, &["new"]).await, 0);
    clock.advance(DAY);
    assert_eq!(announce(&ledger, &["new"]).await, 0);
    clock.advance(GRACE);
    assert_eq!(announce(&ledger, &["new"]).await, 1);
    assert_eq!(ledger.message("a1").await.unwrap().forwards[0].dead, Some(Reason::TargetRemoved));
}

#[tokio::test]
async fn bodies_expire_and_messages_are_duplicates_for_seven_days() {
    let (ledger, clock) = ledger();
    let worker = enter(&ledger).await;
    ledger.receive(vec![forwarded("m", "flow")]).await;
    clock.advance(2 * DAY);
    // Kept while it is in the queue.
    assert_eq!(ledger.sweep(DAY, 10).await.unwrap().bodies, 0);
    let worker =
        if ledger.beat(&worker, LEASE).await.is_ok() { worker } else { enter(&ledger).await };
    let claimed = ledger.claim_forwards(&worker, forwards(1)).await.unwrap();
    let delivered =
        ForwardSettlement { seq: claimed[0].seq, attempt: 1, outcome: ForwardOutcome::Delivered };
    ledger.settle_forwards(&worker, vec![delivered]).await.unwrap();
    announce(&ledger, &["other", "target"]).await;
    ledger.replay("m", "other").await.unwrap();
    let other = ForwardClaim { target: "other".to_owned(), limit: 1, give_up_after: DAY };
    let claimed = ledger.claim_forwards(&worker, other).await.unwrap();
    let dead = ForwardSettlement {
        seq: claimed[0].seq,
        attempt: 1,
        outcome: ForwardOutcome::Dead { reason: Reason::TargetRemoved, detail: String::new() },
    };
    ledger.settle_forwards(&worker, vec![dead]).await.unwrap();
    assert_eq!(ledger.sweep(DAY, 10).await.unwrap().bodies, 1);
    let error = ledger.replay("m", "target").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyExpired);
    assert!(error.to_string().starts_with("body_expired"), "{error}");
    assert_eq!(ledger.replay("n", "target").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(ledger.sweep(DAY, 10).await.unwrap().bodies, 0);
    let duplicate = format!("{:?}", ledger.receive(vec![forwarded("m", "flow")]).await);
    assert_eq!(duplicate, "[Ok(Duplicate)]");
    clock.advance(limits::MIN_DEDUP_MS);
    assert_eq!(ledger.sweep(DAY, 10).await.unwrap().messages, 1);
    let new = format!("{:?}", ledger.receive(vec![forwarded("m", "flow")]).await);
    assert_eq!(new, "[Ok(New)]");
}

/// Settles the next forward to the target.
async fn settle_next(ledger: &Ledger, outcome: ForwardOutcome) -> String {
    let worker = enter(ledger).await;
    let claimed = ledger.claim_forwards(&worker, forwards(1)).await.unwrap();
    let (seq, attempt) = (claimed[0].seq, claimed[0].attempt);
    let settlements = vec![ForwardSettlement { seq, attempt, outcome }];
    assert_eq!(ledger.settle_forwards(&worker, settlements).await.unwrap(), [seq]);
    ledger.leave(&worker).await.unwrap();
    claimed[0].message_id.clone()
}

fn refused() -> ForwardOutcome {
    ForwardOutcome::Dead { reason: Reason::TargetRefused, detail: "status 401".to_owned() }
}

async fn dead(ledger: &Ledger, target: Option<&str>) -> Vec<String> {
    let target = target.map(str::to_owned);
    let query = MessageQuery { dead: true, target, limit: 9, ..MessageQuery::default() };
    let found = ledger.messages(query).await.unwrap();
    assert!(found.iter().all(|one| one.dead_forwards == 1), "{found:?}");
    found.into_iter().map(|one| one.id).collect()
}

#[tokio::test]
async fn dead_forwards_are_found_and_count_until_their_messages_are_replayed() {
    let (ledger, clock) = ledger();
    let messages = ["a1", "b1", "c1", "d1"].map(|id| forwarded(id, &id[..1])).to_vec();
    ledger.receive(messages).await;
    assert_eq!(ledger.replay_dead("target", 9).await.unwrap_err().kind(), ErrorKind::UnknownTarget);
    announce(&ledger, &["target", "other"]).await;
    clock.advance(5);
    for _ in 0..3 {
        settle_next(&ledger, refused()).await;
    }
    assert_eq!(settle_next(&ledger, ForwardOutcome::Delivered).await, "d1");
    assert_eq!(dead(&ledger, None).await, ["c1", "b1", "a1"]);
    assert_eq!(dead(&ledger, Some("target")).await.len(), 3);
    assert!(dead(&ledger, Some("other")).await.is_empty());
    let to = |target: &str| MessageQuery {
        target: Some(target.to_owned()),
        limit: 9,
        ..MessageQuery::default()
    };
    assert_eq!(ledger.messages(to("target")).await.unwrap().len(), 4);
    assert!(ledger.messages(to("other")).await.unwrap().is_empty());
    let forward = ledger.message("a1").await.unwrap().forwards.remove(0);
    assert_eq!(forward.error.as_deref(), Some("status 401"));
    assert_eq!((forward.failed_at, forward.replayed_at), (Some(clock.now()), None));
    let counts = ledger.counts().await.unwrap();
    let key = ("target".to_owned(), Reason::TargetRefused);
    assert_eq!((counts.forward_dead["target"], counts.forward_dead_reasons[&key]), (3, 3));

    // One that is replayed alone, to its target and to another one.
    ledger.replay("a1", "other").await.unwrap();
    assert_eq!(dead(&ledger, None).await.len(), 3);
    ledger.replay("a1", "target").await.unwrap();
    assert_eq!(dead(&ledger, None).await, ["c1", "b1"]);
    // The others, in the order of their messages, and once.
    assert_eq!(ledger.replay_dead("target", 1).await.unwrap().len(), 1);
    assert_eq!(dead(&ledger, None).await, ["c1"]);
    assert_eq!(ledger.replay_dead("target", 9).await.unwrap().len(), 1);
    assert!(ledger.replay_dead("target", 9).await.unwrap().is_empty());
    assert!(ledger.counts().await.unwrap().forward_dead.is_empty());
    assert_eq!(settle_next(&ledger, ForwardOutcome::Delivered).await, "a1");
    // One that fails again counts once.
    assert_eq!(settle_next(&ledger, refused()).await, "b1");
    assert_eq!(ledger.counts().await.unwrap().forward_dead["target"], 1);
    assert_eq!(dead(&ledger, None).await, ["b1"]);
    let forwards = ledger.message("b1").await.unwrap().forwards;
    assert_eq!(forwards.iter().filter(|one| one.replayed_at.is_some()).count(), 1);
}

#[tokio::test]
async fn a_delivered_replay_clears_dead_replays_of_the_message() {
    let (ledger, _) = ledger();
    ledger.receive(vec![forwarded("a1", "a")]).await;
    announce(&ledger, &["target"]).await;
    settle_next(&ledger, refused()).await;
    ledger.replay("a1", "target").await.unwrap();
    ledger.replay("a1", "target").await.unwrap();
    settle_next(&ledger, refused()).await;
    assert_eq!(dead(&ledger, None).await, ["a1"]);
    settle_next(&ledger, ForwardOutcome::Delivered).await;
    assert!(dead(&ledger, None).await.is_empty());
    assert!(ledger.counts().await.unwrap().forward_dead.is_empty());
}

#[tokio::test]
async fn bodies_that_were_never_stored_differ_from_those_that_expired() {
    let (ledger, clock) = ledger();
    let mut excluded = forwarded("excluded", "b");
    (excluded.body, excluded.targets) = (None, Vec::new());
    ledger.receive(vec![forwarded("m", "a"), excluded]).await;
    announce(&ledger, &["target"]).await;
    let body = async |id: &str| ledger.message(id).await.unwrap().body;
    assert_eq!(
        (body("m").await, body("excluded").await),
        (BodyState::Stored, BodyState::NotStored)
    );
    let error = ledger.replay("excluded", "target").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyNotStored);
    assert!(error.to_string().starts_with("body_not_stored: "), "{error}");
    settle_next(&ledger, refused()).await;
    clock.advance(2 * DAY);
    assert_eq!(ledger.sweep(DAY, 9).await.unwrap().bodies, 1);
    assert_eq!(
        (body("m").await, body("excluded").await),
        (BodyState::Expired, BodyState::NotStored)
    );
    let error = ledger.replay("m", "target").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyExpired);
    // It stays dead, but does not end the replay of others.
    assert_eq!(ledger.replay_dead("target", 9).await.unwrap(), Vec::<i64>::new());
    assert_eq!(dead(&ledger, None).await, ["m"]);
}
