//! Operations of [`Ledger`], with their guarantees. They validate the arguments; the stores do not.

use super::contract::{Claim, Claimed, Outcome, Settlement};
use super::error::Error;
use super::message::{Forward, ForwardClaim, ForwardOutcome, ForwardSettlement, Message, Receipt};
use super::pace::{Booking, Pace};
use super::reason::Reason;
use super::requests::{self as request, Swept};
use super::view::{
    Contract, ContractQuery, Counts, Event, MessageQuery, MessageView, Pause, Sample, Selected,
    WorkerView,
};
use super::worker::{Lease, WorkerId};
use super::{Ledger, limits};

/// Workers.
impl Ledger {
    /// Enters a new incarnation of a worker, which is alive for `lease` milliseconds. `name` is for people, such as a host name.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable, or if it was replaced by another one since it was opened.
    pub async fn enter(&self, name: &str, lease: i64) -> Result<(WorkerId, Lease), Error> {
        limits::name("name of a worker", name)?;
        limits::delay(lease)?;
        let id = WorkerId::random()?;
        let (worker, name) = (id.as_str().to_owned(), name.to_owned());
        let lease =
            self.run(request::Enter { worker, name, lease, store: self.store_id.clone() }).await?;
        Ok((id, lease))
    }

    /// Renews the lease of a worker, on a connection of its own: load on the others does not delay it.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Expired`](super::ErrorKind::Expired) if the lease has expired. It is never renewed then: the process
    /// stops all work and enters again under a new ID.
    pub async fn beat(&self, worker: &WorkerId, lease: i64) -> Result<Lease, Error> {
        limits::delay(lease)?;
        self.run(request::Beat { worker: worker.as_str().to_owned(), lease }).await
    }

    /// Removes a worker. Its claims end, and their attempts do not count.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable; the lease expires then.
    pub async fn leave(&self, worker: &WorkerId) -> Result<(), Error> {
        self.run(request::Leave { worker: worker.as_str().to_owned() }).await
    }

    /// Returns the workers that are alive.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn workers(&self) -> Result<Vec<WorkerView>, Error> {
        self.run(request::ListWorkers {}).await
    }
}

/// Contracts.
impl Ledger {
    /// Adds contracts, which are polled after the delay. Known ones are not changed, whatever their state. Returns the IDs that were
    /// added, in their order.
    ///
    /// # Errors
    /// Returns an error if an ID is invalid, so that nothing was added, or if the store is unavailable.
    pub async fn offer(&self, flow_ids: Vec<String>, delay: i64) -> Result<Vec<String>, Error> {
        selected(&flow_ids)?;
        limits::delay(delay)?;
        self.run(request::Offer { flow_ids, delay }).await
    }

    /// Claims due contracts whose worker is absent or not alive, earliest due first. Each claim counts an attempt.
    ///
    /// From [`ALONE_FROM_ATTEMPT`](super::ALONE_FROM_ATTEMPT) on, a contract is claimed alone. A contract without attempts left
    /// becomes dead with [`Reason::WorkerLost`]. An empty result means that nothing is due.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Expired`](super::ErrorKind::Expired) if the worker is not alive.
    pub async fn claim(&self, worker: &WorkerId, claim: Claim) -> Result<Vec<Claimed>, Error> {
        limits::batch(claim.limit)?;
        if claim.limit == 0 || claim.max_attempts < 1 {
            return Err(Error::invalid("limit or number of attempts is 0; expected at least 1"));
        }
        self.run(request::ClaimContracts { worker: worker.as_str().to_owned(), claim }).await
    }

    /// Settles claims. Returns the IDs whose settlement was accepted, in their order: those that this worker still owns, in the same
    /// attempt. The others have no effect.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Expired`](super::ErrorKind::Expired) if the worker is not alive: none was accepted.
    pub async fn settle(
        &self,
        worker: &WorkerId,
        max_attempts: i64,
        mut settlements: Vec<Settlement>,
    ) -> Result<Vec<String>, Error> {
        limits::batch(settlements.len())?;
        let mut flow_ids: Vec<&str> = settlements.iter().map(|one| &*one.flow_id).collect();
        distinct(&mut flow_ids)?;
        for settlement in &mut settlements {
            limits::flow_id(&settlement.flow_id)?;
            match &mut settlement.outcome {
                Outcome::Archived(evidence) => {
                    limits::batch(evidence.files.len())?;
                    evidence.request_id = limits::detail(&evidence.request_id);
                }
                Outcome::Observed { delay, .. } | Outcome::Released { delay } => {
                    limits::delay(*delay)?;
                }
                Outcome::Again { delay, detail, .. } => {
                    limits::delay(*delay)?;
                    *detail = limits::detail(detail);
                }
                Outcome::Dead { detail, .. } => *detail = limits::detail(detail),
            }
        }
        let worker = worker.as_str().to_owned();
        self.run(request::Settle { worker, max_attempts, settlements }).await
    }

    /// Lists contracts.
    ///
    /// # Errors
    /// Returns an error if the query is invalid or the store is unavailable.
    pub async fn contracts(&self, query: ContractQuery) -> Result<Vec<Contract>, Error> {
        limits::batch(query.limit)?;
        for id in [&query.prefix, &query.after] {
            if !id.is_empty() {
                limits::flow_id(id)?;
            }
        }
        self.run(request::ListContracts { query }).await
    }

    /// Returns a contract with its timeline, earliest event first, or `None` if it is not known.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn contract(&self, flow_id: &str) -> Result<Option<(Contract, Vec<Event>)>, Error> {
        limits::flow_id(flow_id)?;
        self.run(request::ShowContract { flow_id: flow_id.to_owned() }).await
    }

    /// Makes dead contracts due again, with all attempts. Returns one result per ID.
    ///
    /// # Errors
    /// Returns an error if an ID is invalid or the store is unavailable.
    pub async fn retry(&self, flow_ids: Vec<String>) -> Result<Vec<Selected>, Error> {
        selected(&flow_ids)?;
        self.run(request::Retry { flow_ids }).await
    }

    /// Makes up to `limit` contracts that are dead for this reason due again. Returns their IDs; repeat until there are none.
    ///
    /// # Errors
    /// Returns an error if the limit is invalid or the store is unavailable.
    pub async fn retry_reason(&self, reason: Reason, limit: usize) -> Result<Vec<String>, Error> {
        limits::batch(limit)?;
        self.run(request::RetryReason { reason, limit }).await
    }

    /// Gives up unfinished contracts: they are done as [`Finish::Dropped`](super::Finish::Dropped), and later messages do not change
    /// that. The settlement of a worker that has claimed one is refused. Returns one result per ID.
    ///
    /// # Errors
    /// Returns an error if an ID is invalid or the store is unavailable.
    pub async fn drop_contracts(&self, flow_ids: Vec<String>) -> Result<Vec<Selected>, Error> {
        selected(&flow_ids)?;
        self.run(request::DropContracts { flow_ids }).await
    }
}

/// Messages and forwards.
impl Ledger {
    /// Stores messages, applies them to their contracts and queues their forwards. A message that was stored in the last 7 days is a
    /// duplicate and changes nothing. Contracts that are not known are added.
    ///
    /// Returns one result per message. Messages of one call share transactions of up to
    /// [`MAX_GROUP`](limits::MAX_GROUP); an invalid message fails alone. Only a message whose result is `Ok` may be acknowledged.
    pub async fn receive(&self, messages: Vec<Message>) -> Vec<Result<Receipt, Error>> {
        let checked: Vec<Result<Message, Error>> =
            messages.into_iter().map(|message| checked(&message).map(|()| message)).collect();
        let mut valid: Vec<Message> = checked.iter().flatten().cloned().collect();
        let mut receipts = Vec::new();
        while !valid.is_empty() {
            let rest = valid.split_off(valid.len().min(limits::MAX_GROUP));
            receipts.extend(self.receive_group(valid).await);
            valid = rest;
        }
        let mut receipts = receipts.into_iter();
        let missing = || Err(Error::unavailable("no result of the store; retry later"));
        checked
            .into_iter()
            .map(|message| message.and_then(|_| receipts.next().unwrap_or_else(missing)))
            .collect()
    }

    async fn receive_group(&self, messages: Vec<Message>) -> Vec<Result<Receipt, Error>> {
        match self.run(request::Receive { messages: messages.clone() }).await {
            Ok(receipts) => receipts.into_iter().map(Ok).collect(),
            // Unless the store is unavailable, one of them is the cause.
            Err(error) if messages.len() > 1 && error.kind() != super::ErrorKind::Unavailable => {
                let mut results = Vec::new();
                for message in messages {
                    let alone = self.run(request::Receive { messages: vec![message] }).await;
                    let missing = || Error::unavailable("no result of the store; retry later");
                    results.push(
                        alone.and_then(|receipts| receipts.first().copied().ok_or_else(missing)),
                    );
                }
                results
            }
            Err(error) => {
                messages.iter().map(|_| Err(Error::new(error.kind(), error.to_string()))).collect()
            }
        }
    }

    /// Claims due forwards to a target, earliest due first. Forwards of one contract are claimed in the order of their messages: the
    /// next one follows once its predecessor is delivered or dead. Redeliveries have no order.
    ///
    /// A forward whose worker was lost after `give_up_after` becomes dead, as does one without a body.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Expired`](super::ErrorKind::Expired) if the worker is not alive.
    pub async fn claim_forwards(
        &self,
        worker: &WorkerId,
        claim: ForwardClaim,
    ) -> Result<Vec<Forward>, Error> {
        limits::name("name of a target", &claim.target)?;
        limits::batch(claim.limit)?;
        limits::delay(claim.give_up_after)?;
        if claim.limit == 0 {
            return Err(Error::invalid("limit is 0; expected at least 1"));
        }
        self.run(request::ClaimForwards { worker: worker.as_str().to_owned(), claim }).await
    }

    /// Settles forwards. Returns the numbers whose settlement was accepted, as of [`settle`](Self::settle).
    ///
    /// # Errors
    /// Returns [`ErrorKind::Expired`](super::ErrorKind::Expired) if the worker is not alive: none was accepted.
    pub async fn settle_forwards(
        &self,
        worker: &WorkerId,
        settlements: Vec<ForwardSettlement>,
    ) -> Result<Vec<i64>, Error> {
        limits::batch(settlements.len())?;
        for settlement in &settlements {
            if let ForwardOutcome::Again { delay } | ForwardOutcome::Released { delay } =
                &settlement.outcome
            {
                limits::delay(*delay)?;
            }
        }
        self.run(request::SettleForwards { worker: worker.as_str().to_owned(), settlements }).await
    }

    /// Queues a stored message for a target once more. Returns the number of the forward.
    ///
    /// # Errors
    /// Returns [`ErrorKind::BodyExpired`](super::ErrorKind::BodyExpired) if the body is no longer stored, and
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) if no message has this ID.
    pub async fn replay(&self, message_id: &str, target: &str) -> Result<i64, Error> {
        limits::name("ID of a message", message_id)?;
        limits::name("name of a target", target)?;
        let (message_id, target) = (message_id.to_owned(), target.to_owned());
        self.run(request::Replay { message_id, target }).await
    }

    /// Lists messages, latest first, without their forwards.
    ///
    /// # Errors
    /// Returns an error if the query is invalid or the store is unavailable.
    pub async fn messages(&self, query: MessageQuery) -> Result<Vec<MessageView>, Error> {
        limits::batch(query.limit)?;
        if let Some(flow_id) = &query.flow_id {
            limits::flow_id(flow_id)?;
        }
        self.run(request::ListMessages { query }).await
    }

    /// Returns a message with its forwards.
    ///
    /// # Errors
    /// Returns [`ErrorKind::NotFound`](super::ErrorKind::NotFound) if no message has this ID.
    pub async fn message(&self, message_id: &str) -> Result<MessageView, Error> {
        limits::name("ID of a message", message_id)?;
        self.run(request::ShowMessage { message_id: message_id.to_owned() }).await
    }
}

/// Rate.
impl Ledger {
    /// Books moments of requests for an action. All replicas share the window: no window has more than [`Pace::limit`] moments.
    ///
    /// The caller sends a request at its moment: `moment - now` milliseconds after the operation returned, by a monotonic clock of
    /// its own. At a moment more than 25 ms past, nothing is sent; the caller books another one. A margin of 25 ms in
    /// [`Pace::window`] allows for that delay.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable: no request may be sent.
    pub async fn book(&self, pace: Pace) -> Result<Booking, Error> {
        limits::name("action", &pace.action)?;
        limits::delay(pace.window)?;
        limits::delay(pace.horizon)?;
        let allowed = 1..=limits::MAX_MOMENTS;
        if !allowed.contains(&pace.count) || !allowed.contains(&pace.limit) || pace.window == 0 {
            return Err(Error::invalid(format!(
                "number or rate of moments is not in 1 to {}, or the window is 0",
                limits::MAX_MOMENTS
            )));
        }
        self.run(request::Book { pace }).await
    }

    /// Returns moments at which no request was sent, so that others can book them.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable; the moments remain unused then.
    pub async fn release(&self, action: &str, moments: Vec<i64>) -> Result<(), Error> {
        limits::name("action", action)?;
        limits::batch(moments.len())?;
        self.run(request::ReleaseMoments { action: action.to_owned(), moments }).await
    }

    /// Returns the booked moments of each action, at the time of its last booking.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn paces(&self) -> Result<Vec<(String, Vec<i64>)>, Error> {
        self.run(request::Paces {}).await
    }
}

/// Operation.
impl Ledger {
    /// Returns numbers of contracts, forwards and workers. Their cost does not depend on the number of finished contracts.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn counts(&self) -> Result<Counts, Error> {
        self.run(request::CountAll {}).await
    }

    /// Pauses a loop for all replicas, because of an error that affects every contract. `delay` is the time until the first probe.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn pause(&self, name: &str, cause: &str, delay: i64) -> Result<(), Error> {
        limits::name("name of a loop", name)?;
        limits::delay(delay)?;
        let (name, cause) = (name.to_owned(), limits::detail(cause));
        self.run(request::PauseLoop { name, cause, delay }).await
    }

    /// Returns true if a loop may work: it is not paused, or this is the one worker that probes. The next probe is `delay`
    /// milliseconds later.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn probe(&self, name: &str, delay: i64) -> Result<bool, Error> {
        limits::name("name of a loop", name)?;
        limits::delay(delay)?;
        self.run(request::Probe { name: name.to_owned(), delay }).await
    }

    /// Ends the pause of a loop.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn resume(&self, name: &str) -> Result<(), Error> {
        limits::name("name of a loop", name)?;
        self.run(request::Resume { name: name.to_owned() }).await
    }

    /// Returns the paused loops.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn pauses(&self) -> Result<Vec<Pause>, Error> {
        self.run(request::Pauses {}).await
    }

    /// Stores the sample of the current minute, unless a replica has stored it. Returns true if this call did.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn sample(&self) -> Result<bool, Error> {
        self.run(request::TakeSample {}).await
    }

    /// Returns the samples since a time, earliest first: at most 10,080, those of 7 days.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn samples(&self, since: i64) -> Result<Vec<Sample>, Error> {
        self.run(request::Samples { since }).await
    }

    /// Deletes bodies after `retention` milliseconds, messages after 7 days or `retention` if it is longer, samples after 7 days and
    /// workers that expired an hour ago. Messages with forwards in the queue are kept. At most `limit` bodies and messages are deleted;
    /// repeat while a number is `limit`.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn sweep(&self, retention: i64, limit: usize) -> Result<Swept, Error> {
        limits::delay(retention)?;
        limits::batch(limit)?;
        self.run(request::Sweep { retention, limit }).await
    }
}

/// Checks a list of contracts.
fn selected(flow_ids: &[String]) -> Result<(), Error> {
    limits::batch(flow_ids.len())?;
    flow_ids.iter().try_for_each(|flow_id| limits::flow_id(flow_id))?;
    distinct(&mut flow_ids.iter().map(String::as_str).collect::<Vec<_>>())
}

fn distinct(flow_ids: &mut Vec<&str>) -> Result<(), Error> {
    let count = flow_ids.len();
    flow_ids.sort_unstable();
    flow_ids.dedup();
    if flow_ids.len() < count {
        return Err(Error::invalid("a contract ID occurs twice in one operation; remove it"));
    }
    Ok(())
}

fn checked(message: &Message) -> Result<(), Error> {
    limits::name("ID of a message", &message.id)?;
    limits::name("type of a message", &message.kind)?;
    if let Some(flow_id) = &message.flow_id {
        limits::flow_id(flow_id)?;
    }
    if let Some(report) = &message.report {
        limits::name("status", report.status.as_str())?;
    }
    if message.targets.len() > limits::MAX_TARGETS {
        return Err(Error::invalid(format!(
            "message for {} targets; the maximum is {}",
            message.targets.len(),
            limits::MAX_TARGETS
        )));
    }
    message.targets.iter().try_for_each(|target| limits::name("name of a target", target))?;
    match &message.body {
        None if !message.targets.is_empty() => {
            Err(Error::invalid("message with targets, but without a body; set its body"))
        }
        Some(body) if body.len() > limits::MAX_BODY_BYTES => Err(Error::invalid(format!(
            "body of {} bytes; the maximum is {} bytes",
            body.len(),
            limits::MAX_BODY_BYTES
        ))),
        _ => Ok(()),
    }
}
