//! Targets of forwards in memory.

use super::super::error::Error;
use super::super::message::ForwardTarget;
use super::super::reason::Reason;
use super::super::requests::{Announce, ListTargets, TARGET_SEEN_MS};
use super::Memory;

impl Memory {
    pub(crate) fn targets(
        &mut self,
        _request: &ListTargets,
        _now: i64,
    ) -> Result<Vec<ForwardTarget>, Error> {
        Ok(self.targets.values().cloned().collect())
    }

    /// Returns an error if no server has announced the target.
    pub(super) fn check_known(&self, target: &str) -> Result<(), Error> {
        if self.targets.contains_key(target) {
            return Ok(());
        }
        let known: Vec<String> = self.targets.keys().cloned().collect();
        Err(Error::unknown_target(target, &known))
    }

    pub(crate) fn announce(&mut self, request: &Announce, now: i64) -> Result<usize, Error> {
        for name in &request.targets {
            let target = ForwardTarget { name: name.clone(), seen_at: now, missing_since: None };
            self.targets.insert(name.clone(), target);
        }
        let pending: Vec<String> = self
            .outbox
            .values()
            .filter(|row| row.pending() && !self.targets.contains_key(&row.target))
            .map(|row| row.target.clone())
            .collect();
        for name in pending {
            let target = ForwardTarget { name: name.clone(), seen_at: now, missing_since: None };
            self.targets.insert(name, target);
        }
        let mut removed = 0;
        let others: Vec<ForwardTarget> = self.targets.values().cloned().collect();
        for mut target in others.into_iter().filter(|one| !request.targets.contains(&one.name)) {
            match target.missing_since {
                None if target.seen_at <= now.saturating_sub(TARGET_SEEN_MS) => {
                    target.missing_since = Some(now);
                    self.targets.insert(target.name.clone(), target);
                }
                Some(since) if since <= now.saturating_sub(request.grace) => {
                    removed += self.remove(&target.name, request.limit, now);
                }
                _ => {}
            }
        }
        Ok(removed)
    }

    fn remove(&mut self, target: &str, limit: usize, now: i64) -> usize {
        let mut claimable: Vec<(i64, i64)> = self
            .outbox
            .iter()
            .filter(|(_, row)| row.target == target && row.pending())
            .filter(|(_, row)| !self.alive(row.owner.as_deref(), now))
            .filter(|(seq, row)| !self.waits(**seq, row))
            .map(|(seq, row)| (row.due, *seq))
            .collect();
        claimable.sort_unstable();
        claimable.truncate(limit);
        for (_, seq) in &claimable {
            if let Some(row) = self.outbox.get_mut(seq) {
                row.dead = Some(Reason::TargetRemoved);
                row.owner = None;
            }
        }
        if !self.outbox.values().any(|row| row.target == target && row.pending()) {
            self.targets.remove(target);
        }
        claimable.len()
    }
}
