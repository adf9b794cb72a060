//! Group commit: messages that arrive while one transaction commits are committed by the next one.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::ledger::limits::MAX_GROUP;
use crate::ledger::{Error, ErrorKind, Ledger, Message, Receipt};
use crate::pulse::{Pulse, STEP};

/// Messages that wait for a transaction at most. Further ones are refused, and the platform delivers them again.
const MAX_WAITING: usize = 1_024;

/// Time that a message waits for its commit at most.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Queue of messages to commit. A clone is a handle of the same queue.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Waiting>,
}

struct Waiting {
    message: Message,
    result: oneshot::Sender<Result<Receipt, Error>>,
}

/// The task that commits.
pub(crate) struct Committing {
    ledger: Ledger,
    waiting: mpsc::Receiver<Waiting>,
}

impl Committing {
    /// Commits messages. Completes after the last handle of the queue is dropped and the queue is empty.
    pub(crate) async fn run(mut self, pulse: Pulse) {
        let mut group = Vec::with_capacity(MAX_GROUP);
        while self.waiting.recv_many(&mut group, MAX_GROUP).await > 0 {
            pulse.within(STEP);
            let (messages, results): (Vec<_>, Vec<_>) =
                group.drain(..).map(|one| (one.message, one.result)).unzip();
            for (result, receiver) in self.ledger.receive(messages).await.into_iter().zip(results) {
                // The sender has given up; the platform delivers the message again.
                let _ = receiver.send(result);
            }
            pulse.rest();
        }
    }
}

impl Queue {
    /// Returns a queue, and the task that commits its messages.
    pub(crate) fn new(ledger: Ledger) -> (Self, Committing) {
        let (sender, waiting) = mpsc::channel(MAX_WAITING);
        (Self { sender }, Committing { ledger, waiting })
    }

    /// Commits a message. Only after `Ok` it may be acknowledged.
    ///
    /// # Errors
    /// Returns an error if the message was not committed within ten seconds, or the ledger refused it. It may have been committed;
    /// its next delivery is a duplicate then.
    pub(crate) async fn commit(&self, message: Message) -> Result<Receipt, Error> {
        let (result, receiver) = oneshot::channel();
        self.sender
            .try_send(Waiting { message, result })
            .map_err(|_| unavailable("too many messages wait for the store"))?;
        match timeout(COMMIT_TIMEOUT, receiver).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(unavailable("the process is stopping")),
            Err(_) => Err(unavailable("the store did not commit within 10 s")),
        }
    }
}

fn unavailable(message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Message {
        Message {
            id: id.to_owned(),
            kind: "FlowStatusChange".to_owned(),
            flow_id: None,
            report: None,
            targets: Vec::new(),
            body: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn messages_that_wait_are_bounded_in_number_and_time() {
        let (sender, waiting) = mpsc::channel(1);
        let queue = Queue { sender };
        let first = tokio::spawn({
            let queue = queue.clone();
            async move { queue.commit(message("1")).await }
        });
        tokio::task::yield_now().await;
        let error = queue.commit(message("2")).await.unwrap_err();
        assert!(error.to_string().contains("too many messages"), "{error}");
        let error = first.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("did not commit within 10 s"), "{error}");
        drop(waiting);
        assert!(queue.commit(message("3")).await.is_err());
    }

    #[tokio::test]
    async fn a_group_has_the_result_of_each_message() {
        let (queue, committing) = Queue::new(Ledger::in_memory());
        let task = tokio::spawn(committing.run(Pulse::new()));
        let commits = ["1", "1", "2", ""].map(|id| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.commit(message(id)).await })
        });
        let mut receipts = Vec::new();
        for commit in commits {
            receipts.push(commit.await.unwrap().map_err(|error| error.kind()));
        }
        receipts[..2].sort_by_key(|receipt| format!("{receipt:?}"));
        let expected =
            [Ok(Receipt::Duplicate), Ok(Receipt::New), Ok(Receipt::New), Err(ErrorKind::Invalid)];
        assert_eq!(receipts, expected);
        drop(queue);
        task.await.unwrap();
    }
}
