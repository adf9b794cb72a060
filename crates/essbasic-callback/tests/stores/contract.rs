//! The contract of a message store, checked for each implementation.

use std::sync::{Arc, Barrier};
use std::thread;

use essbasic_callback::{BlockingMessageStore, Claimed, Committed, Lease, MemoryStore};

use crate::file_store::FileStore;
use crate::{LEASE, at};

const END: u64 = LEASE.as_secs();

#[track_caller]
fn new(store: &dyn BlockingMessageStore, msg_id: &str, second: u64) -> Lease {
    match store.claim(msg_id, LEASE, at(second)).unwrap() {
        Claimed::New(lease) => {
            assert_eq!(lease.msg_id(), msg_id);
            lease
        }
        other => panic!("{msg_id}: {other:?}"),
    }
}

/// Calls the check with an empty store of each implementation.
fn for_each_store(check: impl Fn(&dyn BlockingMessageStore)) {
    check(&MemoryStore::default());
    check(&Arc::new(MemoryStore::default()));
    let folder = tempfile::tempdir().unwrap();
    check(&FileStore::new(folder.path()));
}

#[test]
fn a_message_is_claimed_once_until_its_lease_expires() {
    for_each_store(|store| {
        let first = new(store, "a", 0);
        for second in [0, 1, END - 1] {
            assert_eq!(store.claim("a", LEASE, at(second)).unwrap(), Claimed::InFlight);
        }
        new(store, "b", 0);
        let second = new(store, "a", END);
        assert_ne!(first.fencing_token(), second.fencing_token());
        assert_eq!(store.claim("a", LEASE, at(END)).unwrap(), Claimed::InFlight);
    });
}

#[test]
fn a_committed_message_is_a_duplicate() {
    for_each_store(|store| {
        let lease = new(store, "a", 0);
        assert_eq!(store.commit(&lease).unwrap(), Committed::Done);
        for second in [0, END, END * 100] {
            assert_eq!(store.claim("a", LEASE, at(second)).unwrap(), Claimed::Duplicate);
        }
        // A second commit or release changes nothing.
        assert_eq!(store.commit(&lease).unwrap(), Committed::LeaseLost);
        store.release(&lease).unwrap();
        assert_eq!(store.claim("a", LEASE, at(0)).unwrap(), Claimed::Duplicate);
    });
}

#[test]
fn a_released_message_is_new_at_once() {
    for_each_store(|store| {
        let first = new(store, "a", 0);
        store.release(&first).unwrap();
        let second = new(store, "a", 0);
        // The first owner can neither commit nor release the second claim.
        assert_eq!(store.commit(&first).unwrap(), Committed::LeaseLost);
        store.release(&first).unwrap();
        assert_eq!(store.claim("a", LEASE, at(1)).unwrap(), Claimed::InFlight);
        assert_eq!(store.commit(&second).unwrap(), Committed::Done);
    });
}

#[test]
fn a_commit_after_another_claim_is_detected() {
    for_each_store(|store| {
        let late = new(store, "a", 0);
        let next = new(store, "a", END);
        assert_eq!(store.commit(&late).unwrap(), Committed::LeaseLost);
        store.release(&late).unwrap();
        assert_eq!(store.claim("a", LEASE, at(END + 1)).unwrap(), Claimed::InFlight);
        assert_eq!(store.commit(&next).unwrap(), Committed::Done);
        assert_eq!(store.commit(&late).unwrap(), Committed::LeaseLost);

        // Also if the other claim was released meanwhile: the fencing token is not used again.
        let late = new(store, "b", 0);
        let next = new(store, "b", END);
        store.release(&next).unwrap();
        let last = new(store, "b", END);
        assert_eq!(store.commit(&late).unwrap(), Committed::LeaseLost);
        assert_eq!(store.commit(&last).unwrap(), Committed::Done);
    });
}

#[test]
fn one_of_many_threads_claims_a_message() {
    const THREADS: usize = 8;
    for_each_store(|store| {
        for msg_id in ["a", "b", "c"] {
            let start = Barrier::new(THREADS);
            let claimed: Vec<Claimed> = thread::scope(|scope| {
                let claim = || {
                    start.wait();
                    store.claim(msg_id, LEASE, at(0)).unwrap()
                };
                let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(claim)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let count = claimed.iter().filter(|one| matches!(one, Claimed::New(_))).count();
            assert_eq!(count, 1, "{claimed:?}");
        }
    });
}
