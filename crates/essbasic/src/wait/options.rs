//! Options and events of a wait.

use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use essbasic_models::FlowStatus;
use tc3_client::Stop;

use super::outcome::WaitOutcome;
use super::signals::Signals;
use crate::ids::FlowId;

/// Polling interval of contracts without callbacks, if callbacks are received.
const SIGNALS_INTERVAL: Duration = Duration::from_secs(60);

/// Options of [`Client::wait`](crate::Client::wait).
///
/// ```
/// use std::time::Duration;
/// use essbasic::WaitOptions;
///
/// let options = WaitOptions::default()
///     .with_interval(Duration::from_secs(10))
///     .with_timeout(Duration::from_secs(24 * 3600))
///     .on_event(|event| println!("{event:?}"));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct WaitOptions {
    /// Interval between two rounds of polling; 5 seconds. It grows by half after each round without a change.
    pub interval: Duration,
    /// Maximum interval after growth; one minute. It is limited to one hour.
    pub max_interval: Duration,
    /// Maximum duration of the wait; one hour. Each contract is polled at least once, and a started round is
    /// completed.
    pub timeout: Duration,
    /// Time from the last signature until the PDF counts as composed; 3 seconds, the maximum in the service's
    /// reference. It is limited to one hour.
    pub settle: Duration,
    pub(crate) stop: Option<Stop>,
    signals: Option<Signals>,
    handler: Option<Handler>,
}

type Handler = Arc<dyn Fn(WaitEvent<'_>) + Send + Sync>;

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            max_interval: Duration::from_secs(60),
            timeout: Duration::from_secs(3600),
            settle: Duration::from_secs(3),
            stop: None,
            signals: None,
            handler: None,
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

    /// Receives statuses from callbacks through this channel.
    ///
    /// Every contract is polled once at the start. Later only contracts without a final status are polled, at most
    /// once per minute. A later [`with_interval`](Self::with_interval) overrides this interval.
    #[must_use]
    pub fn with_signals(mut self, signals: Signals) -> Self {
        self.signals = Some(signals);
        self.interval = self.interval.max(SIGNALS_INTERVAL);
        self.max_interval = self.max_interval.max(10 * SIGNALS_INTERVAL);
        self
    }

    /// Ends the wait early if it is stopped through this handle. Contracts that have not ended by then are
    /// reported as [`Pending`](WaitOutcome::Pending), with the last known status.
    #[must_use]
    pub fn with_stop(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(Stop::is_stopped)
    }

    pub(crate) fn signals(&self) -> Option<&Signals> {
        self.signals.as_ref()
    }

    /// Calls this function for each event, between two requests.
    #[must_use]
    pub fn on_event(mut self, handler: impl Fn(WaitEvent<'_>) + Send + Sync + 'static) -> Self {
        self.handler = Some(Arc::new(handler));
        self
    }

    pub(super) fn emit(&self, event: WaitEvent<'_>) {
        if let Some(handler) = &self.handler {
            handler(event);
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

/// Event of a wait.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum WaitEvent<'a> {
    /// The first known status of a contract, or a changed one.
    Status {
        /// Flow ID of the contract.
        flow_id: &'a FlowId,
        /// The new status.
        status: &'a FlowStatus,
    },
    /// The wait for a contract has ended. Contracts that are pending at the timeout have no such event.
    Ended {
        /// Flow ID of the contract.
        flow_id: &'a FlowId,
        /// How the wait ended.
        outcome: &'a WaitOutcome,
    },
}
