//! Statuses of contracts received in callbacks.

use core::fmt;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use essbasic_models::FlowStatus;

use crate::download::truncate;
use crate::ids::FlowId;

/// Channel from a callback receiver to the waits of a program, so that contracts need not be polled.
///
/// A program has one, and passes a clone to each wait: [`WaitOptions::with_signals`](crate::WaitOptions::with_signals).
/// Any number of waits can run at the same time, in threads and tasks. A signal wakes the waits for its contract only.
///
/// The last status of each contract is kept in memory, of at most 100,000 contracts. A wait that starts after the
/// callback of its contract has it from there. Above the maximum, the contract with the oldest signal is forgotten; a
/// wait for it begins with a poll, as every wait does.
///
/// Callbacks may be delivered out of order. A status never replaces a later one of its contract, such as `PART` a final
/// one.
///
/// ```
/// use essbasic::{FlowStatus, Signals, WaitOptions};
///
/// let signals = Signals::new();
/// let options = WaitOptions::default().with_signals(signals.clone());
/// // In the callback handler, after the signature of the callback has been verified:
/// signals.send("FLOW_ID", FlowStatus::All, "");
/// ```
///
/// With the feature `callback`, `Signals::notify` takes the message of a callback.
#[derive(Clone, Default)]
pub struct Signals(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The queues of the running waits, by contract.
    queues: HashMap<FlowId, Vec<Arc<SignalQueue>>>,
    /// The last signal of each contract, with its number in `order`.
    last: HashMap<FlowId, (u64, Signal)>,
    /// The contracts of `last` in the order of their signals, at most [`MAX_CONTRACTS`].
    order: BTreeMap<u64, FlowId>,
    /// Number of signals so far.
    count: u64,
}

/// Status of a contract in a callback.
#[derive(Clone)]
pub(super) struct Signal {
    pub(super) flow_id: FlowId,
    pub(super) status: FlowStatus,
    pub(super) reason: String,
}

/// Maximum number of contracts whose last signal is kept.
const MAX_CONTRACTS: usize = 100_000;

/// Maximum length of a flow ID, in bytes. Contracts of the service have 32.
const MAX_FLOW_ID_BYTES: usize = 256;

/// Maximum length of a status, in bytes. Those of the service have at most 8.
const MAX_STATUS_BYTES: usize = 256;

/// Maximum length of a reason, in bytes.
const MAX_REASON_BYTES: usize = 1_024;

impl Signals {
    /// Creates a channel without signals.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the status of a contract from a verified callback, with its reason for a rejection or withdrawal.
    ///
    /// Of the reason, 1,024 bytes are kept. A signal whose flow ID or status exceeds 256 bytes is ignored.
    pub fn send(&self, flow_id: impl Into<FlowId>, status: FlowStatus, reason: impl Into<String>) {
        let (flow_id, reason) = (flow_id.into(), reason.into());
        if flow_id.as_str().len() > MAX_FLOW_ID_BYTES || status.as_str().len() > MAX_STATUS_BYTES {
            return;
        }
        let reason = truncate(&reason, MAX_REASON_BYTES).to_owned();
        let signal = Signal { flow_id, status, reason };
        let mut state = self.state();
        state.keep(&signal);
        let queues = state.queues.get(&signal.flow_id).cloned().unwrap_or_default();
        drop(state);
        for queue in queues {
            queue.push(signal.clone());
        }
    }

    /// Sends the status in the verified message of a callback. Returns whether the message has the status of a contract.
    #[cfg(feature = "callback")]
    pub fn notify(&self, message: &essbasic_callback::Message) -> bool {
        let essbasic_callback::MessageData::FlowStatusChange(flow) = &message.data else {
            return false;
        };
        let status = flow.status_name();
        if !status.is_empty() {
            let reason = flow.flow_message.as_ref().map_or("", |reason| reason.as_str());
            self.send(&*flow.flow_id, FlowStatus::from(status), reason);
        }
        !status.is_empty()
    }

    /// Subscribes to the signals of these contracts. The last signal of each is in the queue at once.
    pub(super) fn subscribe<'a>(&self, flow_ids: impl Iterator<Item = &'a FlowId>) -> Subscription {
        let queue = Arc::new(SignalQueue::default());
        let flow_ids: Vec<FlowId> = flow_ids.cloned().collect();
        // Under one lock, so that a concurrent signal is found in one of the two places.
        let mut state = self.state();
        for flow_id in &flow_ids {
            state.queues.entry(flow_id.clone()).or_default().push(Arc::clone(&queue));
            if let Some((_, signal)) = state.last.get(flow_id) {
                queue.push(signal.clone());
            }
        }
        drop(state);
        Subscription { signals: self.clone(), flow_ids, queue }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps a signal for later waits.
    fn keep(&mut self, signal: &Signal) {
        self.count += 1;
        let number = self.count;
        match self.last.get_mut(&signal.flow_id) {
            Some((_, last)) if !last.may_be_followed_by(signal) => return,
            Some((earlier, last)) => {
                self.order.remove(earlier);
                (*earlier, *last) = (number, signal.clone());
            }
            None => {
                self.last.insert(signal.flow_id.clone(), (number, signal.clone()));
            }
        }
        self.order.insert(number, signal.flow_id.clone());
        if self.order.len() > MAX_CONTRACTS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.last.remove(&oldest);
        }
    }
}

impl Signal {
    /// Returns whether a signal is not older than this one of the same contract, by their statuses.
    fn may_be_followed_by(&self, other: &Self) -> bool {
        rank(&other.status) >= rank(&self.status)
    }
}

/// Returns the position of a status in the life of a contract.
fn rank(status: &FlowStatus) -> u8 {
    match status {
        FlowStatus::Init => 0,
        FlowStatus::All
        | FlowStatus::Reject
        | FlowStatus::Cancel
        | FlowStatus::Deadline
        | FlowStatus::Invalid => 2,
        FlowStatus::Relieved => 3,
        _ => 1,
    }
}

/// The subscription of one wait, which ends when it is dropped.
pub(super) struct Subscription {
    signals: Signals,
    flow_ids: Vec<FlowId>,
    queue: Arc<SignalQueue>,
}

impl Subscription {
    pub(super) fn queue(&self) -> &Arc<SignalQueue> {
        &self.queue
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.signals.state();
        for flow_id in &self.flow_ids {
            let Some(queues) = state.queues.get_mut(flow_id) else { continue };
            queues.retain(|queue| !Arc::ptr_eq(queue, &self.queue));
            if queues.is_empty() {
                state.queues.remove(flow_id);
            }
        }
    }
}

/// The signals that a wait has not processed: the last one of each of its contracts.
#[derive(Default)]
pub(crate) struct SignalQueue {
    signals: Mutex<BTreeMap<FlowId, Signal>>,
    #[cfg(feature = "async-core")]
    wake: tokio::sync::Notify,
}

impl SignalQueue {
    fn push(&self, signal: Signal) {
        let mut signals = self.signals();
        match signals.get(&signal.flow_id) {
            Some(queued) if !queued.may_be_followed_by(&signal) => return,
            _ => signals.insert(signal.flow_id.clone(), signal),
        };
        drop(signals);
        #[cfg(feature = "async-core")]
        self.wake.notify_one();
    }

    fn signals(&self) -> MutexGuard<'_, BTreeMap<FlowId, Signal>> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all signals, in the order of their flow IDs.
    pub(super) fn drain(&self) -> impl Iterator<Item = Signal> + use<> {
        std::mem::take(&mut *self.signals()).into_values()
    }

    /// Returns whether a signal is queued.
    pub(crate) fn is_pending(&self) -> bool {
        !self.signals().is_empty()
    }

    /// Waits until a signal is queued or `sleep` completes.
    #[cfg(feature = "async-core")]
    pub(crate) async fn race(&self, sleep: impl Future<Output = ()>) {
        let (mut sleep, mut wake) = (std::pin::pin!(sleep), std::pin::pin!(self.wake.notified()));
        std::future::poll_fn(|context| {
            if wake.as_mut().poll(context).is_ready() || self.is_pending() {
                return std::task::Poll::Ready(());
            }
            sleep.as_mut().poll(context)
        })
        .await;
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("contracts", &self.state().last.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::collect;

    fn subscribe(signals: &Signals, flow_ids: &[&str]) -> Subscription {
        signals.subscribe(collect(flow_ids.iter().copied()).iter())
    }

    fn drain(subscription: &Subscription) -> Vec<(FlowId, FlowStatus)> {
        let signals = subscription.queue.drain();
        signals.map(|signal| (signal.flow_id, signal.status)).collect()
    }

    #[test]
    fn a_signal_reaches_each_wait_for_its_contract() {
        let signals = Signals::new();
        let (one, both) = (subscribe(&signals, &["a"]), subscribe(&signals, &["a", "b"]));
        signals.send("b", FlowStatus::All, "");
        signals.send("a", FlowStatus::Part, "");
        signals.send("c", FlowStatus::All, "");
        assert!(one.queue.is_pending());
        assert_eq!(drain(&one), [("a".into(), FlowStatus::Part)]);
        assert_eq!(drain(&both), [("a".into(), FlowStatus::Part), ("b".into(), FlowStatus::All)]);
        assert!(!one.queue.is_pending() && drain(&both).is_empty());
    }

    #[test]
    fn a_late_wait_has_the_last_status_of_its_contract() {
        let signals = Signals::new();
        signals.send("a", FlowStatus::Part, "");
        signals.send("a", FlowStatus::Reject, "terms");
        for _ in 0..2 {
            let late = subscribe(&signals, &["a", "b"]);
            assert_eq!(drain(&late), [("a".into(), FlowStatus::Reject)]);
        }
    }

    #[test]
    fn a_status_does_not_replace_a_later_one() {
        use FlowStatus::{All, Init, Part, Relieved};
        for (sent, expected) in [
            (&[All, Part, Init][..], All),
            (&[Part, Init], Part),
            (&[Init, Part, All], All),
            (&[All, Relieved, All], Relieved),
            (&["NEW".into(), Init], "NEW".into()),
        ] {
            let signals = Signals::new();
            let early = subscribe(&signals, &["a"]);
            for status in sent {
                signals.send("a", status.clone(), "");
            }
            for subscription in [early, subscribe(&signals, &["a"])] {
                assert_eq!(drain(&subscription), [("a".into(), expected.clone())], "{sent:?}");
            }
        }
    }

    #[test]
    fn kept_signals_are_bounded() {
        let signals = Signals::new();
        signals.send("f".repeat(MAX_FLOW_ID_BYTES + 1), FlowStatus::All, "");
        signals.send("f", "S".repeat(MAX_STATUS_BYTES + 1).into(), "");
        assert!(signals.state().last.is_empty());
        let long = "签".repeat(1_000);
        // The second contract gets a later signal, so that the first, third and fourth are the oldest.
        for flow in (0..MAX_CONTRACTS).chain([1]).chain(MAX_CONTRACTS..MAX_CONTRACTS + 3) {
            signals.send(flow.to_string(), FlowStatus::Part, &*long);
        }
        {
            let state = signals.state();
            assert_eq!((state.last.len(), state.order.len()), (MAX_CONTRACTS, MAX_CONTRACTS));
            assert!(state.last.values().all(|(_, signal)| signal.reason.len() == 1_023));
            for (flow, is_kept) in
                [("0", false), ("1", true), ("2", false), ("3", false), ("4", true)]
            {
                assert_eq!(state.last.contains_key(flow), is_kept, "{flow}");
            }
        }
        drop((subscribe(&signals, &["1", "x"]), subscribe(&signals, &["1"])));
        assert!(signals.state().queues.is_empty());
    }

    /// Thousands of waits in threads and tasks, whose callbacks arrive before, during and after their start.
    #[cfg(feature = "async-core")]
    #[test]
    fn no_signal_is_lost_among_thousands_of_waits() {
        const WAITS: usize = 4_000;
        let signals = Signals::new();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_time()
            .build()
            .unwrap();
        let waits: Vec<_> = (0..WAITS)
            .map(|index| {
                let signals = signals.clone();
                runtime.spawn(async move {
                    let subscription = subscribe(&signals, &[&index.to_string()]);
                    loop {
                        subscription.queue.race(std::future::pending()).await;
                        let last = drain(&subscription).pop();
                        if let Some((flow_id, FlowStatus::All)) = last {
                            assert_eq!(flow_id, index.to_string());
                            return;
                        }
                    }
                })
            })
            .collect();
        std::thread::scope(|scope| {
            for status in [FlowStatus::Part, FlowStatus::All, FlowStatus::Init] {
                let signals = &signals;
                scope.spawn(move || {
                    for index in 0..WAITS {
                        signals.send(index.to_string(), status.clone(), "");
                    }
                });
            }
        });
        // They end only if no wakeup was lost.
        runtime.block_on(async {
            let end = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
            for wait in waits {
                tokio::time::timeout_at(end, wait).await.expect("a signal was lost").unwrap();
            }
        });
        assert!(signals.state().queues.is_empty());
    }
}
