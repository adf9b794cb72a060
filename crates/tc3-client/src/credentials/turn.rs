//! A lock that a thread can stop waiting for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::time::POLL_INTERVAL;

/// A lock without content.
#[derive(Default)]
pub(super) struct Turn {
    taken: Mutex<bool>,
    returned: Condvar,
}

/// Returns the turn when it is dropped.
pub(super) struct Guard<'a>(&'a Turn);

impl Turn {
    fn taken(&self) -> MutexGuard<'_, bool> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the turn; `None` if another thread has it.
    pub(super) fn try_take(&self) -> Option<Guard<'_>> {
        let was_taken = std::mem::replace(&mut *self.taken(), true);
        (!was_taken).then(|| Guard(self))
    }

    /// Waits for the turn. Returns `None` once `is_over` returns true, which is polled.
    pub(super) fn take(&self, is_over: &dyn Fn() -> bool) -> Option<Guard<'_>> {
        loop {
            if let Some(guard) = self.try_take() {
                return Some(guard);
            }
            // It may call a clock of the caller: nothing is locked here.
            if is_over() {
                return None;
            }
            let taken = self.taken();
            if *taken {
                drop(self.returned.wait_timeout(taken, POLL_INTERVAL));
            }
        }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0.taken() = false;
        self.0.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_condition_is_evaluated_without_a_lock() {
        let turn = Arc::new(Turn::default());
        let (sender, result) = channel();
        let other = Arc::clone(&turn);
        let guard = turn.try_take();
        assert!(guard.is_some());
        std::thread::spawn(move || {
            let is_over = || other.try_take().is_none();
            sender.send(other.take(&is_over).is_none())
        });
        assert_eq!(result.recv_timeout(Duration::from_secs(60)), Ok(true));
    }
}
