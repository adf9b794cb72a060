//! The queue of contracts to archive.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::shard::{Shard, digest};
use crate::ids::FlowId;

/// The contracts of one shard, each once, without those that an earlier run has saved.
pub(super) struct Queue {
    ids: Box<dyn Iterator<Item = FlowId> + Send>,
    index: usize,
    shard: Shard,
    /// Contracts that were drawn.
    seen: HashSet<u128>,
    /// Contracts that an earlier run has saved and that were not drawn yet.
    saved: HashSet<u128>,
    /// The part of them whose files were not verified.
    unverified: HashSet<u128>,
    /// Called with each contract that an earlier run has saved.
    on_saved: Box<dyn Fn(&FlowId) + Send>,
    pub(super) counts: Counts,
}

/// Numbers of contracts drawn.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// Contracts of this shard, each once.
    pub(super) total: u64,
    /// The number of them that an earlier run has saved.
    pub(super) already: u64,
    /// The number of those whose files were not verified.
    pub(super) unverified: u64,
}

impl Queue {
    pub(super) fn new(
        ids: Box<dyn Iterator<Item = FlowId> + Send>,
        shard: Shard,
        saved: HashSet<u128>,
        on_saved: impl Fn(&FlowId) + Send + 'static,
    ) -> Self {
        let (seen, counts) = (HashSet::new(), Counts::default());
        let (on_saved, unverified) = (Box::new(on_saved), HashSet::new());
        Self { ids, index: 0, shard, seen, saved, unverified, on_saved, counts }
    }

    /// Sets the contracts that an earlier run has saved and whose files were not verified.
    pub(super) fn with_unverified(self, unverified: HashSet<u128>) -> Self {
        Self { unverified, ..self }
    }

    /// Counts the contracts that were not drawn. Does nothing if the iterator has no upper bound, because it may block.
    pub(super) fn count_rest(&mut self) {
        if self.ids.size_hint().1.is_some() {
            while self.next().is_some() {}
        }
    }

    fn next(&mut self) -> Option<(usize, FlowId)> {
        loop {
            let flow_id = self.ids.next()?;
            let index = self.index;
            self.index += 1;
            let digest = digest(flow_id.as_str());
            if !self.shard.contains_digest(digest) {
                continue;
            }
            if self.saved.remove(&digest) {
                self.seen.insert(digest);
                self.counts.total += 1;
                self.counts.already += 1;
                self.counts.unverified += u64::from(self.unverified.contains(&digest));
                (self.on_saved)(&flow_id);
            } else if self.seen.insert(digest) {
                self.counts.total += 1;
                return Some((index, flow_id));
            }
        }
    }
}

/// A queue shared by the job, which draws contracts, and the archive, which reads the counts.
#[derive(Clone)]
pub(super) struct SharedQueue(Arc<Mutex<Queue>>);

impl SharedQueue {
    pub(super) fn new(queue: Queue) -> Self {
        Self(Arc::new(Mutex::new(queue)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Iterator for SharedQueue {
    type Item = (usize, FlowId);

    fn next(&mut self) -> Option<Self::Item> {
        self.lock().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::collect;

    fn draw(ids: &[&str], shard: Shard, saved: &[&str]) -> (Vec<(usize, FlowId)>, Counts) {
        let ids = collect(ids.iter().copied());
        let saved = saved.iter().map(|id| digest(id)).collect();
        let queue = Queue::new(Box::new(ids.into_iter()), shard, saved, |_| {});
        let mut queue = SharedQueue::new(queue);
        let drawn = queue.by_ref().collect();
        let counts = queue.lock().counts;
        (drawn, counts)
    }

    #[test]
    fn yields_each_contract_once_with_its_index() {
        let (drawn, counts) = draw(&["a", "b", "a", "c", "b"], Shard::default(), &["b", "x"]);
        assert_eq!(drawn, [(0, "a".into()), (3, "c".into())]);
        assert_eq!((counts.total, counts.already), (3, 1));
    }

    #[test]
    fn shards_partition_the_contracts() {
        let ids: Vec<String> = (0..1000).map(|n| format!("yDwA{n:028}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let shards: Vec<_> =
            (1..=4).map(|index| draw(&ids, Shard::new(index, 4).unwrap(), &[]).0).collect();
        assert!(shards.iter().all(|shard| (150..350).contains(&shard.len())));
        let mut all: Vec<_> = shards.concat();
        all.sort();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().enumerate().all(|(position, (index, _))| position == *index));
    }
}
