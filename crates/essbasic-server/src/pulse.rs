//! Signs of life of tasks, for `/livez` and the watchdog of systemd.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Time for one operation of the store. Each store limits it to about 30 s.
pub(crate) const STEP: Duration = Duration::from_secs(120);

/// Value of a task that waits for something outside of it.
const AT_REST: u64 = u64::MAX;

/// Sign of life of a task: the time until which the next one is expected. A clone is a handle of the same one.
#[derive(Clone)]
pub(crate) struct Pulse(Arc<Inner>);

struct Inner {
    began: Instant,
    /// In milliseconds since `began`.
    expected: AtomicU64,
}

impl Pulse {
    /// Returns the pulse of a task that waits.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { began: Instant::now(), expected: AtomicU64::new(AT_REST) }))
    }

    /// Expects the next sign of life within this time.
    pub(crate) fn within(&self, time: Duration) {
        let expected = (self.0.began.elapsed() + time).as_millis();
        self.0.expected.store(u64::try_from(expected).unwrap_or(AT_REST), Ordering::Relaxed);
    }

    /// Expects no sign of life: the task waits for something outside of it, such as a message.
    pub(crate) fn rest(&self) {
        self.0.expected.store(AT_REST, Ordering::Relaxed);
    }

    fn is_overdue(&self) -> bool {
        let expected = self.0.expected.load(Ordering::Relaxed);
        expected != AT_REST && self.0.began.elapsed() > Duration::from_millis(expected)
    }
}

/// Pulses of all tasks of a process. A clone is a handle of the same ones.
#[derive(Clone, Default)]
pub(crate) struct Liveness(Arc<Mutex<Vec<(String, Pulse)>>>);

impl Liveness {
    /// Adds the pulse of a task.
    pub(crate) fn add(&self, name: &str, pulse: Pulse) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), pulse));
    }

    /// Returns the names of tasks that make no progress.
    pub(crate) fn stalled(&self) -> Vec<String> {
        let pulses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let overdue = pulses.iter().filter(|(_, pulse)| pulse.is_overdue());
        overdue.map(|(name, _)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_is_stalled_once_its_sign_of_life_is_overdue() {
        let liveness = Liveness::default();
        let (waits, works) = (Pulse::new(), Pulse::new());
        liveness.add("waits", waits);
        liveness.add("works", works.clone());
        works.within(STEP);
        tokio::time::advance(STEP).await;
        assert!(liveness.stalled().is_empty());
        tokio::time::advance(Duration::from_millis(2)).await;
        assert_eq!(liveness.stalled(), ["works"]);
        works.within(STEP);
        assert!(liveness.stalled().is_empty());
        tokio::time::advance(STEP * 2).await;
        works.rest();
        assert!(liveness.stalled().is_empty());
    }
}
