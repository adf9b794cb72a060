//! Loops that claim contracts, work on them and settle them.

use std::collections::{BTreeSet, HashSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use essbasic::{Error, Stop};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::time::{sleep, timeout};

use crate::ledger::{
    Claim, Claimed, Error as LedgerError, ErrorKind, Ledger, Outcome, Reason, Settlement, Task,
    WorkerId,
};
use crate::metrics::Metrics;
use crate::pulse::{Pulse, STEP};
use crate::store_failure::failed;
use crate::worker::{Incarnation, Round, settle};

/// Pause while nothing is due, or the store is unavailable.
const IDLE: Duration = Duration::from_secs(1);

/// Longest time between probes of a paused loop, in milliseconds.
pub(crate) const PROBE_MS: i64 = 180_000;

/// Time after which work on a claim is slow: it waits for few contracts, mostly, and another claim may begin.
const SLOW: Duration = Duration::from_secs(5);

/// Time for the work on one claim without any progress. Each call and transfer in it has a timeout of its own.
const WORK: Duration = Duration::from_secs(3_600);

/// Period in which contracts are settled while the work on others of the same claim goes on.
const SETTLING: Duration = Duration::from_secs(5);

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
    fn work(&self, claimed: &[Claimed], progress: Progress) -> impl Future<Output = Batch> + Send;
}

/// Receives the progress of work on a claim.
#[derive(Clone)]
pub(crate) struct Progress {
    pulse: Pulse,
    settled: UnboundedSender<Settlement>,
}

impl Progress {
    /// Returns a receiver of progress, and the settlements that it receives.
    pub(crate) fn new(pulse: Pulse) -> (Self, UnboundedReceiver<Settlement>) {
        let (settled, receiver) = unbounded_channel();
        (Self { pulse, settled }, receiver)
    }

    /// Reports a sign of life.
    pub(crate) fn advance(&self) {
        self.pulse.within(WORK);
    }

    /// Settles a contract before the work on others is done. The settlement at the end is ignored then.
    pub(crate) fn settle(&self, settlement: Settlement) {
        // The receiver is dropped with the work.
        let _ = self.settled.send(settlement);
    }
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
    /// Names of the loops that this process has probed. The first probe does not wait, because a new process may have the fix.
    pub(crate) probed: Arc<Mutex<BTreeSet<&'static str>>>,
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
            () = incarnation.ended(&worker) => Round::Idle,
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
    // One of the loops of the job: this process may have the fix of the cause.
    let is_first = shared.probed.lock().unwrap_or_else(PoisonError::into_inner).insert(J::NAME);
    let probe = match is_first {
        true => ledger.probe_first(J::NAME, PROBE_MS).await,
        false => ledger.probe(J::NAME, PROBE_MS).await,
    };
    match probe {
        Ok(true) => {}
        Ok(false) => return Round::Idle,
        Err(error) => {
            shared.probed.lock().unwrap_or_else(PoisonError::into_inner).remove(J::NAME);
            failed(&error, J::NAME, "cannot probe");
            return Round::Idle;
        }
    }
    let claim = Claim { task: J::TASK, limit: J::LIMIT, max_attempts };
    let claimed = match ledger.claim(worker, claim).await {
        Ok(claimed) if claimed.is_empty() => return Round::Idle,
        Ok(claimed) => claimed,
        Err(error) => {
            failed(&error, J::NAME, "cannot claim contracts");
            return claim_failed(error.kind());
        }
    };
    pulse.within(WORK);
    let (progress, receiver) = Progress::new(pulse.clone());
    let mut settling = Settling {
        shared,
        worker,
        pulse,
        task: J::NAME,
        claimed: &claimed,
        settled: HashSet::new(),
    };
    let (end, ended) = oneshot::channel::<()>();
    let work = async {
        let batch = in_slot(job.work(&claimed, progress), slot).await;
        drop(end);
        batch
    };
    let (batch, early) = tokio::join!(work, settling.early(receiver, ended));
    let rest = match early {
        Ok(rest) => rest,
        Err(error) => return claim_failed(error.kind()),
    };
    let (mut settlements, is_failed) = match batch {
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
    settlements.retain(|one| rest.iter().all(|early| early.flow_id != one.flow_id));
    settlements.extend(rest);
    settlements.retain(|one| !settling.settled.contains(&one.flow_id));
    if let Err(error) = settling.settle(&settlements).await {
        return claim_failed(error.kind());
    }
    if is_failed {
        return Round::Idle;
    }
    // All were released, and the next ones would be too, as during an outage.
    if settlements.iter().all(|one| is_released(&one)) && settling.settled.is_empty() {
        return Round::Idle;
    }
    // A failure of a single contract shows too that the cause of a pause is gone.
    resume(J::NAME, ledger).await;
    if settlements.iter().any(|one| is_success(&one.outcome)) || !settling.settled.is_empty() {
        shared.metrics.succeeded(J::NAME);
    }
    Round::Busy
}

/// Settlements of one claim.
struct Settling<'a> {
    shared: &'a Shared,
    worker: &'a WorkerId,
    pulse: &'a Pulse,
    task: &'static str,
    claimed: &'a [Claimed],
    /// Contracts that are settled.
    settled: HashSet<String>,
}

impl Settling<'_> {
    /// Settles contracts while the work goes on. Returns those that the end of the work has left.
    async fn early(
        &mut self,
        mut receiver: UnboundedReceiver<Settlement>,
        mut ended: oneshot::Receiver<()>,
    ) -> Result<Vec<Settlement>, LedgerError> {
        loop {
            let has_ended = timeout(SETTLING, &mut ended).await.is_ok();
            let mut group = Vec::new();
            while let Ok(settlement) = receiver.try_recv() {
                group.push(settlement);
            }
            if has_ended {
                return Ok(group);
            }
            self.settle(&group).await?;
            self.pulse.within(WORK);
            self.settled.extend(group.into_iter().map(|one| one.flow_id));
        }
    }

    /// Settles contracts, and counts them.
    async fn settle(&self, settlements: &[Settlement]) -> Result<(), LedgerError> {
        if settlements.is_empty() {
            return Ok(());
        }
        let Shared { ledger, max_attempts, metrics, .. } = self.shared;
        let settled = settle(self.task, self.pulse, || {
            ledger.settle(self.worker, *max_attempts, settlements.to_vec())
        });
        match settled.await {
            Ok(accepted) => {
                let lost = settlements.len().saturating_sub(accepted.len());
                if lost > 0 {
                    tracing::warn!(
                        lost,
                        task = self.task,
                        "settlements were refused: others own them"
                    );
                }
                metrics.settlements(settlements, &accepted);
                report_dead(self.claimed, settlements, &accepted, *max_attempts);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, task = self.task, "cannot settle");
                Err(error)
            }
        }
    }
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

/// Logs the contracts that are dead after their settlement.
fn report_dead(
    claimed: &[Claimed],
    settlements: &[Settlement],
    accepted: &[String],
    max_attempts: i64,
) {
    for settlement in settlements.iter().filter(|one| accepted.contains(&one.flow_id)) {
        let is_last = || {
            let contract = claimed.iter().find(|one| one.flow_id == settlement.flow_id);
            contract.is_some_and(|one| one.attempt >= max_attempts)
        };
        match &settlement.outcome {
            Outcome::Dead { reason, detail } => report(&settlement.flow_id, *reason, detail),
            Outcome::Again { reason, detail, .. } if is_last() => {
                report(&settlement.flow_id, *reason, detail);
            }
            _ => {}
        }
    }
}

fn report(contract: &str, reason: Reason, detail: &str) {
    tracing::warn!(contract, reason = reason.as_str(), detail, "the contract is dead");
}

/// Ends the pause of a loop, if it is paused.
pub(crate) async fn resume(task: &str, ledger: &Ledger) {
    match ledger.resume(task).await {
        Ok(true) => tracing::info!(task, "resumed: the cause of the pause is gone"),
        Ok(false) => {}
        Err(error) => failed(&error, task, "cannot end the pause"),
    }
}

/// Stores the cause of a pause, for all replicas.
pub(crate) async fn pause(task: &str, ledger: &Ledger, cause: &str) {
    tracing::error!(task, cause, "paused");
    if let Err(error) = ledger.pause(task, cause, PROBE_MS).await {
        failed(&error, task, "cannot store the pause");
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
    described(kind, error.code(), error.request_id())
}

/// Returns the kind, the code and the request ID of a failure, without those that are empty.
pub(crate) fn described(kind: &str, code: &str, request_id: Option<&str>) -> String {
    let request_id = request_id.filter(|id| !id.is_empty());
    let request_id = request_id.map(|id| format!("(request ID {id})")).unwrap_or_default();
    let parts = [kind, code, &request_id];
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
