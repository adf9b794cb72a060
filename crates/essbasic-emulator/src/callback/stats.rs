//! Statistics of callbacks.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;

/// Statistics of the messages to the callback address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallbackStats {
    /// Number of messages, one per change of a contract.
    pub messages: u64,
    /// Number of deliveries, retries and duplicates included.
    pub sent: u64,
    /// Number of messages that got a response with status 200.
    pub acknowledged: u64,
    /// Number of messages that were not acknowledged in any attempt.
    pub given_up: u64,
    /// `true` if the address has acknowledged the ping. The JSON key is `probed`.
    #[serde(rename = "probed")]
    pub ping_acknowledged: bool,
}

impl CallbackStats {
    fn settled(&self) -> bool {
        self.acknowledged + self.given_up >= self.messages
    }
}

/// Shared statistics that notify waiting threads of changes.
#[derive(Debug, Default)]
pub(crate) struct StatsCounter {
    stats: Mutex<CallbackStats>,
    changed: Condvar,
    changed_async: Notify,
}

impl StatsCounter {
    pub(crate) fn get(&self) -> CallbackStats {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut CallbackStats)) {
        change(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
        self.changed_async.notify_waiters();
    }

    /// Waits until each message is acknowledged or given up.
    pub(crate) async fn settled(&self) {
        loop {
            // Registered before the statistics are read, so that a concurrent change is not missed.
            let changed = self.changed_async.notified();
            if self.get().settled() {
                return;
            }
            changed.await;
        }
    }

    /// Waits until each message is acknowledged or given up; returns `false` after the timeout.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stats, timeout, |stats| !stats.settled());
        waited.unwrap_or_else(PoisonError::into_inner).0.settled()
    }
}
