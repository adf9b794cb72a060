//! Group commit: messages that arrive while a transaction commits share the next one.

use tokio::sync::{mpsc, oneshot};

use super::Ledger;
use super::error::Error;
use super::limits::MAX_GROUP;
use super::message::{Message, Receipt};

/// Messages that wait for a transaction. More are refused, so that memory is bounded.
const QUEUE: usize = 256;

type Waiting = (Message, oneshot::Sender<Result<Receipt, Error>>);

/// Queue of messages in front of a ledger. A clone is a handle of the same queue.
#[derive(Clone, Debug)]
pub struct MessageQueue {
    sender: mpsc::Sender<Waiting>,
}

impl MessageQueue {
    /// Starts the task that stores the messages. It ends when every handle is dropped. Must be called within a runtime of tokio.
    pub fn start(ledger: Ledger) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(run(ledger, receiver));
        Self { sender }
    }

    /// Stores a message, together with others that arrive at the same time: [`Ledger::receive`]. Never waits for a place in the queue.
    ///
    /// If the returned future is dropped, the message may be stored in any case; a later delivery is a duplicate then.
    ///
    /// # Errors
    /// Returns an error if the message is invalid, the store is unavailable or the queue is full: it must not be acknowledged.
    pub async fn receive(&self, message: Message) -> Result<Receipt, Error> {
        let (sender, receiver) = oneshot::channel();
        self.sender
            .try_send((message, sender))
            .map_err(|_| Error::unavailable("too many messages wait for the store; retry later"))?;
        receiver
            .await
            .map_err(|_| Error::unavailable("the queue of messages ended; restart the server"))?
    }
}

async fn run(ledger: Ledger, mut receiver: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::new();
    while receiver.recv_many(&mut waiting, MAX_GROUP).await > 0 {
        let (messages, senders): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        let results = ledger.receive(messages).await;
        for (sender, result) in senders.into_iter().zip(results) {
            // The sender may have stopped waiting.
            let _ = sender.send(result);
        }
    }
}
