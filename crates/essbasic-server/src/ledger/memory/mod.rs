//! The ledger in memory: the model of the others, and the store of tests.

mod contracts;
mod messages;
mod people;
mod replays;
mod targets;

use std::collections::BTreeMap;

use super::error::Error;
use super::message::ForwardTarget;
use super::pace::{self, Booking, Moments};
use super::requests::{Beat, Book, CheckStore, CountExpired, Enter, Leave, ReleaseMoments};
use super::rows::{Done, Note, Open, Row};
use super::view::{Event, Pause, Sample};
use super::worker::{self, Lease, RefusedCallbacks};

/// State of a ledger.
#[derive(Default)]
pub(crate) struct Memory {
    workers: BTreeMap<String, Worker>,
    open: BTreeMap<String, Open>,
    done: BTreeMap<String, Done>,
    events: BTreeMap<String, BTreeMap<i64, Event>>,
    messages: BTreeMap<i64, Stored>,
    outbox: BTreeMap<i64, Queued>,
    targets: BTreeMap<String, ForwardTarget>,
    last_message: i64,
    last_forward: i64,
    paces: BTreeMap<String, Moments>,
    pauses: BTreeMap<String, Pause>,
    samples: BTreeMap<i64, Sample>,
}

struct Worker {
    name: String,
    entered_at: i64,
    alive_until: i64,
    lease: i64,
    /// True if its latest claim was of a contract alone.
    alone: bool,
    refused: RefusedCallbacks,
    /// Time of the beat that reported the refused callbacks.
    beat_at: i64,
    is_counted: bool,
}

struct Stored {
    id: String,
    kind: String,
    flow_id: Option<String>,
    received_at: i64,
    body: Option<Vec<u8>>,
}

struct Queued {
    target: String,
    message: i64,
    replay: bool,
    due: i64,
    owner: Option<String>,
    attempt: i64,
    queued_at: i64,
    delivered_at: Option<i64>,
    dead: Option<super::reason::Reason>,
    /// Time at which a dead forward was replaced by a replay.
    replayed_at: Option<i64>,
    /// Time and cause of the last attempt that failed.
    failure: Option<(i64, String)>,
}

impl Worker {
    /// Returns true if the lease has not expired.
    fn is_alive(&self, now: i64) -> bool {
        worker::is_alive(self.alive_until, self.lease, now)
    }
}

impl Queued {
    fn pending(&self) -> bool {
        self.delivered_at.is_none() && self.dead.is_none()
    }

    /// Returns the reason of a dead forward that was not replayed.
    fn open_dead(&self) -> Option<super::reason::Reason> {
        self.dead.filter(|_| self.replayed_at.is_none())
    }
}

impl Memory {
    pub(crate) fn enter(&mut self, request: &Enter, now: i64) -> Result<Lease, Error> {
        let alive_until = now.saturating_add(request.lease);
        let worker = Worker {
            name: request.name.clone(),
            entered_at: now,
            alive_until,
            lease: request.lease,
            alone: false,
            refused: RefusedCallbacks::default(),
            beat_at: now,
            is_counted: false,
        };
        self.workers.insert(request.worker.clone(), worker);
        Ok(Lease { now, alive_until })
    }

    #[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
    pub(crate) fn check_store(&mut self, _request: &CheckStore, _now: i64) -> Result<(), Error> {
        Ok(())
    }

    pub(crate) fn beat(&mut self, request: &Beat, now: i64) -> Result<Lease, Error> {
        self.check_alive(&request.worker, now)?;
        let alive_until = now.saturating_add(request.lease);
        if let Some(worker) = self.workers.get_mut(&request.worker) {
            worker.alive_until = alive_until;
            worker.lease = request.lease;
            worker.refused = request.refused;
            worker.beat_at = now;
        }
        Ok(Lease { now, alive_until })
    }

    pub(crate) fn count_expired(
        &mut self,
        _request: &CountExpired,
        now: i64,
    ) -> Result<usize, Error> {
        let workers = self.workers.values_mut();
        let expired = workers.filter(|worker| !worker.is_alive(now) && !worker.is_counted);
        Ok(expired.map(|worker| worker.is_counted = true).count())
    }

    pub(crate) fn leave(&mut self, request: &Leave, _now: i64) -> Result<(), Error> {
        for row in self.open.values_mut() {
            if row.owner.as_deref() == Some(&request.worker) {
                *row = row.clone().left();
            }
        }
        for queued in self.outbox.values_mut() {
            if queued.owner.as_deref() == Some(&request.worker) {
                queued.owner = None;
                queued.attempt = (queued.attempt - 1).max(0);
            }
        }
        self.workers.remove(&request.worker);
        Ok(())
    }

    pub(crate) fn book(&mut self, request: &Book, now: i64) -> Result<Booking, Error> {
        let booked = self.paces.entry(request.pace.action.clone()).or_default();
        Ok(pace::book(booked, now, &request.pace))
    }

    pub(crate) fn release(&mut self, request: &ReleaseMoments, _now: i64) -> Result<(), Error> {
        let booked = self.paces.entry(request.action.clone()).or_default();
        pace::release(&mut booked.booked, &request.moments);
        Ok(())
    }

    fn alive(&self, worker: Option<&str>, now: i64) -> bool {
        worker
            .and_then(|worker| self.workers.get(worker))
            .is_some_and(|worker| worker.is_alive(now))
    }

    fn check_alive(&self, worker: &str, now: i64) -> Result<(), Error> {
        if self.alive(Some(worker), now) { Ok(()) } else { Err(Error::expired()) }
    }

    /// Stores a row, with its events.
    fn save(&mut self, mut row: Row, notes: Vec<Note>, now: i64) {
        let flow_id = row.flow_id().to_owned();
        let timeline = self.events.entry(flow_id.clone()).or_default();
        for (kind, detail) in notes {
            let number = row.next_event();
            let event = Event { number, at: now, kind: kind.to_owned(), detail };
            timeline.insert(number, event);
            while timeline.len() > super::limits::MAX_EVENTS {
                timeline.pop_first();
            }
        }
        match row {
            Row::Open(open) => {
                self.done.remove(&flow_id);
                self.open.insert(flow_id, open);
            }
            Row::Done(done) => {
                self.open.remove(&flow_id);
                self.done.insert(flow_id, done);
            }
        }
    }
}
