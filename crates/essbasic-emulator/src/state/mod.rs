//! State of the service: organizations, uploads and contracts.

mod bring_into;
mod bulk;
pub(crate) mod cancel_tasks;
pub(crate) mod clock;
pub(crate) mod conversions;
pub(crate) mod flow;
pub(crate) mod ids;
pub(crate) mod links;
pub(crate) mod organizations;
pub(crate) mod seed;
pub(crate) mod template;
pub(crate) mod terms;
pub(crate) mod uploads;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use self::cancel_tasks::CancelTasks;
use self::conversions::Conversions;
use self::flow::{Flow, FlowEvent, Signer, Status, TransitionError};
use self::organizations::{Application, Organization};
use self::terms::{NewFlow, Terms};
use self::uploads::Uploads;

/// Function that is called on each change of a contract, with the time of the change.
pub(crate) type ChangeListener = Box<dyn Fn(&Flow, FlowEvent, Duration) + Send>;

/// Data of the service.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) applications: BTreeMap<String, Application>,
    pub(crate) uploads: Uploads,
    pub(crate) cancel_tasks: CancelTasks,
    pub(crate) conversions: Conversions,
    pub(crate) on_change: Option<ChangeListener>,
    /// Notified if an event may be due earlier than before.
    pub(crate) alarm: Arc<Notify>,
    /// Contracts in the order of their creation.
    flows: Vec<Flow>,
    by_id: HashMap<Arc<str>, usize>,
    by_group: HashMap<String, Vec<usize>>,
    /// Contracts with a pending event, by its time: [`Flow::due`].
    due: BTreeSet<(Duration, usize)>,
}

impl State {
    /// Creates a contract, and resolves the sub-organizations of its parties by name.
    pub(crate) fn create(&mut self, new: NewFlow, now: Duration) {
        let id = new.id.clone();
        let deadline = now.saturating_add(new.open_for);
        let mut terms = new.into_terms();
        let organizations = self.applications.get(&terms.app_id).map(|app| &app.organizations);
        for party in &mut terms.parties {
            let mut candidates = organizations.into_iter().flatten();
            let found = candidates
                .find(|(_, o)| party.organization.is_some() && o.name == party.organization);
            party.organization_id = found.map(|(id, _)| id.clone()).unwrap_or_default();
        }
        self.insert(&id, Arc::new(terms), deadline, now);
    }

    /// Inserts a contract. A contract with the same id is replaced.
    pub(crate) fn insert(
        &mut self,
        id: &str,
        terms: Arc<Terms>,
        deadline: Duration,
        now: Duration,
    ) {
        let flow = Flow::new(id.into(), terms, now, deadline);
        let index = match self.by_id.get(id) {
            Some(&index) => {
                self.unindex(index);
                index
            }
            None => self.flows.len(),
        };
        self.by_id.insert(Arc::clone(&flow.id), index);
        if let Some(group) = &flow.terms.group {
            self.by_group.entry(group.clone()).or_default().push(index);
        }
        let due = flow.due();
        match self.flows.get_mut(index) {
            Some(replaced) => *replaced = flow,
            None => self.flows.push(flow),
        }
        self.reschedule(index, None, due);
        self.notify(index, FlowEvent::Start, now);
    }

    /// Reserves memory for this number of further contracts.
    pub(crate) fn reserve(&mut self, flows: usize) {
        self.flows.reserve_exact(flows);
        self.by_id.reserve(flows);
    }

    /// Removes a contract that is being replaced from its group and from the schedule.
    fn unindex(&mut self, index: usize) {
        let Some(flow) = self.flows.get(index) else { return };
        if let Some(due) = flow.due() {
            self.due.remove(&(due, index));
        }
        let group = flow.terms.group.as_ref();
        if let Some(indexes) = group.and_then(|group| self.by_group.get_mut(group)) {
            indexes.retain(|&other| other != index);
        }
    }

    pub(crate) fn flow(&self, id: &str) -> Option<&Flow> {
        self.flows.get(*self.by_id.get(id)?)
    }

    /// Returns all contracts in the order of their creation.
    pub(crate) fn flows(&self) -> impl DoubleEndedIterator<Item = &Flow> {
        self.flows.iter()
    }

    /// Returns the contracts of a group.
    pub(crate) fn group(&self, group: &str) -> impl Iterator<Item = &Flow> {
        let indexes = self.by_group.get(group).map(Vec::as_slice).unwrap_or_default();
        indexes.iter().filter_map(|&index| self.flows.get(index))
    }

    pub(crate) fn organization(&self, app_id: &str, id: &str) -> Option<&Organization> {
        self.applications.get(app_id)?.organizations.get(id)
    }

    /// Signs for a party, and returns its index.
    pub(crate) fn sign(
        &mut self,
        id: &str,
        signer: Signer<'_>,
        now: Duration,
    ) -> Result<usize, TransitionError> {
        self.transition(id, FlowEvent::Sign, now, |flow| flow.sign(signer, now))
    }

    /// Rejects the contract for a party.
    pub(crate) fn reject(
        &mut self,
        id: &str,
        signer: Signer<'_>,
        reason: &str,
        now: Duration,
    ) -> Result<(), TransitionError> {
        self.transition(id, FlowEvent::Reject, now, |flow| flow.reject(signer, reason, now))
    }

    /// Ends the contract with a status other than `ALL`.
    pub(crate) fn end(
        &mut self,
        id: &str,
        status: Status,
        reason: &str,
        now: Duration,
    ) -> Result<(), TransitionError> {
        let event = match status {
            Status::Reject => FlowEvent::Reject,
            Status::Cancel => FlowEvent::Cancel,
            Status::Deadline => FlowEvent::Deadline,
            _ => FlowEvent::Other,
        };
        self.transition(id, event, now, |flow| flow.end(status, reason, now))?;
        if status == Status::Deadline {
            // The listener has been notified; the scheduled event would notify it again.
            self.unschedule(id);
        }
        Ok(())
    }

    /// Sets the deadline of a contract, or of one of its parties.
    pub(crate) fn set_deadline(&mut self, id: &str, party: Option<usize>, deadline: Duration) {
        let set = |flow: &mut Flow| {
            match party.and_then(|index| flow.progress.get_mut(index)) {
                Some(party) => party.deadline = Some(deadline),
                None => flow.deadline = deadline,
            }
            Ok(())
        };
        // The caller has checked that the contract exists.
        let _ = self.update(id, set);
    }

    /// Marks a party as reminded; returns `false` if it was reminded before.
    pub(crate) fn remind(&mut self, id: &str, party: usize) -> bool {
        let index = self.by_id.get(id).copied();
        let flow = index.and_then(|index| self.flows.get_mut(index));
        let party = flow.and_then(|flow| flow.progress.get_mut(party));
        party.is_some_and(|party| !core::mem::replace(&mut party.reminded, true))
    }

    /// Changes a contract and notifies the listener.
    fn transition<T>(
        &mut self,
        id: &str,
        event: FlowEvent,
        now: Duration,
        change: impl FnOnce(&mut Flow) -> Result<T, TransitionError>,
    ) -> Result<T, TransitionError> {
        let (index, result) = self.update(id, change)?;
        self.notify(index, event, now);
        Ok(result)
    }

    /// Changes a contract and updates the schedule.
    fn update<T>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Flow) -> Result<T, TransitionError>,
    ) -> Result<(usize, T), TransitionError> {
        let index = *self.by_id.get(id).ok_or(TransitionError::NoSuchFlow)?;
        let flow = self.flows.get_mut(index).ok_or(TransitionError::NoSuchFlow)?;
        let before = flow.due();
        let result = change(flow)?;
        let after = flow.due();
        self.reschedule(index, before, after);
        Ok((index, result))
    }

    fn reschedule(&mut self, index: usize, before: Option<Duration>, after: Option<Duration>) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.due.remove(&(before, index));
        }
        if let Some(after) = after {
            self.due.insert((after, index));
            self.alarm.notify_one();
        }
    }

    fn unschedule(&mut self, id: &str) {
        if let Some(&index) = self.by_id.get(id)
            && let Some(due) = self.flows.get(index).and_then(Flow::due)
        {
            self.due.remove(&(due, index));
        }
    }

    /// Returns the time of the next event of any contract.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Notifies the listener of all events until `now`.
    pub(crate) fn process_due(&mut self, now: Duration) {
        while let Some(&(at, index)) = self.due.first()
            && at <= now
        {
            self.due.pop_first();
            match self.flows.get(index).map(|flow| flow.status(at)) {
                Some(Status::All) => self.notify(index, FlowEvent::Finish, at),
                Some(Status::Deadline) => self.notify(index, FlowEvent::Deadline, at),
                _ => {}
            }
        }
    }

    fn notify(&self, index: usize, event: FlowEvent, at: Duration) {
        if let (Some(on_change), Some(flow)) = (&self.on_change, self.flows.get(index)) {
            on_change(flow, event, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    #[test]
    fn past_events_and_replaced_contracts_are_not_scheduled() {
        let mut state = State::default();
        state.create(NewFlow::new("a", "o", "f"), NOW);
        state.create(NewFlow::new("a", "o", "g"), NOW);
        assert_eq!(state.due.len(), 2);
        state.create(NewFlow::new("a", "o", "f"), NOW);
        assert_eq!((state.due.len(), state.flows().count()), (2, 2));
        state.sign("f", Signer::Next, NOW).unwrap();
        state.sign("f", Signer::Next, NOW).unwrap();
        assert!(state.next_due().unwrap() <= NOW + Duration::from_secs(3));
        state.process_due(NOW + Duration::from_secs(3));
        assert_eq!(state.due.len(), 1);
        state.end("g", Status::Deadline, "", NOW).unwrap();
        assert_eq!(state.next_due(), None);
        state.end("f", Status::Relieved, "", NOW).unwrap();
        assert_eq!(state.next_due(), None);
    }

    #[test]
    fn a_replaced_contract_leaves_its_group() {
        let mut state = State::default();
        for (id, group) in [("f", Some("g")), ("h", None), ("i", Some("g"))] {
            let mut new = NewFlow::new("a", "o", id);
            new.group = group.map(str::to_owned);
            state.create(new, NOW);
        }
        state.create(NewFlow::new("a", "o", "f"), NOW);
        let ids: Vec<_> = state.group("g").map(|flow| &*flow.id).collect();
        assert_eq!(ids, ["i"]);
        assert_eq!(state.group("none").count(), 0);
    }
}
