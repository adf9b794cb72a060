//! Notifications to systemd, which starts the process with `Type=notify`. Under another supervisor, nothing is sent.

use std::time::Duration;

use crate::pulse::Liveness;

/// State of the process.
pub(crate) enum Notice<'a> {
    /// Callbacks are received at this URL.
    Ready(&'a str),
    /// The work in flight is completed.
    Stopping,
    /// Every task makes progress.
    Alive,
    /// Tasks with these names make no progress. Without a sign of life, systemd restarts the process.
    Stalled(&'a [String]),
}

/// Sends a notice.
pub(crate) fn send(notice: &Notice<'_>) {
    let sent = match notice {
        Notice::Ready(url) => system::ready(&format!("receives callbacks at {url}")),
        Notice::Stopping => system::stopping("completes the work in flight"),
        Notice::Alive => system::alive(),
        Notice::Stalled(names) => system::status(&format!("stalled: {}", names.join(", "))),
    };
    if let Err(error) = sent {
        tracing::warn!(%error, "cannot notify systemd");
    }
}

/// Returns the period of the watchdog, if `WatchdogSec` is set.
pub(crate) fn watchdog() -> Option<Duration> {
    system::watchdog()
}

/// Sends signs of life while every task makes progress.
pub(crate) async fn watch(liveness: Liveness, period: Duration) {
    // Half of it, as systemd recommends.
    let mut ticks = tokio::time::interval((period / 2).max(Duration::from_millis(1)));
    loop {
        ticks.tick().await;
        let stalled = liveness.stalled();
        send(&if stalled.is_empty() { Notice::Alive } else { Notice::Stalled(&stalled) });
    }
}

#[cfg(unix)]
mod system {
    use std::io;
    use std::time::Duration;

    use sd_notify::NotifyState::{Ready, Status, Stopping, Watchdog};
    use sd_notify::notify;

    pub(super) fn ready(text: &str) -> io::Result<()> {
        notify(&[Ready, Status(text)])
    }

    pub(super) fn stopping(text: &str) -> io::Result<()> {
        notify(&[Stopping, Status(text)])
    }

    pub(super) fn alive() -> io::Result<()> {
        notify(&[Watchdog])
    }

    pub(super) fn status(text: &str) -> io::Result<()> {
        notify(&[Status(text)])
    }

    pub(super) fn watchdog() -> Option<Duration> {
        sd_notify::watchdog_enabled()
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;
    use std::time::Duration;

    pub(super) fn ready(_text: &str) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn stopping(_text: &str) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn alive() -> io::Result<()> {
        Ok(())
    }

    pub(super) fn status(_text: &str) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn watchdog() -> Option<Duration> {
        None
    }
}
