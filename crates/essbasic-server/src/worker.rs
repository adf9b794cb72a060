//! The incarnation of this process: its ID in the ledger, and the heartbeat that renews its lease.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::ledger::{ErrorKind, Ledger, WorkerId};

/// Pause after an error of the store.
const PAUSE: Duration = Duration::from_secs(1);

/// Current incarnation: `None` while the process has none, so that no work may begin or be settled.
#[derive(Clone)]
pub(crate) struct Incarnation(watch::Receiver<Option<WorkerId>>);

impl Incarnation {
    /// Returns the ID, as soon as there is one; `None` after the end of the process.
    pub(crate) async fn id(&mut self) -> Option<WorkerId> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Completes when this incarnation has ended: all its work must stop.
    pub(crate) async fn ended(&mut self, id: &WorkerId) {
        let _ = self.0.wait_for(|current| current.as_ref() != Some(id)).await;
    }
}

/// Lease and period of the heartbeat.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) lease: Duration,
    pub(crate) heartbeat: Duration,
}

/// Starts the heartbeat. It ends, and leaves the ledger, when `stop` completes.
pub(crate) fn start(
    ledger: Ledger,
    name: String,
    timing: Timing,
    stop: impl Future<Output = ()> + Send + 'static,
) -> (Incarnation, tokio::task::JoinHandle<()>) {
    let (sender, receiver) = watch::channel(None);
    let task = tokio::spawn(async move {
        let beating = async {
            loop {
                live(&ledger, &name, timing, &sender).await;
                sender.send_replace(None);
                sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = beating => {}
            () = stop => {}
        }
        let last = sender.send_replace(None);
        if let Some(id) = last {
            // Without it, the lease expires.
            let _ = timeout(timing.heartbeat, ledger.leave(&id)).await;
        }
    });
    (Incarnation(receiver), task)
}

/// Enters and renews the lease until it expires.
async fn live(
    ledger: &Ledger,
    name: &str,
    timing: Timing,
    current: &watch::Sender<Option<WorkerId>>,
) {
    let lease = i64::try_from(timing.lease.as_millis()).unwrap_or(i64::MAX);
    let mut began = Instant::now();
    let id = match ledger.enter(name, lease).await {
        Ok((id, _)) => id,
        Err(error) => {
            tracing::warn!(%error, "cannot enter the ledger");
            return;
        }
    };
    current.send_replace(Some(id.clone()));
    loop {
        // Measured from before the request: the store's lease ends later than this one.
        let expires = began + timing.lease;
        sleep_until((began + timing.heartbeat).min(expires)).await;
        let beat_at = Instant::now();
        let beat = tokio::select! {
            beat = ledger.beat(&id, lease) => beat,
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
                tracing::warn!(%error, "cannot renew the lease");
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
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async { drop(stopped.await) };
        let (mut incarnation, task) = start(ledger.clone(), "a".to_owned(), timing, stopped);
        let first = incarnation.id().await.unwrap();
        sleep(Duration::from_secs(600)).await;
        assert_eq!(incarnation.id().await.as_ref(), Some(&first), "renewed");
        // The clock of the store advances past the lease between two beats.
        clock.advance(61_000);
        incarnation.ended(&first).await;
        let second = incarnation.id().await.unwrap();
        assert_ne!(first, second);
        drop(stop);
        task.await.unwrap();
        assert_eq!(ledger.workers().await.unwrap(), [], "left");
        assert_eq!(incarnation.id().await, None);
    }
}
