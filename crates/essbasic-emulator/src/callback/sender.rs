//! Sending of messages, until they are acknowledged or given up.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::address::Address;
use super::config::{Callback, CallbackChaos};
use super::exchange::post;
use super::seal::{Seal, Sealed};
use super::stats::StatsCounter;
use crate::limits;

/// Maximum backoff between attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// Maximum number of simultaneous retries. A receiver that is back after an outage may have many messages
/// waiting.
const MAX_CONCURRENT_RETRIES: usize = 16;

/// Minimum period within which messages are reordered.
const MIN_REORDER_DELAY: Duration = Duration::from_millis(100);

/// Task that sends the messages of the outbox.
pub(crate) struct CallbackSender {
    delivery: Arc<Delivery>,
    chaos: CallbackChaos,
    random: fastrand::Rng,
    messages: UnboundedReceiver<Value>,
    /// Scheduled messages, by the time at which they are due and their number.
    scheduled: BTreeMap<(Instant, u64), Scheduled>,
    /// Number of messages received from the outbox.
    received: u64,
    /// Time at which the last message is due, if the order is kept.
    earliest: Instant,
}

struct Scheduled {
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
    stats: Arc<StatsCounter>,
}

impl CallbackSender {
    pub(crate) fn new(
        callback: &Callback,
        allow_remote: bool,
        stats: Arc<StatsCounter>,
        messages: UnboundedReceiver<Value>,
    ) -> io::Result<Self> {
        callback.chaos.check()?;
        let address = Address::parse(&callback.url, allow_remote)?;
        if callback.token.as_deref() == Some("") {
            return Err(limits::invalid("the token of callbacks is empty"));
        }
        let seal = Seal::new(callback.key.as_deref(), callback.token.as_deref())
            .ok_or_else(|| limits::invalid("the CallbackKey does not have 32 bytes"))?;
        let delivery = Delivery {
            address,
            seal,
            max_attempts: callback.max_attempts,
            initial_backoff: callback.initial_backoff,
            retry_permits: Semaphore::new(MAX_CONCURRENT_RETRIES),
            stats,
        };
        Ok(Self {
            delivery: Arc::new(delivery),
            chaos: callback.chaos.clone(),
            random: fastrand::Rng::with_seed(callback.chaos.seed),
            messages,
            scheduled: BTreeMap::new(),
            received: 0,
            earliest: Instant::now(),
        })
    }

    /// Sends messages until the outbox is dropped.
    pub(crate) async fn run(mut self) {
        if self.delivery.ping().await {
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
                        self.deliver(message).await;
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

    fn schedule(&mut self, message: &Value) {
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
        self.scheduled.insert((due, self.received), Scheduled { sealed, duplicate });
    }

    /// Makes the first attempt. Further attempts run in a task and do not delay other messages.
    async fn deliver(&self, Scheduled { sealed, duplicate }: Scheduled) {
        let delivery = Arc::clone(&self.delivery);
        let acknowledged = delivery.attempt(&sealed).await;
        if acknowledged {
            delivery.stats.update(|stats| stats.acknowledged += 1);
            if !duplicate {
                return;
            }
        }
        tokio::spawn(async move {
            if !acknowledged {
                let acknowledged = delivery.retry(&sealed).await;
                delivery.stats.update(|stats| match acknowledged {
                    true => stats.acknowledged += 1,
                    false => stats.given_up += 1,
                });
                if !acknowledged {
                    tracing::warn!("gave up on a callback");
                    return;
                }
            }
            if duplicate {
                sleep(delivery.initial_backoff.min(MAX_BACKOFF)).await;
                delivery.attempt(&sealed).await;
            }
        });
    }
}

impl Delivery {
    /// Sends pings until one is acknowledged or the attempts are used up.
    async fn ping(&self) -> bool {
        let sealed = self.seal.ping();
        if self.post(&sealed).await {
            return true;
        }
        for backoff in self.backoffs() {
            sleep(backoff).await;
            if self.post(&sealed).await {
                return true;
            }
        }
        false
    }

    /// Makes all attempts but the first.
    async fn retry(&self, sealed: &Sealed) -> bool {
        for backoff in self.backoffs() {
            sleep(backoff).await;
            // The semaphore is never closed, so there is no error to handle.
            let _permit = self.retry_permits.acquire().await;
            if self.attempt(sealed).await {
                return true;
            }
        }
        false
    }

    async fn attempt(&self, sealed: &Sealed) -> bool {
        self.stats.update(|stats| stats.sent += 1);
        self.post(sealed).await
    }

    /// Posts a message; returns `true` if it is acknowledged.
    async fn post(&self, sealed: &Sealed) -> bool {
        match post(&self.address, sealed).await {
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
