//! Loops that claim contracts, work on them and settle them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use essbasic::{Error, Stop};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep, timeout};

use crate::ledger::{Claim, Claimed, ErrorKind, Ledger, Outcome, Settlement, Task, WorkerId};
use crate::metrics::Metrics;
use crate::pulse::{Pulse, STEP};
use crate::worker::{Incarnation, Round, settle};

/// Pause while nothing is due, or the store is unavailable.
const IDLE: Duration = Duration::from_secs(1);

/// Longest time between probes of a paused loop, in milliseconds.
const PROBE_MS: i64 = 180_000;

/// Time after which work on a claim is slow: it waits for few contracts, mostly, and another claim may begin.
const SLOW: Duration = Duration::from_secs(5);

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

/// Runs a job until the stop. Each claim needs one of the slots, which the loops of the job share, until its work is slow. Work in flight is
/// completed, or ends by the stop of its client.
pub(crate) async fn run<J: Job>(
    job: Arc<J>,
    shared: Shared,
    mut incarnation: Incarnation,
    slots: Arc<Semaphore>,
    pulse: Pulse,
) {
    let stop = &shared.stop;
    while !stop.is_stopped() {
        // Others of this task work, or the heartbeat enters.
        pulse.rest();
        let Some(slot) = stop.unless_stopped(slots.acquire()).await else { return };
        let mut slot = slot.ok();
        let Some(Some(worker)) = stop.unless_stopped(incarnation.id()).await else { return };
        let round = round(&*job, &shared, &worker, &pulse, &mut slot);
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
async fn round<J: Job>(
    job: &J,
    shared: &Shared,
    worker: &WorkerId,
    pulse: &Pulse,
    slot: &mut Option<SemaphorePermit<'_>>,
) -> Round {
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
    let (settlements, is_failed) = match in_slot(job.work(&claimed), slot).await {
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

/// Returns the result of work. Once it is slow, its slot is free for another claim.
async fn in_slot(
    work: impl Future<Output = Batch>,
    slot: &mut Option<SemaphorePermit<'_>>,
) -> Batch {
    let mut work = pin!(work);
    match timeout(SLOW, &mut work).await {
        Ok(batch) => batch,
        Err(_) => {
            *slot = None;
            work.await
        }
    }
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
mod tests;
