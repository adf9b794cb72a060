//! Time as the engine sees it: read by a driver, handed in as a value.

use std::time::{Duration, Instant, SystemTime};

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the Unix epoch: what signatures and expiry dates are made of. Can jump.
    pub unix: Duration,
    /// Since some fixed moment: what waiting is measured with. Never goes back.
    pub monotonic: Duration,
}

/// Seconds that the server's clock is ahead of ours.
pub(crate) fn skew(server: Duration, now: Now) -> i64 {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    seconds(server).saturating_sub(seconds(now.unix))
}

/// A source of the time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Now;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic reading starts at zero.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        Now {
            // A clock set before 1970 is as wrong as can be: the server's Date corrects it.
            unix: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
            monotonic: self.start.elapsed(),
        }
    }
}

/// Waits, blocking.
#[cfg(feature = "ureq")]
pub trait BlockingSleep: Send + Sync {
    /// Returns after the time given.
    fn sleep(&self, time: Duration);
}

/// Waits, async.
#[cfg(feature = "async-core")]
#[async_trait::async_trait]
pub trait AsyncSleep: Send + Sync {
    /// Completes after the time given.
    async fn sleep(&self, time: Duration);
}

/// Waits with the thread, or with tokio's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSleep;

#[cfg(feature = "ureq")]
impl BlockingSleep for SystemSleep {
    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

#[cfg(feature = "async-core")]
#[async_trait::async_trait]
impl AsyncSleep for SystemSleep {
    async fn sleep(&self, time: Duration) {
        // To tokio's timer no time at all is up to a millisecond.
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
    }
}
