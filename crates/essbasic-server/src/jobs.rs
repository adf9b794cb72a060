//! Loops that claim contracts, work on them and settle them.

use std::sync::Arc;
use std::time::Duration;

use essbasic::{Error, Stop};
use tokio::time::{sleep, timeout};

use crate::ledger::{Claim, Claimed, ErrorKind, Ledger, Outcome, Settlement, Task, WorkerId};
use crate::metrics::Metrics;
use crate::worker::Incarnation;

/// Pause while nothing is due, or the store is unavailable.
const IDLE: Duration = Duration::from_secs(1);

/// Time between probes of a paused loop, in milliseconds.
const PROBE_MS: i64 = 180_000;

/// Time for a settlement. Later, the work is done again.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);

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
pub(crate) async fn run<J: Job>(job: Arc<J>, shared: Shared, mut incarnation: Incarnation) {
    let stop = &shared.stop;
    while !stop.is_stopped() {
        let Some(worker) = incarnation.id().await else { return };
        let round = round(&*job, &shared, &worker);
        let busy = tokio::select! {
            busy = round => busy,
            // Others may own the contracts now: nothing may be stored or settled any more.
            () = incarnation.ended(&worker) => {
                shared.metrics.lease_lost();
                false
            }
        };
        if !busy && !stop.is_stopped() {
            // Jitter, so that replicas do not ask at the same time.
            let jitter = Duration::from_millis(u64::from(fastrand::u8(..)));
            sleep(IDLE + jitter).await;
        }
    }
}

/// Claims, works and settles once. Returns whether more may be due.
async fn round<J: Job>(job: &J, shared: &Shared, worker: &WorkerId) -> bool {
    let (ledger, max_attempts) = (&shared.ledger, shared.max_attempts);
    match ledger.probe(J::NAME, PROBE_MS).await {
        Ok(true) => {}
        Ok(false) => return false,
        Err(error) => {
            tracing::warn!(%error, task = J::NAME, "the store is unavailable");
            return false;
        }
    }
    let claim = Claim { task: J::TASK, limit: J::LIMIT, max_attempts };
    let claimed = match ledger.claim(worker, claim).await {
        Ok(claimed) if claimed.is_empty() => return false,
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, task = J::NAME, "cannot claim contracts");
            return false;
        }
    };
    let (settlements, is_failed) = match job.work(&claimed).await {
        Batch::Settled(settlements) => (settlements, false),
        Batch::Failed(error) => {
            let cause = error.to_string();
            tracing::error!(task = J::NAME, cause, "paused: the failure affects every contract");
            if let Err(error) = ledger.pause(J::NAME, &cause, PROBE_MS).await {
                tracing::warn!(%error, task = J::NAME, "cannot store the pause");
            }
            (claimed.iter().map(released).collect(), true)
        }
    };
    let outcomes = settlements.clone();
    let settle = ledger.settle(worker, max_attempts, settlements);
    match timeout(SETTLE_TIMEOUT, settle).await {
        Ok(Ok(accepted)) => {
            let lost = claimed.len().saturating_sub(accepted.len());
            if lost > 0 {
                tracing::warn!(lost, task = J::NAME, "settlements were refused: others own them");
            }
            shared.metrics.settlements(&outcomes, &accepted);
        }
        Ok(Err(error)) if error.kind() == ErrorKind::Expired => {
            tracing::warn!(%error, task = J::NAME, "cannot settle");
        }
        Ok(Err(error)) => tracing::error!(%error, task = J::NAME, "cannot settle"),
        Err(_) => {
            tracing::error!(task = J::NAME, "cannot settle: the store did not respond in time")
        }
    }
    if is_failed {
        return false;
    }
    // Failures of single contracts do not show that the cause of a pause is gone.
    if outcomes.iter().any(|one| is_success(&one.outcome)) {
        if let Err(error) = ledger.resume(J::NAME).await {
            tracing::warn!(%error, task = J::NAME, "cannot end the pause");
        }
        shared.metrics.succeeded(J::NAME);
    }
    true
}

fn is_success(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Archived(_) | Outcome::Observed { .. })
}

fn released(contract: &Claimed) -> Settlement {
    Settlement {
        flow_id: contract.flow_id.clone(),
        task: contract.task,
        attempt: contract.attempt,
        outcome: Outcome::Released { delay: 0 },
    }
}
