//! De-duplication: the messages that were handled, and those in flight.

use core::fmt;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

/// Hash of a `MsgId`, so that its length does not affect memory use.
type Id = [u8; 32];

/// The messages that were handled within a period of time, up to a number of them.
pub(crate) struct DedupWindow {
    length: Duration,
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The time at which each handled message was received.
    handled: HashMap<Id, SystemTime>,
    /// The same entries in the order of handling, at most `capacity` of them.
    order: VecDeque<(Id, SystemTime)>,
    /// Messages with a claim that was neither committed nor dropped.
    in_flight: HashSet<Id>,
}

/// The result of [`DedupWindow::claim`].
pub(crate) enum ClaimResult {
    New(Claim),
    Duplicate,
    InFlight,
}

impl DedupWindow {
    pub(crate) fn new(length: Duration, capacity: usize) -> Self {
        Self { length, capacity, state: Mutex::default() }
    }

    /// Claims a message, unless it was handled within the window or is in flight.
    pub(crate) fn claim(self: &Arc<Self>, msg_id: &str, now: SystemTime) -> ClaimResult {
        let id = hash(msg_id);
        let mut state = self.state();
        state.remove_expired(now, self.length);
        if state.handled.get(&id).is_some_and(|handled| !is_expired(*handled, now, self.length)) {
            return ClaimResult::Duplicate;
        }
        if !state.in_flight.insert(id) {
            return ClaimResult::InFlight;
        }
        ClaimResult::New(Claim { window: Arc::clone(self), id, received_at: now })
    }

    /// Marks a message as handled.
    pub(crate) fn remember(&self, msg_id: &str, received_at: SystemTime) {
        self.state().remember(hash(msg_id), received_at, self.length, self.capacity);
    }

    /// Removes a message, and returns whether it was marked as handled.
    pub(crate) fn forget(&self, msg_id: &str) -> bool {
        let id = hash(msg_id);
        let mut state = self.state();
        state.order.retain(|(other, _)| *other != id);
        state.handled.remove(&id).is_some()
    }

    /// Locks the state. No code of the caller runs while the lock is held, so a poisoned state is consistent.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DedupWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DedupWindow")
            .field("length", &self.length)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Adds a message. An existing entry keeps its time, unless it has expired at `received_at`.
    fn remember(&mut self, id: Id, received_at: SystemTime, length: Duration, capacity: usize) {
        if self.handled.get(&id).is_some_and(|earlier| !is_expired(*earlier, received_at, length)) {
            return;
        }
        self.handled.insert(id, received_at);
        self.order.push_back((id, received_at));
        while self.order.len() > capacity {
            self.remove_oldest();
        }
    }

    /// Removes expired entries from the front of the queue, which is in the order of handling.
    ///
    /// After a clock step or a slow handler, an expired entry may stay behind one that has not expired. It uses
    /// memory for longer, but is not treated as a duplicate.
    fn remove_expired(&mut self, now: SystemTime, length: Duration) {
        while self.order.front().is_some_and(|(_, received)| is_expired(*received, now, length)) {
            self.remove_oldest();
        }
    }

    fn remove_oldest(&mut self) {
        if let Some((id, received_at)) = self.order.pop_front() {
            // A message that expired and was handled again has a later entry with another time.
            if self.handled.get(&id) == Some(&received_at) {
                self.handled.remove(&id);
            }
        }
    }
}

/// Returns whether an entry has expired. If the clock went back, it has not: a late removal is harmless, and an
/// early one is not.
fn is_expired(received_at: SystemTime, now: SystemTime, length: Duration) -> bool {
    now.duration_since(received_at).unwrap_or_default() >= length
}

fn hash(msg_id: &str) -> Id {
    Sha256::digest(msg_id).into()
}

/// The right to handle a message. At most one delivery of a message has it at a time.
///
/// [`commit`](Self::commit) marks the message as handled: later deliveries of its `MsgId` are duplicates. If the
/// claim is dropped instead, as by an error, a panic or a cancelled future, the next delivery is new again.
#[must_use = "a claim that is dropped is released, and the message's next delivery is handled again"]
pub struct Claim {
    window: Arc<DedupWindow>,
    id: Id,
    received_at: SystemTime,
}

impl Claim {
    /// Marks the message as handled.
    pub fn commit(self) {
        // Marked before `drop` removes it from those in flight, so that no delivery finds it in neither.
        let window = &self.window;
        window.state().remember(self.id, self.received_at, window.length, window.capacity);
    }

    /// Releases the message, so that its next delivery is handled. The same as dropping the claim.
    pub fn release(self) {}
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.window.state().in_flight.remove(&self.id);
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("received_at", &self.received_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LENGTH: Duration = Duration::from_secs(10);
    const CAPACITY: usize = 4;

    /// Returns the numbers of handled messages, queue entries and messages in flight.
    fn sizes(window: &DedupWindow) -> (usize, usize, usize) {
        let state = window.state();
        (state.handled.len(), state.order.len(), state.in_flight.len())
    }

    #[test]
    fn expired_messages_use_no_memory() {
        let window = Arc::new(DedupWindow::new(LENGTH, CAPACITY));
        let commit = |id: &str, now| match window.claim(id, now) {
            ClaimResult::New(claim) => claim.commit(),
            _ => panic!("{id} is not new"),
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
        /// For any sequence of messages, failures and clock steps: memory is bounded, claims and messages in
        /// flight agree, and the message that was handled last is a duplicate.
        #[test]
        fn memory_is_bounded(steps in prop::collection::vec((0..8_u8, 0..40_u64, 0..4_u8), 0..200)) {
            let window = Arc::new(DedupWindow::new(LENGTH, CAPACITY));
            let mut claims = Vec::new();
            for (id, second, step) in steps {
                let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
                let id = id.to_string();
                match (step, window.claim(&id, now)) {
                    (0, ClaimResult::New(claim)) => claims.push(claim),
                    (1, ClaimResult::New(claim)) => claim.release(),
                    (_, ClaimResult::New(claim)) => {
                        claim.commit();
                        prop_assert!(matches!(window.claim(&id, now), ClaimResult::Duplicate));
                    }
                    (0, _) => drop(claims.pop()),
                    (1, _) => drop(window.forget(&id)),
                    _ => {}
                }
                let (handled, order, in_flight) = sizes(&window);
                prop_assert!(handled <= order && order <= CAPACITY);
                prop_assert_eq!(in_flight, claims.len());
            }
        }
    }
}
