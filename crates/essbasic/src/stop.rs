//! Cancellation of a job by its caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stops a download, an archive job or a wait from outside, for example from a signal handler.
///
/// A stopped job begins nothing new and ends its pauses at once, those between the attempts of a call among
/// them. Files that are being transferred are completed, and in the blocking client an exchange with the
/// service too. Clones share one state.
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
}
