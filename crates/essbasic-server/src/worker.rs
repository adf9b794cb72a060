//! The incarnation of this process: its ID in the ledger, and the heartbeat that renews its lease.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::delay::millis;
use crate::ledger::{Error, ErrorKind, Ledger, WorkerId};
use crate::pulse::{Pulse, STEP};
use crate::refusals::Refusals;
use crate::store_failure::failed;

/// Pause after an error of the store.
const PAUSE: Duration = Duration::from_secs(1);

/// Time for a settlement. Later, it is repeated.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Current incarnation: `None` while the process has none, so that no work may begin or be settled.
#[derive(Clone)]
pub(crate) struct Incarnation {
    current: watch::Receiver<Option<WorkerId>>,
    /// Incarnation that may own rows on which nobody works.
    doubtful: watch::Sender<Option<WorkerId>>,
}

/// Result of one claim, its work and its settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// More may be due.
    Busy,
    /// Nothing is due, or nothing may begin.
    Idle,
    /// The store may have claims of this worker on which nobody works. Others get them only after the end of the incarnation.
    Doubtful,
}

impl Incarnation {
    /// Returns the ID, as soon as there is one; `None` after the end of the process.
    pub(crate) async fn id(&mut self) -> Option<WorkerId> {
        self.current.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Returns the ID, if there is one now.
    pub(crate) fn current(&self) -> Option<WorkerId> {
        self.current.borrow().clone()
    }

    /// Completes when this incarnation has ended: all its work must stop.
    pub(crate) async fn ended(&mut self, id: &WorkerId) {
        let _ = self.current.wait_for(|current| current.as_ref() != Some(id)).await;
    }

    /// Ends this incarnation, so that its claims are released. The process enters again under a new ID.
    pub(crate) async fn renew(&mut self, id: &WorkerId) {
        self.doubtful.send_replace(Some(id.clone()));
        self.ended(id).await;
    }
}

/// Lease and period of the heartbeat.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) lease: Duration,
    pub(crate) heartbeat: Duration,
}

/// The task that enters the ledger and renews the lease.
pub(crate) struct Heartbeat {
    current: watch::Sender<Option<WorkerId>>,
    doubted: watch::Receiver<Option<WorkerId>>,
}

/// Returns the incarnation of a process, and the task of its heartbeat.
pub(crate) fn incarnation() -> (Incarnation, Heartbeat) {
    let (sender, current) = watch::channel(None);
    let (doubtful, doubted) = watch::channel(None);
    (Incarnation { current, doubtful }, Heartbeat { current: sender, doubted })
}

impl Heartbeat {
    /// Renews the lease. Completes, and leaves the ledger, when `stop` completes.
    pub(crate) async fn run(
        mut self,
        ledger: Ledger,
        name: String,
        timing: Timing,
        refusals: Arc<Refusals>,
        pulse: Pulse,
        stop: impl Future<Output = ()> + Send + 'static,
    ) {
        let beating = async {
            loop {
                let began = Instant::now();
                pulse.within(STEP);
                match ledger.enter(&name, millis(timing.lease)).await {
                    Err(error) => failed(&error, "heartbeat", "cannot enter the ledger"),
                    Ok((id, _)) => {
                        self.current.send_replace(Some(id.clone()));
                        let is_renewed = tokio::select! {
                            () = beat(&ledger, &id, timing, began, (&pulse, &*refusals)) => false,
                            _ = self.doubted.wait_for(|one| one.as_ref() == Some(&id)) => true,
                        };
                        self.current.send_replace(None);
                        if is_renewed {
                            tracing::warn!("enters again, because claims may have been lost");
                            // Without it, the lease expires.
                            let _ = timeout(timing.heartbeat, ledger.leave(&id)).await;
                        }
                    }
                }
                sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = beating => {}
            () = stop => {}
        }
        let last = self.current.send_replace(None);
        if let Some(id) = last {
            // Without it, the lease expires.
            let _ = timeout(timing.heartbeat, ledger.leave(&id)).await;
        }
    }
}

/// Settles, and repeats it while the store fails: rows that a living worker owns are claimed by nobody. The caller drops the future when
/// the incarnation ends.
///
/// # Errors
/// Returns an error that a repetition does not remove: of the kind [`ErrorKind::Expired`] or [`ErrorKind::Invalid`].
pub(crate) async fn settle<T, F>(
    task: &str,
    pulse: &Pulse,
    settle: impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    loop {
        pulse.within(STEP);
        match timeout(SETTLE_TIMEOUT, settle()).await {
            Ok(Err(error)) if !matches!(error.kind(), ErrorKind::Expired | ErrorKind::Invalid) => {
                failed(&error, task, "cannot settle yet");
            }
            Ok(result) => return result,
            Err(_) => {
                tracing::warn!(task, "cannot settle yet: the store did not respond in time")
            }
        }
        sleep(PAUSE).await;
    }
}

/// Renews the lease until it expires. `began` is from before the entry.
async fn beat(
    ledger: &Ledger,
    id: &WorkerId,
    timing: Timing,
    mut began: Instant,
    (pulse, refusals): (&Pulse, &Refusals),
) {
    let lease = millis(timing.lease);
    loop {
        pulse.within(timing.lease + STEP);
        // Measured from before the request: the store's lease ends later than this one.
        let expires = began + timing.lease;
        sleep_until((began + timing.heartbeat).min(expires)).await;
        let beat_at = Instant::now();
        let beat = tokio::select! {
            beat = ledger.beat_with(id, lease, refusals.report()) => beat,
            () = sleep_until(expires) => {
                tracing::warn!("the store did not renew the lease of this worker in time");
                return;
            }
        };
        match beat {
            Ok(_) => began = beat_at,
            Err(error) if error.kind() == ErrorKind::Expired => {
                tracing::warn!(%error, "lost the lease");
                return;
            }
            Err(error) if Instant::now() >= expires => {
                tracing::warn!(%error, "lost the lease");
                return;
            }
            Err(error) => {
                failed(&error, "heartbeat", "cannot renew the lease");
                sleep(PAUSE.min(timing.heartbeat)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ManualClock;

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_lost_its_lease_enters_again_under_another_id() {
        let clock = ManualClock::default();
        let ledger = Ledger::in_memory().with_clock(clock.clone());
        let timing = Timing { lease: Duration::from_secs(60), heartbeat: Duration::from_secs(15) };
        let refusals = Arc::new(Refusals::default());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let (mut incarnation, heartbeat) = incarnation();
        let beating = heartbeat.run(
            ledger.clone(),
            "a".to_owned(),
            timing,
            Arc::clone(&refusals),
            Pulse::new(),
            stopped,
        );
        let task = tokio::spawn(beating);
        let first = incarnation.id().await.unwrap();
        sleep(Duration::from_secs(600)).await;
        assert_eq!(incarnation.id().await.as_ref(), Some(&first), "renewed");
        refusals.add(None);
        let refused = async || ledger.counts().await.unwrap().refused;
        assert_eq!(refused().await, 0, "nothing is written for a refused callback");
        sleep(timing.heartbeat).await;
        assert_eq!(refused().await, 1, "the heartbeat reports it");
        // The clock of the store advances past the lease between two beats.
        clock.advance(61_000);
        incarnation.ended(&first).await;
        let second = incarnation.id().await.unwrap();
        assert_ne!(first, second);
        // One renewal per incarnation, however many loops ask for it.
        let mut other = incarnation.clone();
        tokio::join!(incarnation.renew(&second), other.renew(&second));
        let third = incarnation.id().await.unwrap();
        assert_ne!(second, third);
        let alive = ledger.workers().await.unwrap();
        assert_eq!(alive.iter().map(|one| &*one.id).collect::<Vec<_>>(), [third.as_str()], "left");
        incarnation.renew(&second).await;
        sleep(Duration::from_secs(5)).await;
        assert_eq!(incarnation.id().await.as_ref(), Some(&third), "an earlier one is not renewed");
        drop(stop);
        task.await.unwrap();
        assert_eq!(ledger.workers().await.unwrap(), [], "left");
        assert_eq!(incarnation.id().await, None);
    }
}
