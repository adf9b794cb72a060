//! Tasks of a running server, and their ordered end.

use std::sync::Arc;
use std::time::Duration;

use essbasic::Stop;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::ops::Ops;
use crate::tasks::{Ended, Tasks};

/// Time for the settlements of work that the end of the grace has stopped.
const SETTLING: Duration = Duration::from_secs(5);

/// Time for the commit of the last messages, after the listeners have ended.
const COMMITTING: Duration = Duration::from_secs(10);

/// Time for the report of the panic that made another task end.
const CAUSE: Duration = Duration::from_millis(500);

/// Tasks, in the order in which they end.
pub(super) struct Running {
    /// Loops that claim, and work on what they have claimed.
    pub(super) loops: Tasks,
    /// Everything without claims.
    pub(super) background: Tasks,
    pub(super) heartbeat: Tasks,
    pub(super) listeners: Tasks,
    /// Commits of received messages.
    pub(super) commits: Tasks,
    pub(super) ops: Arc<Ops>,
    /// Ends the claims of the loops.
    pub(super) claiming: Stop,
    /// Ends the heartbeat when it is dropped.
    pub(super) leave: oneshot::Sender<()>,
    /// Ends the listeners.
    pub(super) close: watch::Sender<bool>,
}

/// Times of an end.
pub(super) struct Drain {
    pub(super) delay: Duration,
    pub(super) grace: Duration,
    /// Ends the work in flight.
    pub(super) work: Stop,
    /// Whether a task has panicked.
    pub(super) is_panic: bool,
}

impl Running {
    /// Completes when a task ends although nobody stopped it. Returns the cause, if others end without it.
    pub(super) async fn ended(&mut self) -> Ended {
        let first = self.next_ended().await;
        if first.is_panic() {
            return first;
        }
        let panicked = async {
            loop {
                let next = self.next_ended().await;
                if next.is_panic() {
                    return next;
                }
            }
        };
        // Loops end without a heartbeat, perhaps before its panic is reported.
        timeout(CAUSE, panicked).await.unwrap_or(first)
    }

    async fn next_ended(&mut self) -> Ended {
        tokio::select! {
            biased;
            ended = self.commits.ended() => ended,
            ended = self.heartbeat.ended() => ended,
            ended = self.listeners.ended() => ended,
            ended = self.background.ended() => ended,
            ended = self.loops.ended() => ended,
        }
    }

    /// Ends the tasks. Work in flight is completed within the grace, and accepted messages are committed. Returns the first task that
    /// panicked meanwhile.
    pub(super) async fn drain(mut self, drain: Drain) -> Option<Ended> {
        // Load balancers see the probe fail before the listener closes.
        self.ops.drain();
        sleep(drain.delay).await;
        self.claiming.stop();
        let mut ended = timeout(drain.grace, self.loops.all_ended()).await;
        if ended.is_err() {
            // Transfers in flight end, and their contracts are released.
            drain.work.stop();
            ended = timeout(SETTLING, self.loops.all_ended()).await;
        }
        self.background.abort();
        let is_settled = ended.as_ref().is_ok_and(Option::is_none) && !drain.is_panic;
        if !is_settled {
            // Without leaving, the attempts count: a contract that ends its workers must be dead at last. Others claim it after the lease.
            self.loops.abort();
            self.heartbeat.abort();
        }
        drop(self.leave);
        let mut panicked = ended.ok().flatten();
        panicked = panicked.or(self.heartbeat.all_ended().await);
        self.close.send_replace(true);
        panicked = panicked.or(self.listeners.all_ended().await);
        match timeout(COMMITTING, self.commits.all_ended()).await {
            Ok(ended) => panicked.or(ended),
            // Nothing of it was acknowledged.
            Err(_) => panicked,
        }
    }
}
