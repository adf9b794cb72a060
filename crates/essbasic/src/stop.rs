//! Cancellation of a job by its caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "blocking")]
use std::time::Duration;

/// Stops a download, an archive job or a wait from outside, for example from a signal handler.
///
/// A stopped job begins nothing new and ends its pauses at once. Files that are being transferred are
/// completed. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    #[cfg(feature = "async-core")]
    wake: tokio::sync::Notify,
}

impl Stop {
    /// Stops the job.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        #[cfg(feature = "async-core")]
        self.0.wake.notify_waiters();
    }

    /// Returns whether the job has been stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    /// Runs the future until it completes or the job is stopped; `None` if it was stopped.
    #[cfg(feature = "async-core")]
    pub(crate) async fn race<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        // Registered before the flag is read: a stop in between is not missed.
        let mut wake = std::pin::pin!(self.0.wake.notified());
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| {
            if self.is_stopped() || wake.as_mut().poll(context).is_ready() {
                return std::task::Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Sleeps for this time, in slices, until `wakes` returns true or the job is stopped.
    #[cfg(feature = "blocking")]
    pub(crate) fn sleep(&self, time: Duration, sleep: impl Fn(Duration), wakes: impl Fn() -> bool) {
        let mut left = time;
        while !left.is_zero() && !self.is_stopped() && !wakes() {
            let slice = left.min(SLICE);
            sleep(slice);
            left = left.saturating_sub(slice);
        }
    }
}

/// Longest time for which a sleeping thread does not see a stop. The client's own timer cannot be woken.
#[cfg(feature = "blocking")]
const SLICE: Duration = Duration::from_millis(50);
