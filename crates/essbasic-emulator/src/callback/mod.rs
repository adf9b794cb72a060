//! Callbacks: what the platform's address is told of contracts, by the service's description alone.
//! Nothing of the client is used here.

mod config;
mod exchange;
mod message;
mod seal;
mod sender;
mod stats;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub use config::{Callback, CallbackChaos};
pub(crate) use message::{Operate, flow_status_change};
pub(crate) use sender::Post;
pub use stats::CallbackStats;
pub(crate) use stats::Tally;

use crate::state::ids;

/// Where changes are handed in. They are sent from elsewhere, in this order.
pub(crate) struct Outbox {
    sender: UnboundedSender<Value>,
    tally: Arc<Tally>,
}

impl Outbox {
    pub(crate) fn new(tally: Arc<Tally>) -> (Self, UnboundedReceiver<Value>) {
        let (sender, receiver) = unbounded_channel();
        (Self { sender, tally }, receiver)
    }

    /// Makes a message of this type.
    pub(crate) fn push(&self, message_type: &str, data: Value) {
        self.tally.count(|stats| stats.messages += 1);
        let message = json!({
            "MsgId": ids::random(),
            "MsgType": message_type,
            "MsgVersion": "ThirdPartyApp",
            "MsgData": data,
        });
        // Nobody receives any more once the emulator is about to stop.
        let _ = self.sender.send(message);
    }
}
