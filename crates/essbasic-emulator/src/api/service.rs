//! Service without sockets: settings, shared state and statistics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::auth::Secret;
use super::encryption::Encryption;
use super::rate_limit::RateLimiter;
use crate::callback::log::CallbackLog;
use crate::callback::stats::{CallbackStats, StatsCounter};
use crate::error::ApiError;
use crate::faults::Faults;
use crate::faults::kind::FaultKind;
use crate::http::reply::Reply;
use crate::state::clock::Clock;
use crate::state::links::Links;
use crate::state::{State, ids};

/// Service with its settings and state.
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// Encryption of calls; `None` if encrypted calls are not modeled.
    pub(crate) encryption: Option<Encryption>,
    /// Minimum size of generated PDFs, in bytes.
    pub(crate) pdf_size: usize,
    pub(crate) links: Links,
    pub(crate) callbacks: Arc<StatsCounter>,
    pub(crate) callback_log: Arc<CallbackLog>,
    pub(crate) faults: Faults,
    pub(crate) shared: Mutex<Shared>,
}

/// Part of the service that requests change.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) state: State,
    pub(crate) stats: Stats,
    /// Time of the last access. All events until then are processed.
    pub(crate) now: Duration,
    pub(crate) rate_limiter: RateLimiter,
}

impl Shared {
    pub(crate) fn new(state: State, rate_limiter: RateLimiter) -> Self {
        Self { state, rate_limiter, ..Self::default() }
    }
}

/// Statistics of an emulator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Number of calls of each action, failed ones included.
    pub calls: BTreeMap<String, u64>,
    /// Largest number of requests for each action that arrived within any second, by the real clock. Rejected ones
    /// and those that a fault hit are included.
    pub peaks: BTreeMap<String, u64>,
    /// Number of complete downloads of each contract, counted at their start.
    pub downloads: BTreeMap<String, u64>,
    /// Number of rejected calls and downloads, by error code or HTTP status.
    pub rejected: BTreeMap<String, u64>,
    /// Statistics of callbacks.
    pub callbacks: CallbackStats,
    /// Number of requests and handshakes that each kind of fault has hit.
    pub faults: BTreeMap<FaultKind, u64>,
}

impl Service {
    /// Locks the shared part, after all events until now are processed.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic of another thread can leave a change incomplete, but the data remains usable.
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.now = self.clock.now();
        let now = shared.now;
        shared.state.process_due(now);
        shared
    }

    /// Advances the clock and processes the events until its new time.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        // The next event is due earlier by the real clock.
        self.lock().state.alarm.notify_one();
    }

    /// Sets the speed of the clock.
    pub(crate) fn set_speed(&self, speed: f64) {
        self.clock.set_speed(speed);
        self.lock().state.alarm.notify_one();
    }

    /// Returns the statistics since the start.
    pub(crate) fn stats(&self) -> Stats {
        let (callbacks, faults) = (self.callbacks.get(), self.faults.hits());
        Stats { callbacks, faults, ..self.lock().stats.clone() }
    }

    /// Records the arrival of a request for an action.
    pub(crate) fn count_arrival(&self, action: &'static str) {
        let mut shared = self.lock();
        let peak = shared.rate_limiter.arrived(action);
        match shared.stats.peaks.get_mut(action) {
            Some(known) => *known = peak,
            None => _ = shared.stats.peaks.insert(action.to_owned(), peak),
        }
    }

    /// Counts a rejected call, and returns the response with its error.
    pub(crate) fn reject(&self, error: &ApiError) -> Reply {
        tracing::info!(code = error.code, message = error.message, "call rejected");
        *self.lock().stats.rejected.entry(error.code.to_owned()).or_default() += 1;
        envelope(json!({ "Error": { "Code": error.code, "Message": error.message } }))
    }

    /// Counts a rejected request that is not an API call.
    pub(crate) fn count_rejected(&self, status: StatusCode) {
        *self.lock().stats.rejected.entry(status.as_str().to_owned()).or_default() += 1;
    }
}

/// Returns the response with the envelope around these fields.
pub(super) fn envelope(mut response: Value) -> Reply {
    if let Value::Object(fields) = &mut response {
        fields.insert("RequestId".into(), ids::request().into());
    }
    // `json!` would copy the response.
    Reply::json(&Value::Object([("Response".to_owned(), response)].into_iter().collect()))
}
