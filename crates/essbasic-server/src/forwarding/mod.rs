//! The forward loops: one per target, so that a failing target delays no other.

mod delivery;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use essbasic::Stop;
use essbasic::transport::AsyncTransport;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub(crate) use self::delivery::Target;

use crate::bodies::Bodies;
use crate::delay::{backoff, millis};
use crate::jobs::claim_failed;
use crate::ledger::{
    Forward, ForwardClaim, ForwardOutcome, ForwardSettlement, Ledger, Reason, WorkerId,
};
use crate::metrics::Metrics;
use crate::pulse::{Pulse, STEP};
use crate::worker::{Incarnation, Round, settle};

/// Forwards of one claim at most. All of them are sent at the same time; those of one contract are claimed one after another.
const BATCH: usize = 16;

/// Pause while nothing is due, or the store is unavailable.
const IDLE: Duration = Duration::from_secs(1);

/// Longest delay between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(3_600);

/// Time for the deliveries of one claim. Each has a timeout of its own.
const WORK: Duration = Duration::from_secs(300);

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
    while !shared.stop.is_stopped() {
        // The heartbeat enters.
        pulse.rest();
        let stop = &shared.stop;
        let Some(Some(worker)) = stop.unless_stopped(incarnation.id()).await else { return };
        let round = tokio::select! {
            round = round(&target, &shared, &worker, &pulse) => round,
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

/// Claims, delivers and settles once.
async fn round(target: &Arc<Target>, shared: &Shared, worker: &WorkerId, pulse: &Pulse) -> Round {
    pulse.within(STEP);
    let claim = ForwardClaim {
        target: target.name.clone(),
        limit: BATCH,
        give_up_after: millis(target.give_up_after),
    };
    let claimed = match shared.ledger.claim_forwards(worker, claim).await {
        Ok(claimed) if claimed.is_empty() => return Round::Idle,
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, target = target.name, "cannot claim forwards");
            return claim_failed(error.kind());
        }
    };
    let mut deliveries = JoinSet::new();
    let mut panicked = HashMap::new();
    for forward in claimed {
        let (seq, number) = (forward.seq, forward.attempt);
        let outcome = again(target, &forward, "the delivery panicked; please report this");
        let (target, shared) = (Arc::clone(target), shared.clone());
        let delivery = deliveries.spawn(async move { attempt(&target, &shared, &forward).await });
        // The claim of a delivery that panics is settled too: it counts, so that it does not panic for ever.
        panicked.insert(delivery.id(), ForwardSettlement { seq, attempt: number, outcome });
    }
    pulse.within(WORK);
    while let Some(delivered) = deliveries.join_next_with_id().await {
        let (id, outcome) = match delivered {
            Ok((id, outcome)) => (id, Some(outcome)),
            Err(error) => {
                tracing::error!(target = target.name, "a delivery panicked; please report this");
                (error.id(), None)
            }
        };
        let Some(mut settlement) = panicked.remove(&id) else { continue };
        if let Some(outcome) = outcome {
            settlement.outcome = outcome;
        }
        let outcome = match settlement.outcome {
            ForwardOutcome::Delivered => "delivered",
            ForwardOutcome::Again { .. } => "again",
            ForwardOutcome::Dead { .. } => "dead",
            ForwardOutcome::Released { .. } => "released",
        };
        // Each one at once, so that its successor proceeds while others wait for the target.
        let settled = settle(&target.name, pulse, || {
            shared.ledger.settle_forwards(worker, vec![settlement.clone()])
        });
        let settled = settled.await;
        pulse.within(WORK);
        match settled {
            Ok(accepted) if !accepted.is_empty() => {
                shared.metrics.forwarded(&target.name, outcome);
                if outcome == "delivered" {
                    shared.metrics.succeeded("forward");
                }
            }
            Ok(_) => tracing::warn!(target = target.name, "a settlement was refused"),
            Err(error) => {
                tracing::error!(%error, target = target.name, "cannot settle a forward");
                return claim_failed(error.kind());
            }
        }
    }
    Round::Busy
}

async fn attempt(target: &Target, shared: &Shared, forward: &Forward) -> ForwardOutcome {
    let Ok(body) = shared.bodies.open(&forward.message_id, &forward.body) else {
        // The key of that time may be configured again, until the forward is given up.
        tracing::error!(
            target = target.name,
            message = forward.message_id,
            "cannot decrypt a body"
        );
        return again(target, forward, "cannot decrypt the body; check messages.body_key_file");
    };
    match target.deliver(&*shared.transport, &body, forward.attempt > 1).await {
        Ok(()) => ForwardOutcome::Delivered,
        Err(cause) => {
            tracing::warn!(target = target.name, message = forward.message_id, %cause, "not delivered");
            again(target, forward, &cause.to_string())
        }
    }
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
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_an_hour() {
        for (attempt, longest) in
            [(1, 1), (2, 2), (5, 16), (12, 2_048), (13, 3_600), (9_999, 3_600)]
        {
            for _ in 0..100 {
                let delay = next_delay(attempt).as_secs_f64();
                let longest = f64::from(longest);
                assert!(delay <= longest && delay >= 0.75 * longest, "{attempt}: {delay}");
            }
        }
    }
}
