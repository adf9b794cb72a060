//! Contracts in memory.

use super::super::contract::{ClaimResult, Claimed};
use super::super::error::Error;
use super::super::limits;
use super::super::requests::{ClaimContracts, DropContracts, Offer, Retry, RetryReason, Settle};
use super::super::rows::{Open, Row, choose};
use super::super::view::Selected;
use super::Memory;

impl Memory {
    pub(crate) fn offer(&mut self, request: &Offer, now: i64) -> Result<Vec<String>, Error> {
        let mut added = Vec::new();
        for flow_id in &request.flow_ids {
            let due = now.saturating_add(request.delay);
            let open = match (self.open.get(flow_id), self.done.get(flow_id)) {
                (None, None) => Open::new(flow_id, due, now),
                (None, Some(done)) if request.reopens => {
                    let Some(open) = done.reopened(due) else { continue };
                    open
                }
                _ => continue,
            };
            self.save(Row::Open(open), vec![("added", String::new())], now);
            added.push(flow_id.clone());
        }
        added.sort();
        Ok(added)
    }

    pub(crate) fn claim(
        &mut self,
        request: &ClaimContracts,
        now: i64,
    ) -> Result<ClaimResult, Error> {
        self.check_alive(&request.worker, now)?;
        let claim = &request.claim;
        let mut lost = Vec::new();
        loop {
            let mut due: Vec<Open> = self
                .open
                .values()
                .filter(|row| row.task == claim.task && row.dead_at.is_none() && row.due <= now)
                .filter(|row| !self.alive(row.owner.as_deref(), now))
                .cloned()
                .collect();
            due.sort_by(|a, b| (a.due, &a.flow_id).cmp(&(b.due, &b.flow_id)));
            let (mut due, batch): (Vec<Open>, Vec<Open>) =
                due.into_iter().partition(Open::is_alone);
            due.truncate(1);
            due.extend(batch.into_iter().take(claim.limit));
            // Contracts without attempts become dead; the others are claimed, or one of them alone.
            let (used_up, rest): (Vec<_>, Vec<_>) =
                due.into_iter().partition(|row| row.attempt >= claim.max_attempts);
            let retired = !used_up.is_empty();
            for row in used_up {
                let (row, notes, _) = row.claimed(&request.worker, claim.max_attempts, now);
                lost.extend(row.reason.map(|reason| (row.flow_id.clone(), reason)));
                self.save(Row::Open(row), notes, now);
            }
            let was_alone = self.workers.get(&request.worker).is_some_and(|worker| worker.alone);
            let (is_alone, chosen) = choose(rest, was_alone);
            if chosen.is_empty() && retired {
                continue;
            }
            let mut claimed = Vec::new();
            for row in chosen {
                let (row, notes, _) = row.claimed(&request.worker, claim.max_attempts, now);
                claimed.push(Claimed::from(&row));
                self.save(Row::Open(row), notes, now);
            }
            let worker = self.workers.get_mut(&request.worker);
            if let (Some(worker), false) = (worker, claimed.is_empty()) {
                worker.alone = is_alone;
            }
            return Ok((claimed, lost));
        }
    }

    pub(crate) fn settle(&mut self, request: &Settle, now: i64) -> Result<Vec<String>, Error> {
        self.check_alive(&request.worker, now)?;
        let mut accepted = Vec::new();
        for settlement in &request.settlements {
            let Some(row) = self.open.get(&settlement.flow_id) else { continue };
            if !row.accepts(&request.worker, settlement) {
                continue;
            }
            let (row, notes) = row.clone().settled(&settlement.outcome, request.max_attempts, now);
            self.save(row, notes, now);
            accepted.push(settlement.flow_id.clone());
        }
        accepted.sort();
        Ok(accepted)
    }

    /// Returns the result of an operation on a contract that is not open.
    fn unselected(&self, flow_id: &str) -> Selected {
        if self.done.contains_key(flow_id) { Selected::Finished } else { Selected::NotFound }
    }

    pub(crate) fn retry(&mut self, request: &Retry, now: i64) -> Result<Vec<Selected>, Error> {
        let mut results = Vec::new();
        for flow_id in &request.flow_ids {
            let Some(row) = self.open.get(flow_id) else {
                results.push(self.unselected(flow_id));
                continue;
            };
            let (row, notes, result) = row.clone().retried(now);
            self.save(Row::Open(row), notes, now);
            results.push(result);
        }
        Ok(results)
    }

    pub(crate) fn retry_reason(
        &mut self,
        request: &RetryReason,
        now: i64,
    ) -> Result<Vec<String>, Error> {
        let flow_ids: Vec<String> = self
            .open
            .values()
            .filter(|row| row.dead_at.is_some() && row.reason == Some(request.reason))
            .map(|row| row.flow_id.clone())
            .take(request.limit.min(limits::MAX_BATCH))
            .collect();
        self.retry(&Retry { flow_ids: flow_ids.clone() }, now)?;
        Ok(flow_ids)
    }

    pub(crate) fn drop_contracts(
        &mut self,
        request: &DropContracts,
        now: i64,
    ) -> Result<Vec<Selected>, Error> {
        let mut results = Vec::new();
        for flow_id in &request.flow_ids {
            let Some(row) = self.open.get(flow_id) else {
                results.push(self.unselected(flow_id));
                continue;
            };
            let (row, notes) = row.clone().dropped(now);
            self.save(row, notes, now);
            results.push(Selected::Done);
        }
        Ok(results)
    }
}
