//! Loops against an emulator and a ledger in memory.

use essbasic::credentials::Credential;
use essbasic::{Client, Config, agent};
use essbasic_emulator::{APP_ID, Emulator, OPERATOR, ORGANIZATION, SECRET_ID, SECRET_KEY};

use super::*;
use crate::ledger::{Evidence, Fault, State};
use crate::pace::LedgerLimiter;
use crate::worker::{Timing, incarnation};

struct Fails(Error);

impl Job for Fails {
    const NAME: &'static str = "archive";
    const TASK: Task = Task::Poll;
    const LIMIT: usize = 10;

    async fn work(&self, _claimed: &[Claimed], _progress: Progress) -> Batch {
        Batch::Failed(self.0.clone())
    }
}

/// Returns the error of a call with this key, while the store is available or not.
async fn failure(emulator: &Emulator, key: &str, is_available: bool) -> Error {
    let ledger = Ledger::in_memory();
    if !is_available {
        ledger.inject("Book", Fault::Refused);
    }
    let metrics = Arc::new(Metrics::new(Vec::new(), true));
    let limiter = LedgerLimiter::new(ledger, 20, Duration::from_millis(25), metrics);
    let config = Config::new(Credential::new(SECRET_ID, key))
        .with_async_rate_limiter(limiter)
        .with_endpoint_url(&emulator.endpoint())
        .unwrap();
    let client = Client::new(config, agent(APP_ID, ORGANIZATION, OPERATOR)).unwrap();
    client.details(["yDUnknown0000000000000000000001"]).await.unwrap_err()
}

#[tokio::test]
async fn only_failures_of_the_service_are_stored_as_pauses_without_its_text() {
    let emulator = Emulator::builder().start().unwrap();
    let refused = failure(&emulator, "another", true).await;
    let refusal = format!("api {} (request ID {})", refused.code(), refused.request_id().unwrap());
    assert!(refusal.starts_with("api AuthFailure."), "{refusal}");
    for (error, expected) in [
        (Error::Stopped, None),
        (Error::Interrupted, None),
        (failure(&emulator, SECRET_KEY, false).await, None),
        (refused, Some(refusal)),
    ] {
        let ledger = Ledger::in_memory();
        ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
        let (worker, _) = ledger.enter("a", 60_000).await.unwrap();
        let shared = shared(&ledger);
        let round = round(&Fails(error.clone()), &shared, &worker, &Pulse::new(), &mut None).await;
        assert_eq!(round, Round::Idle, "{error}");
        let pauses = ledger.pauses().await.unwrap();
        assert_eq!(pauses.into_iter().map(|one| one.cause).next(), expected, "{error}");
        let (contract, _) = ledger.contract("flow").await.unwrap().unwrap();
        assert_eq!((contract.state, contract.attempt), (State::Open, 0), "{error}");
    }
}

fn shared(ledger: &Ledger) -> Shared {
    Shared {
        ledger: ledger.clone(),
        metrics: Arc::new(Metrics::new(Vec::new(), true)),
        max_attempts: 10,
        stop: Stop::default(),
        probed: Arc::default(),
    }
}

struct Archives;

impl Job for Archives {
    const NAME: &'static str = "archive";
    const TASK: Task = Task::Poll;
    const LIMIT: usize = 10;

    async fn work(&self, claimed: &[Claimed], _progress: Progress) -> Batch {
        let outcome = Outcome::Archived(Evidence::default());
        let settlements = claimed.iter().map(|one| one.settlement(outcome.clone()));
        Batch::Settled(settlements.collect())
    }
}

#[tokio::test(start_paused = true)]
async fn contracts_are_not_lost_if_the_store_fails_in_a_claim_or_a_settlement() {
    for (operation, fault, is_renewed) in [
        ("ClaimContracts", Fault::Refused, true),
        ("ClaimContracts", Fault::Lost, true),
        ("Settle", Fault::Refused, false),
        ("Settle", Fault::Lost, false),
    ] {
        let case = format!("{operation} {fault:?}");
        let ledger = Ledger::in_memory();
        ledger.offer(vec!["flow".to_owned()], 0).await.unwrap();
        let timing = Timing { lease: Duration::from_secs(60), heartbeat: Duration::from_secs(15) };
        let (mut incarnation, heartbeat) = incarnation();
        let (never, pulse) = (std::future::pending(), Pulse::new());
        let beating =
            heartbeat.run(ledger.clone(), "a".to_owned(), timing, Arc::default(), pulse, never);
        let beating = tokio::spawn(beating);
        let first = incarnation.id().await.unwrap();
        ledger.inject(operation, fault);
        let shared = shared(&ledger);
        let slots = Arc::new(Semaphore::new(1));
        let task = run(Arc::new(Archives), shared, incarnation.clone(), slots, Pulse::new());
        let task = tokio::spawn(task);
        // Far below the lease in the time of the store, which is that of the machine.
        for _ in 0..100 {
            sleep(Duration::from_millis(100)).await;
        }
        let (contract, events) = ledger.contract("flow").await.unwrap().unwrap();
        assert_eq!(contract.state, State::Done, "{case}: {events:?}");
        assert_eq!(contract.attempt, 1, "{case}");
        let current = incarnation.id().await.unwrap();
        assert_eq!(current != first, is_renewed, "{case}");
        task.abort();
        beating.abort();
    }
}

/// Settles the first contract at once, and never ends.
struct Settles;

impl Job for Settles {
    const NAME: &'static str = "archive";
    const TASK: Task = Task::Poll;
    const LIMIT: usize = 10;

    async fn work(&self, claimed: &[Claimed], progress: Progress) -> Batch {
        progress.settle(claimed[0].settlement(Outcome::Archived(Evidence::default())));
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn contracts_are_settled_while_the_work_on_others_goes_on() {
    let ledger = Ledger::in_memory();
    ledger.offer(vec!["a".to_owned(), "b".to_owned()], 0).await.unwrap();
    let (worker, _) = ledger.enter("a", 3_600_000).await.unwrap();
    let (shared, pulse) = (shared(&ledger), Pulse::new());
    let mut slot = None;
    let round = round(&Settles, &shared, &worker, &pulse, &mut slot);
    assert!(timeout(SETTLING + Duration::from_secs(1), round).await.is_err());
    let state = async |id| ledger.contract(id).await.unwrap().unwrap().0.state;
    assert_eq!((state("a").await, state("b").await), (State::Done, State::Claimed));
}

/// Fails each contract.
struct Refuses;

impl Job for Refuses {
    const NAME: &'static str = "archive";
    const TASK: Task = Task::Poll;
    const LIMIT: usize = 10;

    async fn work(&self, claimed: &[Claimed], progress: Progress) -> Batch {
        // The result at the end does not replace it.
        progress.settle(claimed[0].settlement(Outcome::Archived(Evidence::default())));
        let again = Outcome::Again {
            reason: crate::ledger::Reason::NotFound,
            delay: 1,
            detail: String::new(),
        };
        Batch::Settled(claimed.iter().map(|one| one.settlement(again.clone())).collect())
    }
}

#[tokio::test]
async fn a_pause_ends_with_any_result_of_a_contract() {
    let ledger = Ledger::in_memory();
    ledger.offer(vec!["a".to_owned(), "b".to_owned()], 0).await.unwrap();
    let (worker, _) = ledger.enter("a", 60_000).await.unwrap();
    ledger.pause("archive", "cause", 0).await.unwrap();
    let (shared, pulse) = (shared(&ledger), Pulse::new());
    assert_eq!(round(&Refuses, &shared, &worker, &pulse, &mut None).await, Round::Busy);
    assert_eq!(ledger.pauses().await.unwrap(), []);
    let state = async |id| ledger.contract(id).await.unwrap().unwrap().0.state;
    assert_eq!((state("a").await, state("b").await), (State::Done, State::Open));
}

struct Stalls(std::sync::atomic::AtomicBool);

impl Job for Stalls {
    const NAME: &'static str = "archive";
    const TASK: Task = Task::Poll;
    const LIMIT: usize = 1;

    async fn work(&self, claimed: &[Claimed], progress: Progress) -> Batch {
        if !self.0.swap(true, std::sync::atomic::Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Archives.work(claimed, progress).await
    }
}

#[tokio::test(start_paused = true)]
async fn slow_work_leaves_its_slot_to_others() {
    let ledger = Ledger::in_memory();
    ledger.offer(vec!["a".to_owned(), "b".to_owned()], 0).await.unwrap();
    let (mut incarnation, beating) = incarnation();
    let timing = Timing { lease: Duration::from_secs(60), heartbeat: Duration::from_secs(15) };
    let beating = beating.run(
        ledger.clone(),
        "a".to_owned(),
        timing,
        Arc::default(),
        Pulse::new(),
        std::future::pending(),
    );
    tokio::spawn(beating);
    incarnation.id().await.unwrap();
    let (job, slots) = (Arc::new(Stalls(false.into())), Arc::new(Semaphore::new(1)));
    for _ in 0..2 {
        let shared = shared(&ledger);
        tokio::spawn(run(
            Arc::clone(&job),
            shared,
            incarnation.clone(),
            Arc::clone(&slots),
            Pulse::new(),
        ));
    }
    let done = async || ledger.counts().await.unwrap().done;
    sleep(SLOW - Duration::from_millis(1)).await;
    assert_eq!(done().await, 0);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(done().await, 1);
}
