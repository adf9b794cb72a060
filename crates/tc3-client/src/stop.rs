//! Cancellation of work by its caller.

use core::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

#[cfg(feature = "async-core")]
use tc3_transport::SendGate;
use tc3_transport::{TransportError, TransportErrorKind};

/// Handle that stops calls, requests in batches, waits, downloads and archive jobs, for example from the
/// thread of a signal handler, as of the crate `ctrlc`. It is not async-signal-safe. Clones share one state.
///
/// After a stop:
///
/// - No request starts. Every delay ends at once: the backoff before a retry, the wait for a permit of the rate limit, and
///   the wait for a credential.
/// - Requests in flight have [`GRACE`](Self::GRACE) to complete. Then those of idempotent actions, transfers of files and
///   operations of object stores are dropped. A dropped file has no final name and no line in a journal.
/// - A request of an action that is not idempotent, such as the creation of a contract, is completed. It ends with its
///   response, or with the timeout of the call. It is dropped at once if its connection is not established yet, and is
///   not sent later; a transport of the caller's own cannot report that.
///
/// The grace is in real time, whatever the clock and the timer of the client are.
///
/// The async client drops the future of the request. In the blocking client each request that can be stopped runs on a
/// thread of its own, which the caller stops waiting for. Such a thread ends with the timeouts of the transport; it has
/// access to neither files nor results.
///
/// ```
/// use tc3_client::Stop;
///
/// let stop = Stop::default();
/// let handle = stop.clone();
/// // In another thread or task:
/// handle.stop();
/// assert!(stop.is_stopped());
/// ```
#[derive(Clone, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Default)]
struct Shared {
    stopped_at: OnceLock<Instant>,
    /// True once the timer of the grace has ended, or could not be started.
    is_over: AtomicBool,
    /// Notified at the stop and at the end of the grace.
    #[cfg(feature = "async-core")]
    changed: tokio::sync::Notify,
    /// True once the timer has been started.
    #[cfg(feature = "async-core")]
    timer: AtomicBool,
}

impl Stop {
    /// Time after a stop in which operations in flight may complete: one second.
    pub const GRACE: Duration = Duration::from_secs(1);

    /// Stops the work. Further calls have no effect.
    pub fn stop(&self) {
        self.0.stopped_at.get_or_init(Instant::now);
        #[cfg(feature = "async-core")]
        self.0.changed.notify_waiters();
    }

    /// Returns whether [`stop`](Self::stop) was called.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped_at.get().is_some()
    }

    /// Returns whether the work was stopped and [`GRACE`](Self::GRACE) has passed since.
    pub fn is_grace_over(&self) -> bool {
        self.0
            .stopped_at
            .get()
            .is_some_and(|at| at.elapsed() >= Self::GRACE || self.0.is_over.load(Ordering::SeqCst))
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("is_stopped", &self.is_stopped()).finish()
    }
}

#[cfg(feature = "async-core")]
impl Shared {
    fn end_grace(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.changed.notify_waiters();
    }
}

#[cfg(feature = "async-core")]
impl Stop {
    /// Returns the output of a future, or `None` if the work is stopped first.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        // Registered before the flag is read, so that a concurrent stop is not missed.
        let mut stopped = std::pin::pin!(self.0.changed.notified());
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| {
            if self.is_stopped() || stopped.as_mut().poll(context).is_ready() {
                return std::task::Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Returns the output of a future, or `None` if [`GRACE`](Self::GRACE) ends first.
    pub async fn within_grace<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut over = std::pin::pin!(self.grace_over());
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| match work.as_mut().poll(context) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => over.as_mut().poll(context).map(|()| None),
        })
        .await
    }

    /// Returns the output of a request, or `None` if the work is stopped before its body has passed the gate.
    pub(crate) async fn unless_withdrawn<T>(
        &self,
        gate: &SendGate,
        request: impl Future<Output = T>,
    ) -> Option<T> {
        let mut stopped = std::pin::pin!(self.0.changed.notified());
        let mut request = std::pin::pin!(request);
        std::future::poll_fn(|context| {
            if let std::task::Poll::Ready(output) = request.as_mut().poll(context) {
                return std::task::Poll::Ready(Some(output));
            }
            let is_stopped = self.is_stopped() || stopped.as_mut().poll(context).is_ready();
            match is_stopped && gate.close() {
                true => std::task::Poll::Ready(None),
                false => std::task::Poll::Pending,
            }
        })
        .await
    }

    async fn grace_over(&self) {
        loop {
            let changed = self.0.changed.notified();
            if self.is_grace_over() {
                return;
            }
            if self.is_stopped() {
                self.start_timer();
            }
            changed.await;
        }
    }

    /// Starts the timer of the grace. It is a thread: the timer of the client may be one of a simulation, and there may be
    /// no runtime that has one.
    fn start_timer(&self) {
        if self.0.timer.swap(true, Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(&self.0);
        let passed = shared.stopped_at.get().map(Instant::elapsed).unwrap_or_default();
        let timer = move || {
            std::thread::sleep(Self::GRACE.saturating_sub(passed));
            shared.end_grace();
        };
        if std::thread::Builder::new().name("tc3-stop".into()).spawn(timer).is_err() {
            self.0.end_grace();
        }
    }
}

/// Returns the error of a body that is read after the grace of a stop.
pub(crate) fn stopped() -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted).with_detail("stopped by the caller")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grace_is_over_a_second_after_the_first_stop() {
        let stop = Stop::default();
        assert!(!stop.is_stopped() && !stop.is_grace_over());
        let start = Instant::now();
        stop.stop();
        assert!(stop.clone().is_stopped());
        while !stop.is_grace_over() {
            stop.stop();
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(start.elapsed() >= Stop::GRACE);
    }

    #[cfg(feature = "async-core")]
    #[tokio::test]
    async fn futures_end_at_the_stop_or_at_the_end_of_the_grace() {
        use std::future::{pending, ready};
        let stop = Stop::default();
        assert_eq!(stop.unless_stopped(ready(1)).await, Some(1));
        assert_eq!(stop.within_grace(ready(1)).await, Some(1));
        let handle = stop.clone();
        let start = Instant::now();
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            handle.stop();
        });
        let (ended, dropped) =
            tokio::join!(stop.unless_stopped(pending::<()>()), stop.within_grace(pending::<()>()));
        assert_eq!((ended, dropped), (None, None));
        assert!(start.elapsed() >= Stop::GRACE + Duration::from_millis(50));
        stopper.join().unwrap();
        // Work that has an output is not dropped.
        assert_eq!(stop.within_grace(ready(1)).await, Some(1));
        assert_eq!(stop.unless_stopped(ready(1)).await, None);
    }
}
