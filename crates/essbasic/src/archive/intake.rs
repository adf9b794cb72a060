//! Which of the contracts asked for are to be fetched.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::options::Shard;

/// The part of an id's digest that stands for it: no two ids share it, and it is shorter than an id.
pub(super) fn digest(flow_id: &str) -> u128 {
    let bytes: [u8; 32] = Sha256::digest(flow_id).into();
    let half = bytes.first_chunk().copied().unwrap_or_default();
    u128::from_be_bytes(half)
}

/// The contracts asked for, on their way in.
pub(super) struct Intake {
    ids: Box<dyn Iterator<Item = String> + Send>,
    index: usize,
    shard: Shard,
    /// Contracts that have come already, or are done since an earlier run.
    seen: HashSet<u128>,
    /// Of them, those that an earlier run has done and that have not come yet.
    done: HashSet<u128>,
    /// Told of each of those.
    kept: Kept,
    pub(super) counts: Counts,
}

type Kept = Box<dyn Fn(&str) + Send>;

/// What came in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// Contracts of this shard, each once.
    pub(super) total: u64,
    /// Of them, those that an earlier run has done.
    pub(super) already: u64,
}

impl Intake {
    pub(super) fn new(
        ids: Box<dyn Iterator<Item = String> + Send>,
        shard: Shard,
        done: HashSet<u128>,
        kept: impl Fn(&str) + Send + 'static,
    ) -> Self {
        let (seen, counts) = (HashSet::new(), Counts::default());
        Self { ids, index: 0, shard, seen, done, kept: Box::new(kept), counts }
    }

    /// Counts the contracts that were not drawn. An iterator without an upper bound may wait for more: it is left.
    pub(super) fn count_rest(&mut self) {
        if self.ids.size_hint().1.is_some() {
            while self.next().is_some() {}
        }
    }

    fn next(&mut self) -> Option<(usize, String)> {
        loop {
            let flow_id = self.ids.next()?;
            let index = self.index;
            self.index += 1;
            let digest = digest(&flow_id);
            if !self.shard.contains_digest(digest) {
                continue;
            }
            if self.done.remove(&digest) {
                self.seen.insert(digest);
                self.counts.total += 1;
                self.counts.already += 1;
                (self.kept)(&flow_id);
            } else if self.seen.insert(digest) {
                self.counts.total += 1;
                return Some((index, flow_id));
            }
        }
    }
}

/// An intake that a job draws from while somebody else counts.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Intake>>);

impl Shared {
    pub(super) fn new(intake: Intake) -> Self {
        Self(Arc::new(Mutex::new(intake)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Intake> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Iterator for Shared {
    type Item = (usize, String);

    fn next(&mut self) -> Option<Self::Item> {
        self.lock().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(ids: &[&str], shard: Shard, done: &[&str]) -> (Vec<(usize, String)>, Counts) {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let done = done.iter().map(|id| digest(id)).collect();
        let mut shared = Shared::new(Intake::new(Box::new(ids.into_iter()), shard, done, |_| {}));
        let drawn = shared.by_ref().collect();
        let counts = shared.lock().counts;
        (drawn, counts)
    }

    #[test]
    fn each_contract_comes_once_under_its_place() {
        let (drawn, counts) = drawn(&["a", "b", "a", "c", "b"], Shard::default(), &["b", "x"]);
        assert_eq!(drawn, [(0, "a".to_owned()), (3, "c".to_owned())]);
        assert_eq!((counts.total, counts.already), (3, 1));
    }

    #[test]
    fn shards_part_the_contracts_between_them() {
        let ids: Vec<String> = (0..1000).map(|n| format!("yDwA{n:028}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let parts: Vec<_> =
            (1..=4).map(|part| drawn(&ids, Shard::new(part, 4).unwrap(), &[]).0).collect();
        assert!(parts.iter().all(|part| (150..350).contains(&part.len())));
        let mut all: Vec<_> = parts.concat();
        all.sort();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().enumerate().all(|(place, (index, _))| place == *index));
    }

    #[test]
    fn shards_are_named_as_parts() {
        assert_eq!("2/5".parse(), Ok(Shard::new(2, 5).unwrap()));
        for wrong in ["0/5", "6/5", "1/0", "1", "a/b", "-1/5", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
