//! Queue of messages to send.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::stats::StatsCounter;
use crate::state::ids;

/// Sending half of the queue. Messages are sent in the order in which they are pushed.
pub(crate) struct Outbox {
    sender: UnboundedSender<Value>,
    stats: Arc<StatsCounter>,
}

impl Outbox {
    pub(crate) fn new(stats: Arc<StatsCounter>) -> (Self, UnboundedReceiver<Value>) {
        let (sender, receiver) = unbounded_channel();
        (Self { sender, stats }, receiver)
    }

    /// Appends a message of this type.
    pub(crate) fn push(&self, message_type: &str, data: Value) {
        self.stats.update(|stats| stats.messages += 1);
        let message = json!({
            "MsgId": ids::random(),
            "MsgType": message_type,
            "MsgVersion": "ThirdPartyApp",
            "MsgData": data,
        });
        // The receiver is dropped when the emulator stops.
        let _ = self.sender.send(message);
    }
}
