//! The sending of messages, until they are acknowledged or given up.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::config::{Address, Callback, CallbackChaos};
use super::exchange::post;
use super::seal::{Seal, Sealed};
use super::stats::Tally;
use crate::limits;

/// The longest pause before a message is sent again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Messages that are sent again at one time: a receiver that is back has many waiting for it.
const AT_ONCE: usize = 16;

/// Messages within this time overtake each other where they may and `delay` is less.
const SHORTEST_REORDER: Duration = Duration::from_millis(100);

/// Sends what comes out of the outbox.
pub(crate) struct Post {
    route: Arc<Route>,
    chaos: CallbackChaos,
    random: fastrand::Rng,
    messages: UnboundedReceiver<Value>,
    /// Messages that are held back, by when they are sent and when they came.
    held: BTreeMap<(Instant, u64), Held>,
    came: u64,
    /// Before this none is sent that is not to overtake.
    earliest: Instant,
}

struct Held {
    sealed: Sealed,
    repeated: bool,
}

/// What it takes to send one message.
struct Route {
    address: Address,
    seal: Seal,
    attempts: u32,
    first_pause: Duration,
    turns: Semaphore,
    tally: Arc<Tally>,
}

impl Post {
    pub(crate) fn new(
        callback: &Callback,
        allow_remote: bool,
        tally: Arc<Tally>,
        messages: UnboundedReceiver<Value>,
    ) -> io::Result<Self> {
        callback.chaos.check()?;
        let address = Address::parse(&callback.url, allow_remote)?;
        let seal = Seal::new(callback.key.as_deref(), callback.token.as_deref())
            .ok_or_else(|| limits::invalid("the CallbackKey does not have 32 bytes"))?;
        let route = Route {
            address,
            seal,
            attempts: callback.attempts,
            first_pause: callback.first_pause,
            turns: Semaphore::new(AT_ONCE),
            tally,
        };
        Ok(Self {
            route: Arc::new(route),
            chaos: callback.chaos.clone(),
            random: fastrand::Rng::with_seed(callback.chaos.seed),
            messages,
            held: BTreeMap::new(),
            came: 0,
            earliest: Instant::now(),
        })
    }

    /// Sends until nothing can come any more.
    pub(crate) async fn run(mut self) {
        if self.route.probe().await {
            self.route.tally.count(|stats| stats.probed = true);
        } else {
            tracing::warn!("the callback address does not answer the probe");
        }
        loop {
            // The draws are made in the order of the changes, so all that came are taken first.
            while let Ok(message) = self.messages.try_recv() {
                self.hold(&message);
            }
            let next = self.held.first_key_value().map(|((due, _), _)| *due);
            match next {
                Some(due) if due <= Instant::now() => {
                    if let Some((_, held)) = self.held.pop_first() {
                        self.deliver(held).await;
                    }
                }
                Some(due) => match timeout_at(due, self.messages.recv()).await {
                    Ok(Some(message)) => self.hold(&message),
                    Ok(None) => sleep_until(due).await,
                    Err(_) => {}
                },
                None => match self.messages.recv().await {
                    Some(message) => self.hold(&message),
                    None => return,
                },
            }
        }
    }

    fn hold(&mut self, message: &Value) {
        let CallbackChaos { repeat, delay, reorder, .. } = self.chaos;
        let longest = if reorder { delay.max(SHORTEST_REORDER) } else { delay };
        let (wait, repeated) = (longest.mul_f64(self.random.f64()), self.random.f64() < repeat);
        let mut due = Instant::now() + wait;
        if !reorder {
            due = due.max(self.earliest);
            self.earliest = due;
        }
        self.came += 1;
        let sealed = self.route.seal.message(message);
        self.held.insert((due, self.came), Held { sealed, repeated });
    }

    /// Sends a message the first time. Later attempts hold up none of those behind it.
    async fn deliver(&self, Held { sealed, repeated }: Held) {
        let route = Arc::clone(&self.route);
        let at_once = route.message(&sealed).await;
        if at_once {
            route.tally.count(|stats| stats.acknowledged += 1);
            if !repeated {
                return;
            }
        }
        tokio::spawn(async move {
            if !at_once {
                let delivered = route.again(&sealed).await;
                route.tally.count(|stats| match delivered {
                    true => stats.acknowledged += 1,
                    false => stats.given_up += 1,
                });
                if !delivered {
                    tracing::warn!("a callback was given up");
                    return;
                }
            }
            if repeated {
                sleep(route.first_pause.min(LONGEST_PAUSE)).await;
                route.message(&sealed).await;
            }
        });
    }
}

impl Route {
    /// Asks whether somebody is there, until somebody is.
    async fn probe(&self) -> bool {
        let sealed = self.seal.probe();
        if self.once(&sealed).await {
            return true;
        }
        for pause in self.pauses() {
            sleep(pause).await;
            if self.once(&sealed).await {
                return true;
            }
        }
        false
    }

    /// All attempts at a message but the first.
    async fn again(&self, sealed: &Sealed) -> bool {
        for pause in self.pauses() {
            sleep(pause).await;
            // It is never closed; without its permit the message goes all the same.
            let _turn = self.turns.acquire().await;
            if self.message(sealed).await {
                return true;
            }
        }
        false
    }

    async fn message(&self, sealed: &Sealed) -> bool {
        self.tally.count(|stats| stats.sent += 1);
        self.once(sealed).await
    }

    async fn once(&self, sealed: &Sealed) -> bool {
        match post(&self.address, sealed).await {
            Ok(status) => {
                tracing::debug!(status = status.as_u16(), "a callback was answered");
                status == StatusCode::OK
            }
            Err(error) => {
                tracing::debug!(%error, "a callback was not answered");
                false
            }
        }
    }

    /// The pauses between attempts.
    fn pauses(&self) -> impl Iterator<Item = Duration> {
        let longer = |pause: &Duration| Some(pause.saturating_mul(2).min(LONGEST_PAUSE));
        let attempts = usize::try_from(self.attempts).unwrap_or(usize::MAX);
        core::iter::successors(Some(self.first_pause.min(LONGEST_PAUSE)), longer)
            .take(attempts.saturating_sub(1))
    }
}
