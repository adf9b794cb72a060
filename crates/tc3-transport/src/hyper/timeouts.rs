use core::pin::Pin;
use core::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// How long an exchange may take, and the server be silent within. One timer watches both.
pub(super) struct Limits {
    deadline: Option<Instant>,
    silence: Duration,
    heard: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Limits {
    /// The server is heard from now on.
    pub(super) fn new(deadline: Option<Instant>, silence: Duration) -> Self {
        let heard = Instant::now();
        let due = due(deadline, heard, silence).unwrap_or(heard);
        Self { deadline, silence, heard, timer: Box::pin(sleep_until(due)) }
    }

    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// Ready once a limit has struck. The timer is moved only when it fires, not with each piece that is heard.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = due(self.deadline, self.heard, self.silence) else { return Poll::Pending };
        while self.timer.as_mut().poll(cx).is_ready() {
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

/// When a limit strikes; `None` where that lies beyond what a clock can tell.
fn due(deadline: Option<Instant>, heard: Instant, silence: Duration) -> Option<Instant> {
    heard.checked_add(silence).into_iter().chain(deadline).min()
}
