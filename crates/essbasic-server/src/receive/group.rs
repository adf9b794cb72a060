//! Group commit: messages that arrive while one transaction commits are committed by the next one.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use crate::ledger::limits::MAX_GROUP;
use crate::ledger::{Error, ErrorKind, Ledger, Message, Receipt};
use crate::pulse::{Pulse, STEP};

/// Messages that wait for a transaction at most. Further ones are refused, and the platform delivers them again.
const MAX_WAITING: usize = 1_024;

/// Time that a message waits for its commit at most.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shortest time for which messages are gathered: the resolution of timers. Commits of a faster disk gain nothing.
const MIN_GATHERING: Duration = Duration::from_millis(1);

/// Longest time for which messages are gathered, after a commit that was delayed.
const MAX_GATHERING: Duration = Duration::from_millis(50);

/// Queue of messages to commit. A clone is a handle of the same queue.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: mpsc::Sender<Waiting>,
    ledger: Ledger,
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
        let mut last = Commit::default();
        while self.waiting.recv_many(&mut group, MAX_GROUP).await > 0 {
            pulse.within(STEP);
            self.gather(&mut group, &last).await;
            let (began, size) = (Instant::now(), group.len());
            let (messages, results): (Vec<_>, Vec<_>) =
                group.drain(..).map(|one| (one.message, one.result)).unzip();
            let receipts = self.ledger.receive(messages).await;
            last = Commit { time: began.elapsed(), senders: size + self.waiting.len() };
            for (result, receiver) in receipts.into_iter().zip(results) {
                // The sender has given up; the platform delivers the message again.
                let _ = receiver.send(result);
            }
            pulse.rest();
        }
    }

    /// Adds messages that arrive soon to a group: those of senders that were in the last commit, or waited for its end. Otherwise the
    /// senders would split into two groups, each of which waits for the commit of the other.
    async fn gather(&mut self, group: &mut Vec<Waiting>, last: &Commit) {
        let time = (last.time / 4).min(MAX_GATHERING);
        if time < MIN_GATHERING {
            return;
        }
        let deadline = Instant::now() + time;
        let size = last.senders.min(MAX_GROUP);
        while group.len() < size {
            let limit = MAX_GROUP - group.len();
            match timeout_at(deadline, self.waiting.recv_many(group, limit)).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }
}

/// A commit: its duration, and the number of messages in it and of those that waited for its end.
#[derive(Default)]
struct Commit {
    time: Duration,
    senders: usize,
}

impl Queue {
    /// Returns a queue, and the task that commits its messages.
    pub(crate) fn new(ledger: Ledger) -> (Self, Committing) {
        let (sender, waiting) = mpsc::channel(MAX_WAITING);
        (Self { sender, ledger: ledger.clone() }, Committing { ledger, waiting })
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
            Err(_) => {
                self.ledger.note_late_commit();
                Err(unavailable("the store did not commit within 10 s"))
            }
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
        let ledger = Ledger::in_memory();
        let queue = Queue { sender, ledger: ledger.clone() };
        let first = tokio::spawn({
            let queue = queue.clone();
            async move { queue.commit(message("1")).await }
        });
        tokio::task::yield_now().await;
        let error = queue.commit(message("2")).await.unwrap_err();
        assert!(error.to_string().contains("too many messages"), "{error}");
        let error = first.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("did not commit within 10 s"), "{error}");
        assert!(ledger.is_failing());
        drop(waiting);
        assert!(queue.commit(message("3")).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn senders_of_the_last_commit_are_awaited_for_a_quarter_of_its_time() {
        let ms = Duration::from_millis;
        // Duration of the last commit, its senders, and the times at which messages arrive; size of the group, and time until it is
        // complete.
        for (time, senders, arrivals, expected) in [
            (ms(40), 3, [2, 5], (3, ms(5))),
            (ms(40), 2, [2, 5], (2, ms(2))),
            (ms(40), 3, [2, 50], (2, ms(10))),
            (ms(40), 1, [2, 5], (1, ms(0))),
            (ms(3), 3, [0, 0], (1, ms(0))),
            (ms(9_000), 3, [2, 60], (2, ms(50))),
        ] {
            let (queue, mut committing) = Queue::new(Ledger::in_memory());
            let began = Instant::now();
            for (number, at) in arrivals.into_iter().enumerate() {
                let queue = queue.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(ms(at)).await;
                    queue.commit(message(&number.to_string())).await
                });
            }
            let (result, _receiver) = oneshot::channel();
            let mut group = vec![Waiting { message: message("first"), result }];
            committing.gather(&mut group, &Commit { time, senders }).await;
            assert_eq!((group.len(), began.elapsed()), expected, "{time:?} {senders} {arrivals:?}");
        }
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
