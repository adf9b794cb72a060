//! Rules of contracts, messages and forwards, on the store in memory: tests/model.rs shows that the databases agree with it.

use essbasic::FlowStatus;
use essbasic_server::ledger::{
    COMPOSED_AFTER_MS, ErrorKind, Evidence, Finish, Message, Outcome, Pace, Reason,
    RefusedCallbacks, Report, Selected, Settlement, State, Task,
};
use proptest::prelude::*;

use crate::support::{DAY, LEASE, claim, enter, ledger, reports};

fn settlement(flow_id: &str, claim: i64, outcome: Outcome) -> Settlement {
    Settlement { flow_id: flow_id.to_owned(), claim, outcome }
}

fn archived() -> Outcome {
    Outcome::Archived(Evidence::default())
}

#[tokio::test]
async fn a_contract_that_ends_its_workers_is_claimed_alone_and_then_dead() {
    let (ledger, clock) = ledger();
    ledger.offer(vec!["poison".to_owned(), "sound".to_owned()], 0).await.unwrap();
    for attempt in 1..=10 {
        let worker = enter(&ledger).await;
        let claimed = ledger.claim(&worker, claim(Task::Poll, 50)).await.unwrap();
        let poison = claimed.iter().find(|one| one.flow_id == "poison").unwrap();
        assert_eq!(poison.attempt, attempt);
        assert_eq!(claimed.len(), if attempt < 3 { 2 } else { 1 });
        // The process ends. Its lease expires.
        clock.advance(LEASE);
    }
    let worker = enter(&ledger).await;
    ledger.claim(&worker, claim(Task::Poll, 50)).await.unwrap();
    let (contract, events) = ledger.contract("poison").await.unwrap().unwrap();
    assert_eq!((contract.state, contract.reason), (State::Dead, Some(Reason::WorkerLost)));
    assert_eq!(events.iter().filter(|event| event.kind == "worker_lost").count(), 10);
    let retried = ledger.retry_reason(Reason::WorkerLost, 10).await.unwrap();
    assert!(retried.contains(&"poison".to_owned()));
    let again = ledger.claim(&worker, claim(Task::Poll, 50)).await.unwrap();
    assert!(again.iter().any(|one| one.flow_id == "poison" && one.attempt == 1));
}

#[tokio::test]
async fn failed_attempts_do_not_separate_a_contract_from_others() {
    let (ledger, _) = ledger();
    let ids = ["a", "b", "c"].map(str::to_owned).to_vec();
    ledger.offer(ids, 0).await.unwrap();
    let worker = enter(&ledger).await;
    for attempt in 1..=10 {
        let claimed = ledger.claim(&worker, claim(Task::Poll, 50)).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].attempt), (3, attempt));
        let outcome = Outcome::Again { reason: Reason::NotFound, delay: 0, detail: String::new() };
        let settlements = claimed.iter().map(|one| one.settlement(outcome.clone())).collect();
        ledger.settle(&worker, 11, settlements).await.unwrap();
    }
}

#[tokio::test]
async fn contracts_that_are_claimed_alone_alternate_with_batches_until_they_are_settled() {
    let (ledger, clock) = ledger();
    let lost = ["a", "b", "c"].map(str::to_owned).to_vec();
    ledger.offer(lost.clone(), 0).await.unwrap();
    for _ in 0..2 {
        let worker = enter(&ledger).await;
        assert_eq!(ledger.claim(&worker, claim(Task::Poll, 3)).await.unwrap().len(), 3);
        // The process ends. Its lease expires.
        clock.advance(LEASE);
    }
    ledger.offer(["d", "e", "f", "g"].map(str::to_owned).to_vec(), 0).await.unwrap();
    let worker = enter(&ledger).await;
    let mut batches = Vec::new();
    let mut all = Vec::new();
    for _ in 0..5 {
        let claimed = ledger.claim(&worker, claim(Task::Poll, 2)).await.unwrap();
        batches.push(claimed.iter().map(|one| one.flow_id.clone()).collect::<String>());
        all.extend(claimed);
    }
    assert_eq!(batches, ["a", "de", "b", "fg", "c"]);
    let outcome = Outcome::Again { reason: Reason::NotFound, delay: 0, detail: String::new() };
    let settlements = all.iter().map(|one| one.settlement(outcome.clone())).collect();
    ledger.settle(&worker, 10, settlements).await.unwrap();
    assert_eq!(ledger.claim(&worker, claim(Task::Poll, 50)).await.unwrap().len(), 7);
}

#[tokio::test]
async fn a_clock_that_goes_back_ends_leases_pauses_and_bookings() {
    let (ledger, clock) = ledger();
    ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
    let pace = || Pace {
        action: "a".to_owned(),
        count: 5,
        limit: 5,
        window: 1_050,
        delay: 0,
        horizon: 2_000,
    };
    // Due before all of the following.
    clock.advance(7_200_000);
    let worker = enter(&ledger).await;
    assert_eq!(ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap().len(), 1);
    ledger.pause("archive", "the key is disabled", 180_000).await.unwrap();
    assert_eq!(ledger.book(pace()).await.unwrap().moments.len(), 5);
    // Two machines whose clocks differ little.
    clock.advance(-1_500);
    ledger.beat(&worker, LEASE).await.unwrap();
    assert!(!ledger.probe("archive", 180_000).await.unwrap());
    let booking = ledger.book(pace()).await.unwrap();
    assert!(booking.moments.is_empty(), "requests of the last real second: {booking:?}");
    clock.advance(1_050);
    let booking = ledger.book(pace()).await.unwrap();
    assert_eq!(booking.moments, [booking.now + 2_000; 5]);
    clock.advance(-3_600_000);
    let beat = ledger.beat(&worker, LEASE).await.unwrap_err();
    assert_eq!(beat.kind(), ErrorKind::Expired);
    assert_eq!(ledger.counts().await.unwrap().workers, 0);
    assert!(ledger.workers().await.unwrap().is_empty());
    let next = enter(&ledger).await;
    assert_eq!(ledger.claim(&next, claim(Task::Poll, 1)).await.unwrap().len(), 1);
    assert!(ledger.probe("archive", 180_000).await.unwrap());
}

#[tokio::test]
async fn settlements_of_lost_claims_are_refused() {
    let (ledger, clock) = ledger();
    ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
    let first = enter(&ledger).await;
    let lost = ledger.claim(&first, claim(Task::Poll, 1)).await.unwrap();
    clock.advance(LEASE);
    for result in [
        ledger.beat(&first, LEASE).await.map(|_| ()),
        ledger.claim(&first, claim(Task::Poll, 1)).await.map(|_| ()),
        ledger.settle(&first, 10, vec![settlement("flow", 1, archived())]).await.map(|_| ()),
    ] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Expired);
    }
    let second = enter(&ledger).await;
    let claimed = ledger.claim(&second, claim(Task::Poll, 1)).await.unwrap();
    assert_eq!((lost[0].attempt, claimed[0].attempt), (1, 2));
    // Another claim, another worker, another contract.
    for (worker, flow_id, attempt) in [(&second, "flow", 1), (&second, "other", 2)] {
        let settlements = vec![settlement(flow_id, attempt, archived())];
        assert!(ledger.settle(worker, 10, settlements).await.unwrap().is_empty());
    }
    let third = enter(&ledger).await;
    let settle =
        |worker, attempt| ledger.settle(worker, 10, vec![settlement("flow", attempt, archived())]);
    assert!(settle(&third, 2).await.unwrap().is_empty());
    assert_eq!(settle(&second, 2).await.unwrap(), ["flow"]);
    assert!(settle(&second, 2).await.unwrap().is_empty());
    let (contract, _) = ledger.contract("flow").await.unwrap().unwrap();
    assert_eq!(contract.finish, Some(Finish::Archived));
}

#[tokio::test]
async fn settlements_of_a_poll_do_not_settle_the_archive_claim_of_the_same_worker() {
    let (ledger, clock) = ledger();
    ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
    let worker = enter(&ledger).await;
    let polled = ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap();
    let signed = reports("message", "flow", FlowStatus::All, 1);
    ledger.receive(vec![signed]).await.remove(0).unwrap();
    clock.advance(COMPOSED_AFTER_MS);
    let archiving = ledger.claim(&worker, claim(Task::Archive, 1)).await.unwrap();
    assert_eq!((polled[0].attempt, archiving[0].attempt), (1, 1));
    // The service is asked before the callback arrives, and its answer is settled after it.
    let report = Report { status: FlowStatus::Part, at: 0 };
    let stale = settlement("flow", 1, Outcome::Observed { report, delay: 0 });
    assert!(ledger.settle(&worker, 10, vec![stale]).await.unwrap().is_empty());
    assert!(ledger.claim(&worker, claim(Task::Archive, 1)).await.unwrap().is_empty(), "claimed");
    let settled = archiving[0].settlement(archived());
    assert_eq!(ledger.settle(&worker, 10, vec![settled]).await.unwrap(), ["flow"]);
}

#[tokio::test]
async fn a_repeated_settlement_does_not_settle_the_next_claim_of_the_same_worker() {
    let (ledger, clock) = ledger();
    ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
    let worker = enter(&ledger).await;
    let first = ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap().remove(0);
    let released = vec![first.settlement(Outcome::Released { delay: 0 })];
    assert_eq!(ledger.settle(&worker, 10, released.clone()).await.unwrap(), ["flow"]);
    // Another loop of the same process claims it. The first one repeats its settlement, because the result was lost.
    let second = ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap().remove(0);
    assert_eq!((first.attempt, second.attempt), (1, 1));
    assert!(ledger.settle(&worker, 10, released).await.unwrap().is_empty());
    assert!(ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap().is_empty(), "claimed");
    // Numbers continue after the contract was done and opened again.
    let ended = reports("m1", "flow", FlowStatus::Deadline, 1);
    let signed = reports("m2", "flow", FlowStatus::All, 2);
    for message in [ended, signed] {
        ledger.receive(vec![message]).await.remove(0).unwrap();
    }
    clock.advance(COMPOSED_AFTER_MS);
    let third = ledger.claim(&worker, claim(Task::Archive, 1)).await.unwrap().remove(0);
    assert_eq!((second.claim, third.claim), (2, 3));
}

#[tokio::test]
async fn a_worker_that_leaves_returns_its_claims_without_an_attempt() {
    let (ledger, _) = ledger();
    ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
    let first = enter(&ledger).await;
    assert_eq!(ledger.claim(&first, claim(Task::Poll, 1)).await.unwrap()[0].attempt, 1);
    ledger.leave(&first).await.unwrap();
    let second = enter(&ledger).await;
    assert_eq!(ledger.claim(&second, claim(Task::Poll, 1)).await.unwrap()[0].attempt, 1);
}

#[tokio::test]
async fn polls_with_an_equal_status_add_no_events() {
    let (ledger, clock) = ledger();
    ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
    let worker = enter(&ledger).await;
    for status in [FlowStatus::Init, FlowStatus::Part, FlowStatus::Part, FlowStatus::Part] {
        let claimed = ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap();
        let outcome = Outcome::Observed { report: Report { status, at: 0 }, delay: 100 };
        ledger.settle(&worker, 10, vec![claimed[0].settlement(outcome)]).await.unwrap();
        clock.advance(100);
    }
    let (_, events) = ledger.contract("flow").await.unwrap().unwrap();
    let events: Vec<_> = events.iter().map(|one| (&*one.kind, &*one.detail)).collect();
    assert_eq!(events, [("added", ""), ("status", "INIT"), ("status", "PART")]);
}

#[tokio::test]
async fn failures_end_after_the_last_attempt_with_their_reason() {
    let (ledger, clock) = ledger();
    ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
    let worker = enter(&ledger).await;
    for attempt in 1..=10 {
        let claimed = ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap();
        assert_eq!(claimed[0].attempt, attempt);
        let outcome = Outcome::Again {
            reason: Reason::DownloadFailed,
            delay: 1_000,
            detail: "status 500".to_owned(),
        };
        ledger.settle(&worker, 10, vec![settlement("flow", attempt, outcome)]).await.unwrap();
        assert!(ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap().is_empty());
        clock.advance(1_000);
        ledger.beat(&worker, LEASE).await.unwrap();
    }
    let (contract, events) = ledger.contract("flow").await.unwrap().unwrap();
    assert_eq!((contract.state, contract.reason), (State::Dead, Some(Reason::DownloadFailed)));
    assert_eq!(events.last().unwrap().detail, "download_failed: status 500");
    assert_eq!(ledger.retry(vec!["flow".to_owned()]).await.unwrap(), [Selected::Done]);
    assert_eq!(ledger.retry(vec!["flow".to_owned()]).await.unwrap(), [Selected::NotDead]);
    assert_eq!(ledger.drop_contracts(vec!["flow".to_owned()]).await.unwrap(), [Selected::Done]);
    assert_eq!(ledger.drop_contracts(vec!["flow".to_owned()]).await.unwrap(), [Selected::Finished]);
    // A dropped contract remains dropped.
    ledger.receive(vec![reports("m", "flow", FlowStatus::All, 1)]).await.remove(0).unwrap();
    let (contract, _) = ledger.contract("flow").await.unwrap().unwrap();
    assert_eq!(contract.finish, Some(Finish::Dropped));
}

#[tokio::test]
async fn the_order_of_messages_does_not_change_the_status() {
    use FlowStatus::{All, Cancel, Init, Part, Reject, Relieved};
    let reported = [(Init, 1), (Part, 9), (Part, 2), (All, 3), (Relieved, 2)];
    for rotation in 0..reported.len() {
        let (ledger, _) = ledger();
        let mut messages: Vec<Message> = reported
            .iter()
            .enumerate()
            .map(|(n, (status, at))| reports(&format!("m{n}"), "flow", status.clone(), *at))
            .collect();
        messages.rotate_left(rotation);
        ledger.receive(messages).await;
        let (contract, _) = ledger.contract("flow").await.unwrap().unwrap();
        assert_eq!(contract.report, Report { status: Relieved, at: 2 });
        assert_eq!(contract.task, Some(Task::Archive), "{rotation}");
    }
    // Of one rank, the later one.
    for messages in [[(Cancel, 5), (Reject, 6)], [(Reject, 6), (Cancel, 5)]] {
        let (ledger, _) = ledger();
        for (n, (status, at)) in messages.into_iter().enumerate() {
            ledger.receive(vec![reports(&format!("m{n}"), "flow", status, at)]).await;
        }
        let (contract, _) = ledger.contract("flow").await.unwrap().unwrap();
        assert_eq!((contract.report.status, contract.finish), (Reject, Some(Finish::Ended)));
    }
}

#[tokio::test]
async fn a_message_makes_the_claim_of_a_poll_void() {
    let (ledger, clock) = ledger();
    ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
    let worker = enter(&ledger).await;
    ledger.claim(&worker, claim(Task::Poll, 1)).await.unwrap();
    ledger.receive(vec![reports("m", "flow", FlowStatus::All, 7)]).await;
    let report = Report { status: FlowStatus::Part, at: 0 };
    let outcome = Outcome::Observed { report, delay: DAY };
    let settlements = vec![settlement("flow", 1, outcome)];
    assert!(ledger.settle(&worker, 10, settlements).await.unwrap().is_empty());
    clock.advance(COMPOSED_AFTER_MS);
    let claimed = ledger.claim(&worker, claim(Task::Archive, 1)).await.unwrap();
    assert_eq!(claimed[0].report.status, FlowStatus::All);
}

#[tokio::test]
async fn a_person_opens_a_dropped_contract_again_and_no_other_finished_one() {
    let (ledger, _) = ledger();
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    ledger.receive(vec![reports("m1", "signed", FlowStatus::All, 7)]).await;
    ledger.receive(vec![reports("m2", "ended", FlowStatus::Cancel, 7)]).await;
    ledger.offer(ids(&["polled"]), 0).await.unwrap();
    let both = ids(&["polled", "signed"]);
    ledger.drop_contracts(both.clone()).await.unwrap();
    let selected = ids(&["ended", "polled", "absent"]);
    let expected = [Selected::Finished, Selected::Finished, Selected::NotFound];
    assert_eq!(ledger.retry(selected.clone()).await.unwrap(), expected);
    assert_eq!(ledger.drop_contracts(selected).await.unwrap(), expected);
    assert!(ledger.offer(both.clone(), 0).await.unwrap().is_empty(), "only a person opens it");
    let added = ledger.add(ids(&["ended", "new", "polled", "signed"])).await.unwrap();
    assert_eq!(added, ["new", "polled", "signed"]);
    assert!(ledger.add(both).await.unwrap().is_empty());
    for (id, task, kinds) in [
        ("polled", Task::Poll, &["added", "dropped", "added"][..]),
        ("signed", Task::Archive, &["message", "status", "dropped", "added"]),
    ] {
        let (contract, events) = ledger.contract(id).await.unwrap().unwrap();
        assert_eq!((contract.state, contract.task), (State::Open, Some(task)), "{id}");
        assert_eq!(contract.finish, None);
        let found: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(found, kinds, "{id}");
    }
    let counts = ledger.counts().await.unwrap();
    assert_eq!((counts.open, counts.done), (3, 1));
}

#[tokio::test]
async fn an_unchanged_status_adds_no_event() {
    let (ledger, _) = ledger();
    for (n, status) in [FlowStatus::Part, FlowStatus::Part, FlowStatus::All, FlowStatus::All]
        .into_iter()
        .enumerate()
    {
        let at = i64::try_from(n).unwrap() + 1;
        ledger.receive(vec![reports(&format!("m{n}"), "flow", status, at)]).await;
    }
    let (contract, events) = ledger.contract("flow").await.unwrap().unwrap();
    assert_eq!(contract.report.at, 4, "the time is that of the latest report");
    let statuses: Vec<_> = events
        .iter()
        .filter(|event| event.kind == "status")
        .map(|event| event.detail.as_str())
        .collect();
    assert_eq!(statuses, ["PART", "ALL"]);
}

#[tokio::test]
async fn one_worker_probes_a_paused_loop() {
    let (ledger, clock) = ledger();
    assert!(ledger.probe("archive", 1_000).await.unwrap());
    ledger.pause("archive", "the key is disabled", 5_000).await.unwrap();
    assert!(!ledger.probe("archive", 1_000).await.unwrap());
    clock.advance(5_000);
    assert!(ledger.probe("archive", 1_000).await.unwrap());
    assert!(!ledger.probe("archive", 1_000).await.unwrap());
    ledger.resume("archive").await.unwrap();
    assert!(ledger.probe("archive", 1_000).await.unwrap());
}

proptest! {
    #[test]
    fn no_window_has_more_moments_than_the_limit(
        limit in 1..8_usize,
        horizon in 0..3_000_i64,
        steps in proptest::collection::vec((0..1_500_i64, 1..6_usize, any::<bool>()), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (ledger, clock) = ledger();
        let mut sent = Vec::new();
        for (advance, count, release) in steps {
            clock.advance(advance);
            let pace = Pace { action: "a".to_owned(), count, limit, window: 1_025, delay: 0, horizon };
            let mut moments = runtime.block_on(ledger.book(pace)).unwrap().moments;
            prop_assert!(moments.iter().all(|one| (clock.now()..=clock.now() + horizon).contains(one)));
            if release {
                let unused = moments.split_off(moments.len() / 2);
                runtime.block_on(ledger.release("a", unused)).unwrap();
            }
            sent.extend(moments);
        }
        sent.sort_unstable();
        for few in sent.windows(limit + 1) {
            prop_assert!(few[limit] - few[0] >= 1_025, "{few:?}");
        }
    }
}

#[tokio::test]
async fn an_expired_lease_is_counted_once_and_refused_callbacks_are_those_of_the_living() {
    let (ledger, clock) = ledger();
    let (first, second) = (enter(&ledger).await, enter(&ledger).await);
    let left = enter(&ledger).await;
    let refused = |count| RefusedCallbacks { count, age: Some(1_000) };
    clock.advance(10_000);
    ledger.beat_with(&first, LEASE, refused(2)).await.unwrap();
    let before = ledger.counts().await.unwrap();
    clock.advance(10_000);
    ledger.beat_with(&second, LEASE, refused(5)).await.unwrap();
    let counts = ledger.counts().await.unwrap();
    assert_eq!((before.refused, before.refused_at), (2, Some(before.now - 1_000)));
    assert_eq!((counts.refused, counts.refused_at), (7, Some(counts.now - 1_000)));
    ledger.leave(&left).await.unwrap();
    assert_eq!(ledger.count_expired().await.unwrap(), 0);
    clock.advance(LEASE - 10_000);
    assert_eq!(ledger.count_expired().await.unwrap(), 1);
    assert_eq!(ledger.counts().await.unwrap().refused, 5, "the first is not alive");
    clock.advance(10_000);
    assert_eq!(ledger.count_expired().await.unwrap(), 1, "only the second");
    assert_eq!(ledger.count_expired().await.unwrap(), 0);
}

#[tokio::test]
async fn the_first_probe_of_a_process_does_not_wait() {
    let (ledger, _) = ledger();
    assert!(!ledger.resume("archive").await.unwrap());
    ledger.pause("archive", "the key is disabled", 180_000).await.unwrap();
    assert!(!ledger.probe("archive", 180_000).await.unwrap());
    assert!(ledger.probe_first("archive", 180_000).await.unwrap());
    assert!(!ledger.probe("archive", 180_000).await.unwrap(), "the next one waits");
    assert!(ledger.resume("archive").await.unwrap());
}
