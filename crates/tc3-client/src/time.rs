//! Clocks and timers. Drivers read the time and pass it to the engine as a value.

use std::time::{Duration, Instant, SystemTime};

/// One reading of the wall clock and the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since the Unix epoch, for signatures and expiry. It can jump.
    pub unix: Duration,
    /// Time since an arbitrary fixed start, for waits and timeouts. It never decreases.
    pub monotonic: Duration,
}

/// Returns the clock skew: seconds by which the server's clock is ahead of the local one.
pub(crate) fn skew(server: Duration, now: Now) -> i64 {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    seconds(server).saturating_sub(seconds(now.unix))
}

/// A source of the current time.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Now;
}

/// The clocks of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Creates a clock with a monotonic time of zero.
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
            // A clock set before 1970 reads as zero; the server's `Date` corrects it.
            unix: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
            monotonic: self.start.elapsed(),
        }
    }
}

/// A timer of the blocking client.
#[cfg(feature = "ureq")]
pub trait BlockingSleep: Send + Sync {
    /// Blocks the thread for the given time.
    fn sleep(&self, time: Duration);
}

/// A timer of the async client.
#[cfg(feature = "async-core")]
#[async_trait::async_trait]
pub trait AsyncSleep: Send + Sync {
    /// Completes after the given time.
    async fn sleep(&self, time: Duration);
}

/// The default timers: the thread's sleep in the blocking client, tokio's timer in the async client.
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
        // tokio's timer can take a millisecond for a zero duration.
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
    }
}
