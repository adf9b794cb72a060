//! What the service knows: applications, sub-organisations, their employees, files and contracts.

pub(crate) mod bulk;
pub(crate) mod cancel_tasks;
pub(crate) mod clock;
pub(crate) mod flow;
pub(crate) mod ids;
pub(crate) mod links;
pub(crate) mod seed;
pub(crate) mod template;
pub(crate) mod terms;
pub(crate) mod uploads;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::callback::{Operate, Outbox, flow_status_change};
use crate::state::cancel_tasks::Tasks;
use crate::state::flow::{Flow, Refusal, Status, Who};
use crate::state::template::Template;
use crate::state::terms::{NewFlow, Terms};
use crate::state::uploads::Uploads;

/// An application of the platform.
#[derive(Default)]
pub(crate) struct Application {
    /// The platform's switch: downloads for all sub-organisations that have not opted out.
    pub(crate) downloads: bool,
    pub(crate) organizations: BTreeMap<String, Organization>,
}

/// A sub-organisation.
#[derive(Default)]
pub(crate) struct Organization {
    /// The company's name, by which contracts mention it.
    pub(crate) name: Option<String>,
    /// Its own switch: authorised, refused (which wins over the platform's), or never touched.
    pub(crate) downloads: Option<bool>,
    pub(crate) operators: Vec<String>,
    pub(crate) templates: Vec<Template>,
}

impl Application {
    /// Whether the platform may download this sub-organisation's contracts.
    pub(crate) fn may_download(&self, organization: &Organization) -> bool {
        organization.downloads.unwrap_or(self.downloads)
    }
}

/// Everything.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) applications: BTreeMap<String, Application>,
    pub(crate) uploads: Uploads,
    pub(crate) tasks: Tasks,
    /// Who is told of each change of a contract.
    pub(crate) outbox: Option<Outbox>,
    /// Woken when something may be due sooner than before.
    pub(crate) alarm: Arc<Notify>,
    /// In the order of their creation.
    flows: Vec<Flow>,
    by_id: HashMap<Arc<str>, usize>,
    by_group: HashMap<String, Vec<usize>>,
    /// When contracts change by themselves: [`Flow::due`] of those for which that is yet to come.
    due: BTreeSet<(Duration, usize)>,
}

impl State {
    /// Creates a contract from what a test gives.
    pub(crate) fn create(&mut self, new: NewFlow, now: Duration) {
        let id = new.id.clone();
        let deadline = now.saturating_add(new.open_for);
        let mut terms = new.into_terms();
        let known = self.applications.get(&terms.app_id).map(|app| &app.organizations);
        for party in &mut terms.parties {
            let mut named = known.into_iter().flatten();
            let found =
                named.find(|(_, o)| party.organization.is_some() && o.name == party.organization);
            party.organization_id = found.map(|(id, _)| id.clone()).unwrap_or_default();
        }
        self.start(&id, Arc::new(terms), deadline, now);
    }

    /// Creates a contract. One of the same id is replaced.
    pub(crate) fn start(&mut self, id: &str, terms: Arc<Terms>, deadline: Duration, now: Duration) {
        let flow = Flow::new(id.into(), terms, now, deadline);
        let index = match self.by_id.get(id) {
            Some(&index) => {
                self.forget(index);
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
        self.plan(index, None, due);
        self.tell(index, Operate::Start, now);
    }

    /// Makes room for so many contracts more.
    pub(crate) fn reserve(&mut self, flows: usize) {
        self.flows.reserve_exact(flows);
        self.by_id.reserve(flows);
    }

    /// Takes a contract that is replaced out of what leads to it.
    fn forget(&mut self, index: usize) {
        let Some(flow) = self.flows.get(index) else { return };
        if let Some(due) = flow.due() {
            self.due.remove(&(due, index));
        }
        let group = flow.terms.group.as_ref();
        if let Some(members) = group.and_then(|group| self.by_group.get_mut(group)) {
            members.retain(|&member| member != index);
        }
    }

    pub(crate) fn flow(&self, id: &str) -> Option<&Flow> {
        self.flows.get(*self.by_id.get(id)?)
    }

    /// All contracts, in the order of their creation.
    pub(crate) fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.flows.iter()
    }

    /// The contracts of a group.
    pub(crate) fn group(&self, group: &str) -> impl Iterator<Item = &Flow> {
        let members = self.by_group.get(group).map(Vec::as_slice).unwrap_or_default();
        members.iter().filter_map(|&index| self.flows.get(index))
    }

    pub(crate) fn organization(&self, app_id: &str, id: &str) -> Option<&Organization> {
        self.applications.get(app_id)?.organizations.get(id)
    }

    pub(crate) fn sign(&mut self, id: &str, who: Who<'_>, now: Duration) -> Result<usize, Refusal> {
        self.change(id, Operate::Sign, now, |flow| flow.sign(who, now))
    }

    pub(crate) fn refuse(
        &mut self,
        id: &str,
        who: Who<'_>,
        reason: &str,
        now: Duration,
    ) -> Result<(), Refusal> {
        self.change(id, Operate::Reject, now, |flow| flow.refuse(who, reason, now))
    }

    pub(crate) fn end(
        &mut self,
        id: &str,
        status: Status,
        reason: &str,
        now: Duration,
    ) -> Result<(), Refusal> {
        let operate = match status {
            Status::Reject => Operate::Reject,
            Status::Cancel => Operate::Cancel,
            Status::Deadline => Operate::Deadline,
            _ => Operate::Unnamed,
        };
        self.change(id, operate, now, |flow| flow.end(status, reason, now))?;
        if status == Status::Deadline {
            // It has been told already.
            self.quiet(id);
        }
        Ok(())
    }

    /// Moves the deadline of a contract, or of one of its parties.
    pub(crate) fn postpone(&mut self, id: &str, party: Option<usize>, deadline: Duration) {
        let moved = |flow: &mut Flow| {
            match party.and_then(|place| flow.progress.get_mut(place)) {
                Some(party) => party.deadline = Some(deadline),
                None => flow.deadline = deadline,
            }
            Ok(())
        };
        // Whether there is such a contract has been checked.
        let _ = self.step(id, moved);
    }

    /// Notes that a party was reminded; `false` where it had been before.
    pub(crate) fn remind(&mut self, id: &str, party: usize) -> bool {
        let index = self.by_id.get(id).copied();
        let flow = index.and_then(|index| self.flows.get_mut(index));
        let party = flow.and_then(|flow| flow.progress.get_mut(party));
        party.is_some_and(|party| !core::mem::replace(&mut party.reminded, true))
    }

    /// Takes a step and tells of it.
    fn change<T>(
        &mut self,
        id: &str,
        operate: Operate,
        now: Duration,
        step: impl FnOnce(&mut Flow) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (index, result) = self.step(id, step)?;
        self.tell(index, operate, now);
        Ok(result)
    }

    fn step<T>(
        &mut self,
        id: &str,
        step: impl FnOnce(&mut Flow) -> Result<T, Refusal>,
    ) -> Result<(usize, T), Refusal> {
        let index = *self.by_id.get(id).ok_or(Refusal::NoSuchFlow)?;
        let flow = self.flows.get_mut(index).ok_or(Refusal::NoSuchFlow)?;
        let before = flow.due();
        let result = step(flow)?;
        let after = flow.due();
        self.plan(index, before, after);
        Ok((index, result))
    }

    fn plan(&mut self, index: usize, before: Option<Duration>, after: Option<Duration>) {
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

    fn quiet(&mut self, id: &str) {
        if let Some(&index) = self.by_id.get(id)
            && let Some(due) = self.flows.get(index).and_then(Flow::due)
        {
            self.due.remove(&(due, index));
        }
    }

    /// When the next contract changes by itself.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Tells of all that has happened by itself until now.
    pub(crate) fn settle(&mut self, now: Duration) {
        while let Some(&(at, index)) = self.due.first()
            && at <= now
        {
            self.due.pop_first();
            let status = self.flows.get(index).map(|flow| flow.status(at));
            match status {
                Some(Status::All) => self.tell(index, Operate::Finish, at),
                Some(Status::Deadline) => self.tell(index, Operate::Deadline, at),
                _ => {}
            }
        }
    }

    fn tell(&self, index: usize, operate: Operate, at: Duration) {
        if let (Some(outbox), Some(flow)) = (&self.outbox, self.flows.get(index)) {
            outbox.push("FlowStatusChange", flow_status_change(flow, operate, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    #[test]
    fn nothing_stays_due_of_what_has_happened_or_was_replaced() {
        let mut state = State::default();
        state.create(NewFlow::new("a", "o", "f"), NOW);
        state.create(NewFlow::new("a", "o", "g"), NOW);
        assert_eq!(state.due.len(), 2);
        state.create(NewFlow::new("a", "o", "f"), NOW);
        assert_eq!((state.due.len(), state.flows().count()), (2, 2));
        state.sign("f", Who::Next, NOW).unwrap();
        state.sign("f", Who::Next, NOW).unwrap();
        assert!(state.next_due().unwrap() <= NOW + Duration::from_secs(3));
        state.settle(NOW + Duration::from_secs(3));
        assert_eq!(state.due.len(), 1);
        state.end("g", Status::Deadline, "", NOW).unwrap();
        assert_eq!(state.next_due(), None);
        state.end("f", Status::Relieved, "", NOW).unwrap();
        assert_eq!(state.next_due(), None);
    }

    #[test]
    fn a_group_holds_its_contracts_and_no_replaced_one() {
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
