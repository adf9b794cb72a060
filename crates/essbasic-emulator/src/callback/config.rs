//! Options of callbacks.

use std::io;
use std::time::Duration;

use crate::limits;

/// Address and options of callbacks.
///
/// A message that does not get a response with status 200 is sent again with the same id. The backoff doubles
/// after each attempt, up to ten seconds.
#[derive(Clone)]
#[must_use]
pub struct Callback {
    pub(super) url: String,
    pub(super) key: Option<String>,
    pub(super) token: Option<String>,
    pub(super) chaos: CallbackChaos,
    pub(super) max_attempts: u32,
    pub(super) initial_backoff: Duration,
}

/// Faults of callbacks. By default each message is delivered once and in order.
///
/// Equal seeds draw equal duplicates and delays, in the order of the changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallbackChaos {
    /// Fraction of the acknowledged messages that are delivered a second time, from 0 to 1.
    pub duplicate_rate: f64,
    /// Maximum delay of a message, up to [`MAX_DELAY`](Self::MAX_DELAY).
    pub delay: Duration,
    /// `true` to send messages within `delay`, or within 100 ms if `delay` is shorter, in random order, and up to 16 at
    /// the same time.
    pub reorder: bool,
    /// Seed of all draws.
    pub seed: u64,
}

impl CallbackChaos {
    /// Maximum of [`delay`](Self::delay).
    pub const MAX_DELAY: Duration = limits::MAX_CALLBACK_DELAY;

    pub(super) fn check(&self) -> io::Result<()> {
        limits::fraction("duplicate rate of callbacks", self.duplicate_rate)
            .map_err(limits::invalid)?;
        let (delay, max) = (self.delay, limits::MAX_CALLBACK_DELAY);
        match delay <= max {
            true => Ok(()),
            false => Err(limits::invalid(format!(
                "callback delay of {} s exceeds the limit of {} s",
                delay.as_secs(),
                max.as_secs()
            ))),
        }
    }
}

impl Callback {
    /// Creates options for this address, without encryption and signatures.
    ///
    /// The URL must begin with `http://`. Its host must be loopback unless
    /// [`allow_remote`](crate::Builder::allow_remote) is set.
    pub fn to(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            key: None,
            token: None,
            chaos: CallbackChaos::default(),
            max_attempts: 20,
            initial_backoff: Duration::from_millis(100),
        }
    }

    /// Encrypts messages with this CallbackKey of 32 bytes.
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Signs messages with this token.
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the faults of callbacks.
    pub fn with_chaos(mut self, chaos: CallbackChaos) -> Self {
        self.chaos = chaos;
        self
    }

    /// Sets the maximum number of attempts per message: 20 by default, at least 1.
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the backoff before the second attempt: 100 ms by default, at most 10 s.
    pub fn with_initial_backoff(mut self, backoff: Duration) -> Self {
        self.initial_backoff = backoff;
        self
    }
}

impl core::fmt::Debug for Callback {
    /// Omits the key, the token and the URL, which may contain a token.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Callback")
            .field("chaos", &self.chaos)
            .field("max_attempts", &self.max_attempts)
            .finish_non_exhaustive()
    }
}
