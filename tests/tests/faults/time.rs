//! Delays that are shortened, on a clock that advances by their full length.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tc3_client::{AsyncSleep, BlockingSleep, Clock, Now, SystemClock};

/// Limit of every delay that is not zero.
#[derive(Clone, Copy)]
pub(crate) enum Delay {
    AtMost(Duration),
    AtLeast(Duration),
}

impl Delay {
    fn apply(self, time: Duration) -> Duration {
        match self {
            Self::AtMost(max) => time.min(max),
            Self::AtLeast(_) if time.is_zero() => time,
            Self::AtLeast(min) => time.max(min),
        }
    }
}

/// A clock and sleep that limits delays by [`Delay`]. The clock advances by the full delay, so that timeouts expire.
#[derive(Clone)]
pub(crate) struct Time {
    delay: Delay,
    real: SystemClock,
    skipped: Arc<Mutex<Duration>>,
}

impl Time {
    pub(crate) fn new(delay: Delay) -> Self {
        Self { delay, real: SystemClock::new(), skipped: Arc::default() }
    }

    /// Advances the clock by `time`; returns the time to sleep.
    fn advance(&self, time: Duration) -> Duration {
        let real = self.delay.apply(time);
        *self.skipped.lock().unwrap() += time.saturating_sub(real);
        real
    }
}

impl Clock for Time {
    /// Returns the real Unix time, for the signatures.
    fn now(&self) -> Now {
        let now = self.real.now();
        Now { monotonic: now.monotonic + *self.skipped.lock().unwrap(), ..now }
    }
}

impl BlockingSleep for Time {
    fn sleep(&self, time: Duration) {
        std::thread::sleep(self.advance(time));
    }
}

#[async_trait::async_trait]
impl AsyncSleep for Time {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(self.advance(time)).await;
    }
}
