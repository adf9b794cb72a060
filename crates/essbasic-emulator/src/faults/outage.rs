//! Outages: periods in which connections are refused.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Duration of an outage.
const DURATION: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// No outage.
    Up,
    /// Outage until this time; the listener is still open.
    Closing(Instant),
    /// Outage until this time; the listener is closed.
    Down(Instant),
}

/// State of the outage, shared by the listener and all connections.
pub(crate) struct Outage(watch::Sender<Phase>);

impl Default for Outage {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Up))
    }
}

impl Outage {
    /// Starts an outage, or extends the current one.
    pub(crate) fn start(&self) {
        let until = Instant::now() + DURATION;
        self.0.send_modify(|phase| {
            *phase = match phase {
                Phase::Down(_) => Phase::Down(until),
                _ => Phase::Closing(until),
            };
        });
    }

    /// Ends the outage at once.
    pub(crate) fn cancel(&self) {
        self.0.send_replace(Phase::Up);
    }

    /// Records that the listener is closed.
    pub(crate) fn listener_closed(&self) {
        self.0.send_if_modified(|phase| match *phase {
            Phase::Closing(until) => {
                *phase = Phase::Down(until);
                true
            }
            _ => false,
        });
    }

    /// Waits until an outage has started.
    pub(crate) async fn started(&self) {
        self.wait_for(|phase| *phase != Phase::Up).await;
    }

    /// Waits until the listener is closed, or there is no outage.
    pub(crate) async fn settled(&self) {
        self.wait_for(|phase| !matches!(phase, Phase::Closing(_))).await;
    }

    async fn wait_for(&self, condition: impl FnMut(&Phase) -> bool) {
        // An error would mean that the sender was dropped, but `self` owns it.
        let _ = self.0.subscribe().wait_for(condition).await;
    }

    /// Waits until the outage has ended.
    pub(crate) async fn ended(&self) {
        let mut phases = self.0.subscribe();
        loop {
            let phase = *phases.borrow_and_update();
            let (Phase::Closing(until) | Phase::Down(until)) = phase else { return };
            // An error means that the time has passed; the outage ends unless it was extended.
            if tokio::time::timeout_at(until, phases.changed()).await.is_err() {
                self.0.send_if_modified(|current: &mut Phase| {
                    let unchanged = *current == phase;
                    if unchanged {
                        *current = Phase::Up;
                    }
                    unchanged
                });
            }
        }
    }
}
