//! Lists, numbers, pauses and samples in memory.

use super::super::error::{Error, ErrorKind};
use super::super::probes;
use super::super::requests::{
    CountAll, ListContracts, ListMessages, ListWorkers, MINUTE_MS, Paces, PauseLoop, Pauses, Probe,
    Resume, Samples, ShowContract, ShowMessage, TakeSample,
};
use super::super::rows::Open;
use super::super::view::{
    BodyState, Booked, Contract, Counts, Event, ForwardView, MessageView, Pause, Sample, State,
    WorkerView,
};
use super::{Memory, Stored};

impl Memory {
    fn view(&self, open: &Open, now: i64) -> Contract {
        open.clone().view(self.alive(open.owner.as_deref(), now))
    }

    pub(crate) fn counts(&mut self, _request: &CountAll, now: i64) -> Result<Counts, Error> {
        let mut counts = Counts { done: count(self.done.values()), now, ..Counts::default() };
        for row in self.open.values() {
            if row.dead_at.is_some() {
                if let Some(reason) = row.reason {
                    *counts.dead.entry(reason).or_default() += 1;
                }
            } else if self.alive(row.owner.as_deref(), now) {
                counts.claimed += 1;
            } else {
                counts.open += 1;
                if row.due <= now {
                    counts.oldest_due =
                        Some(counts.oldest_due.map_or(row.due, |due| due.min(row.due)));
                }
            }
        }
        for row in self.outbox.values() {
            let target = row.target.clone();
            if row.pending() {
                *counts.forward_backlog.entry(target).or_default() += 1;
            } else if let Some(reason) = row.open_dead() {
                *counts.forward_dead.entry(target.clone()).or_default() += 1;
                *counts.forward_dead_reasons.entry((target, reason)).or_default() += 1;
            }
        }
        for worker in self.workers.values().filter(|worker| worker.is_alive(now)) {
            counts.workers += 1;
            counts.refused += worker.refused.count;
            let refused_at = worker.refused.age.map(|age| worker.beat_at.saturating_sub(age));
            counts.refused_at = counts.refused_at.max(refused_at);
        }
        Ok(counts)
    }

    pub(crate) fn contracts(
        &mut self,
        request: &ListContracts,
        now: i64,
    ) -> Result<Vec<Contract>, Error> {
        let query = &request.query;
        let mut all: Vec<Contract> = self
            .open
            .values()
            .map(|open| self.view(open, now))
            .chain(self.done.values().map(|done| done.clone().view()))
            .filter(|contract| query.state.is_none_or(|state| state == contract.state))
            .filter(|contract| !query.unfinished || contract.state != State::Done)
            .filter(|contract| query.reason.is_none() || query.reason == contract.reason)
            .filter(|contract| contract.flow_id.starts_with(&query.prefix))
            .filter(|contract| contract.flow_id > query.after)
            .collect();
        all.sort_by(|a, b| a.flow_id.cmp(&b.flow_id));
        all.truncate(query.limit);
        Ok(all)
    }

    pub(crate) fn contract(
        &mut self,
        request: &ShowContract,
        now: i64,
    ) -> Result<Option<(Contract, Vec<Event>)>, Error> {
        let open = self.open.get(&request.flow_id).map(|open| self.view(open, now));
        let done = self.done.get(&request.flow_id).map(|done| done.clone().view());
        let events = self.events.get(&request.flow_id);
        let events = events.into_iter().flat_map(|events| events.values().cloned()).collect();
        Ok(open.or(done).map(|contract| (contract, events)))
    }

    /// Returns whether the body of a message is stored. Only bodies for targets are, and forwards are stored as long as their message.
    pub(super) fn body_state(&self, seq: i64, stored: &Stored) -> BodyState {
        if stored.body.is_some() {
            BodyState::Stored
        } else if self.outbox.values().any(|row| row.message == seq) {
            BodyState::Expired
        } else {
            BodyState::NotStored
        }
    }

    fn message_view(&self, seq: i64, stored: &Stored, forwards: bool) -> MessageView {
        let queued = self.outbox.iter().filter(|(_, row)| forwards && row.message == seq);
        MessageView {
            seq,
            id: stored.id.clone(),
            kind: stored.kind.clone(),
            flow_id: stored.flow_id.clone(),
            received_at: stored.received_at,
            body: self.body_state(seq, stored),
            dead_forwards: count(
                self.outbox.values().filter(|row| row.message == seq && row.open_dead().is_some()),
            ),
            forwards: queued
                .map(|(seq, row)| ForwardView {
                    seq: *seq,
                    target: row.target.clone(),
                    replay: row.replay,
                    attempt: row.attempt,
                    due: row.due,
                    delivered_at: row.delivered_at,
                    dead: row.dead,
                    replayed_at: row.replayed_at,
                    failed_at: row.failure.as_ref().map(|(at, _)| *at),
                    error: row.failure.as_ref().map(|(_, error)| error.clone()),
                })
                .collect(),
        }
    }

    pub(crate) fn messages(
        &mut self,
        request: &ListMessages,
        _now: i64,
    ) -> Result<Vec<MessageView>, Error> {
        let query = &request.query;
        let before = query.before.unwrap_or(i64::MAX);
        let matching = self
            .messages
            .range(..before)
            .rev()
            .filter(|(_, stored)| query.flow_id.is_none() || query.flow_id == stored.flow_id)
            .filter(|(seq, _)| {
                let is_any = !query.dead && query.target.is_none();
                let mut forwards = self.outbox.values().filter(|row| row.message == **seq);
                is_any
                    || forwards.any(|row| {
                        (!query.dead || row.open_dead().is_some())
                            && query.target.as_ref().is_none_or(|target| *target == row.target)
                    })
            });
        let page = matching.take(query.limit);
        Ok(page.map(|(seq, stored)| self.message_view(*seq, stored, false)).collect())
    }

    pub(crate) fn message(
        &mut self,
        request: &ShowMessage,
        _now: i64,
    ) -> Result<MessageView, Error> {
        let found = self.messages.iter().find(|(_, stored)| stored.id == request.message_id);
        found
            .map(|(seq, stored)| self.message_view(*seq, stored, true))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "no message has this ID"))
    }

    pub(crate) fn workers(
        &mut self,
        _request: &ListWorkers,
        now: i64,
    ) -> Result<Vec<WorkerView>, Error> {
        let alive = self.workers.iter().filter(|(_, worker)| worker.is_alive(now));
        Ok(alive
            .map(|(id, worker)| WorkerView {
                id: id.clone(),
                name: worker.name.clone(),
                entered_at: worker.entered_at,
                alive_until: worker.alive_until,
                claimed: count(self.open.values().filter(|row| row.owner.as_ref() == Some(id))),
            })
            .collect())
    }

    pub(crate) fn paces(&mut self, _request: &Paces, now: i64) -> Result<Booked, Error> {
        let actions =
            self.paces.iter().map(|(action, booked)| (action.clone(), booked.booked.clone()));
        Ok(Booked { now, actions: actions.collect() })
    }

    pub(crate) fn pause(&mut self, request: &PauseLoop, now: i64) -> Result<(), Error> {
        let since = self.pauses.get(&request.name).map_or(now, |pause| pause.since);
        let probe_at = now.saturating_add(probes::delay(since, now, request.delay));
        let (name, cause) = (request.name.clone(), request.cause.clone());
        self.pauses.insert(name.clone(), Pause { name, cause, since, probe_at });
        Ok(())
    }

    pub(crate) fn probe(&mut self, request: &Probe, now: i64) -> Result<bool, Error> {
        match self.pauses.get_mut(&request.name) {
            None => Ok(true),
            Some(pause)
                if request.is_first || probes::is_due(pause.probe_at, now, request.delay) =>
            {
                let delay = probes::delay(pause.since, now, request.delay);
                pause.probe_at = now.saturating_add(delay);
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    pub(crate) fn resume(&mut self, request: &Resume, _now: i64) -> Result<bool, Error> {
        Ok(self.pauses.remove(&request.name).is_some())
    }

    pub(crate) fn pauses(&mut self, _request: &Pauses, _now: i64) -> Result<Vec<Pause>, Error> {
        Ok(self.pauses.values().cloned().collect())
    }

    pub(crate) fn sample(&mut self, _request: &TakeSample, now: i64) -> Result<bool, Error> {
        let minute = now - now.rem_euclid(MINUTE_MS);
        if self.samples.contains_key(&minute) {
            return Ok(false);
        }
        let previous = minute - MINUTE_MS..minute;
        let dead = count(self.open.values().filter(|row| row.dead_at.is_some()));
        let sample = Sample {
            minute,
            open: count(self.open.values()) - dead,
            dead,
            finished: count(self.done.values().filter(|row| previous.contains(&row.finished_at))),
            messages: count(
                self.messages.values().filter(|row| previous.contains(&row.received_at)),
            ),
            backlog: count(self.outbox.values().filter(|row| row.pending())),
        };
        self.samples.insert(minute, sample);
        Ok(true)
    }

    pub(crate) fn samples(&mut self, request: &Samples, _now: i64) -> Result<Vec<Sample>, Error> {
        Ok(self.samples.range(request.since..).map(|(_, sample)| sample.clone()).collect())
    }
}

fn count<T>(rows: impl Iterator<Item = T>) -> i64 {
    i64::try_from(rows.count()).unwrap_or(i64::MAX)
}
