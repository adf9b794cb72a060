//! Operations of messages and forwards.

use super::super::error::{Error, ErrorKind};
use super::super::message::{
    Forward, ForwardClaim, ForwardOutcome, ForwardSettlement, ForwardTarget, Message, Receipt,
};
use super::super::requests as request;
use super::super::view::{MessageQuery, MessageView, TargetHealth};
use super::super::worker::WorkerId;
use super::super::{Ledger, limits};

/// Messages and forwards.
impl Ledger {
    /// Stores messages, applies them to their contracts and queues their forwards. A message that was stored in the last 7 days is a
    /// duplicate and changes nothing. Contracts that are not known are added. Nothing is stored in a store that replaced the one that
    /// was opened.
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
        match self
            .run(request::Receive { store: self.store_id.clone(), messages: messages.clone() })
            .await
        {
            Ok(receipts) => receipts.into_iter().map(Ok).collect(),
            // Unless the store is unavailable, one of them is the cause.
            Err(error) if messages.len() > 1 && error.kind() != ErrorKind::Unavailable => {
                let mut results = Vec::new();
                for message in messages {
                    let store = self.store_id.clone();
                    let alone = self.run(request::Receive { store, messages: vec![message] }).await;
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
    /// Returns [`ErrorKind::Expired`] if the worker is not alive.
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
    /// Returns [`ErrorKind::Expired`] if the worker is not alive: none was accepted.
    pub async fn settle_forwards(
        &self,
        worker: &WorkerId,
        mut settlements: Vec<ForwardSettlement>,
    ) -> Result<Vec<i64>, Error> {
        limits::batch(settlements.len())?;
        for settlement in &mut settlements {
            match &mut settlement.outcome {
                ForwardOutcome::Delivered => {}
                ForwardOutcome::Again { delay, detail } => {
                    limits::delay(*delay)?;
                    *detail = limits::detail(detail);
                }
                ForwardOutcome::Dead { detail, .. } => *detail = limits::detail(detail),
                ForwardOutcome::Released { delay } => limits::delay(*delay)?,
            }
        }
        self.run(request::SettleForwards { worker: worker.as_str().to_owned(), settlements }).await
    }

    /// Queues a stored message for a target once more. Returns the number of the forward. It replaces dead forwards of the message to
    /// this target, which no longer count as dead.
    ///
    /// # Errors
    /// Returns [`ErrorKind::BodyExpired`] or [`ErrorKind::BodyNotStored`] if the body is not stored, [`ErrorKind::NotFound`] if no
    /// message has this ID, and [`ErrorKind::UnknownTarget`] if no server has announced this target.
    pub async fn replay(&self, message_id: &str, target: &str) -> Result<i64, Error> {
        limits::name("ID of a message", message_id)?;
        limits::name("name of a target", target)?;
        let (message_id, target) = (message_id.to_owned(), target.to_owned());
        self.run(request::Replay { message_id, target }).await
    }

    /// Replays up to `limit` messages with a dead forward to a target, earliest message first, as [`replay`](Self::replay) does. Messages
    /// whose body is not stored are skipped. Returns the numbers of the forwards; repeat until there are fewer than `limit`.
    ///
    /// # Errors
    /// Returns [`ErrorKind::UnknownTarget`] if no server has announced this target, and an error if the limit is invalid.
    pub async fn replay_dead(&self, target: &str, limit: usize) -> Result<Vec<i64>, Error> {
        limits::name("name of a target", target)?;
        limits::batch(limit)?;
        self.run(request::ReplayDead { target: target.to_owned(), limit }).await
    }

    /// Returns the latest delivery and failure of targets, in the order of the names. Only forwards that are stored count: those in
    /// the queue, and those of messages that are not swept.
    ///
    /// # Errors
    /// Returns an error if a name is invalid or the store is unavailable.
    pub async fn target_health(&self, names: Vec<String>) -> Result<Vec<TargetHealth>, Error> {
        limits::batch(names.len())?;
        names.iter().try_for_each(|name| limits::name("name of a target", name))?;
        self.run(request::TargetHealth { names }).await
    }

    /// Announces the forward targets of a server, each minute. Forwards to other targets become dead with
    /// [`Reason::TargetRemoved`](super::super::Reason::TargetRemoved), once no server has announced their target for `grace`
    /// milliseconds. Only time in which a server runs counts. Returns the number of these forwards, at most `limit` per target; repeat
    /// while it is at least `limit`.
    ///
    /// # Errors
    /// Returns an error if a name is invalid or the store is unavailable.
    pub async fn announce(
        &self,
        targets: Vec<String>,
        grace: i64,
        limit: usize,
    ) -> Result<usize, Error> {
        limits::batch(targets.len())?;
        limits::batch(limit)?;
        limits::delay(grace)?;
        targets.iter().try_for_each(|target| limits::name("name of a target", target))?;
        self.run(request::Announce { targets, grace, limit }).await
    }

    /// Returns the targets that servers have announced, in the order of their names, without those that were removed.
    ///
    /// # Errors
    /// Returns an error if the store is unavailable.
    pub async fn targets(&self) -> Result<Vec<ForwardTarget>, Error> {
        self.run(request::ListTargets {}).await
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
        if let Some(target) = &query.target {
            limits::name("name of a target", target)?;
        }
        self.run(request::ListMessages { query }).await
    }

    /// Returns a message with its forwards.
    ///
    /// # Errors
    /// Returns [`ErrorKind::NotFound`] if no message has this ID.
    pub async fn message(&self, message_id: &str) -> Result<MessageView, Error> {
        limits::name("ID of a message", message_id)?;
        self.run(request::ShowMessage { message_id: message_id.to_owned() }).await
    }
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
