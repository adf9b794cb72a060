//! Costs of operations, as numbers of steps of SQLite: they depend neither on finished rows nor on the length of a blocked queue.

use std::collections::BTreeMap;
use std::path::Path;

use essbasic::FlowStatus;

use super::{
    COMPOSED_AFTER_MS, Claim, ForwardClaim, ForwardOutcome, ForwardSettlement, Ledger, ManualClock,
    Message, MessageQuery, Outcome, Pace, Report, Task,
};

const NOW: i64 = 1_800_000_000_000;

/// Finished contracts of the store with a history.
const HISTORY: usize = 20_000;

fn message(id: &str, flow_id: &str, status: FlowStatus) -> Message {
    Message {
        id: id.to_owned(),
        kind: "FlowStatusChange".to_owned(),
        flow_id: Some(flow_id.to_owned()),
        report: Some(Report { status, at: 1 }),
        targets: vec!["billing".to_owned()],
        body: Some(b"ciphertext".to_vec()),
    }
}

fn open(path: &Path) -> (Ledger, ManualClock) {
    let clock = ManualClock::at(NOW);
    (Ledger::sqlite(path).unwrap().with_clock(clock.clone()), clock)
}

fn add_history(path: &Path, count: usize) {
    let sql = include_str!("../../tests/support/history.sql")
        .replace("{count}", &count.to_string())
        .replace("{now}", &NOW.to_string());
    rusqlite::Connection::open(path).unwrap().execute_batch(&sql).unwrap();
}

/// Returns the steps of each operation that runs each second, per claim or per message.
async fn steps(ledger: &Ledger, clock: &ManualClock) -> BTreeMap<&'static str, u64> {
    let mut all = BTreeMap::new();
    macro_rules! count {
        ($name:literal, $operation:expr) => {{
            ledger.take_steps();
            let output = $operation.await.unwrap();
            all.insert($name, ledger.take_steps());
            output
        }};
    }
    let (worker, _) = count!("enter", ledger.enter("worker", 60_000));
    count!("beat", ledger.beat(&worker, 60_000));
    let receive = async || {
        let new = message("new", "new", FlowStatus::All);
        ledger.receive(vec![new]).await.remove(0)
    };
    count!("receive", receive());
    count!("receive a duplicate", receive());
    count!("check the store", ledger.check_commits());
    clock.advance(COMPOSED_AFTER_MS);
    count!("probe", ledger.probe("archive", 1_000));
    let claim = Claim { task: Task::Archive, limit: 50, max_attempts: 10 };
    let claimed = count!("claim", ledger.claim(&worker, claim.clone()));
    assert_eq!(claimed.len(), 1);
    count!("claim what is claimed", ledger.claim(&worker, claim));
    let archived = claimed[0].settlement(Outcome::Archived(super::Evidence::default()));
    count!("settle", ledger.settle(&worker, 10, vec![archived]));
    let polls = Claim { task: Task::Poll, limit: 100, max_attempts: 10 };
    count!("claim nothing", ledger.claim(&worker, polls));
    let claim = ForwardClaim { target: "billing".to_owned(), limit: 16, give_up_after: 86_400_000 };
    let claimed = count!("claim forwards", ledger.claim_forwards(&worker, claim.clone()));
    for forward in claimed {
        let delivered = ForwardSettlement {
            seq: forward.seq,
            attempt: forward.attempt,
            outcome: ForwardOutcome::Again { delay: 60_000, detail: String::new() },
        };
        count!("settle forwards", ledger.settle_forwards(&worker, vec![delivered]));
    }
    count!("claim no forwards", ledger.claim_forwards(&worker, claim));
    let pace = Pace {
        action: "action".to_owned(),
        count: 1,
        limit: 20,
        window: 1_025,
        delay: 0,
        horizon: 2_000,
    };
    count!("book", ledger.book(pace));
    count!("pauses", ledger.pauses());
    count!("announce", ledger.announce(vec!["billing".to_owned()], 60_000, 500));
    count!("counts", ledger.counts());
    count!("replay the dead", ledger.replay_dead("billing", 500));
    let dead = MessageQuery { dead: true, limit: 50, ..MessageQuery::default() };
    count!("list the dead", ledger.messages(dead));
    count!("sweep", ledger.sweep(7 * 86_400_000, 500));
    clock.advance(120_000);
    count!("sample", ledger.sample());
    count!("leave", ledger.leave(&worker));
    all
}

fn assert_equal(few: &BTreeMap<&'static str, u64>, many: &BTreeMap<&'static str, u64>) {
    for (name, few) in few {
        let many = many[name];
        // A tenth, and a few steps: rows of the minute before are counted by a sample.
        assert!(many <= few + few / 10 + 200, "{name}: {few} steps, then {many}");
    }
}

#[tokio::test]
async fn steps_do_not_depend_on_finished_contracts() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for (name, history) in [("empty.db", 1), ("history.db", HISTORY)] {
        let path = folder.path().join(name);
        let (ledger, clock) = open(&path);
        add_history(&path, history);
        assert_eq!(ledger.counts().await.unwrap().done, i64::try_from(history).unwrap());
        all.push(steps(&ledger, &clock).await);
    }
    assert_equal(&all[0], &all[1]);
}

#[tokio::test]
async fn steps_of_a_claim_do_not_depend_on_forwards_that_wait() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for (name, waiting) in [("few.db", 2), ("many.db", 3_000)] {
        let (ledger, clock) = open(&folder.path().join(name));
        let (worker, _) = ledger.enter("worker", 60_000).await.unwrap();
        let messages = (0..waiting).map(|n| message(&format!("m{n}"), "flow", FlowStatus::Part));
        let results = ledger.receive(messages.collect()).await;
        assert!(results.iter().all(Result::is_ok));
        let claim =
            ForwardClaim { target: "billing".to_owned(), limit: 16, give_up_after: 86_400_000 };
        let claimed = ledger.claim_forwards(&worker, claim.clone()).await.unwrap();
        assert_eq!(claimed.len(), 1);
        let mut found = BTreeMap::new();
        ledger.take_steps();
        assert!(ledger.claim_forwards(&worker, claim.clone()).await.unwrap().is_empty());
        found.insert("claim nothing", ledger.take_steps());
        let outcome = ForwardOutcome::Again { delay: 1_000, detail: String::new() };
        let again = ForwardSettlement { seq: claimed[0].seq, attempt: 1, outcome };
        ledger.settle_forwards(&worker, vec![again]).await.unwrap();
        found.insert("settle", ledger.take_steps());
        assert!(ledger.claim_forwards(&worker, claim.clone()).await.unwrap().is_empty());
        found.insert("claim before it is due", ledger.take_steps());
        clock.advance(1_000);
        let claimed = ledger.claim_forwards(&worker, claim.clone()).await.unwrap();
        found.insert("claim", ledger.take_steps());
        let outcome = ForwardOutcome::Delivered;
        let delivered = ForwardSettlement { seq: claimed[0].seq, attempt: 2, outcome };
        ledger.settle_forwards(&worker, vec![delivered]).await.unwrap();
        found.insert("settle and promote", ledger.take_steps());
        ledger.receive(vec![message("last", "flow", FlowStatus::Part)]).await.remove(0).unwrap();
        found.insert("receive", ledger.take_steps());
        all.push(found);
    }
    assert_equal(&all[0], &all[1]);
}
