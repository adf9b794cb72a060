//! Options of waiting for a task.

use std::time::Duration;

use crate::stop::Stop;

/// Options of waiting for the end of a task.
///
/// ```
/// use std::time::Duration;
/// use tc3_client::TaskOptions;
///
/// let options = TaskOptions::default().with_timeout(Duration::from_secs(24 * 3600));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskOptions {
    /// Delay before the second query, in at least 100 milliseconds; by default that of the action, usually some seconds. It
    /// grows by half after each query.
    pub interval: Option<Duration>,
    /// Maximum delay after growth; one minute, or the interval if that is longer. It is limited to one hour.
    pub max_interval: Duration,
    /// Maximum duration of the wait; one hour. The task is queried at least once.
    pub timeout: Duration,
    pub(crate) stop: Option<Stop>,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self {
            interval: None,
            max_interval: Duration::from_secs(60),
            timeout: Duration::from_secs(3600),
            stop: None,
        }
    }
}

impl TaskOptions {
    /// Sets [`interval`](Self::interval).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Sets [`max_interval`](Self::max_interval).
    #[must_use]
    pub fn with_max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = interval;
        self
    }

    /// Sets [`timeout`](Self::timeout).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Ends the wait early if it is stopped through this handle. The task itself goes on.
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Returns the handle that ends the wait, if there is one.
    pub fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::is_stopped)
    }
}
