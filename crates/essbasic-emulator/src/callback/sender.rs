//! Sending of messages, until they are acknowledged or given up.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::address::Address;
use super::config::{Callback, CallbackChaos};
use super::exchange::post;
use super::log::{CallbackLog, LogNumber};
use super::outbox::{Outbox, Queued};
use super::seal::{Seal, Sealed};
use super::stats::StatsCounter;

/// Type of a ping in the log.
pub(super) const PING: &str = "ping";

/// Maximum backoff between attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// Maximum number of simultaneous retries. A receiver that is back after an outage may have many messages
/// waiting.
const MAX_CONCURRENT_RETRIES: usize = 16;

/// Maximum number of simultaneous first attempts of messages that have no order.
const MAX_CONCURRENT_MESSAGES: usize = 16;

/// Minimum period within which messages are reordered.
const MIN_REORDER_DELAY: Duration = Duration::from_millis(100);

/// Task that sends the messages of the outbox.
pub(crate) struct CallbackSender {
    delivery: Arc<Delivery>,
    chaos: CallbackChaos,
    random: fastrand::Rng,
    messages: UnboundedReceiver<Queued>,
    /// Number of the ping in the log.
    ping: LogNumber,
    /// Scheduled messages, by the time at which they are due and their number.
    scheduled: BTreeMap<(Instant, u64), Scheduled>,
    /// Number of messages received from the outbox.
    received: u64,
    /// Time at which the last message is due, if the order is kept.
    earliest: Instant,
}

struct Scheduled {
    number: LogNumber,
    sealed: Sealed,
    duplicate: bool,
}

/// Address, encryption and retry options of a delivery.
struct Delivery {
    address: Address,
    seal: Seal,
    max_attempts: u32,
    initial_backoff: Duration,
    retry_permits: Semaphore,
    message_permits: Arc<Semaphore>,
    stats: Arc<StatsCounter>,
    log: Arc<CallbackLog>,
}

impl CallbackSender {
    /// Creates the task and the queue of its messages. `now` is the time of the ping in the log.
    pub(crate) fn new(
        callback: &Callback,
        allow_remote: bool,
        stats: Arc<StatsCounter>,
        log: Arc<CallbackLog>,
        now: Duration,
    ) -> io::Result<(Outbox, Self)> {
        callback.chaos.check()?;
        let address = Address::parse(&callback.url, allow_remote)?;
        let seal = Seal::of(callback)?;
        let ping = log.add(PING, None, &address, now);
        let (outbox, messages) = Outbox::new(Arc::clone(&stats), Arc::clone(&log), address.clone());
        let delivery = Delivery {
            address,
            seal,
            max_attempts: callback.max_attempts,
            initial_backoff: callback.initial_backoff,
            retry_permits: Semaphore::new(MAX_CONCURRENT_RETRIES),
            message_permits: Arc::new(Semaphore::new(MAX_CONCURRENT_MESSAGES)),
            stats,
            log,
        };
        let sender = Self {
            delivery: Arc::new(delivery),
            chaos: callback.chaos.clone(),
            random: fastrand::Rng::with_seed(callback.chaos.seed),
            messages,
            ping,
            scheduled: BTreeMap::new(),
            received: 0,
            earliest: Instant::now(),
        };
        Ok((outbox, sender))
    }

    /// Sends messages until the outbox is dropped.
    pub(crate) async fn run(mut self) {
        if self.delivery.ping(self.ping).await {
            self.delivery.stats.update(|stats| stats.ping_acknowledged = true);
        } else {
            tracing::warn!("the callback address does not acknowledge the ping");
        }
        loop {
            // All received messages are scheduled first, as draws are made in the order of the changes.
            while let Ok(message) = self.messages.try_recv() {
                self.schedule(&message);
            }
            let next = self.scheduled.first_key_value().map(|((due, _), _)| *due);
            match next {
                Some(due) if due <= Instant::now() => {
                    if let Some((_, message)) = self.scheduled.pop_first() {
                        self.begin(message).await;
                    }
                }
                Some(due) => match timeout_at(due, self.messages.recv()).await {
                    Ok(Some(message)) => self.schedule(&message),
                    Ok(None) => sleep_until(due).await,
                    Err(_) => {}
                },
                None => match self.messages.recv().await {
                    Some(message) => self.schedule(&message),
                    None => return,
                },
            }
        }
    }

    fn schedule(&mut self, Queued { number, message }: &Queued) {
        let CallbackChaos { duplicate_rate, delay, reorder, .. } = self.chaos;
        let max_delay = if reorder { delay.max(MIN_REORDER_DELAY) } else { delay };
        let delay = max_delay.mul_f64(self.random.f64());
        let duplicate = self.random.f64() < duplicate_rate;
        let mut due = Instant::now() + delay;
        if !reorder {
            due = due.max(self.earliest);
            self.earliest = due;
        }
        self.received += 1;
        let sealed = self.delivery.seal.message(message);
        self.scheduled
            .insert((due, self.received), Scheduled { number: *number, sealed, duplicate });
    }

    /// Makes the first attempt: before the next message if their order is kept, otherwise at the same time.
    async fn begin(&self, message: Scheduled) {
        let delivery = Arc::clone(&self.delivery);
        if !self.chaos.reorder {
            return delivery.deliver(message).await;
        }
        // The semaphore is never closed, so there is no error to handle.
        let permit = Arc::clone(&delivery.message_permits).acquire_owned().await;
        tokio::spawn(async move {
            delivery.deliver(message).await;
            drop(permit);
        });
    }
}

impl Delivery {
    /// Makes the first attempt. Further attempts run in a task and do not delay other messages.
    async fn deliver(self: Arc<Self>, Scheduled { number, sealed, duplicate }: Scheduled) {
        let acknowledged = self.attempt(number, &sealed).await;
        if acknowledged {
            self.stats.update(|stats| stats.acknowledged += 1);
            if !duplicate {
                return;
            }
        }
        tokio::spawn(async move {
            if !acknowledged {
                let acknowledged = self.retry(number, &sealed).await;
                self.stats.update(|stats| match acknowledged {
                    true => stats.acknowledged += 1,
                    false => stats.given_up += 1,
                });
                if !acknowledged {
                    tracing::warn!("gave up on a callback");
                    return;
                }
            }
            if duplicate {
                sleep(self.initial_backoff.min(MAX_BACKOFF)).await;
                self.attempt(number, &sealed).await;
            }
        });
    }

    /// Sends pings until one is acknowledged or the attempts are used up.
    async fn ping(&self, number: LogNumber) -> bool {
        let sealed = self.seal.ping();
        if self.post(number, &sealed).await {
            return true;
        }
        for backoff in self.backoffs() {
            sleep(backoff).await;
            if self.post(number, &sealed).await {
                return true;
            }
        }
        self.log.give_up(number);
        false
    }

    /// Makes all attempts but the first.
    async fn retry(&self, number: LogNumber, sealed: &Sealed) -> bool {
        for backoff in self.backoffs() {
            sleep(backoff).await;
            // The semaphore is never closed, so there is no error to handle.
            let _permit = self.retry_permits.acquire().await;
            if self.attempt(number, sealed).await {
                return true;
            }
        }
        self.log.give_up(number);
        false
    }

    async fn attempt(&self, number: LogNumber, sealed: &Sealed) -> bool {
        self.stats.update(|stats| stats.sent += 1);
        self.post(number, sealed).await
    }

    /// Posts a message; returns `true` if it is acknowledged.
    async fn post(&self, number: LogNumber, sealed: &Sealed) -> bool {
        let result = post(&self.address, sealed).await;
        self.log.record(number, &result);
        match result {
            Ok(status) => {
                tracing::debug!(status = status.as_u16(), "a callback got a response");
                status == StatusCode::OK
            }
            Err(error) => {
                tracing::debug!(%error, "a callback failed");
                false
            }
        }
    }

    /// Returns the backoff before each attempt but the first.
    fn backoffs(&self) -> impl Iterator<Item = Duration> {
        let doubled = |backoff: &Duration| Some(backoff.saturating_mul(2).min(MAX_BACKOFF));
        let attempts = usize::try_from(self.max_attempts).unwrap_or(usize::MAX);
        core::iter::successors(Some(self.initial_backoff.min(MAX_BACKOFF)), doubled)
            .take(attempts.saturating_sub(1))
    }
}
