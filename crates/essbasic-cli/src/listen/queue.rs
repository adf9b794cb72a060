//! Messages in flight, and their outcomes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use essbasic_callback::{Message, Receiver};
use tokio::sync::watch;

use super::item::Item;
use super::sink::{Sink, SinkError, blocking};
use super::state::State;
use crate::advice;
use crate::cause::one_line;
use crate::output;

/// Maximum number of queued messages.
const MAX_ITEMS: usize = 256;

/// Handles messages one after another, each to completion: a client that disconnects does not cancel its message,
/// and the outcome is that of the next delivery.
pub(super) struct Queue {
    sink: Sink,
    state: Option<Arc<Mutex<State>>>,
    receiver: Arc<Receiver>,
    /// The outcome of each message that is being handled, once it has one.
    in_flight: Mutex<HashMap<String, watch::Receiver<Option<bool>>>>,
    /// Locked while a message is handled.
    turn: tokio::sync::Mutex<()>,
    /// Reason for which no further message can be handled.
    closed: watch::Sender<Option<String>>,
}

impl Queue {
    pub(super) fn new(sink: Sink, state: Option<State>, receiver: Arc<Receiver>) -> Self {
        Self {
            sink,
            state: state.map(|state| Arc::new(Mutex::new(state))),
            receiver,
            in_flight: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            closed: watch::Sender::new(None),
        }
    }

    /// Handles a message, or waits for the outcome of its earlier delivery.
    pub(super) async fn handle(self: Arc<Self>, message: Message) -> Result<(), &'static str> {
        let mut outcome = self.start(message.into()).ok_or("the queue is full")?;
        match outcome.wait_for(Option::is_some).await {
            Ok(handled) if *handled == Some(true) => Ok(()),
            _ => Err("the message was not handled"),
        }
    }

    /// Waits until no further message can be handled, and returns the reason.
    pub(super) async fn closed(&self) -> String {
        let mut closed = self.closed.subscribe();
        match closed.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            // The queue owns the sender.
            Err(_) => std::future::pending().await,
        }
    }

    /// Returns the time for the messages in flight after a signal.
    pub(super) fn shutdown_time(&self) -> Duration {
        self.sink.shutdown_time()
    }

    /// Waits until no message is being handled.
    pub(super) async fn idle(&self) {
        loop {
            let Some(mut next) = self.in_flight().values().next().cloned() else { return };
            let _ = next.wait_for(Option::is_some).await;
            tokio::task::yield_now().await;
        }
    }

    /// Reports the messages in flight, when the process exits.
    pub(super) fn report_unfinished(&self) {
        for msg_id in self.in_flight().keys() {
            report(
                msg_id,
                &format!(
                    "{} when `essbasic listen` was stopped; the platform sends it again",
                    self.sink.unfinished()
                ),
            );
        }
    }

    fn start(self: &Arc<Self>, item: Item) -> Option<watch::Receiver<Option<bool>>> {
        let mut in_flight = self.in_flight();
        if let Some(outcome) = in_flight.get(&item.msg_id) {
            return Some(outcome.clone());
        }
        if in_flight.len() >= MAX_ITEMS {
            report(&item.msg_id, "too many messages wait for their turn");
            return None;
        }
        let (outcome, receiver) = watch::channel(None);
        in_flight.insert(item.msg_id.clone(), receiver.clone());
        let entry = InFlight { queue: Arc::clone(self), msg_id: item.msg_id.clone() };
        tokio::spawn(async move {
            let handled = entry.queue.process(&item).await;
            if let Err(why) = &handled {
                report(&item.msg_id, why);
            }
            // The receiver already has it: every delivery finds the message in one of the two.
            drop(entry);
            outcome.send_replace(Some(handled.is_ok()));
        });
        Some(receiver)
    }

    async fn process(&self, item: &Item) -> Result<(), String> {
        let _turn = self.turn.lock().await;
        let now = SystemTime::now();
        if self.closed.borrow().is_some() {
            return Err("no message can be handled any more".into());
        }
        let msg_id = item.msg_id.clone();
        let is_handled = self.with_state(move |state| state.flush(&msg_id)).await?;
        if !is_handled.unwrap_or(false) {
            self.sink.deliver(item).await.map_err(|error| match error {
                SinkError::Message(why) => why,
                SinkError::Closed(why) => {
                    self.closed.send_replace(Some(why.clone()));
                    why
                }
            })?;
            let msg_id = item.msg_id.clone();
            self.with_state(move |state| state.record(&msg_id, now)).await?;
        }
        self.receiver.remember(&item.msg_id, now);
        Ok(())
    }

    /// Uses the state file, if there is one.
    async fn with_state<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut State) -> std::io::Result<T> + Send + 'static,
    ) -> Result<Option<T>, String> {
        let Some(state) = &self.state else { return Ok(None) };
        let state = Arc::clone(state);
        let work = move || {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut state).map(Some).map_err(|error| {
                let advice = advice::for_own_file(&error);
                format!("the file of --state cannot be written: {error}; {advice}")
            })
        };
        blocking(work).await
    }

    fn in_flight(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Option<bool>>>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message in flight, until this is dropped.
struct InFlight {
    queue: Arc<Queue>,
    msg_id: String,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.queue.in_flight().remove(&self.msg_id);
    }
}

fn report(msg_id: &str, why: &str) {
    output::note(format_args!("message {} was not taken: {}", one_line(msg_id), one_line(why)));
}
