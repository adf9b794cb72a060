//! Rows of contracts, and every decision about them, without a store. The stores load rows, apply these functions and save the result.

use super::contract::{
    ALONE_FROM_ATTEMPT, COMPOSED_AFTER_MS, Claimed, Evidence, Outcome, Phase, Report, Settlement,
    Task, phase,
};
use super::reason::Reason;
use super::view::{Contract, Finish, Selected, State};

/// Row of an unfinished contract.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) flow_id: String,
    pub(crate) report: Report,
    pub(crate) task: Task,
    pub(crate) due: i64,
    /// Worker of the last claim, unless it settled. The claim is void once that worker is not alive.
    pub(crate) owner: Option<String>,
    pub(crate) attempt: i64,
    pub(crate) reason: Option<Reason>,
    pub(crate) dead_at: Option<i64>,
    pub(crate) added_at: i64,
    /// Number of events.
    pub(crate) events: i64,
    /// Number of claims. It never decreases, so it identifies the latest claim, also of a worker that claimed the contract before.
    pub(crate) claims: i64,
    /// Number of the latest claims in a row whose workers were lost, without the present claim.
    pub(crate) lost: i64,
}

/// Row of a finished contract.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) flow_id: String,
    pub(crate) report: Report,
    pub(crate) finish: Finish,
    pub(crate) attempt: i64,
    pub(crate) added_at: i64,
    pub(crate) finished_at: i64,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) events: i64,
    pub(crate) claims: i64,
}

/// Row after a transition.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Row {
    Open(Open),
    Done(Done),
}

/// Kind and detail of an event.
pub(crate) type Note = (&'static str, String);

/// Result of a transition.
pub(crate) type Changed = (Row, Vec<Note>);

impl Row {
    pub(crate) fn flow_id(&self) -> &str {
        match self {
            Self::Open(open) => &open.flow_id,
            Self::Done(done) => &done.flow_id,
        }
    }

    /// Returns the number of the next event and counts it.
    pub(crate) fn next_event(&mut self) -> i64 {
        let events = match self {
            Self::Open(open) => &mut open.events,
            Self::Done(done) => &mut done.events,
        };
        *events += 1;
        *events
    }

    /// Applies what a message reports. Messages without a report only add an event.
    pub(crate) fn reported(self, report: Option<&Report>, now: i64) -> Changed {
        let Some(report) = report else { return (self, Vec::new()) };
        match self {
            Self::Open(open) => open.reported(report, now),
            Self::Done(done) => done.reported(report, now),
        }
    }
}

impl Open {
    pub(crate) fn new(flow_id: &str, due: i64, now: i64) -> Self {
        Self {
            flow_id: flow_id.to_owned(),
            report: Report::default(),
            task: Task::Poll,
            due,
            owner: None,
            attempt: 0,
            reason: None,
            dead_at: None,
            added_at: now,
            events: 0,
            claims: 0,
            lost: 0,
        }
    }

    fn finish(self, finish: Finish, evidence: Option<Evidence>, now: i64, note: Note) -> Changed {
        let done = Done {
            flow_id: self.flow_id,
            report: self.report,
            finish,
            attempt: self.attempt,
            added_at: self.added_at,
            finished_at: now,
            evidence,
            events: self.events,
            claims: self.claims,
        };
        (Row::Done(done), vec![note])
    }

    fn reported(mut self, report: &Report, now: i64) -> Changed {
        if !report.replaces(&self.report) {
            return (Row::Open(self), Vec::new());
        }
        let status = report.status.as_str().to_owned();
        let signed_before = phase(&self.report.status) == Phase::Signed;
        // Polls report the same status again and again.
        let is_changed = report.status != self.report.status;
        self.report = report.clone();
        match phase(&report.status) {
            Phase::Ended => self.finish(Finish::Ended, None, now, ("ended", status)),
            Phase::Signed if !signed_before => {
                // The claim of a poll becomes void: its worker may settle with an older status.
                self.task = Task::Archive;
                // Here and not in the archive job, which would wait with its other contracts.
                self.due = now.saturating_add(COMPOSED_AFTER_MS);
                self.owner = None;
                self.attempt = 0;
                self.lost = 0;
                self.reason = None;
                self.dead_at = None;
                (Row::Open(self), vec![("status", status)])
            }
            Phase::Signed | Phase::Open => {
                (Row::Open(self), if is_changed { vec![("status", status)] } else { Vec::new() })
            }
        }
    }

    /// Returns true if the row must be claimed alone. The caller has checked that its owner is not alive.
    pub(crate) fn is_alone(&self) -> bool {
        self.lost + i64::from(self.owner.is_some()) >= ALONE_FROM_ATTEMPT - 1
    }

    /// Claims the row for a worker. False if its attempts are used up, which makes it dead.
    pub(crate) fn claimed(
        mut self,
        worker: &str,
        max_attempts: i64,
        now: i64,
    ) -> (Self, Vec<Note>, bool) {
        let mut notes = Vec::new();
        let lost = self.owner.take().is_some();
        if lost {
            self.lost += 1;
            notes.push(("worker_lost", format!("attempt {}", self.attempt)));
        }
        if self.attempt >= max_attempts {
            // Without a lost worker, the configured number of attempts was reduced.
            let reason = self.reason.filter(|_| !lost).unwrap_or(Reason::WorkerLost);
            self.reason = Some(reason);
            self.dead_at = Some(now);
            notes.push(("dead", reason.as_str().to_owned()));
            return (self, notes, false);
        }
        self.attempt += 1;
        self.claims += 1;
        self.owner = Some(worker.to_owned());
        (self, notes, true)
    }

    /// Returns true if this settlement by this worker is of the present claim. The caller has checked that the worker is alive.
    pub(crate) fn accepts(&self, worker: &str, settlement: &Settlement) -> bool {
        self.owner.as_deref() == Some(worker) && self.claims == settlement.claim
    }

    /// Applies the outcome of an accepted settlement.
    pub(crate) fn settled(mut self, outcome: &Outcome, max_attempts: i64, now: i64) -> Changed {
        self.owner = None;
        self.lost = 0;
        match outcome {
            Outcome::Archived(evidence) => {
                let count = evidence.files.len();
                let files = if count == 1 { "file" } else { "files" };
                let note = ("archived", format!("{count} {files}"));
                self.reason = None;
                self.finish(Finish::Archived, Some(evidence.clone()), now, note)
            }
            Outcome::Observed { report, delay } => {
                self.attempt = 0;
                self.reason = None;
                self.due = now.saturating_add(*delay);
                let at = if report.at == 0 { now } else { report.at };
                self.reported(&Report { status: report.status.clone(), at }, now)
            }
            Outcome::Again { reason, delay, detail } => {
                self.reason = Some(*reason);
                if self.attempt >= max_attempts {
                    return self.dead(*reason, detail, now);
                }
                self.due = now.saturating_add(*delay);
                let note = format!("attempt {}: {}", self.attempt, described(*reason, detail));
                (Row::Open(self), vec![("failed", note)])
            }
            Outcome::Dead { reason, detail } => self.dead(*reason, detail, now),
            Outcome::Released { delay } => {
                self.attempt = (self.attempt - 1).max(0);
                self.due = now.saturating_add(*delay);
                (Row::Open(self), Vec::new())
            }
        }
    }

    fn dead(mut self, reason: Reason, detail: &str, now: i64) -> Changed {
        self.reason = Some(reason);
        self.dead_at = Some(now);
        (Row::Open(self), vec![("dead", described(reason, detail))])
    }

    /// Returns a claim whose worker leaves. The attempt does not count.
    pub(crate) fn left(mut self) -> Self {
        self.owner = None;
        self.attempt = (self.attempt - 1).max(0);
        self
    }

    pub(crate) fn retried(mut self, now: i64) -> (Self, Vec<Note>, Selected) {
        if self.dead_at.is_none() {
            return (self, Vec::new(), Selected::NotDead);
        }
        self.dead_at = None;
        self.reason = None;
        self.owner = None;
        self.attempt = 0;
        self.lost = 0;
        self.due = now;
        (self, vec![("retried", String::new())], Selected::Done)
    }

    pub(crate) fn dropped(mut self, now: i64) -> Changed {
        self.owner = None;
        self.finish(Finish::Dropped, None, now, ("dropped", String::new()))
    }

    /// Returns the contract for people. `claimed` is true if its owner is alive.
    pub(crate) fn view(self, claimed: bool) -> Contract {
        let state = if self.dead_at.is_some() {
            State::Dead
        } else if claimed {
            State::Claimed
        } else {
            State::Open
        };
        Contract {
            flow_id: self.flow_id,
            state,
            task: Some(self.task),
            report: self.report,
            due: self.due,
            attempt: self.attempt,
            reason: self.reason,
            added_at: self.added_at,
            finished_at: self.dead_at,
            finish: None,
            evidence: None,
        }
    }
}

impl Done {
    fn reported(mut self, report: &Report, now: i64) -> Changed {
        if self.finish == Finish::Dropped || !report.replaces(&self.report) {
            return (Row::Done(self), Vec::new());
        }
        let status = report.status.as_str().to_owned();
        let is_changed = report.status != self.report.status;
        self.report = report.clone();
        if self.finish == Finish::Ended && phase(&report.status) == Phase::Signed {
            // For instance an expired contract whose deadline was extended.
            let due = now.saturating_add(COMPOSED_AFTER_MS);
            let mut open = Open::new(&self.flow_id, due, self.added_at);
            open.report = self.report;
            open.task = Task::Archive;
            open.events = self.events;
            open.claims = self.claims;
            return (Row::Open(open), vec![("status", status)]);
        }
        (Row::Done(self), if is_changed { vec![("status", status)] } else { Vec::new() })
    }

    /// Returns a dropped contract that is opened again: a new one that keeps its status. `None` for others.
    pub(crate) fn reopened(&self, due: i64) -> Option<Open> {
        if self.finish != Finish::Dropped {
            return None;
        }
        let mut open = Open::new(&self.flow_id, due, self.added_at);
        if phase(&self.report.status) == Phase::Signed {
            open.task = Task::Archive;
        }
        open.report = self.report.clone();
        open.events = self.events;
        open.claims = self.claims;
        Some(open)
    }

    pub(crate) fn view(self) -> Contract {
        Contract {
            flow_id: self.flow_id,
            state: State::Done,
            task: None,
            report: self.report,
            due: 0,
            attempt: self.attempt,
            reason: None,
            added_at: self.added_at,
            finished_at: Some(self.finished_at),
            finish: Some(self.finish),
            evidence: self.evidence,
        }
    }
}

/// Returns the rows to claim together, and whether it is one that must be claimed alone: it is claimed if there are no others, or if the
/// latest claim of the worker was not of one, so that neither kind waits for all of the other.
pub(crate) fn choose(due: Vec<Open>, was_alone: bool) -> (bool, Vec<Open>) {
    let (alone, batch): (Vec<Open>, Vec<Open>) = due.into_iter().partition(Open::is_alone);
    if alone.is_empty() || (was_alone && !batch.is_empty()) {
        return (false, batch);
    }
    (true, alone.into_iter().take(1).collect())
}

impl From<&Open> for Claimed {
    fn from(row: &Open) -> Self {
        Self {
            flow_id: row.flow_id.clone(),
            claim: row.claims,
            task: row.task,
            attempt: row.attempt,
            report: row.report.clone(),
            added_at: row.added_at,
        }
    }
}

fn described(reason: Reason, detail: &str) -> String {
    if detail.is_empty() { reason.to_string() } else { format!("{reason}: {detail}") }
}
