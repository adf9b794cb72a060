//! Loops that claim contracts, work on them and settle them.

use std::sync::Arc;
use std::time::Duration;

use essbasic::{Error, Stop};
use tokio::time::sleep;

use crate::ledger::{Claim, Claimed, ErrorKind, Ledger, Outcome, Settlement, Task, WorkerId};
use crate::metrics::Metrics;
use crate::pulse::{Pulse, STEP};
use crate::worker::{Incarnation, Round, settle};

/// Pause while nothing is due, or the store is unavailable.
const IDLE: Duration = Duration::from_secs(1);

/// Time between probes of a paused loop, in milliseconds.
const PROBE_MS: i64 = 180_000;

/// Time for the work on one claim. Each call and transfer in it has a timeout of its own.
const WORK: Duration = Duration::from_secs(3_600);

/// Least delay until the next attempt after an outage of the service, in milliseconds.
const OUTAGE_MS: i64 = 30_000;

/// Work on claimed contracts.
pub(crate) trait Job: Send + Sync + 'static {
    /// Name of the loop: in pauses, metrics and logs.
    const NAME: &'static str;
    /// Work that the contracts need.
    const TASK: Task;
    /// Contracts of one claim at most.
    const LIMIT: usize;

    /// Works on contracts.
    fn work(&self, claimed: &[Claimed]) -> impl Future<Output = Batch> + Send;
}

/// Result of work on a batch.
pub(crate) enum Batch {
    /// Each contract has a settlement.
    Settled(Vec<Settlement>),
    /// A failure that affects every contract.
    Failed(Error),
    /// The destination of the files cannot be used. Contracts without a settlement are released.
    Unusable {
        /// Cause and fix, for people.
        cause: String,
        settled: Vec<Settlement>,
    },
}

/// Dependencies of all jobs.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) ledger: Ledger,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) max_attempts: i64,
    /// Ends the claims. Work in flight is completed.
    pub(crate) stop: Stop,
}

/// Runs a job until the stop. Work in flight is completed, or ends by the stop of its client.
pub(crate) async fn run<J: Job>(
    job: Arc<J>,
    shared: Shared,
    mut incarnation: Incarnation,
    pulse: Pulse,
) {
    let stop = &shared.stop;
    while !stop.is_stopped() {
        // The heartbeat enters.
        pulse.rest();
        let Some(Some(worker)) = stop.unless_stopped(incarnation.id()).await else { return };
        let round = round(&*job, &shared, &worker, &pulse);
        let round = tokio::select! {
            round = round => round,
            // Others may own the contracts now: nothing may be stored or settled any more.
            () = incarnation.ended(&worker) => {
                shared.metrics.lease_lost();
                Round::Idle
            }
        };
        pulse.rest();
        if round == Round::Doubtful {
            incarnation.renew(&worker).await;
        }
        if round != Round::Busy && !stop.is_stopped() {
            // Jitter, so that replicas do not ask at the same time.
            let jitter = Duration::from_millis(u64::from(fastrand::u8(..)));
            stop.unless_stopped(sleep(IDLE + jitter)).await;
        }
    }
}

/// Claims, works and settles once.
async fn round<J: Job>(job: &J, shared: &Shared, worker: &WorkerId, pulse: &Pulse) -> Round {
    let (ledger, max_attempts) = (&shared.ledger, shared.max_attempts);
    pulse.within(STEP);
    match ledger.probe(J::NAME, PROBE_MS).await {
        Ok(true) => {}
        Ok(false) => return Round::Idle,
        Err(error) => {
            tracing::warn!(%error, task = J::NAME, "the store is unavailable");
            return Round::Idle;
        }
    }
    let claim = Claim { task: J::TASK, limit: J::LIMIT, max_attempts };
    let claimed = match ledger.claim(worker, claim).await {
        Ok(claimed) if claimed.is_empty() => return Round::Idle,
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, task = J::NAME, "cannot claim contracts");
            return claim_failed(error.kind());
        }
    };
    pulse.within(WORK);
    let (settlements, is_failed) = match job.work(&claimed).await {
        Batch::Settled(settlements) => (settlements, false),
        Batch::Failed(error) => {
            let cause = cause(&error);
            if is_of_process(&error) {
                tracing::warn!(task = J::NAME, cause, "released: no request was sent");
            } else {
                pause(J::NAME, ledger, &cause).await;
            }
            (claimed.iter().map(released).collect(), true)
        }
        Batch::Unusable { cause, settled } => {
            pause(J::NAME, ledger, &cause).await;
            (settled, true)
        }
    };
    let is_released = |one: &&Settlement| matches!(one.outcome, Outcome::Released { .. });
    let released = settlements.iter().filter(is_released).count();
    if released > 0 {
        tracing::warn!(released, task = J::NAME, "contracts without a result are tried again");
    }
    match settle(J::NAME, pulse, || ledger.settle(worker, max_attempts, settlements.clone())).await
    {
        Ok(accepted) => {
            let lost = claimed.len().saturating_sub(accepted.len());
            if lost > 0 {
                tracing::warn!(lost, task = J::NAME, "settlements were refused: others own them");
            }
            shared.metrics.settlements(&settlements, &accepted);
        }
        Err(error) => {
            tracing::error!(%error, task = J::NAME, "cannot settle");
            return claim_failed(error.kind());
        }
    }
    if is_failed {
        return Round::Idle;
    }
    // Failures of single contracts do not show that the cause of a pause is gone.
    if settlements.iter().any(|one| is_success(&one.outcome)) {
        if let Err(error) = ledger.resume(J::NAME).await {
            tracing::warn!(%error, task = J::NAME, "cannot end the pause");
        }
        shared.metrics.succeeded(J::NAME);
    }
    // Otherwise the next ones have the same fate at once, as during an outage.
    if settlements.iter().all(|one| matches!(one.outcome, Outcome::Released { .. })) {
        return Round::Idle;
    }
    Round::Busy
}

/// Stores the cause of a pause, for all replicas.
async fn pause(task: &str, ledger: &Ledger, cause: &str) {
    tracing::error!(task, cause, "paused: the failure affects every contract");
    if let Err(error) = ledger.pause(task, cause, PROBE_MS).await {
        tracing::warn!(%error, task, "cannot store the pause");
    }
}

/// Returns what follows an error of a claim or a settlement. An expired worker owns nothing, and its heartbeat enters again.
pub(crate) fn claim_failed(kind: ErrorKind) -> Round {
    if kind == ErrorKind::Expired { Round::Idle } else { Round::Doubtful }
}

/// Returns the outcome of a contract whose request failed for a reason that is not the contract, such as an outage of the service. It
/// uses up no attempt. Jitter, so that replicas do not ask at the same time.
pub(crate) fn after_outage() -> Outcome {
    Outcome::Released { delay: OUTAGE_MS + fastrand::i64(0..=OUTAGE_MS / 4) }
}

/// Returns whether the service is not the cause: the process stops, or the store booked no moment for a request. Other replicas
/// continue.
fn is_of_process(error: &Error) -> bool {
    match error {
        Error::Stopped | Error::Interrupted => true,
        _ => error.call().is_some_and(|call| call.kind() == essbasic::ErrorKind::RateLimiter),
    }
}

/// Returns the cause of a pause, for people: of a call the kind, the code and the request ID, without text of the service, which may
/// have names.
fn cause(error: &Error) -> String {
    let kind = match (error.flow(), error.call()) {
        (Some(flow), _) => flow.kind.as_str(),
        (None, Some(call)) => call.kind().name(),
        (None, None) => return error.to_string(),
    };
    let parts = [kind, error.code(), error.request_id().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_success(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Archived(_) | Outcome::Observed { .. })
}

fn released(contract: &Claimed) -> Settlement {
    contract.settlement(Outcome::Released { delay: 0 })
}

#[cfg(test)]
mod tests {
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

        async fn work(&self, _claimed: &[Claimed]) -> Batch {
            Batch::Failed(self.0.clone())
        }
    }

    /// Returns the error of a call with this key, while the store is available or not.
    async fn failure(emulator: &Emulator, key: &str, is_available: bool) -> Error {
        let ledger = Ledger::in_memory();
        if !is_available {
            ledger.inject("Book", Fault::Refused);
        }
        let metrics = Arc::new(Metrics::new(Vec::new()));
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
        let refusal = format!("api {} {}", refused.code(), refused.request_id().unwrap());
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
            let round = round(&Fails(error.clone()), &shared, &worker, &Pulse::new()).await;
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
            metrics: Arc::new(Metrics::new(Vec::new())),
            max_attempts: 10,
            stop: Stop::default(),
        }
    }

    struct Archives;

    impl Job for Archives {
        const NAME: &'static str = "archive";
        const TASK: Task = Task::Poll;
        const LIMIT: usize = 10;

        async fn work(&self, claimed: &[Claimed]) -> Batch {
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
            let timing =
                Timing { lease: Duration::from_secs(60), heartbeat: Duration::from_secs(15) };
            let (mut incarnation, heartbeat) = incarnation();
            let (never, pulse) = (std::future::pending(), Pulse::new());
            let beating = heartbeat.run(ledger.clone(), "a".to_owned(), timing, pulse, never);
            let beating = tokio::spawn(beating);
            let first = incarnation.id().await.unwrap();
            ledger.inject(operation, fault);
            let shared = shared(&ledger);
            let task = run(Arc::new(Archives), shared, incarnation.clone(), Pulse::new());
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
}
