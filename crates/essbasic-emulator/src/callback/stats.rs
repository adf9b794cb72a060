//! What has become of the messages.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

/// What has become of the messages to the callback address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallbackStats {
    /// Changes of contracts of which there was to tell.
    pub messages: u64,
    /// Messages put on the wire, each time that they were.
    pub sent: u64,
    /// Messages answered with 200.
    pub acknowledged: u64,
    /// Messages that were sent in vain as often as they were to be.
    pub given_up: u64,
    /// Whether the address has answered the probe.
    pub probed: bool,
}

impl CallbackStats {
    fn settled(&self) -> bool {
        self.acknowledged + self.given_up >= self.messages
    }
}

/// The count, and a bell for those who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    stats: Mutex<CallbackStats>,
    changed: Condvar,
}

impl Tally {
    pub(crate) fn stats(&self) -> CallbackStats {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut CallbackStats)) {
        change(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Waits until each message is acknowledged or given up.
    pub(crate) fn wait(&self, within: Duration) -> bool {
        let stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stats, within, |stats| !stats.settled());
        waited.unwrap_or_else(PoisonError::into_inner).0.settled()
    }
}
