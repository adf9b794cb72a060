//! Statuses of contracts received in callbacks.

use core::fmt;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use essbasic_models::FlowStatus;

/// Channel from a callback receiver to a wait, so that the wait need not poll for a contract.
///
/// Clones share one queue and can be used from any thread or task. Statuses that are sent before the wait starts are
/// queued. Only one wait at a time may receive: [`WaitOptions::with_signals`](crate::WaitOptions::with_signals).
///
/// ```
/// use essbasic::{FlowStatus, Signals, WaitOptions};
///
/// let signals = Signals::new();
/// let options = WaitOptions::default().with_signals(signals.clone());
/// // In the callback handler, after the signature of the callback has been verified:
/// signals.send("FLOW_ID", FlowStatus::All, "");
/// ```
#[derive(Clone, Default)]
pub struct Signals(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<VecDeque<Signal>>,
    #[cfg(feature = "async-core")]
    wake: tokio::sync::Notify,
}

/// Status of a contract in a callback.
pub(super) struct Signal {
    pub(super) flow_id: String,
    pub(super) status: FlowStatus,
    pub(super) reason: String,
}

/// Maximum number of queued signals. Further ones are dropped, and their contracts are polled.
const MAX_QUEUED: usize = 100_000;

impl Signals {
    /// Creates an empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the status of a contract from a verified callback, with its reason for a rejection or withdrawal.
    pub fn send(&self, flow_id: impl Into<String>, status: FlowStatus, reason: impl Into<String>) {
        let signal = Signal { flow_id: flow_id.into(), status, reason: reason.into() };
        let mut queue = self.queue();
        if queue.len() < MAX_QUEUED {
            queue.push_back(signal);
        }
        drop(queue);
        #[cfg(feature = "async-core")]
        self.0.wake.notify_one();
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Signal>> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn drain(&self) -> VecDeque<Signal> {
        std::mem::take(&mut self.queue())
    }

    /// Returns whether a signal is queued.
    #[cfg(feature = "ureq")]
    pub(crate) fn is_pending(&self) -> bool {
        !self.queue().is_empty()
    }

    /// Waits until a signal is queued or `sleep` completes.
    #[cfg(feature = "async-core")]
    pub(crate) async fn race(&self, sleep: impl Future<Output = ()>) {
        let (mut sleep, mut wake) = (std::pin::pin!(sleep), std::pin::pin!(self.0.wake.notified()));
        std::future::poll_fn(|context| {
            if wake.as_mut().poll(context).is_ready() || !self.queue().is_empty() {
                return std::task::Poll::Ready(());
            }
            sleep.as_mut().poll(context)
        })
        .await;
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("queued", &self.queue().len()).finish()
    }
}
