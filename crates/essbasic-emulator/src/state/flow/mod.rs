//! Contract and its state machine.

mod event;
mod info;
mod status;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use event::FlowEvent;
pub use info::{FlowInfo, PartyInfo};
pub use status::{Status, TransitionError};

use super::ids;
use super::terms::{Party, Terms};

/// Contract with its terms and progress. Times are those of the emulator's clock since the Unix epoch.
///
/// Contracts are small: equal terms are shared, and generated files are not stored.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) id: Arc<str>,
    pub(crate) terms: Arc<Terms>,
    pub(crate) created: Duration,
    pub(crate) deadline: Duration,
    /// Progress of each party, in the order of the parties.
    pub(crate) progress: Box<[Progress]>,
    /// End by another cause than the last signature or the deadline.
    pub(crate) end: Option<Box<End>>,
}

/// Progress of a party.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    pub(crate) signed_at: Option<Duration>,
    /// Deadline of the party, if it differs from the deadline of the contract.
    pub(crate) deadline: Option<Duration>,
    pub(crate) reminded: bool,
}

/// End of a contract.
#[derive(Clone)]
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) reason: String,
    /// Index of the party that rejected the contract.
    pub(crate) party: Option<usize>,
}

/// Selector of a party that has not signed.
#[derive(Clone, Copy)]
pub(crate) enum Signer<'a> {
    /// First party that has not signed.
    Next,
    /// First party with this name that has not signed.
    Named(&'a str),
    /// Party with this index.
    At(usize),
}

impl<'a> Signer<'a> {
    pub(crate) fn named(name: Option<&'a str>) -> Self {
        name.map_or(Self::Next, Self::Named)
    }

    pub(crate) fn at(index: Option<usize>) -> Self {
        index.map_or(Self::Next, Self::At)
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
        Self { id, terms, created, deadline, progress, end: None }
    }

    /// Returns the parties with their indexes and progress.
    pub(crate) fn parties(&self) -> impl Iterator<Item = (usize, &Party, &Progress)> {
        self.terms.parties.iter().zip(&self.progress).enumerate().map(|(i, (p, g))| (i, p, g))
    }

    pub(crate) fn status(&self, now: Duration) -> Status {
        if let Some(end) = &self.end {
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

    /// Returns the file name for `DescribeResourceUrlsByFlows`.
    pub(crate) fn file_name(&self) -> String {
        let Terms { name, file_name, numbered, .. } = &*self.terms;
        match numbered {
            _ if !file_name.is_empty() => file_name.clone(),
            true => format!("{name},{:015}.pdf", ids::hash(&self.id, 0) % 1_000_000_000_000_000),
            false => format!("{name}.pdf"),
        }
    }

    /// Returns the reason of the end; empty without one.
    pub(crate) fn reason(&self) -> &str {
        self.end.as_ref().map_or("", |end| end.reason.as_str())
    }

    /// Returns the `ApproveStatus` of a party.
    pub(crate) fn approve_status(&self, index: usize, now: Duration) -> &'static str {
        let status = self.status(now);
        let Some(party) = self.progress.get(index) else { return "" };
        let rejected_by = self.rejected_by();
        match (party.signed_at, status) {
            (Some(_), Status::Relieved) => "RELIEVED",
            (Some(_), _) => "ACCEPT",
            (None, Status::Reject) if rejected_by == Some(index) => "REJECT",
            (None, Status::Reject | Status::Invalid) => "STOP",
            (None, Status::Deadline) => "DEADLINE",
            (None, Status::Cancel) => "CANCEL",
            (None, _) if party.deadline.is_some_and(|deadline| now >= deadline) => "DEADLINE",
            (None, _) => "PENDING",
        }
    }

    /// Returns the index of the party that rejected the contract.
    pub(crate) fn rejected_by(&self) -> Option<usize> {
        self.end.as_ref().and_then(|end| end.party)
    }

    /// Returns the number of signatures in the PDF, which is composed one to three seconds after each signature.
    pub(crate) fn composed_signatures(&self, now: Duration) -> usize {
        self.composition_times().filter(|at| *at <= now).count()
    }

    /// Returns the time at which the file with each signature is composed.
    fn composition_times(&self) -> impl Iterator<Item = Duration> {
        self.progress.iter().enumerate().filter_map(|(index, party)| {
            Some(party.signed_at?.saturating_add(self.composition_delay(index)))
        })
    }

    /// Returns a delay of one to three seconds that is the same in every run.
    fn composition_delay(&self, signature: usize) -> Duration {
        Duration::from_millis(1000 + ids::hash(&self.id, signature as u64) % 2001)
    }

    /// Returns the time of the next event without a request: the deadline, or the composition of the last file.
    pub(crate) fn due(&self) -> Option<Duration> {
        if self.end.is_some() {
            None
        } else if self.progress.iter().all(|party| party.signed_at.is_some()) {
            Some(self.composition_times().max().unwrap_or(self.created))
        } else {
            Some(self.deadline)
        }
    }

    /// Returns the `SignId` of a party.
    pub(crate) fn sign_id(&self, index: usize) -> String {
        ids::derived(&self.id, 2 * index as u64)
    }

    /// Returns the `RecipientId` of a party.
    pub(crate) fn recipient_id(&self, index: usize) -> String {
        match self.terms.parties.get(index) {
            Some(party) if !party.recipient.is_empty() => party.recipient.clone(),
            _ => ids::derived(&self.id, 2 * index as u64 + 1),
        }
    }

    /// Returns the index of the selected party.
    fn find_unsigned(&self, signer: Signer<'_>) -> Result<usize, TransitionError> {
        let mut unsigned = self.parties().filter(|(_, _, progress)| progress.signed_at.is_none());
        let found = match signer {
            Signer::Next => unsigned.next(),
            Signer::Named(name) => unsigned.find(|(_, party, _)| party.name == name),
            Signer::At(at) => unsigned.find(|(index, ..)| *index == at),
        };
        found.map(|(index, ..)| index).ok_or(TransitionError::NoSuchParty)
    }

    fn check_open(&self, now: Duration) -> Result<(), TransitionError> {
        match self.status(now) {
            Status::Init | Status::Part => Ok(()),
            status => Err(TransitionError::Ended(status)),
        }
    }

    /// Signs for a party, and returns its index.
    pub(crate) fn sign(
        &mut self,
        signer: Signer<'_>,
        now: Duration,
    ) -> Result<usize, TransitionError> {
        self.check_open(now)?;
        let index = self.find_unsigned(signer)?;
        let before = self.progress.iter().take(index);
        if !self.terms.unordered && before.into_iter().any(|party| party.signed_at.is_none()) {
            return Err(TransitionError::NotTheirTurn);
        }
        let party = self.progress.get_mut(index).ok_or(TransitionError::NoSuchParty)?;
        if party.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(TransitionError::DeadlinePassed);
        }
        party.signed_at = Some(now);
        Ok(index)
    }

    /// Rejects the contract for a party, in any order.
    pub(crate) fn reject(
        &mut self,
        signer: Signer<'_>,
        reason: &str,
        now: Duration,
    ) -> Result<(), TransitionError> {
        self.check_open(now)?;
        let party = Some(self.find_unsigned(signer)?);
        let end = End { status: Status::Reject, reason: reason.to_owned(), party };
        self.end = Some(Box::new(end));
        Ok(())
    }

    /// Ends the contract with a status other than `ALL`.
    pub(crate) fn end(
        &mut self,
        status: Status,
        reason: &str,
        now: Duration,
    ) -> Result<(), TransitionError> {
        let before = self.status(now);
        let open = matches!(before, Status::Init | Status::Part);
        let allowed = match status {
            Status::Reject => return self.reject(Signer::Next, reason, now),
            Status::Cancel | Status::Deadline => open,
            Status::Invalid => open || before == Status::All,
            Status::Relieved => before == Status::All,
            Status::Init | Status::Part | Status::All => {
                return Err(TransitionError::NotFinal(status));
            }
        };
        if !allowed {
            return Err(TransitionError::Ended(before));
        }
        if status == Status::Deadline {
            self.deadline = self.deadline.min(now);
        } else {
            self.end = Some(Box::new(End { status, reason: reason.to_owned(), party: None }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
