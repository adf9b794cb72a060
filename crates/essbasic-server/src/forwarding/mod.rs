//! The forward loops: one per target, so that a failing target delays no other.

mod delivery;
mod gate;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use essbasic::Stop;
use essbasic::transport::AsyncTransport;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::sleep;

pub(crate) use self::delivery::Target;

use self::gate::Gate;

use crate::bodies::Bodies;
use crate::delay::{backoff, millis};
use crate::jobs::{PROBE_MS, claim_failed};
use crate::ledger::{
    Forward, ForwardClaim, ForwardOutcome, ForwardSettlement, Ledger, Reason, WorkerId,
};
use crate::metrics::Metrics;
use crate::pulse::{Pulse, STEP};
use crate::worker::{Incarnation, Round, settle};

/// Deliveries of a target at the same time. Those of one contract are claimed one after another.
const MAX_IN_FLIGHT: usize = 16;

/// Pause while nothing is due, or the store is unavailable.
const IDLE: Duration = Duration::from_secs(1);

/// Longest delay between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(3_600);

/// Time for the deliveries of one claim. Each has a timeout of its own.
const WORK: Duration = Duration::from_secs(300);

/// Bodies that cannot be decrypted, after which nothing more is claimed until the next probe. Messages behind them may be readable.
const MAX_UNREADABLE: usize = 1_024;

/// Dependencies of the loops of all targets.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) ledger: Ledger,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) bodies: Arc<Bodies>,
    pub(crate) transport: Arc<dyn AsyncTransport>,
    /// Ends the claims. Deliveries in flight are completed.
    pub(crate) stop: Stop,
}

/// Forwards messages to one target until the stop.
pub(crate) async fn run(
    target: Arc<Target>,
    shared: Shared,
    mut incarnation: Incarnation,
    pulse: Pulse,
) {
    let mut gate = Gate::new(&target.name);
    while !shared.stop.is_stopped() {
        // The heartbeat enters.
        pulse.rest();
        let stop = &shared.stop;
        let Some(Some(worker)) = stop.unless_stopped(incarnation.id()).await else { return };
        let round = tokio::select! {
            round = round(&target, &shared, &worker, &pulse, &mut gate) => round,
            () = incarnation.ended(&worker) => Round::Idle,
        };
        pulse.rest();
        if round == Round::Doubtful {
            incarnation.renew(&worker).await;
        }
        if round != Round::Busy && !shared.stop.is_stopped() {
            let jitter = Duration::from_millis(u64::from(fastrand::u8(..)));
            stop.unless_stopped(sleep(IDLE + jitter)).await;
        }
    }
}

/// Claims, delivers and settles, until nothing is due. Each delivery makes room for the next claim, so that a slow one delays no others.
async fn round(
    target: &Arc<Target>,
    shared: &Shared,
    worker: &WorkerId,
    pulse: &Pulse,
    gate: &mut Gate,
) -> Round {
    pulse.within(STEP);
    if !gate.is_open(&shared.ledger).await {
        return Round::Idle;
    }
    let mut unreadable = 0;
    let mut deliveries = Deliveries::default();
    // An error, after which nothing is claimed.
    let mut failed = None;
    loop {
        let free = MAX_IN_FLIGHT.saturating_sub(deliveries.tasks.len());
        let may_claim = failed.is_none() && !shared.stop.is_stopped();
        if may_claim && free > 0 {
            pulse.within(STEP);
            let claim = ForwardClaim {
                target: target.name.clone(),
                limit: free,
                give_up_after: millis(target.give_up_after),
            };
            match shared.ledger.claim_forwards(worker, claim).await {
                Ok(claimed) => {
                    for forward in claimed {
                        deliveries.begin(target, shared, forward);
                    }
                }
                Err(error) => {
                    crate::store_failure::failed(&error, &target.name, "cannot claim forwards");
                    failed = Some(claim_failed(error.kind()));
                }
            }
        }
        if deliveries.tasks.is_empty() {
            return failed.unwrap_or(Round::Idle);
        }
        pulse.within(WORK);
        let ended = tokio::select! {
            ended = deliveries.next(target) => ended,
            // Something may be due now.
            () = sleep(IDLE), if may_claim && free > 0 => continue,
        };
        let settlements: Vec<ForwardSettlement> =
            ended.iter().map(|one| one.settlement.clone()).collect();
        // At once, so that the successors proceed while others wait for the target.
        let settled = settle(&target.name, pulse, || {
            shared.ledger.settle_forwards(worker, settlements.clone())
        });
        match settled.await {
            Ok(accepted) => count(target, shared, &ended, &accepted),
            Err(error) => {
                tracing::error!(%error, target = target.name, "cannot settle forwards");
                return claim_failed(error.kind());
            }
        }
        match ended.iter().filter(|one| one.body == Body::Unreadable).count() {
            0 if ended.iter().any(|one| one.body == Body::Readable) => {
                gate.open(&shared.ledger).await;
            }
            0 => {}
            more => {
                gate.close(&shared.ledger).await;
                unreadable += more;
                if unreadable >= MAX_UNREADABLE {
                    failed = Some(failed.unwrap_or(Round::Idle));
                }
            }
        }
    }
}

/// Counts the settlements, of which the ledger accepted some.
fn count(target: &Target, shared: &Shared, ended: &[Attempted], accepted: &[i64]) {
    for Attempted { settlement, message_id, .. } in ended {
        if !accepted.contains(&settlement.seq) {
            tracing::warn!(target = target.name, "a settlement was refused");
            continue;
        }
        if let ForwardOutcome::Dead { reason, detail } = &settlement.outcome {
            let reason = reason.as_str();
            tracing::warn!(
                target = target.name,
                id = message_id,
                reason,
                detail,
                "gave up a message"
            );
        }
        let outcome = match settlement.outcome {
            ForwardOutcome::Delivered => "delivered",
            ForwardOutcome::Again { .. } => "again",
            ForwardOutcome::Dead { .. } => "dead",
            ForwardOutcome::Released { .. } => "released",
        };
        shared.metrics.forwarded(&target.name, outcome);
        if outcome == "delivered" {
            shared.metrics.succeeded("forward");
        }
    }
}

/// Deliveries in flight. Those that remain end when it is dropped.
#[derive(Default)]
struct Deliveries {
    tasks: JoinSet<(ForwardOutcome, Body)>,
    /// Result of each task if it panics: the attempt counts, so that it does not panic for ever.
    panicked: HashMap<Id, Attempted>,
}

/// An attempt that has ended.
struct Attempted {
    settlement: ForwardSettlement,
    message_id: String,
    body: Body,
}

/// Result of the decryption of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Unknown,
    Readable,
    Unreadable,
}

impl Deliveries {
    /// Begins the delivery of a claimed forward.
    fn begin(&mut self, target: &Arc<Target>, shared: &Shared, forward: Forward) {
        let (seq, number, message_id) = (forward.seq, forward.attempt, forward.message_id.clone());
        let outcome = again(target, &forward, "the delivery panicked; please report this");
        let (target, shared) = (Arc::clone(target), shared.clone());
        let task = self.tasks.spawn(async move { attempt(&target, &shared, &forward).await });
        let settlement = ForwardSettlement { seq, attempt: number, outcome };
        self.panicked.insert(task.id(), Attempted { settlement, message_id, body: Body::Unknown });
    }

    /// Returns the settlements of all deliveries that have ended, as soon as there is one. Must not be called if none is in flight.
    async fn next(&mut self, target: &Target) -> Vec<Attempted> {
        let mut settlements = Vec::new();
        let mut ended = self.tasks.join_next_with_id().await;
        while let Some(result) = ended {
            settlements.extend(self.settlement(target, result));
            ended = self.tasks.try_join_next_with_id();
        }
        settlements
    }

    fn settlement(
        &mut self,
        target: &Target,
        ended: Result<(Id, (ForwardOutcome, Body)), JoinError>,
    ) -> Option<Attempted> {
        match ended {
            Ok((id, (outcome, body))) => {
                let Attempted { settlement, message_id, .. } = self.panicked.remove(&id)?;
                let settlement = ForwardSettlement { outcome, ..settlement };
                Some(Attempted { settlement, message_id, body })
            }
            Err(error) => {
                tracing::error!(target = target.name, "a delivery panicked; please report this");
                self.panicked.remove(&error.id())
            }
        }
    }
}

async fn attempt(target: &Target, shared: &Shared, forward: &Forward) -> (ForwardOutcome, Body) {
    let Ok(body) = shared.bodies.open(&forward.message_id, &forward.body) else {
        let outcome = unreadable(target, forward);
        let is_given_up = matches!(outcome, ForwardOutcome::Dead { .. });
        return (outcome, if is_given_up { Body::Unknown } else { Body::Unreadable });
    };
    let outcome = match target.deliver(&*shared.transport, &body, forward.attempt > 1).await {
        Ok(()) => ForwardOutcome::Delivered,
        Err(cause) => {
            tracing::warn!(target = target.name, id = forward.message_id, %cause, "not delivered");
            again(target, forward, &cause.to_string())
        }
    };
    (outcome, Body::Readable)
}

/// Returns the outcome of a body that cannot be decrypted. It uses up no attempt, because the key may be configured again.
fn unreadable(target: &Target, forward: &Forward) -> ForwardOutcome {
    if forward.now.saturating_sub(forward.queued_at) <= millis(target.give_up_after) {
        return ForwardOutcome::Released { delay: PROBE_MS };
    }
    let detail = "cannot decrypt the body; check messages.body_key_file".to_owned();
    ForwardOutcome::Dead { reason: Reason::BodyUnreadable, detail }
}

/// Returns the outcome of a failed attempt: another one, unless the next one would be after `give_up_after`.
fn again(target: &Target, forward: &Forward, cause: &str) -> ForwardOutcome {
    let detail = cause.to_owned();
    let delay = millis(next_delay(forward.attempt));
    let age = forward.now.saturating_sub(forward.queued_at);
    if age.saturating_add(delay) > millis(target.give_up_after) {
        return ForwardOutcome::Dead { reason: Reason::TargetFailed, detail };
    }
    ForwardOutcome::Again { delay, detail }
}

/// Returns the delay after an attempt: 1 s, doubled up to an hour, with a jitter of a quarter.
fn next_delay(attempt: i64) -> Duration {
    backoff(attempt, Duration::from_secs(1), MAX_BACKOFF).mul_f64(1.0 - 0.25 * fastrand::f64())
}

#[cfg(test)]
mod tests;
