//! A contract and its life.

mod status;

use std::sync::Arc;
use std::time::Duration;

pub use status::{Refusal, Status};

use crate::state::ids;
use crate::state::terms::{Party, Terms};

/// A contract: what it says, and how far it is. Times are the emulator's, since the Unix epoch.
///
/// A hundred thousand of them fit in little memory: no file is part of them but one that was uploaded,
/// and what many say alike stands once.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) id: Arc<str>,
    pub(crate) terms: Arc<Terms>,
    pub(crate) created: Duration,
    pub(crate) deadline: Duration,
    /// How far each of the parties is, in their order.
    pub(crate) progress: Box<[Progress]>,
    /// What ended it before or after all had signed.
    pub(crate) ended: Option<Box<End>>,
}

/// How far a party is.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    pub(crate) signed_at: Option<Duration>,
    /// Until when the party may sign, where that differs from the contract's deadline.
    pub(crate) deadline: Option<Duration>,
    pub(crate) reminded: bool,
}

/// How a contract ended.
#[derive(Clone)]
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) reason: String,
    /// Who refused.
    pub(crate) party: Option<usize>,
}

/// Who takes a step.
#[derive(Clone, Copy)]
pub(crate) enum Who<'a> {
    /// The first that has not signed.
    Next,
    /// The first of that name that has not signed.
    Named(&'a str),
    /// The one at that place, counted from zero.
    At(usize),
}

impl<'a> Who<'a> {
    pub(crate) fn named(name: Option<&'a str>) -> Self {
        name.map_or(Self::Next, Self::Named)
    }

    pub(crate) fn at(place: Option<usize>) -> Self {
        place.map_or(Self::Next, Self::At)
    }
}

impl Flow {
    pub(crate) fn new(
        id: Arc<str>,
        terms: Arc<Terms>,
        created: Duration,
        deadline: Duration,
    ) -> Self {
        let progress = |party: &Party| Progress { deadline: party.deadline, ..Progress::default() };
        let progress = terms.parties.iter().map(progress).collect();
        Self { id, terms, created, deadline, progress, ended: None }
    }

    /// The parties with their progress.
    pub(crate) fn parties(&self) -> impl Iterator<Item = (usize, &Party, &Progress)> {
        self.terms.parties.iter().zip(&self.progress).enumerate().map(|(i, (p, g))| (i, p, g))
    }

    pub(crate) fn status(&self, now: Duration) -> Status {
        if let Some(end) = &self.ended {
            return end.status;
        }
        let signed = self.progress.iter().filter(|party| party.signed_at.is_some()).count();
        if signed == self.progress.len() {
            Status::All
        } else if now >= self.deadline {
            Status::Deadline
        } else if signed > 0 {
            Status::Part
        } else {
            Status::Init
        }
    }

    /// The file's name as `DescribeResourceUrlsByFlows` gives it.
    pub(crate) fn file_name(&self) -> String {
        let Terms { name, file_name, numbered, .. } = &*self.terms;
        match numbered {
            _ if !file_name.is_empty() => file_name.clone(),
            true => format!("{name},{:015}.pdf", ids::mixed(&self.id, 0) % 1_000_000_000_000_000),
            false => format!("{name}.pdf"),
        }
    }

    /// The reason that was given for its end.
    pub(crate) fn reason(&self) -> &str {
        self.ended.as_ref().map_or("", |end| end.reason.as_str())
    }

    /// `ApproveStatus` of a party.
    pub(crate) fn standing(&self, index: usize, now: Duration) -> &'static str {
        let status = self.status(now);
        let Some(party) = self.progress.get(index) else { return "" };
        let refused_by = self.ended.as_ref().and_then(|end| end.party);
        match (party.signed_at, status) {
            (Some(_), Status::Relieved) => "RELIEVED",
            (Some(_), _) => "ACCEPT",
            (None, Status::Reject) if refused_by == Some(index) => "REJECT",
            (None, Status::Reject | Status::Invalid) => "STOP",
            (None, Status::Deadline) => "DEADLINE",
            (None, Status::Cancel) => "CANCEL",
            (None, _) if party.deadline.is_some_and(|deadline| now >= deadline) => "DEADLINE",
            (None, _) => "PENDING",
        }
    }

    /// How many signatures the PDF shows: the service composes it one to three seconds after each.
    pub(crate) fn composed(&self, now: Duration) -> usize {
        self.compositions().filter(|at| *at <= now).count()
    }

    /// When the file with each of the signatures is, or will be, there.
    fn compositions(&self) -> impl Iterator<Item = Duration> {
        self.progress.iter().enumerate().filter_map(|(index, party)| {
            Some(party.signed_at?.saturating_add(self.composition_time(index)))
        })
    }

    /// Between one and three seconds, the same for the same signature in every run.
    fn composition_time(&self, signature: usize) -> Duration {
        Duration::from_millis(1000 + ids::mixed(&self.id, signature as u64) % 2001)
    }

    /// When something happens to it that nobody does: it expires, or its last file is composed.
    pub(crate) fn due(&self) -> Option<Duration> {
        if self.ended.is_some() {
            None
        } else if self.progress.iter().all(|party| party.signed_at.is_some()) {
            Some(self.compositions().max().unwrap_or(self.created))
        } else {
            Some(self.deadline)
        }
    }

    /// The id of a party's signing step.
    pub(crate) fn sign_id(&self, index: usize) -> String {
        ids::derived(&self.id, 2 * index as u64)
    }

    /// The id of a party's role.
    pub(crate) fn recipient_id(&self, index: usize) -> String {
        match self.terms.parties.get(index) {
            Some(party) if !party.recipient.is_empty() => party.recipient.clone(),
            _ => ids::derived(&self.id, 2 * index as u64 + 1),
        }
    }

    /// Who of those that have yet to sign is meant.
    fn waiting(&self, who: Who<'_>) -> Result<usize, Refusal> {
        let mut waiting = self.parties().filter(|(_, _, progress)| progress.signed_at.is_none());
        let found = match who {
            Who::Next => waiting.next(),
            Who::Named(name) => waiting.find(|(_, party, _)| party.name == name),
            Who::At(place) => waiting.find(|(index, ..)| *index == place),
        };
        found.map(|(index, ..)| index).ok_or(Refusal::NoSuchParty)
    }

    fn must_be_open(&self, now: Duration) -> Result<(), Refusal> {
        match self.status(now) {
            Status::Init | Status::Part => Ok(()),
            status => Err(Refusal::Ended(status)),
        }
    }

    /// Signs for a party whose turn it is.
    pub(crate) fn sign(&mut self, who: Who<'_>, now: Duration) -> Result<usize, Refusal> {
        self.must_be_open(now)?;
        let index = self.waiting(who)?;
        let before = self.progress.iter().take(index);
        if !self.terms.unordered && before.into_iter().any(|party| party.signed_at.is_none()) {
            return Err(Refusal::NotTheirTurn);
        }
        let party = self.progress.get_mut(index).ok_or(Refusal::NoSuchParty)?;
        if party.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(Refusal::TooLate);
        }
        party.signed_at = Some(now);
        Ok(index)
    }

    /// Refuses for a party, whether or not it is its turn.
    pub(crate) fn refuse(
        &mut self,
        who: Who<'_>,
        reason: &str,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.must_be_open(now)?;
        let party = Some(self.waiting(who)?);
        let end = End { status: Status::Reject, reason: reason.to_owned(), party };
        self.ended = Some(Box::new(end));
        Ok(())
    }

    /// Ends the contract otherwise than by its last signature.
    pub(crate) fn end(
        &mut self,
        status: Status,
        reason: &str,
        now: Duration,
    ) -> Result<(), Refusal> {
        let before = self.status(now);
        let open = matches!(before, Status::Init | Status::Part);
        let allowed = match status {
            Status::Reject => return self.refuse(Who::Next, reason, now),
            Status::Cancel | Status::Deadline => open,
            Status::Invalid => open || before == Status::All,
            Status::Relieved => before == Status::All,
            Status::Init | Status::Part | Status::All => return Err(Refusal::NoEnd(status)),
        };
        if !allowed {
            return Err(Refusal::Ended(before));
        }
        if status == Status::Deadline {
            self.deadline = self.deadline.min(now);
        } else {
            self.ended = Some(Box::new(End { status, reason: reason.to_owned(), party: None }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
