//! Messages and forwards in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::Error;
use super::super::limits;
use super::super::message::{Forward, ForwardOutcome, Message, Receipt};
use super::super::reason::Reason;
use super::super::requests::{
    ClaimForwards, Receive, SettleForwards, Sweep, Swept, TargetHealth, WORKER_ROW_MS,
};
use super::super::rows::{Open, Row};
use super::super::view;
use super::{Memory, Queued, Stored};

impl Memory {
    pub(crate) fn receive(&mut self, request: &Receive, now: i64) -> Result<Vec<Receipt>, Error> {
        // Messages of one group are numbered in the order of their IDs, and applied in their own order.
        let mut new = BTreeMap::new();
        for message in &request.messages {
            if !self.messages.values().any(|stored| stored.id == message.id) {
                new.entry(message.id.clone()).or_insert(message);
            }
        }
        let mut numbers = BTreeMap::new();
        for (id, message) in new {
            self.last_message += 1;
            let stored = Stored {
                id: id.clone(),
                kind: message.kind.clone(),
                flow_id: message.flow_id.clone(),
                received_at: now,
                body: message.body.clone(),
            };
            self.messages.insert(self.last_message, stored);
            numbers.insert(id, self.last_message);
        }
        let mut receipts = Vec::new();
        for message in &request.messages {
            receipts.push(match numbers.remove(&message.id) {
                Some(number) => self.apply(message, number, now),
                None => Receipt::Duplicate,
            });
        }
        Ok(receipts)
    }

    fn apply(&mut self, message: &Message, number: i64, now: i64) -> Receipt {
        if let Some(flow_id) = &message.flow_id {
            let row = match (self.open.get(flow_id), self.done.get(flow_id)) {
                (Some(open), _) => Row::Open(open.clone()),
                (None, Some(done)) => Row::Done(done.clone()),
                (None, None) => Row::Open(Open::new(flow_id, now, now)),
            };
            let (row, changes) = row.reported(message.report.as_ref(), now);
            let mut notes = vec![("message", message.kind.clone())];
            notes.extend(changes);
            self.save(row, notes, now);
        }
        let mut targets = BTreeSet::new();
        for target in message.targets.iter().filter(|target| targets.insert(*target)) {
            self.queue(target, number, false, now);
        }
        Receipt::New
    }

    pub(super) fn queue(&mut self, target: &str, message: i64, replay: bool, now: i64) -> i64 {
        self.last_forward += 1;
        let queued = Queued {
            target: target.to_owned(),
            message,
            replay,
            due: now,
            owner: None,
            attempt: 0,
            queued_at: now,
            delivered_at: None,
            dead: None,
            replayed_at: None,
            failure: None,
        };
        self.outbox.insert(self.last_forward, queued);
        self.last_forward
    }

    fn flow_of(&self, queued: &Queued) -> Option<&str> {
        self.messages.get(&queued.message)?.flow_id.as_deref()
    }

    /// Returns true if an earlier message about the same contract is not delivered to the same target yet.
    pub(super) fn waits(&self, seq: i64, queued: &Queued) -> bool {
        let flow_id = self.flow_of(queued);
        let earlier = self.outbox.range(..seq).map(|(_, other)| other);
        !queued.replay
            && flow_id.is_some()
            && earlier
                .filter(|other| other.pending() && !other.replay && other.target == queued.target)
                .any(|other| self.flow_of(other) == flow_id)
    }

    pub(crate) fn claim_forwards(
        &mut self,
        request: &ClaimForwards,
        now: i64,
    ) -> Result<Vec<Forward>, Error> {
        self.check_alive(&request.worker, now)?;
        let claim = &request.claim;
        loop {
            let mut due: Vec<(i64, i64)> = self
                .outbox
                .iter()
                .filter(|(_, row)| row.target == claim.target && row.pending() && row.due <= now)
                .filter(|(_, row)| !self.alive(row.owner.as_deref(), now))
                .filter(|(seq, row)| !self.waits(**seq, row))
                .map(|(seq, row)| (row.due, *seq))
                .collect();
            due.sort_unstable();
            due.truncate(claim.limit);
            let found = due.len();
            let mut claimed = Vec::new();
            for (_, seq) in due {
                let Some(row) = self.outbox.get_mut(&seq) else { continue };
                let Some(message) = self.messages.get(&row.message) else { continue };
                if row.attempt > 0 && row.queued_at.saturating_add(claim.give_up_after) <= now {
                    row.dead = Some(Reason::TargetFailed);
                    row.owner = None;
                    continue;
                }
                let Some(body) = &message.body else {
                    row.dead = Some(Reason::BodyExpired);
                    row.owner = None;
                    continue;
                };
                row.attempt += 1;
                row.owner = Some(request.worker.clone());
                claimed.push(Forward {
                    seq,
                    attempt: row.attempt,
                    message_id: message.id.clone(),
                    kind: message.kind.clone(),
                    flow_id: message.flow_id.clone(),
                    queued_at: row.queued_at,
                    now,
                    body: body.clone(),
                });
            }
            if !claimed.is_empty() || found == 0 {
                return Ok(claimed);
            }
        }
    }

    pub(crate) fn settle_forwards(
        &mut self,
        request: &SettleForwards,
        now: i64,
    ) -> Result<Vec<i64>, Error> {
        self.check_alive(&request.worker, now)?;
        let (mut accepted, mut delivered) = (Vec::new(), Vec::new());
        for settlement in &request.settlements {
            let Some(row) = self.outbox.get_mut(&settlement.seq) else { continue };
            let mine = row.owner.as_deref() == Some(&request.worker);
            if !mine || row.attempt != settlement.attempt || !row.pending() {
                continue;
            }
            row.owner = None;
            match &settlement.outcome {
                ForwardOutcome::Delivered => {
                    row.delivered_at = Some(now);
                    if row.replay {
                        delivered.push((row.message, row.target.clone()));
                    }
                }
                ForwardOutcome::Again { delay, detail } => {
                    row.due = now.saturating_add(*delay);
                    row.failure = Some((now, detail.clone()));
                }
                ForwardOutcome::Dead { reason, detail } => {
                    row.dead = Some(*reason);
                    row.failure = Some((now, detail.clone()));
                }
                ForwardOutcome::Released { delay } => {
                    row.attempt -= 1;
                    row.due = now.saturating_add(*delay);
                }
            }
            accepted.push(settlement.seq);
        }
        for (message, target) in delivered {
            self.mark_replayed(message, &target, now);
        }
        accepted.sort_unstable();
        Ok(accepted)
    }

    pub(crate) fn target_health(
        &mut self,
        request: &TargetHealth,
        _now: i64,
    ) -> Result<Vec<view::TargetHealth>, Error> {
        let views = request.names.iter().map(|name| {
            let rows = || self.outbox.values().filter(|row| row.target == *name);
            let failure = rows().filter_map(|row| row.failure.clone()).max_by_key(|(at, _)| *at);
            let (failed_at, error) = failure.unzip();
            let delivered_at = rows().filter_map(|row| row.delivered_at).max();
            view::TargetHealth { name: name.clone(), delivered_at, failed_at, error }
        });
        Ok(views.collect())
    }

    pub(crate) fn sweep(&mut self, request: &Sweep, now: i64) -> Result<Swept, Error> {
        let retention = request.retention;
        let pending: Vec<i64> =
            self.outbox.values().filter(|row| row.pending()).map(|row| row.message).collect();
        let old = |age: i64, at: i64| at <= now.saturating_sub(age);
        // Oldest first: the clock of the store may have gone back.
        let sweepable = |messages: &BTreeMap<i64, Stored>, age: i64, with_body: bool| {
            let mut found: Vec<(i64, i64)> = messages
                .iter()
                .filter(|(seq, stored)| old(age, stored.received_at) && !pending.contains(seq))
                .filter(|(_, stored)| !with_body || stored.body.is_some())
                .map(|(seq, stored)| (stored.received_at, *seq))
                .collect();
            found.sort_unstable();
            found.truncate(request.limit);
            found.into_iter().map(|(_, seq)| seq).collect::<Vec<i64>>()
        };
        let bodies = sweepable(&self.messages, retention, true);
        for seq in &bodies {
            if let Some(stored) = self.messages.get_mut(seq) {
                stored.body = None;
            }
        }
        let kept = retention.max(limits::MIN_DEDUP_MS);
        let messages = sweepable(&self.messages, kept, false);
        for seq in &messages {
            self.messages.remove(seq);
        }
        self.outbox.retain(|_, row| !messages.contains(&row.message));
        let samples = self.samples.len();
        self.samples.retain(|minute, _| !old(limits::SAMPLES_MS, *minute));
        let workers = self.workers.len();
        self.workers.retain(|_, worker| !old(WORKER_ROW_MS, worker.alive_until));
        Ok(Swept {
            bodies: bodies.len(),
            messages: messages.len(),
            samples: samples - self.samples.len(),
            workers: workers - self.workers.len(),
        })
    }
}
