//! The message store of one process.

use core::fmt;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::store::{BlockingMessageStore, BoxError, Claimed, Committed, Lease, MessageStore};

/// Default length of the de-duplication window. The platform does not document for how long it resends a
/// message; this covers an outage of a night.
const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// Default number of messages in the de-duplication window: about 150 bytes each, so 15 MB.
const MAX_MESSAGES: usize = 100_000;

/// Minimum number of leases above which expired ones are removed.
const MIN_SWEEP: usize = 64;

/// Hash of a `MsgId`, so that its length does not affect memory use.
type Id = [u8; 32];

/// The messages that were handled within a period of time, up to a number of them, in the memory of one process.
///
/// It is the store of a [`Receiver`](crate::Receiver), and a [`MessageStore`] for tests and for a program that will have
/// several processes later. It reads no clock: leases expire by the time of later claims.
pub struct MemoryStore {
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
    /// Messages with a claim that was neither committed nor released.
    in_flight: HashMap<Id, InFlight>,
    /// Token of the last claim.
    last_fencing_token: u64,
    /// Number of messages in flight at which expired leases are removed.
    sweep_at: usize,
}

struct InFlight {
    fencing_token: u64,
    received_at: SystemTime,
    /// End of the lease; `None` if it does not expire.
    expires_at: Option<SystemTime>,
}

impl Default for MemoryStore {
    /// Returns a store of 24 hours and 100,000 messages.
    fn default() -> Self {
        Self::new(WINDOW, MAX_MESSAGES)
    }
}

impl MemoryStore {
    /// Returns a store that remembers a handled message for this time from its reception, and at most this number.
    ///
    /// Above the maximum, the messages that were handled first are forgotten, and their duplicates handled again.
    pub fn new(window: Duration, max_messages: usize) -> Self {
        Self { length: window, capacity: max_messages, state: Mutex::default() }
    }

    /// Claims a message for the time of the lease. A lease of [`Duration::MAX`] does not expire.
    pub(crate) fn claim_for(&self, msg_id: &str, lease: Duration, now: SystemTime) -> Claimed {
        let id = hash(msg_id);
        let mut state = self.state();
        state.remove_expired(now, self.length);
        if state.handled.get(&id).is_some_and(|handled| !is_expired(*handled, now, self.length)) {
            return Claimed::Duplicate;
        }
        if state.in_flight.get(&id).is_some_and(|claim| !claim.is_expired(now)) {
            return Claimed::InFlight;
        }
        state.last_fencing_token += 1;
        let fencing_token = state.last_fencing_token;
        let expires_at = now.checked_add(lease);
        state.in_flight.insert(id, InFlight { fencing_token, received_at: now, expires_at });
        Claimed::New(Lease::new(msg_id, fencing_token))
    }

    fn commit_lease(&self, lease: &Lease) -> Committed {
        let id = hash(lease.msg_id());
        let mut state = self.state();
        match state.take(id, lease.fencing_token()) {
            Some(claim) => {
                state.remember(id, claim.received_at, self.length, self.capacity);
                Committed::Done
            }
            None => Committed::LeaseLost,
        }
    }

    fn release_lease(&self, lease: &Lease) {
        self.state().take(hash(lease.msg_id()), lease.fencing_token());
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

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("length", &self.length)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl MessageStore for MemoryStore {
    async fn claim(
        &self,
        msg_id: &str,
        lease: Duration,
        now: SystemTime,
    ) -> Result<Claimed, BoxError> {
        Ok(self.claim_for(msg_id, lease, now))
    }

    async fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        Ok(self.commit_lease(lease))
    }

    async fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        self.release_lease(lease);
        Ok(())
    }

    fn abandon(&self, lease: &Lease) {
        self.release_lease(lease);
    }
}

impl BlockingMessageStore for MemoryStore {
    fn claim(&self, msg_id: &str, lease: Duration, now: SystemTime) -> Result<Claimed, BoxError> {
        Ok(self.claim_for(msg_id, lease, now))
    }

    fn commit(&self, lease: &Lease) -> Result<Committed, BoxError> {
        Ok(self.commit_lease(lease))
    }

    fn release(&self, lease: &Lease) -> Result<(), BoxError> {
        self.release_lease(lease);
        Ok(())
    }
}

impl InFlight {
    fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

impl State {
    /// Removes a claim with this fencing token.
    fn take(&mut self, id: Id, fencing_token: u64) -> Option<InFlight> {
        self.in_flight.get(&id).filter(|claim| claim.fencing_token == fencing_token)?;
        self.in_flight.remove(&id)
    }

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

    /// Removes expired leases, and expired entries from the front of the queue, which is in the order of handling.
    ///
    /// After a clock step or a slow handler, an expired entry may stay behind one that has not expired. It uses
    /// memory for longer, but is not treated as a duplicate.
    fn remove_expired(&mut self, now: SystemTime, length: Duration) {
        while self.order.front().is_some_and(|(_, received)| is_expired(*received, now, length)) {
            self.remove_oldest();
        }
        // Leases without a commit or release, as of dropped futures. Doubling the threshold amortizes the search.
        if self.in_flight.len() >= self.sweep_at.max(MIN_SWEEP) {
            self.in_flight.retain(|_, claim| !claim.is_expired(now));
            self.sweep_at = self.in_flight.len() * 2;
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
    store: Arc<MemoryStore>,
    lease: Lease,
}

impl Claim {
    /// Returns the claim of a lease, until it is committed or dropped.
    pub(crate) fn new(store: &Arc<MemoryStore>, lease: Lease) -> Self {
        Self { store: Arc::clone(store), lease }
    }

    /// Marks the message as handled.
    pub fn commit(self) {
        let _ = self.store.commit_lease(&self.lease);
    }

    /// Releases the message, so that its next delivery is handled. The same as dropping the claim.
    pub fn release(self) {}
}

impl Drop for Claim {
    fn drop(&mut self) {
        // After a commit, there is no lease to release.
        self.store.release_lease(&self.lease);
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("lease", &self.lease).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LENGTH: Duration = Duration::from_secs(10);
    const CAPACITY: usize = 4;

    /// Returns the numbers of handled messages, queue entries and messages in flight.
    fn sizes(store: &MemoryStore) -> (usize, usize, usize) {
        let state = store.state();
        (state.handled.len(), state.order.len(), state.in_flight.len())
    }

    #[test]
    fn expired_messages_use_no_memory() {
        let store = Arc::new(MemoryStore::new(LENGTH, CAPACITY));
        let commit = |id: &str, now| match store.claim_for(id, Duration::MAX, now) {
            Claimed::New(lease) => Claim::new(&store, lease).commit(),
            _ => panic!("{id} is not new"),
        };
        commit("a", SystemTime::UNIX_EPOCH);
        commit("b", SystemTime::UNIX_EPOCH + LENGTH / 2);
        assert_eq!(sizes(&store), (2, 2, 0));
        commit("c", SystemTime::UNIX_EPOCH + LENGTH);
        assert_eq!(sizes(&store), (2, 2, 0));
        commit("d", SystemTime::UNIX_EPOCH + LENGTH * 9);
        assert_eq!(sizes(&store), (1, 1, 0));
    }

    #[test]
    fn expired_leases_use_no_memory() {
        let store = MemoryStore::new(LENGTH, CAPACITY);
        for second in 0..10_000 {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let claimed = store.claim_for(&second.to_string(), Duration::from_secs(10), now);
            assert!(matches!(claimed, Claimed::New(_)));
        }
        assert!(sizes(&store).2 <= MIN_SWEEP, "{:?}", sizes(&store));
    }

    proptest! {
        /// For any sequence of messages, failures and clock steps: memory is bounded, claims and messages in
        /// flight agree, and the message that was handled last is a duplicate.
        #[test]
        fn memory_is_bounded(steps in prop::collection::vec((0..8_u8, 0..40_u64, 0..4_u8), 0..200)) {
            let store = Arc::new(MemoryStore::new(LENGTH, CAPACITY));
            let mut claims = Vec::new();
            for (id, second, step) in steps {
                let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
                let id = id.to_string();
                match (step, store.claim_for(&id, Duration::MAX, now)) {
                    (0, Claimed::New(lease)) => claims.push(Claim::new(&store, lease)),
                    (1, Claimed::New(lease)) => Claim::new(&store, lease).release(),
                    (_, Claimed::New(lease)) => {
                        Claim::new(&store, lease).commit();
                        let again = store.claim_for(&id, Duration::MAX, now);
                        prop_assert!(matches!(again, Claimed::Duplicate));
                    }
                    (0, _) => drop(claims.pop()),
                    (1, _) => drop(store.forget(&id)),
                    _ => {}
                }
                let (handled, order, in_flight) = sizes(&store);
                prop_assert!(handled <= order && order <= CAPACITY);
                prop_assert_eq!(in_flight, claims.len());
            }
        }
    }
}
