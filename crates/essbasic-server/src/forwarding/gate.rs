//! The pause of a forward loop whose bodies cannot be decrypted.

use crate::jobs::{PROBE_MS, pause, resume};
use crate::ledger::Ledger;
use crate::metrics::forward_loop;
use crate::store_failure::failed;

/// Cause of the pause.
const CAUSE: &str = "cannot decrypt stored bodies; set messages.body_key_file to the key that encrypted them, and restart the servers";

/// Pause of the loop of one target, as this process knows it.
pub(super) struct Gate {
    name: String,
    /// The first probe does not wait: a new process may have the key.
    is_first: bool,
    /// Whether the ledger may have a pause. A loop that is not paused writes nothing.
    may_be_paused: bool,
    /// Whether this process has stored the pause since the last probe.
    is_stored: bool,
}

impl Gate {
    pub(super) fn new(target: &str) -> Self {
        let name = forward_loop(target);
        Self { name, is_first: true, may_be_paused: true, is_stored: false }
    }

    /// Returns whether messages may be claimed: the loop is not paused, or this is a probe.
    pub(super) async fn is_open(&mut self, ledger: &Ledger) -> bool {
        let probe = match self.is_first {
            true => ledger.probe_first(&self.name, PROBE_MS).await,
            false => ledger.probe(&self.name, PROBE_MS).await,
        };
        match probe {
            Ok(is_open) => {
                self.is_first = false;
                self.is_stored = false;
                self.may_be_paused |= !is_open;
                is_open
            }
            Err(error) => {
                failed(&error, &self.name, "cannot probe");
                false
            }
        }
    }

    /// Ends the pause, after a body was decrypted.
    pub(super) async fn open(&mut self, ledger: &Ledger) {
        if std::mem::take(&mut self.may_be_paused) {
            resume(&self.name, ledger).await;
        }
        self.is_stored = false;
    }

    /// Pauses the loop, after a body could not be decrypted.
    pub(super) async fn close(&mut self, ledger: &Ledger) {
        self.may_be_paused = true;
        if !std::mem::replace(&mut self.is_stored, true) {
            pause(&self.name, ledger, CAUSE).await;
        }
    }
}
