//! Random operations over memory, SQLite and PostgreSQL with one clock: all agree after each operation.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};

use essbasic::FlowStatus;
use essbasic_server::ledger::{
    Claimed, ContractQuery, Counts, Error, Evidence, Forward, ForwardClaim, ForwardOutcome,
    ForwardSettlement, Ledger, ManualClock, Message, MessageQuery, Outcome, Pace, Reason,
    RefusedCallbacks, Report, Settlement, Task, WorkerId, rank,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::postgres::{connect, database};
use crate::support::{LEASE, claim};

const WORKERS: usize = 3;

/// Message: its ID, contract, status, time, and the bits of its targets.
type Arrival = (u8, Option<u8>, Option<u8>, i64, u8);

/// Operation with small numbers, which are taken modulo what exists.
#[derive(Clone, Debug)]
enum Step {
    Advance(i64),
    Enter(usize),
    Beat(usize),
    Leave(usize),
    Offer(Vec<u8>, i64),
    Add(Vec<u8>),
    Receive(Vec<Arrival>),
    Claim(usize, Task, usize),
    /// The claims that this worker ever got, one in two of them, with this outcome.
    Settle(usize, u8, i64),
    ClaimForwards(usize, u8, usize),
    SettleForwards(usize, u8, i64),
    Replay(u8, u8),
    ReplayDead(u8, usize),
    /// Announces the targets of these bits.
    Announce(u8, i64, usize),
    Book(usize),
    Release(usize),
    Retry(Vec<u8>),
    RetryReason(u8),
    Drop(Vec<u8>),
    Pause(u8, i64),
    Probe(u8, i64),
    Resume(u8),
    Sample,
    Sweep(i64, usize),
    /// The processes end without leaving, and the databases are opened again.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let worker = 0..WORKERS;
    let flows = proptest::collection::vec(0..12_u8, 1..6);
    let delay = prop_oneof![Just(0_i64), 1..200_000_i64];
    let task = prop_oneof![Just(Task::Poll), Just(Task::Archive)];
    let message = (
        any::<u8>(),
        proptest::option::weighted(0.9, 0..12_u8),
        proptest::option::weighted(0.8, any::<u8>()),
        0..5_i64,
        any::<u8>(),
    );
    let messages = proptest::collection::vec(message, 1..7);
    let days = prop_oneof![Just(0_i64), Just(3_600_000), Just(8 * 24 * 3_600_000)];
    let step = prop_oneof![
        6 => prop_oneof![1..50_i64, 1_000..40_000_i64, 30_000..100_000_i64].prop_map(Step::Advance),
        1 => prop_oneof![-2_000..0_i64, -200_000..0_i64, Just(2 * 24 * 3_600_000_i64), Just(8 * 24 * 3_600_000)]
            .prop_map(Step::Advance),
        4 => worker.clone().prop_map(Step::Enter),
        3 => worker.clone().prop_map(Step::Beat),
        1 => worker.clone().prop_map(Step::Leave),
        3 => (flows.clone(), delay.clone()).prop_map(|(ids, delay)| Step::Offer(ids, delay)),
        1 => flows.clone().prop_map(Step::Add),
        6 => messages.prop_map(Step::Receive),
        10 => (worker.clone(), task, 1..6_usize)
            .prop_map(|(worker, task, limit)| Step::Claim(worker, task, limit)),
        8 => (worker.clone(), any::<u8>(), delay.clone())
            .prop_map(|(worker, outcome, delay)| Step::Settle(worker, outcome, delay)),
        5 => (worker.clone(), 0..3_u8, 1..5_usize)
            .prop_map(|(worker, target, limit)| Step::ClaimForwards(worker, target, limit)),
        4 => (worker, any::<u8>(), delay.clone())
            .prop_map(|(worker, outcome, delay)| Step::SettleForwards(worker, outcome, delay)),
        2 => (any::<u8>(), 0..3_u8).prop_map(|(message, target)| Step::Replay(message, target)),
        1 => (0..3_u8, 1..4_usize).prop_map(|(target, limit)| Step::ReplayDead(target, limit)),
        4 => (any::<u8>(), prop_oneof![Just(0_i64), Just(60_000)], 1..4_usize)
            .prop_map(|(bits, grace, limit)| Step::Announce(bits, grace, limit)),
        3 => (1..9_usize).prop_map(Step::Book),
        1 => (0..9_usize).prop_map(Step::Release),
        1 => flows.clone().prop_map(Step::Retry),
        1 => any::<u8>().prop_map(Step::RetryReason),
        1 => flows.prop_map(Step::Drop),
        1 => (0..2_u8, delay.clone()).prop_map(|(name, delay)| Step::Pause(name, delay)),
        1 => (0..2_u8, delay).prop_map(|(name, delay)| Step::Probe(name, delay)),
        1 => (0..2_u8).prop_map(Step::Resume),
        1 => Just(Step::Sample),
        1 => (days, 1..5_usize).prop_map(|(retention, limit)| Step::Sweep(retention, limit)),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..60)
}

fn status(number: u8) -> FlowStatus {
    let codes =
        ["INIT", "PART", "REJECT", "ALL", "DEADLINE", "CANCEL", "INVALID", "RELIEVED", "NEW"];
    FlowStatus::from(codes[usize::from(number) % codes.len()].to_owned())
}

fn flow(number: u8) -> String {
    // Not in the order of a locale: upper case, lower case, digits and others.
    ["a", "B", "c1", "C1", "c-1", "c_1", "ä", "合同", "Z", "z", "10", "9"][usize::from(number) % 12]
        .to_owned()
}

fn distinct(numbers: &[u8]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in numbers.iter().map(|number| flow(*number)) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn target(number: u8) -> String {
    format!("target{}", number % 3)
}

/// A store, with the IDs of its workers and what they have claimed.
struct Store {
    ledger: Ledger,
    workers: Vec<Option<WorkerId>>,
    claimed: Vec<Vec<Claimed>>,
    forwards: Vec<Vec<Forward>>,
    booked: Vec<i64>,
}

/// Returns an output or the kind of an error.
fn shown<T: Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(output) => format!("{output:?}"),
        Err(error) => format!("error {:?}", error.kind()),
    }
}

impl Store {
    fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            workers: vec![None; WORKERS],
            claimed: vec![Vec::new(); WORKERS],
            forwards: vec![Vec::new(); WORKERS],
            booked: Vec::new(),
        }
    }

    fn worker(&self, worker: usize) -> WorkerId {
        // A worker that never entered is one that is not alive.
        self.workers[worker].clone().unwrap_or_else(|| WorkerId::random().unwrap())
    }

    async fn apply(&mut self, step: &Step) -> String {
        let ledger = self.ledger.clone();
        match step {
            Step::Advance(_) | Step::Restart => String::new(),
            Step::Enter(worker) => match ledger.enter("worker", LEASE).await {
                Ok((id, lease)) => {
                    self.workers[*worker] = Some(id);
                    format!("{lease:?}")
                }
                Err(error) => format!("error {error}"),
            },
            Step::Beat(worker) => {
                let refused = RefusedCallbacks { count: 3, age: Some(5) };
                shown(ledger.beat_with(&self.worker(*worker), LEASE, refused).await)
            }
            Step::Leave(worker) => shown(ledger.leave(&self.worker(*worker)).await),
            Step::Offer(ids, delay) => shown(ledger.offer(distinct(ids), *delay).await),
            Step::Add(ids) => shown(ledger.add(distinct(ids)).await),
            Step::Receive(messages) => {
                let messages = messages.iter().map(message).collect();
                ledger.receive(messages).await.into_iter().map(shown).collect()
            }
            Step::Claim(worker, task, limit) => {
                let claimed = ledger.claim(&self.worker(*worker), claim(*task, *limit)).await;
                if let Ok(claimed) = &claimed {
                    self.claimed[*worker].extend(claimed.iter().cloned());
                }
                shown(claimed)
            }
            Step::Settle(worker, outcome, delay) => {
                let settlements = self.settlements(*worker, *outcome, *delay);
                shown(ledger.settle(&self.worker(*worker), 4, settlements).await)
            }
            Step::ClaimForwards(worker, number, limit) => {
                let claim = ForwardClaim {
                    target: target(*number),
                    limit: *limit,
                    give_up_after: 24 * 3_600_000,
                };
                let claimed = ledger.claim_forwards(&self.worker(*worker), claim).await;
                if let Ok(claimed) = &claimed {
                    self.forwards[*worker].extend(claimed.iter().cloned());
                }
                shown(claimed)
            }
            Step::SettleForwards(worker, outcome, delay) => {
                let detail = format!("detail {outcome}");
                let outcome = match outcome % 4 {
                    0 => ForwardOutcome::Delivered,
                    1 => ForwardOutcome::Again { delay: *delay, detail },
                    2 => ForwardOutcome::Dead { reason: Reason::TargetRefused, detail },
                    _ => ForwardOutcome::Released { delay: *delay },
                };
                let forwards = std::mem::take(&mut self.forwards[*worker]);
                let settlements = forwards
                    .iter()
                    .map(|one| ForwardSettlement {
                        seq: one.seq,
                        attempt: one.attempt,
                        outcome: outcome.clone(),
                    })
                    .collect();
                shown(ledger.settle_forwards(&self.worker(*worker), settlements).await)
            }
            Step::Replay(message, number) => {
                shown(ledger.replay(&format!("m{}", message % 40), &target(*number)).await)
            }
            Step::ReplayDead(number, limit) => {
                shown(ledger.replay_dead(&target(*number), *limit).await)
            }
            Step::Announce(bits, grace, limit) => {
                shown(ledger.announce(targets(*bits), *grace, *limit).await)
            }
            Step::Book(count) => {
                let pace = Pace {
                    action: "action".to_owned(),
                    count: *count,
                    limit: 5,
                    window: 1_025,
                    delay: i64::from(*count > 3) * 40,
                    horizon: 2_000,
                };
                let booking = ledger.book(pace).await;
                if let Ok(booking) = &booking {
                    self.booked.extend(&booking.moments);
                }
                shown(booking)
            }
            Step::Release(count) => {
                let moments = self.booked.split_off(self.booked.len().saturating_sub(*count));
                shown(ledger.release("action", moments).await)
            }
            Step::Retry(ids) => shown(ledger.retry(distinct(ids)).await),
            Step::RetryReason(reason) => {
                let reason = Reason::ALL[usize::from(*reason) % Reason::ALL.len()];
                shown(ledger.retry_reason(reason, 3).await)
            }
            Step::Drop(ids) => shown(ledger.drop_contracts(distinct(ids)).await),
            Step::Pause(name, delay) => {
                shown(ledger.pause(&format!("loop{name}"), "cause", *delay).await)
            }
            Step::Probe(name, delay) => shown(ledger.probe(&format!("loop{name}"), *delay).await),
            Step::Resume(name) => shown(ledger.resume(&format!("loop{name}")).await),
            Step::Sample => shown(ledger.sample().await),
            Step::Sweep(retention, limit) => shown(ledger.sweep(*retention, *limit).await),
        }
    }

    /// Settles one in two of the worker's claims, including those that it has lost.
    fn settlements(&mut self, worker: usize, number: u8, delay: i64) -> Vec<Settlement> {
        let mut settlements: Vec<Settlement> = Vec::new();
        let mut keep = false;
        self.claimed[worker].retain(|one| {
            keep = !keep;
            let known = settlements.iter().any(|other| other.flow_id == one.flow_id);
            if keep && !known {
                let outcome = outcome(number, delay);
                settlements.push(one.settlement(outcome));
            }
            !keep
        });
        settlements
    }

    /// Returns everything that people see. Numbers of messages differ: duplicates use up some.
    async fn state(&self) -> (Counts, String) {
        let ledger = &self.ledger;
        let mut text = String::new();
        let query = ContractQuery { limit: 100, ..ContractQuery::default() };
        for contract in ledger.contracts(query).await.unwrap() {
            let details = ledger.contract(&contract.flow_id).await.unwrap();
            text += &format!("{contract:?}\n{details:?}\n");
        }
        let query = MessageQuery { limit: 1_000, ..MessageQuery::default() };
        for message in ledger.messages(query).await.unwrap() {
            let mut details = ledger.message(&message.id).await.unwrap();
            details.seq = 0;
            text += &format!("{details:?}\n");
        }
        for (dead, number) in [(true, None), (true, Some(1)), (false, Some(2))] {
            let query = MessageQuery {
                dead,
                target: number.map(target),
                limit: 3,
                before: None,
                flow_id: None,
            };
            let found = ledger.messages(query).await.unwrap();
            let ids: Vec<_> =
                found.iter().map(|one| (&one.id, one.body, one.dead_forwards)).collect();
            text += &format!("{ids:?}\n");
        }
        let mut workers: Vec<String> = ledger
            .workers()
            .await
            .unwrap()
            .iter()
            .map(|one| format!("{} {} {}\n", one.entered_at, one.alive_until, one.claimed))
            .collect();
        workers.sort();
        text += &workers.concat();
        text += &format!("{:?}\n", ledger.targets().await.unwrap());
        text += &format!("{:?}\n", ledger.pauses().await.unwrap());
        text += &format!("{:?}\n", ledger.paces().await.unwrap());
        text += &format!("{:?}\n", ledger.samples(0).await.unwrap());
        text += &format!("{:?}\n", ledger.count_expired().await.unwrap());
        let targets = ledger.target_health((0..3).map(target).collect()).await.unwrap();
        text += &format!("{targets:?}\n");
        (ledger.counts().await.unwrap(), text)
    }
}

/// Returns the targets of these bits.
fn targets(bits: u8) -> Vec<String> {
    (0..3).filter(|bit| bits & (1 << bit) != 0).map(target).collect()
}

fn message((id, flow_id, report, at, bits): &Arrival) -> Message {
    let targets = targets(*bits);
    Message {
        id: format!("m{}", id % 40),
        kind: "FlowStatusChange".to_owned(),
        flow_id: flow_id.map(flow),
        report: report.map(|number| Report { status: status(number), at: *at }),
        body: (!targets.is_empty()).then(|| vec![0, 159, *id]),
        targets,
    }
}

fn outcome(number: u8, delay: i64) -> Outcome {
    let detail = "detail".to_owned();
    match number % 8 {
        0 => Outcome::Archived(Evidence {
            files: vec![essbasic_server::ledger::FileEvidence {
                bytes: 9,
                sha256: "ab".to_owned(),
            }],
            request_id: "request".to_owned(),
        }),
        1 | 2 => Outcome::Observed { report: Report { status: status(number / 8), at: 0 }, delay },
        3 => Outcome::Dead { reason: Reason::NotFound, detail },
        4 => Outcome::Released { delay },
        _ => Outcome::Again { reason: Reason::DownloadFailed, delay, detail },
    }
}

/// Ranks of contracts, which never decrease.
async fn ranks(ledger: &Ledger) -> Vec<(String, i64)> {
    let query = ContractQuery { limit: 100, ..ContractQuery::default() };
    let contracts = ledger.contracts(query).await.unwrap();
    contracts.iter().map(|one| (one.flow_id.clone(), rank(&one.report.status))).collect()
}

#[test]
fn memory_sqlite_and_postgresql_agree_after_each_operation() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = runtime.block_on(database());
    let folder = tempfile::tempdir().unwrap();
    if let Some(url) = &url {
        runtime.block_on(Ledger::postgres(url, None)).unwrap();
    }
    let next = AtomicI64::new(0);
    let config = Config { failure_persistence: None, ..Config::with_cases(24) };
    let result = TestRunner::new(config).run(&steps(), |steps| {
        let path = folder.path().join(format!("{}.db", next.fetch_add(1, Ordering::SeqCst)));
        runtime.block_on(agree(&steps, &path, url.as_deref()));
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

async fn agree(steps: &[Step], path: &std::path::Path, url: Option<&str>) {
    let clock = ManualClock::at(1_800_000_000_123);
    let open = async || {
        let mut ledgers = vec![Ledger::sqlite(path).unwrap().with_clock(clock.clone())];
        if let Some(url) = url {
            ledgers.push(Ledger::postgres(url, None).await.unwrap().with_clock(clock.clone()));
        }
        ledgers
    };
    if let Some(url) = url {
        let tables = "worker, contract_open, forward_target, contract_done, event, message, outbox, pace, pause, sample";
        let sql = format!("TRUNCATE {tables} RESTART IDENTITY; UPDATE total SET finished = 0");
        connect(url).await.batch_execute(&sql).await.unwrap();
    }
    let mut stores = vec![Store::new(Ledger::in_memory().with_clock(clock.clone()))];
    stores.extend(open().await.into_iter().map(Store::new));
    let mut before = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Advance(ms) => clock.advance(*ms),
            Step::Restart => {
                for store in &mut stores[1..] {
                    store.ledger = Ledger::in_memory();
                }
                for (store, ledger) in stores[1..].iter_mut().zip(open().await) {
                    store.ledger = ledger;
                }
            }
            _ => {}
        }
        let mut outputs = Vec::new();
        for store in &mut stores {
            outputs.push((store.apply(step).await, store.state().await));
        }
        for (output, name) in outputs[1..].iter().zip(["SQLite", "PostgreSQL"]) {
            let differs = format!("{name} differs after step {number}, {step:?}, of {steps:?}");
            assert_eq!(output.0, outputs[0].0, "output of {differs}");
            assert_eq!(output.1.0, outputs[0].1.0, "counts of {differs}");
            assert_eq!(output.1.1, outputs[0].1.1, "state of {differs}");
        }
        let after = ranks(&stores[0].ledger).await;
        for (flow_id, rank) in &before {
            let later = after.iter().find(|(other, _)| other == flow_id);
            assert!(later.is_some_and(|(_, later)| later >= rank), "{flow_id} moved back");
        }
        before = after;
    }
}
