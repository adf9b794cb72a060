//! What is learnt of contracts otherwise than by asking: from callbacks.

use core::fmt;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use essbasic_models::FlowStatus;

/// Tells a wait what callbacks say, from whatever thread or task receives them. Clones are the same; one
/// wait at a time listens.
///
/// What is told before the wait begins is kept for it.
#[derive(Clone, Default)]
pub struct Signals(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<VecDeque<Signal>>,
    #[cfg(feature = "async-core")]
    woken: tokio::sync::Notify,
}

/// What a callback says of a contract.
pub(super) struct Signal {
    pub(super) flow_id: String,
    pub(super) status: FlowStatus,
    pub(super) reason: String,
}

/// More than these are not kept: whoever does not listen is asked for again by the service.
const MOST_KEPT: usize = 100_000;

impl Signals {
    /// Nothing told yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells that a contract is in this state, as a verified callback says, with the reason that it
    /// gives for a refusal or a withdrawal.
    pub fn tell(&self, flow_id: impl Into<String>, status: FlowStatus, reason: impl Into<String>) {
        let signal = Signal { flow_id: flow_id.into(), status, reason: reason.into() };
        let mut queue = self.queue();
        if queue.len() < MOST_KEPT {
            queue.push_back(signal);
        }
        drop(queue);
        #[cfg(feature = "async-core")]
        self.0.woken.notify_one();
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Signal>> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> VecDeque<Signal> {
        std::mem::take(&mut self.queue())
    }

    /// Returns whether something has been told and not been taken.
    #[cfg(feature = "ureq")]
    pub(crate) fn is_told(&self) -> bool {
        !self.queue().is_empty()
    }

    /// Returns when something is told, or when `sleep` is over.
    #[cfg(feature = "async-core")]
    pub(crate) async fn wait_or(&self, sleep: impl Future<Output = ()>) {
        let (mut sleep, mut woken) =
            (std::pin::pin!(sleep), std::pin::pin!(self.0.woken.notified()));
        std::future::poll_fn(|context| {
            if woken.as_mut().poll(context).is_ready() || !self.queue().is_empty() {
                return std::task::Poll::Ready(());
            }
            sleep.as_mut().poll(context)
        })
        .await;
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("waiting", &self.queue().len()).finish()
    }
}

/// How long a contract may be silent before it is asked for, where callbacks are listened to.
pub(super) const SILENCE: std::time::Duration = std::time::Duration::from_secs(60);
