use core::pin::Pin;
use core::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The deadline of an exchange and the read timeout within it, on one timer.
pub(super) struct Timeouts {
    deadline: Option<Instant>,
    read_timeout: Duration,
    last_activity: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Timeouts {
    /// Starts the read timeout.
    pub(super) fn new(deadline: Option<Instant>, read_timeout: Duration) -> Self {
        let now = Instant::now();
        let due = due(deadline, now, read_timeout).unwrap_or(now);
        Self { deadline, read_timeout, last_activity: now, timer: Box::pin(sleep_until(due)) }
    }

    /// Removes the deadline, so that only the read timeout remains.
    pub(super) fn remove_deadline(&mut self) {
        self.deadline = None;
    }

    /// Restarts the read timeout.
    pub(super) fn record_activity(&mut self) {
        self.last_activity = Instant::now();
    }

    /// Returns ready after a timeout has expired. The timer is reset only when it fires, not on every activity.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = due(self.deadline, self.last_activity, self.read_timeout) else {
            return Poll::Pending;
        };
        while self.timer.as_mut().poll(cx).is_ready() {
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

/// Returns the time at which a timeout expires; `None` if the clock cannot represent it.
fn due(
    deadline: Option<Instant>,
    last_activity: Instant,
    read_timeout: Duration,
) -> Option<Instant> {
    last_activity.checked_add(read_timeout).into_iter().chain(deadline).min()
}
