use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use essbasic_models::FlowStatus;

use super::WaitOutcome;
use super::signals::{SILENCE, Signals};
use crate::stop::Stop;

/// How to wait.
#[derive(Clone)]
#[non_exhaustive]
pub struct WaitOptions {
    /// The pause between two rounds of asking; 5 seconds. It grows by half with each round in which
    /// nothing changed.
    pub interval: Duration,
    /// The longest pause; one minute, and never more than one hour.
    pub max_interval: Duration,
    /// How long to wait in all; one hour. Each contract is asked for once at least, and a round that
    /// has begun is finished.
    pub timeout: Duration,
    /// How long after the last signature the PDF is taken to be composed, one hour at most; 3 seconds, the most that
    /// the service's documentation names.
    pub settle: Duration,
    pub(crate) stop: Stop,
    signals: Option<Signals>,
    progress: Option<Progress>,
}

type Progress = Arc<dyn Fn(WaitEvent<'_>) + Send + Sync>;

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            max_interval: Duration::from_secs(60),
            timeout: Duration::from_secs(3600),
            settle: Duration::from_secs(3),
            stop: Stop::default(),
            signals: None,
            progress: None,
        }
    }
}

impl WaitOptions {
    /// Sets [`interval`](Self::interval).
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets [`max_interval`](Self::max_interval).
    #[must_use]
    pub fn with_max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = interval;
        self
    }

    /// Sets [`timeout`](Self::timeout).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets [`settle`](Self::settle).
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Takes what callbacks say of contracts as it comes. Only those that stay silent are asked for: all
    /// once at the beginning, then every minute or less often, unless [`interval`](Self::interval) is set
    /// otherwise afterwards.
    #[must_use]
    pub fn with_signals(mut self, signals: Signals) -> Self {
        self.signals = Some(signals);
        self.interval = self.interval.max(SILENCE);
        self.max_interval = self.max_interval.max(10 * SILENCE);
        self
    }

    /// Ends the wait early if it is stopped through this handle. Contracts that have not ended by then are
    /// reported as [`Pending`](WaitOutcome::Pending), with the last state that is known.
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    pub(crate) fn signals(&self) -> Option<&Signals> {
        self.signals.as_ref()
    }

    /// Calls this function as things become known, between two calls of the service.
    #[must_use]
    pub fn on_event(mut self, progress: impl Fn(WaitEvent<'_>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    pub(super) fn tell(&self, event: WaitEvent<'_>) {
        if let Some(progress) = &self.progress {
            progress(event);
        }
    }
}

impl fmt::Debug for WaitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitOptions")
            .field("interval", &self.interval)
            .field("max_interval", &self.max_interval)
            .field("timeout", &self.timeout)
            .field("settle", &self.settle)
            .finish_non_exhaustive()
    }
}

/// Something that became known in a wait.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum WaitEvent<'a> {
    /// This contract is in another state than before, or in a first one.
    Status {
        /// The contract.
        flow_id: &'a str,
        /// The state.
        status: &'a FlowStatus,
    },
    /// Nothing more is asked about this contract. Those still pending when the time is up have no such
    /// event.
    Ended {
        /// The contract.
        flow_id: &'a str,
        /// How.
        outcome: &'a WaitOutcome,
    },
}
