//! PostgreSQL: databases that become read-only, and the costs of operations.

use std::time::{Duration, Instant};

use essbasic::FlowStatus;
use essbasic_server::ledger::{ErrorKind, ForwardClaim, Ledger, Receipt, Task};

use crate::support::postgres::{connect, database, own_server};
use crate::support::{LEASE, claim, reports};

/// Waits until the settings of sessions are those of the server.
async fn wait_until_read_only_is(client: &tokio_postgres::Client, expected: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let sql = "SELECT current_setting('default_transaction_read_only')";
        if client.query_one(sql, &[]).await.unwrap().get::<_, String>(0) == expected {
            return;
        }
        assert!(Instant::now() < end, "the server did not read its settings");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_becomes_read_only_is_reported_and_its_connections_are_dropped() {
    let Some((_server, url)) = own_server() else { return };
    let ledger = Ledger::postgres(&url, None).await.unwrap();
    let other = connect(&url).await;
    let pids = "SELECT pid FROM pg_stat_activity WHERE application_name = 'essbasic-server'";
    let sessions = async || {
        let rows = other.query(pids, &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>()
    };
    let send = async |id: &str| {
        let message = reports(id, "flow", FlowStatus::Part, 1);
        ledger.receive(vec![message]).await.remove(0)
    };
    assert_eq!(send("a").await.unwrap(), Receipt::New);
    // Several connections, which are used again.
    futures_of_counts(&ledger).await;
    let before = sessions().await;
    assert!(before.len() > 1, "{before:?}");
    ledger.check_commits().await.unwrap();
    for statement in
        ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"]
    {
        other.batch_execute(statement).await.unwrap();
    }
    wait_until_read_only_is(&other, "on").await;
    for result in [ledger.check_commits().await, send("b").await.map(|_| ())] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("read-only"), "{error}");
    }
    for statement in ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"]
    {
        other.batch_execute(statement).await.unwrap();
    }
    wait_until_read_only_is(&other, "off").await;
    ledger.check_commits().await.unwrap();
    assert_eq!(send("b").await.unwrap(), Receipt::New, "it was not stored before");
    let after = sessions().await;
    assert!(after.iter().all(|pid| !before.contains(pid)), "{before:?} {after:?}");
}

/// Uses several connections at the same time.
async fn futures_of_counts(ledger: &Ledger) {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.counts().await.map(|_| ()) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

/// Rows that were read from tables and indexes.
async fn rows_read(admin: &tokio_postgres::Client) -> i64 {
    // Statistics of a session are complete once it has ended.
    let end = Instant::now() + Duration::from_secs(30);
    let others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' \
        AND datname = current_database() AND pid <> pg_backend_pid()";
    while admin.query_one(others, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < end, "a session did not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    admin.batch_execute("SELECT pg_stat_clear_snapshot()").await.unwrap();
    let sql = "SELECT (SELECT sum(seq_tup_read)::bigint FROM pg_stat_user_tables) + \
        (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes)";
    admin.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_do_not_read_finished_rows() {
    const HISTORY: i64 = 20_000;
    let Some(url) = database().await else { return };
    drop(Ledger::postgres(&url, None).await.unwrap());
    let other = connect(&url).await;
    let now = "SELECT (extract(epoch FROM now()) * 1000)::bigint";
    let now: i64 = other.query_one(now, &[]).await.unwrap().get(0);
    let sql = include_str!("support/history.sql")
        .replace("{count}", &HISTORY.to_string())
        // Not in the minute that a sample counts.
        .replace("{now}", &(now - 600_000).to_string());
    other.batch_execute(&sql).await.unwrap();
    other.batch_execute("VACUUM ANALYZE").await.unwrap();
    drop(other);
    let admin = connect(&url).await;
    let before = rows_read(&admin).await;
    let ledger = Ledger::postgres(&url, None).await.unwrap();
    let (worker, _) = ledger.enter("worker", LEASE).await.unwrap();
    for round in 0..10 {
        let mut message = reports(&format!("m{round}"), "flow", FlowStatus::Part, round);
        message.targets = vec!["billing".to_owned()];
        message.body = Some(b"ciphertext".to_vec());
        ledger.receive(vec![message]).await.remove(0).unwrap();
        ledger.beat(&worker, LEASE).await.unwrap();
        ledger.check_commits().await.unwrap();
        ledger.probe("archive", 1_000).await.unwrap();
        ledger.claim(&worker, claim(Task::Archive, 50)).await.unwrap();
        ledger.claim(&worker, claim(Task::Poll, 100)).await.unwrap();
        let forwards =
            ForwardClaim { target: "billing".to_owned(), limit: 16, give_up_after: 86_400_000 };
        ledger.claim_forwards(&worker, forwards).await.unwrap();
        ledger.announce(vec!["billing".to_owned()], 60_000, 500).await.unwrap();
        ledger.counts().await.unwrap();
        ledger.pauses().await.unwrap();
        ledger.sweep(7 * 86_400_000, 500).await.unwrap();
        ledger.sample().await.unwrap();
    }
    assert_eq!(ledger.counts().await.unwrap().done, HISTORY);
    drop(ledger);
    let read = rows_read(&admin).await - before;
    assert!(read < HISTORY / 4, "{read} rows were read in 10 rounds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_waits_for_the_synchronous_standby_like_its_first_delivery() {
    let Some((_server, url)) = own_server() else { return };
    let ledger = Ledger::postgres(&url, None).await.unwrap();
    let admin = connect(&url).await;
    let send = |id: &'static str| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            ledger.receive(vec![reports(id, "flow", FlowStatus::Part, 1)]).await.remove(0)
        })
    };
    assert_eq!(send("a").await.unwrap().unwrap(), Receipt::New);
    for statement in
        ["ALTER SYSTEM SET synchronous_standby_names = 'gone'", "SELECT pg_reload_conf()"]
    {
        admin.batch_execute(statement).await.unwrap();
    }
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    let end = Instant::now() + Duration::from_secs(30);
    let mut duplicate = send("a");
    // Until the processes of the server have read their settings, commits do not wait.
    while admin.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(Instant::now() < end, "no commit waits");
        if duplicate.is_finished() {
            duplicate = send("a");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!duplicate.is_finished());
    for statement in ["ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"] {
        admin.batch_execute(statement).await.unwrap();
    }
    assert_eq!(duplicate.await.unwrap().unwrap(), Receipt::Duplicate);
}
