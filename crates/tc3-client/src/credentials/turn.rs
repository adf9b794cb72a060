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
        let mut taken = self.taken();
        while *taken {
            if is_over() {
                return None;
            }
            let waited = self.returned.wait_timeout(taken, POLL_INTERVAL);
            (taken, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        *taken = true;
        drop(taken);
        Some(Guard(self))
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0.taken() = false;
        self.0.returned.notify_one();
    }
}
