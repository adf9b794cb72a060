//! Several replicas on one PostgreSQL.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use essbasic::FlowStatus;
use essbasic_server::ledger::{
    Evidence, ForwardClaim, ForwardOutcome, ForwardSettlement, Ledger, Outcome, Pace, Receipt,
    Report, Task, WorkerId,
};

use crate::support::postgres::{connect, database};
use crate::support::{LEASE, claim, reports};

async fn replicas(url: &str, count: usize) -> Vec<(Ledger, WorkerId)> {
    let mut replicas = Vec::new();
    for number in 0..count {
        let ledger = Ledger::postgres(url, None).await.unwrap();
        let (worker, _) = ledger.enter(&format!("replica {number}"), LEASE).await.unwrap();
        replicas.push((ledger, worker));
    }
    replicas
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("flow{number:06}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_workers_claim_each_of_10_000_contracts_once() {
    let Some(url) = database().await else { return };
    let replicas = replicas(&url, 3).await;
    for batch in ids(10_000).chunks(1_000) {
        assert_eq!(replicas[0].0.offer(batch.to_vec(), 0).await.unwrap().len(), batch.len());
    }
    let workers = replicas.into_iter().map(|(ledger, worker)| {
        tokio::spawn(async move {
            let mut mine = Vec::new();
            let mut empty = 0;
            let archived = Outcome::Archived(Evidence::default());
            while empty < 3 {
                let claimed = ledger.claim(&worker, claim(Task::Poll, 50)).await.unwrap();
                // Others may hold the locks of all candidates for a moment.
                empty = if claimed.is_empty() { empty + 1 } else { 0 };
                let settlements: Vec<_> =
                    claimed.iter().map(|one| one.settlement(archived.clone())).collect();
                let count = settlements.len();
                let accepted = ledger.settle(&worker, 10, settlements).await.unwrap();
                assert_eq!(accepted.len(), count);
                mine.extend(accepted);
            }
            mine
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), 10_000);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 10_000);
    let ledger = Ledger::postgres(&url, None).await.unwrap();
    assert_eq!(ledger.counts().await.unwrap().done, 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_of_a_connection_that_ends_within_a_transaction_are_released() {
    let Some(url) = database().await else { return };
    let replicas = replicas(&url, 1).await;
    let (ledger, worker) = &replicas[0];
    ledger.offer(ids(10), 0).await.unwrap();
    let mut other = connect(&url).await;
    let tx = other.transaction().await.unwrap();
    let sql = "SELECT flow_id FROM contract_open ORDER BY flow_id LIMIT 4 FOR UPDATE";
    assert_eq!(tx.query(sql, &[]).await.unwrap().len(), 4);
    // Locked contracts are skipped, without a wait.
    let first = ledger.claim(worker, claim(Task::Poll, 10)).await.unwrap();
    assert_eq!(first.len(), 6);
    let admin = connect(&url).await;
    let pids = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND state = 'idle in transaction'";
    assert_eq!(admin.query(pids, &[]).await.unwrap().len(), 1);
    let end = Instant::now() + Duration::from_secs(30);
    let mut rest = Vec::new();
    while rest.len() < 4 && Instant::now() < end {
        rest.extend(ledger.claim(worker, claim(Task::Poll, 10)).await.unwrap());
    }
    assert_eq!(rest.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_reconnects_after_the_database_ended_its_connections() {
    let Some(url) = database().await else { return };
    let replicas = replicas(&url, 1).await;
    let (ledger, worker) = &replicas[0];
    let admin = connect(&url).await;
    for _ in 0..3 {
        ledger.beat(worker, LEASE).await.unwrap();
        ledger.counts().await.unwrap();
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        assert!(!admin.query(sql, &[]).await.unwrap().is_empty());
    }
    ledger.beat(worker, LEASE).await.unwrap();
    ledger.counts().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_migrate_once() {
    let Some(url) = database().await else { return };
    let starts: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Ledger::postgres(&url, None).await.map(|_| ()) })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let rows = connect(&url).await.query("SELECT version FROM schema_version", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_and_a_replaced_store_are_refused() {
    let Some(url) = database().await else { return };
    let ledger = Ledger::postgres(&url, None).await.unwrap();
    let admin = connect(&url).await;
    admin.batch_execute("UPDATE store SET id = 'other'").await.unwrap();
    let message = reports("m", "flow", FlowStatus::Part, 1);
    for (operation, result) in [
        ("enter", ledger.enter("replica", LEASE).await.map(|_| ())),
        ("receive", ledger.receive(vec![message]).await.remove(0).map(|_| ())),
        ("check", ledger.check_commits().await),
    ] {
        let error = result.unwrap_err();
        assert!(error.to_string().contains("replaced"), "{operation}: {error}");
    }
    assert!(admin.query("SELECT seq FROM message", &[]).await.unwrap().is_empty());
    admin.batch_execute("INSERT INTO schema_version (version) VALUES (1000)").await.unwrap();
    let error = Ledger::postgres(&url, None).await.unwrap_err();
    assert!(error.to_string().contains("version 1000"), "{error}");
}

#[tokio::test]
async fn errors_do_not_show_the_url() {
    for url in [
        "postgres://user:secret-password@[broken",
        "postgres://user:secret-password@127.0.0.1:1/database",
        "mysql://user:secret-password@host",
        "postgres:///postgres?host=/absent&user=user&password=secret-password",
    ] {
        let error = Ledger::postgres(url, Some("other-secret")).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_never_book_more_than_the_rate() {
    let Some(url) = database().await else { return };
    let replicas = replicas(&url, 3).await;
    let pace = |count| Pace {
        action: "DescribeFlowInfo".to_owned(),
        count,
        limit: 20,
        window: 1_025,
        delay: 0,
        horizon: 1_000,
    };
    let end = Instant::now() + Duration::from_secs(4);
    let tasks: Vec<_> = replicas
        .into_iter()
        .zip([1, 3, 20])
        .map(|((ledger, _), count)| {
            tokio::spawn(async move {
                let mut moments = Vec::new();
                while Instant::now() < end {
                    let booking = ledger.book(pace(count)).await.unwrap();
                    assert!(booking.moments.iter().all(|moment| *moment >= booking.now));
                    if booking.moments.is_empty() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    moments.extend(booking.moments);
                }
                moments
            })
        })
        .collect();
    let mut moments = Vec::new();
    for task in tasks {
        moments.extend(task.await.unwrap());
    }
    moments.sort_unstable();
    for pair in moments.windows(21) {
        assert!(pair[20] - pair[0] >= 1_025, "{pair:?}");
    }
    // The windows are full: 4 s and the horizon.
    assert!(moments.len() >= 80, "{}", moments.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_duplicates_are_new_once_and_change_their_contract_once() {
    let Some(url) = database().await else { return };
    let replicas = replicas(&url, 4).await;
    let tasks: Vec<_> = replicas
        .into_iter()
        .enumerate()
        .map(|(replica, (ledger, worker))| {
            tokio::spawn(async move {
                let mut new = 0;
                for round in 0..40_usize {
                    let mut messages: Vec<_> = (0..8_usize)
                        .map(|n| {
                            let id = format!("m{}", round * 8 + n);
                            let status =
                                if n % 4 == 3 { FlowStatus::Cancel } else { FlowStatus::Part };
                            reports(&id, &format!("flow{}", (round * 8 + n) / 4), status, 1)
                        })
                        .collect();
                    messages.rotate_left(replica);
                    for receipt in ledger.receive(messages).await {
                        new += usize::from(receipt.unwrap() == Receipt::New);
                    }
                    // Moves contracts from one table to the other meanwhile.
                    let claimed = ledger.claim(&worker, claim(Task::Poll, 3)).await.unwrap();
                    let report = Report { status: FlowStatus::Cancel, at: 0 };
                    let settlements = claimed
                        .iter()
                        .map(|one| {
                            one.settlement(Outcome::Observed { report: report.clone(), delay: 0 })
                        })
                        .collect();
                    ledger.settle(&worker, 10, settlements).await.unwrap();
                }
                new
            })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += task.await.unwrap();
    }
    assert_eq!(new, 320);
    let admin = connect(&url).await;
    let twice = "SELECT flow_id FROM contract_open JOIN contract_done USING (flow_id)";
    assert!(admin.query(twice, &[]).await.unwrap().is_empty());
    let done = admin.query("SELECT flow_id FROM contract_done", &[]).await.unwrap();
    assert_eq!(done.len(), 80);
    let total: i64 = admin.query_one("SELECT finished FROM total", &[]).await.unwrap().get(0);
    assert_eq!(total, 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn forwards_that_are_queued_while_their_predecessor_is_settled_are_all_delivered_in_order() {
    const MESSAGES: usize = 60;
    let Some(url) = database().await else { return };
    let replicas = replicas(&url, 4).await;
    // One contract: each message is queued while others are claimed and settled.
    let (ledger, _) = replicas[0].clone();
    let sending = tokio::spawn(async move {
        for n in 0..MESSAGES {
            let mut message = reports(&format!("m{n:03}"), "flow", FlowStatus::Part, 1);
            message.targets = vec!["target".to_owned()];
            message.body = Some(b"ciphertext".to_vec());
            ledger.receive(vec![message]).await.remove(0).unwrap();
        }
    });
    let delivered = Arc::new(Mutex::new(Vec::new()));
    let end = Instant::now() + Duration::from_secs(60);
    let workers = replicas.into_iter().map(|(ledger, worker)| {
        let delivered = Arc::clone(&delivered);
        tokio::spawn(async move {
            let claim =
                ForwardClaim { target: "target".to_owned(), limit: 4, give_up_after: 60_000 };
            while delivered.lock().unwrap().len() < MESSAGES && Instant::now() < end {
                let claimed = ledger.claim_forwards(&worker, claim.clone()).await.unwrap();
                assert!(claimed.len() <= 1, "one forward of a contract at a time");
                for one in claimed {
                    delivered.lock().unwrap().push(one.message_id);
                    let outcome = ForwardOutcome::Delivered;
                    let settlement =
                        ForwardSettlement { seq: one.seq, attempt: one.attempt, outcome };
                    ledger.settle_forwards(&worker, vec![settlement]).await.unwrap();
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    sending.await.unwrap();
    let expected: Vec<String> = (0..MESSAGES).map(|n| format!("m{n:03}")).collect();
    assert_eq!(*delivered.lock().unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_of_forwards_never_wait_for_each_other() {
    const CONTRACTS: usize = 40;
    const ROUNDS: usize = 25;
    let Some(url) = database().await else { return };
    let replicas = replicas(&url, 4).await;
    let targets = ["a", "b"];
    let sending = replicas.iter().take(2).enumerate().map(|(sender, (ledger, _))| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                // Each sender has an order of its own.
                let messages = (0..CONTRACTS).map(|n| {
                    let n = if sender == 0 { n } else { CONTRACTS - 1 - n };
                    let (id, flow) = (format!("m{sender}-{round}-{n}"), format!("flow{n}"));
                    let mut message = reports(&id, &flow, FlowStatus::Part, 1);
                    message.targets = targets.map(str::to_owned).to_vec();
                    message.body = Some(b"ciphertext".to_vec());
                    message
                });
                for receipt in ledger.receive(messages.collect()).await {
                    receipt.unwrap();
                }
            }
        })
    });
    let sending: Vec<_> = sending.collect();
    let delivered = Arc::new(Mutex::new(0));
    let end = Instant::now() + Duration::from_secs(120);
    let workers = replicas.into_iter().enumerate().map(|(number, (ledger, mut worker))| {
        let delivered = Arc::clone(&delivered);
        tokio::spawn(async move {
            let mut rounds = 0;
            while *delivered.lock().unwrap() < 2 * 2 * ROUNDS * CONTRACTS {
                assert!(Instant::now() < end, "forwards remain");
                let target = targets[rounds % 2].to_owned();
                let claim = ForwardClaim { target, limit: 30, give_up_after: 600_000 };
                let claimed = ledger.claim_forwards(&worker, claim).await.unwrap();
                rounds += 1;
                if number == 0 && rounds % 5 == 0 {
                    // Its claims end.
                    ledger.leave(&worker).await.unwrap();
                    (worker, _) = ledger.enter("replica", LEASE).await.unwrap();
                    continue;
                }
                let settlements = claimed.iter().rev().map(|one| {
                    let outcome = ForwardOutcome::Delivered;
                    ForwardSettlement { seq: one.seq, attempt: one.attempt, outcome }
                });
                let accepted = ledger.settle_forwards(&worker, settlements.collect()).await;
                *delivered.lock().unwrap() += accepted.unwrap().len();
            }
        })
    });
    for task in workers.collect::<Vec<_>>().into_iter().chain(sending) {
        task.await.unwrap();
    }
    let admin = connect(&url).await;
    let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    let deadlocks: i64 = admin.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(deadlocks, 0);
}
