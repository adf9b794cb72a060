//! Cancellation of a job by its caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Handle that stops a download, an archive job, a wait or requests in batches, for example from a signal handler.
///
/// A stopped job starts no further step, and ends every delay at once, including the backoff between attempts of a
/// call. Files in transfer are completed, except that an operation of an object store is cancelled if it does not end
/// within a second. The blocking client also completes a request in flight. Clones share one
/// state.
///
/// ```
/// use essbasic::{DownloadOptions, Stop};
///
/// let stop = Stop::default();
/// let options = DownloadOptions::to("contracts").with_stop(stop.clone());
/// // In another thread or task:
/// stop.stop();
/// assert!(stop.is_stopped());
/// ```
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

    /// Returns the output of a future, or `None` if the job is stopped first.
    #[cfg(feature = "async-core")]
    pub(crate) async fn race<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        // Registered before the flag is read, so that a concurrent stop is not missed.
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
