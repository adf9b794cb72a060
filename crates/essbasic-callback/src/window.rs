//! Which messages were handled, and which are being handled.

use core::fmt;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

/// A MsgId of any length in 32 bytes: what a sender writes must not decide how much is remembered.
type Id = [u8; 32];

pub(crate) struct Window {
    length: Duration,
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When each came.
    handled: HashMap<Id, SystemTime>,
    /// The same, the longest handled first; never longer than the capacity.
    order: VecDeque<(Id, SystemTime)>,
    /// Claimed and not yet settled: as many as there are claims, which callers hold.
    pending: HashSet<Id>,
}

pub(crate) enum Verdict {
    New(Claim),
    Duplicate,
    InProgress,
}

impl Window {
    pub(crate) fn new(length: Duration, capacity: usize) -> Self {
        Self { length, capacity, state: Mutex::default() }
    }

    pub(crate) fn claim(self: &Arc<Self>, msg_id: &str, now: SystemTime) -> Verdict {
        let id = id(msg_id);
        let mut state = self.state();
        state.forget_expired(now, self.length);
        if state.handled.get(&id).is_some_and(|came| !expired(*came, now, self.length)) {
            return Verdict::Duplicate;
        }
        if !state.pending.insert(id) {
            return Verdict::InProgress;
        }
        Verdict::New(Claim { window: Arc::clone(self), id, came: now })
    }

    pub(crate) fn remember(&self, msg_id: &str, came: SystemTime) {
        self.state().remember(id(msg_id), came, self.length, self.capacity);
    }

    pub(crate) fn forget(&self, msg_id: &str) -> bool {
        let id = id(msg_id);
        let mut state = self.state();
        state.order.retain(|(other, _)| *other != id);
        state.handled.remove(&id).is_some()
    }

    /// No foreign code runs while the lock is held, so that what a panic leaves is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("length", &self.length)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl State {
    /// An id that is remembered already keeps its time, unless it has expired by then.
    fn remember(&mut self, id: Id, came: SystemTime, length: Duration, capacity: usize) {
        if self.handled.get(&id).is_some_and(|before| !expired(*before, came, length)) {
            return;
        }
        self.handled.insert(id, came);
        self.order.push_back((id, came));
        while self.order.len() > capacity {
            self.forget_first();
        }
    }

    /// In the order of handling: where the clock went back, or handling took long, one that has expired
    /// may stay behind another. It is not taken for a repeat, only held for longer.
    fn forget_expired(&mut self, now: SystemTime, length: Duration) {
        while self.order.front().is_some_and(|(_, came)| expired(*came, now, length)) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((id, came)) = self.order.pop_front() {
            // Expired and handled again, it stands further back with another time.
            if self.handled.get(&id) == Some(&came) {
                self.handled.remove(&id);
            }
        }
    }
}

/// A clock that went back makes nothing expire: to forget late is harmless, to forget early is not.
fn expired(came: SystemTime, now: SystemTime, length: Duration) -> bool {
    now.duration_since(came).unwrap_or_default() >= length
}

fn id(msg_id: &str) -> Id {
    Sha256::digest(msg_id).into()
}

/// The right to handle a message, which one delivery of it has at a time.
///
/// [`commit`](Self::commit) says that the message is taken care of: what comes with its `MsgId` from now
/// on is a repeat. Dropped without, as after an error, a panic or a cancelled future, the `MsgId` is free
/// again and the platform's next delivery is handled.
#[must_use = "a claim that is dropped is given back, and the message's next delivery is handled again"]
pub struct Claim {
    window: Arc<Window>,
    id: Id,
    came: SystemTime,
}

impl Claim {
    /// The message is taken care of.
    pub fn commit(self) {
        // Remembered before `drop` frees it: no delivery may find the MsgId neither here nor there.
        self.window.state().remember(self.id, self.came, self.window.length, self.window.capacity);
    }

    /// The message is not taken care of, and its next delivery shall be handled; what dropping does.
    pub fn release(self) {}
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.window.state().pending.remove(&self.id);
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("came", &self.came).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LENGTH: Duration = Duration::from_secs(10);
    const CAPACITY: usize = 4;

    fn sizes(window: &Window) -> (usize, usize, usize) {
        let state = window.state();
        (state.handled.len(), state.order.len(), state.pending.len())
    }

    #[test]
    fn what_has_expired_is_not_held() {
        let window = Arc::new(Window::new(LENGTH, CAPACITY));
        let commit = |id: &str, now| match window.claim(id, now) {
            Verdict::New(claim) => claim.commit(),
            _ => panic!("{id} is new"),
        };
        commit("a", SystemTime::UNIX_EPOCH);
        commit("b", SystemTime::UNIX_EPOCH + LENGTH / 2);
        assert_eq!(sizes(&window), (2, 2, 0));
        commit("c", SystemTime::UNIX_EPOCH + LENGTH);
        assert_eq!(sizes(&window), (2, 2, 0));
        commit("d", SystemTime::UNIX_EPOCH + LENGTH * 9);
        assert_eq!(sizes(&window), (1, 1, 0));
    }

    proptest! {
        /// However messages, failures and clocks follow each other, memory is bounded, what is held is
        /// held once, and the last that was handled is a repeat.
        #[test]
        fn memory_is_bounded(steps in prop::collection::vec((0..8_u8, 0..40_u64, 0..4_u8), 0..200)) {
            let window = Arc::new(Window::new(LENGTH, CAPACITY));
            let mut held = Vec::new();
            for (id, second, step) in steps {
                let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
                let id = id.to_string();
                match (step, window.claim(&id, now)) {
                    (0, Verdict::New(claim)) => held.push(claim),
                    (1, Verdict::New(claim)) => claim.release(),
                    (_, Verdict::New(claim)) => {
                        claim.commit();
                        prop_assert!(matches!(window.claim(&id, now), Verdict::Duplicate));
                    }
                    (0, _) => drop(held.pop()),
                    (1, _) => drop(window.forget(&id)),
                    _ => {}
                }
                let (handled, order, pending) = sizes(&window);
                prop_assert!(handled <= order && order <= CAPACITY);
                prop_assert_eq!(pending, held.len());
            }
        }
    }
}
