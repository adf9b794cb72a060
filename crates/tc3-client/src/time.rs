//! Clocks and timers. Drivers read the time and pass it to the engine as a value.

use std::sync::OnceLock;
#[cfg(feature = "async-core")]
use std::task::Poll;
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

/// The clocks of the operating system. All of a process have the same monotonic time.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

/// Start of the monotonic time of the process.
static START: OnceLock<Instant> = OnceLock::new();

impl SystemClock {
    /// Creates a clock. The monotonic time of the first one of a process is zero.
    pub fn new() -> Self {
        Self { start: *START.get_or_init(Instant::now) }
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

    /// Returns whether [`sleep`](Self::sleep) takes the given time, in real time; default `false`, for timers of
    /// simulations.
    ///
    /// Only such a timer drops an exchange at the timeout of its request. Without it, the transport alone does so.
    fn is_real_time(&self) -> bool {
        false
    }
}

/// Returns the output of a future; `None` if it takes longer than `limit`, unless the timer is that of a simulation.
#[cfg(feature = "async-core")]
pub(crate) async fn within<T>(
    timer: &dyn AsyncSleep,
    limit: Option<Duration>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let limit = limit.filter(|_| timer.is_real_time());
    let mut work = std::pin::pin!(work);
    // Started only if there is something to wait for.
    let mut sleep = None;
    std::future::poll_fn(|context| match (work.as_mut().poll(context), limit) {
        (Poll::Ready(output), _) => Poll::Ready(Some(output)),
        (Poll::Pending, None) => Poll::Pending,
        (Poll::Pending, Some(limit)) => {
            let sleep = sleep.get_or_insert_with(|| timer.sleep(limit));
            sleep.as_mut().poll(context).map(|()| None)
        }
    })
    .await
}

/// Interval at which a waiting thread checks whether to continue. A [`BlockingSleep`] cannot be interrupted.
#[cfg(feature = "ureq")]
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Sleeps until `is_over`, which is polled, returns true. Returns false if it did.
#[cfg(feature = "ureq")]
pub(crate) fn sleep_unless(
    timer: &dyn BlockingSleep,
    time: Duration,
    is_over: &dyn Fn() -> bool,
) -> bool {
    let mut left = time;
    while !is_over() {
        if left.is_zero() {
            return true;
        }
        let slice = left.min(POLL_INTERVAL);
        timer.sleep(slice);
        left = left.saturating_sub(slice);
    }
    false
}

/// Sleeps, or returns false at a stop. Without a [`Stop`] it sleeps once: slices would change the calls of a caller's timer.
#[cfg(feature = "ureq")]
pub(crate) fn sleep_until_stop(
    timer: &dyn BlockingSleep,
    time: Duration,
    stop: Option<&crate::stop::Stop>,
) -> bool {
    match stop {
        None => {
            timer.sleep(time);
            true
        }
        Some(stop) => sleep_unless(timer, time, &|| stop.is_stopped()),
    }
}

/// The default timers: the thread's sleep in the blocking client, tokio's timer in the async client.
///
/// A tokio runtime must have its timer enabled (`enable_time` or `enable_all`).
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

    fn is_real_time(&self) -> bool {
        tokio::runtime::Handle::try_current().is_ok()
    }
}
