//! The forward loops: one per target, so that a failing target delays no other.

mod delivery;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use essbasic::Stop;
use essbasic::transport::AsyncTransport;
use tokio::task::{Id, JoinError, JoinSet};
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

/// Deliveries of a target at the same time. Those of one contract are claimed one after another.
const MAX_IN_FLIGHT: usize = 16;

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

/// Claims, delivers and settles, until nothing is due. Each delivery makes room for the next claim, so that a slow one delays no others.
async fn round(target: &Arc<Target>, shared: &Shared, worker: &WorkerId, pulse: &Pulse) -> Round {
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
                    tracing::warn!(%error, target = target.name, "cannot claim forwards");
                    failed = Some(claim_failed(error.kind()));
                }
            }
        }
        if deliveries.tasks.is_empty() {
            return failed.unwrap_or(Round::Idle);
        }
        pulse.within(WORK);
        let settlements = tokio::select! {
            settlements = deliveries.next(target) => settlements,
            // Something may be due now.
            () = sleep(IDLE), if may_claim && free > 0 => continue,
        };
        // At once, so that the successors proceed while others wait for the target.
        let settled = settle(&target.name, pulse, || {
            shared.ledger.settle_forwards(worker, settlements.clone())
        });
        match settled.await {
            Ok(accepted) => count(target, shared, &settlements, &accepted),
            Err(error) => {
                tracing::error!(%error, target = target.name, "cannot settle forwards");
                return claim_failed(error.kind());
            }
        }
    }
}

/// Counts the settlements, of which the ledger accepted some.
fn count(target: &Target, shared: &Shared, settlements: &[ForwardSettlement], accepted: &[i64]) {
    for settlement in settlements {
        if !accepted.contains(&settlement.seq) {
            tracing::warn!(target = target.name, "a settlement was refused");
            continue;
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
    tasks: JoinSet<ForwardOutcome>,
    /// Settlement of each task if it panics: the attempt counts, so that it does not panic for ever.
    panicked: HashMap<Id, ForwardSettlement>,
}

impl Deliveries {
    /// Begins the delivery of a claimed forward.
    fn begin(&mut self, target: &Arc<Target>, shared: &Shared, forward: Forward) {
        let (seq, number) = (forward.seq, forward.attempt);
        let outcome = again(target, &forward, "the delivery panicked; please report this");
        let (target, shared) = (Arc::clone(target), shared.clone());
        let task = self.tasks.spawn(async move { attempt(&target, &shared, &forward).await });
        self.panicked.insert(task.id(), ForwardSettlement { seq, attempt: number, outcome });
    }

    /// Returns the settlements of all deliveries that have ended, as soon as there is one. Must not be called if none is in flight.
    async fn next(&mut self, target: &Target) -> Vec<ForwardSettlement> {
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
        ended: Result<(Id, ForwardOutcome), JoinError>,
    ) -> Option<ForwardSettlement> {
        match ended {
            Ok((id, outcome)) => {
                self.panicked.remove(&id).map(|one| ForwardSettlement { outcome, ..one })
            }
            Err(error) => {
                tracing::error!(target = target.name, "a delivery panicked; please report this");
                self.panicked.remove(&error.id())
            }
        }
    }
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
    use std::sync::atomic::{AtomicBool, Ordering};

    use essbasic::transport::{
        AsyncBody, Bytes, HeaderMap, Request, Response, StatusCode, TransportError, async_trait,
    };
    use tokio::time::timeout;

    use super::*;
    use crate::config::Secret;
    use crate::ledger::Message;

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

    /// Accepts every message, but never responds to the first.
    struct StallsOnce(AtomicBool);

    #[async_trait]
    impl AsyncTransport for StallsOnce {
        async fn send(&self, _: Request) -> Result<Response<AsyncBody>, TransportError> {
            if !self.0.swap(true, Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            let (status, headers) = (StatusCode::OK, HeaderMap::new());
            Ok(Response { status, headers, body: AsyncBody::from(Bytes::new()) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_delivery_delays_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, "0f".repeat(32)).unwrap();
        let bodies = Bodies::new(&Secret::read("k", &key).unwrap()).unwrap();
        let ledger = Ledger::in_memory();
        let count = 3 * MAX_IN_FLIGHT;
        let messages = (0..count).map(|number| Message {
            id: format!("m{number}"),
            kind: "FlowStatusChange".to_owned(),
            flow_id: Some(format!("f{number}")),
            report: None,
            targets: vec!["t".to_owned()],
            body: Some(bodies.seal(&format!("m{number}"), b"{}").unwrap()),
        });
        for result in ledger.receive(messages.collect()).await {
            result.unwrap();
        }
        let (worker, _) = ledger.enter("a", 60_000).await.unwrap();
        let target = toml::from_str("name = \"t\"\nurl = \"http://h/\"").unwrap();
        let target = Arc::new(Target::new(&target).unwrap());
        let shared = Shared {
            ledger: ledger.clone(),
            metrics: Arc::new(Metrics::new(Vec::new())),
            bodies: Arc::new(bodies),
            transport: Arc::new(StallsOnce(false.into())),
            stop: Stop::default(),
        };
        let pulse = Pulse::new();
        let round = round(&target, &shared, &worker, &pulse);
        assert!(timeout(Duration::from_secs(1), round).await.is_err(), "one is in flight");
        let backlog = ledger.counts().await.unwrap().forward_backlog;
        assert_eq!(backlog.values().sum::<i64>(), 1, "{backlog:?}");
    }
}
