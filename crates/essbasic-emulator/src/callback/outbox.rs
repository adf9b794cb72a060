//! Queue of messages to send.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::address::Address;
use super::log::{CallbackLog, LogNumber};
use super::message::FLOW_STATUS_CHANGE;
use super::stats::StatsCounter;

/// Sending half of the queue. Messages are sent in the order in which they are pushed.
pub(crate) struct Outbox {
    sender: UnboundedSender<Queued>,
    stats: Arc<StatsCounter>,
    log: Arc<CallbackLog>,
    address: Address,
}

/// Message in the queue.
pub(super) struct Queued {
    pub(super) number: LogNumber,
    pub(super) message: Value,
}

impl Outbox {
    pub(super) fn new(
        stats: Arc<StatsCounter>,
        log: Arc<CallbackLog>,
        address: Address,
    ) -> (Self, UnboundedReceiver<Queued>) {
        let (sender, receiver) = unbounded_channel();
        (Self { sender, stats, log, address }, receiver)
    }

    /// Appends the message of a change of a contract.
    pub(crate) fn push(&self, flow_id: &str, message: Value, at: Duration) {
        self.stats.update(|stats| stats.messages += 1);
        let number = self.log.add(FLOW_STATUS_CHANGE, Some(flow_id), &self.address, at);
        // The receiver is dropped when the emulator stops.
        let _ = self.sender.send(Queued { number, message });
    }
}
